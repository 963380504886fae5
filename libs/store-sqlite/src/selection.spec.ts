import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSelector, type Selector } from '#clarion/protocol';
import { matchesTopic, nextAfter, rangeOf, Selection } from './selection.js';

const segment = fc.constantFrom('a', 'b', 'users', 'orders', '1', '~', 'Z');
const topic = fc.oneof(
  fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/')),
  fc.constantFrom('$sys', '$sys/a', 'https://example.org/ü', 'users0', '\u{10fff0}'),
);
const pattern = fc
  .array(fc.oneof(segment, fc.constant('*')), { minLength: 0, maxLength: 3 })
  .chain((segments) => fc.constantFrom('*', '**').map((last) => [...segments, last].join('/')))
  .filter((text): text is Selector => isSelector(text));

/** The order of the database's index. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

test('walking the known topics of a pattern meets every topic that it matches, in few steps', () => {
  fc.assert(
    fc.property(fc.uniqueArray(topic, { maxLength: 30 }), pattern, (topics, wanted) => {
      const known = topics.toSorted(compareBytes);
      const next = (from: string, before: string): string | undefined =>
        known.find((one) => compareBytes(one, from) >= 0 && compareBytes(one, before) < 0);
      const { from, before } = rangeOf(wanted);
      const met: string[] = [];
      for (let one = next(from, before); one !== undefined; one = next(nextAfter(wanted, one), before)) met.push(one);
      expect(met.filter((one) => matchesTopic(wanted, one))).toEqual(known.filter((one) => matchesTopic(wanted, one)));
      expect(met.length).toBe(new Set(met).size);
    }),
  );
});

test('a pattern that begins with a wildcard passes over all people in one step', () => {
  const wanted = ['*/1'].find((text): text is Selector => isSelector(text));
  expect(wanted && nextAfter(wanted, 'users/u-1')).toBe('users0');
  expect(wanted && nextAfter(wanted, '$sys/a')).toBe('%');
});

test('text that is no selector is an exact topic', () => {
  const { exact, patterns } = new Selection(['orders/*', 'a/**/b', 'https://example.org/*', 'orders/1']);
  expect(patterns).toEqual(['orders/*']);
  expect([...exact]).toEqual(['a/**/b', 'https://example.org/*', 'orders/1']);
});
