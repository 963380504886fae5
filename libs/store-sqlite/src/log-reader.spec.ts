import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSelector, isTopic, matches } from '#clarion/protocol';
import { temporaryLog } from '../test/temporary-log.js';
import { LogReader, type ReadBounds } from './log-reader.js';
import { LogWriter } from './log-writer.js';

const TOPICS = ['orders/1', 'orders/2', 'orders/2/a', 'a', 'b/c', 'users/u-1', '$sys/x'];

function fill(writer: LogWriter, count: number): { readonly offset: number; readonly topics: readonly string[] }[] {
  const requests = Array.from({ length: count }, (_, i) => ({
    id: `n-${i}`,
    entry: {
      topics: TOPICS.filter((_topic, t) => (i * 7 + t * 3) % 5 === 0 || i % TOPICS.length === t),
      publishedAt: i,
      body: '',
    },
  }));
  const results = writer.append(requests);
  return results.map((result, i) => ({
    offset: result.outcome === 'appended' ? (result.offset ?? 0) : 0,
    topics: requests[i]?.entry.topics ?? [],
  }));
}

function isMatch(selector: string, topic: string): boolean {
  return selector === topic || (isSelector(selector) && isTopic(topic) && matches(selector, topic));
}

/** The epoch's start and 700 entries. */
const HEAD = 701;

/** Each way of finding matches, forced. */
const ways: Record<string, ReadBounds> = {
  'resolving wildcards': { maxKnownTopics: 1_000, maxScanned: 5_000, shortStretch: 0 },
  'a scan because too many topics are known': { maxKnownTopics: 2, maxScanned: 128, shortStretch: 0 },
  'a scan because the stretch is short': { maxKnownTopics: 1_000, maxScanned: 5_000, shortStretch: 100_000 },
};

test.for(Object.entries(ways))('reads what a filter would find, by %s', ([, bounds]) => {
  const { connection } = temporaryLog();
  const writer = new LogWriter(connection);
  writer.beginEpoch();
  const entries = fill(writer, HEAD - 1);
  const reader = new LogReader(connection, bounds);
  const selectors = fc.array(
    fc.constantFrom(...TOPICS, '*', '**', 'orders/*', 'orders/**', '*/c', 'users/*', 'none/*'),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(selectors, fc.nat(705), fc.integer({ min: 1, max: 1_000 }), (wanted, after, limit) => {
      const page = reader.read({ after, selectors: wanted, limit, maxBytes: 1_000 });
      const expected = entries.filter(
        ({ offset, topics }) =>
          offset > after && offset <= page.through && topics.some((topic) => wanted.some((one) => isMatch(one, topic))),
      );
      expect(page.entries.map(({ offset }) => offset)).toEqual(expected.map(({ offset }) => offset));
      expect(page.entries.length).toBeLessThanOrEqual(limit);
      expect(page.through).toBeGreaterThan(Math.min(after, HEAD - 1));
    }),
  );
});

test('a scan ends after its bound, and says how far it came', () => {
  const { connection } = temporaryLog();
  const writer = new LogWriter(connection);
  writer.beginEpoch();
  fill(writer, 700);
  const reader = new LogReader(connection, { maxKnownTopics: 0, maxScanned: 128, shortStretch: 0 });
  const page = reader.read({ after: 0, selectors: ['*/zzz'], limit: 10, maxBytes: 1_000 });
  expect(page).toEqual({ entries: [], through: 129, floor: 0 });
});
