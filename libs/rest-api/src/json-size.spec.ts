import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fitsAsJson } from './json-size.js';

it('agrees with the JSON itself, whatever the value and the limit', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: -10, max: 10 }), (value, distance) => {
      const bytes = Buffer.byteLength(JSON.stringify(value));
      expect(fitsAsJson(value, bytes + distance)).toBe(distance >= 0);
    }),
  );
});

it.each([
  -2.2250738585072014e-308,
  '\u0000'.repeat(100),
  '💥'.repeat(100),
  '\ud800',
  { '\u0001': [[[]]] },
  [-1.7976931348623157e308],
])('is not misled by what is long: %j', (value) => {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  expect([fitsAsJson(value, bytes - 1), fitsAsJson(value, bytes)]).toEqual([false, true]);
});
