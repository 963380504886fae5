import { expect, it } from 'vitest';
import { clientTimeSchema, timestampSchema } from './timestamp.js';

it.each(['2026-10-25T02:30:00+02:00', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '2026-01-01T00:00:00.5Z'])(
  '%s may be written, and is written as others can read it',
  (time) => {
    expect(clientTimeSchema.parse(time)).toBe(time);
    const told = new Date(time).toISOString();
    expect([timestampSchema.parse(told), clientTimeSchema.parse(told)]).toEqual([told, told]);
  },
);

it.each(['9999-12-31T23:59:59-23:59', '0000-01-01T00:00:00+00:01', '2026-13-01T00:00:00Z', '2026-01-01', ''])(
  '%s may not',
  (time) => {
    expect(clientTimeSchema.safeParse(time).success).toBe(false);
  },
);
