import { z } from 'zod';

/** As the server writes times. */
export const timestampSchema = z.iso.datetime({ precision: 3 }).meta({ description: 'ISO 8601, UTC, milliseconds.' });

const [FIRST, LAST] = [Date.parse('0000-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')] as const;

/** As clients may write them: with any offset and precision, but in a year of four digits in UTC too, as the server writes them. */
export const clientTimeSchema = z.iso
  .datetime({ offset: true })
  .refine(isOfFourDigits, 'must be between the years 0 and 9999 in UTC');

/** What is no time at all is refused for that. */
function isOfFourDigits(time: string): boolean {
  const at = Date.parse(time);
  return !(at < FIRST || at > LAST);
}
