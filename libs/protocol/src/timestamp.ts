import { z } from 'zod';

/** As the server writes times. */
export const timestampSchema = z.iso.datetime({ precision: 3 }).meta({ description: 'ISO 8601, UTC, milliseconds.' });

/** As clients may write them: with any offset and precision. */
export const clientTimeSchema = z.iso.datetime({ offset: true });
