import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergeTopics, type OffsetRange } from './topic-merge.js';

type Index = Readonly<Record<string, readonly number[]>>;

const index = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'd'),
  fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 }).map((offsets) => offsets.sort((a, b) => a - b)),
);

function fetchFrom(known: Index, onFetch: (rows: number) => void = () => undefined) {
  return (topic: string, { after, upTo }: OffsetRange, count: number): number[] => {
    const rows = (known[topic] ?? []).filter((offset) => offset > after && offset <= upTo).slice(0, count);
    onFetch(rows.length);
    return rows;
  };
}

test('merges as a sorted union cut at the limit', () => {
  fc.assert(
    fc.property(index, fc.nat(60), fc.nat(60), fc.integer({ min: 1, max: 50 }), (known, after, length, limit) => {
      const range = { after, upTo: after + length };
      const union = new Set(
        Object.values(known)
          .flat()
          .filter((offset) => offset > after && offset <= range.upTo),
      );
      const expected = [...union].sort((a, b) => a - b).slice(0, limit);
      expect(mergeTopics(['a', 'b', 'c', 'd', 'e'], range, limit, fetchFrom(known))).toEqual(expected);
    }),
  );
});

test('reads a bounded number of rows of long topics', () => {
  const long = Array.from({ length: 10_000 }, (_, i) => i + 1);
  let read = 0;
  const fetch = fetchFrom({ a: long, b: long }, (rows) => (read += rows));
  expect(mergeTopics(['a', 'b'], { after: 0, upTo: 10_000 }, 100, fetch)).toEqual(long.slice(0, 100));
  expect(read).toBeLessThanOrEqual(600);
});
