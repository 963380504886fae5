import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cursor, Selector } from '#clarion/protocol';
import { Interest } from './interest.js';
import { LogEvent } from './log-event.js';
import { Ring } from './ring.js';

const entry = fc.record({
  topics: fc.uniqueArray(fc.constantFrom('a', 'b/x', 'b/y', 'c'), { minLength: 1, maxLength: 3 }),
  bytes: fc.integer({ min: 0, max: 400 }),
  skip: fc.integer({ min: 1, max: 3 }),
});
const selectors = fc.uniqueArray(fc.constantFrom('a', 'b/x', 'b/*', 'c', '**', 'z'), { minLength: 1, maxLength: 3 });

test('reading page by page from anywhere in memory gives what a plain filter gives', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 60 }),
      selectors,
      fc.nat(100),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 900 }),
      (entries, wanted, from, limit, maxBytes) => {
        const ring = new Ring(6_000);
        ring.begin(10);
        const events: LogEvent[] = [];
        let offset = 10;
        for (const { topics, bytes, skip } of entries) {
          offset += skip;
          const event = LogEvent.durable(
            { offset, id: 'n', topics, publishedAt: 1, body: 'x'.repeat(bytes) },
            'c' as Cursor,
          );
          events.push(event);
          ring.push(event);
        }
        const interest = new Interest({ offer: () => undefined });
        for (const selector of wanted) interest.add({ selector: selector as Selector, historyFrom: 0 });

        const start = ring.floor + (from % Math.max(1, ring.head - ring.floor + 1));
        const read: number[] = [];
        for (let after = start; after < ring.head;) {
          const page = ring.read(after, interest, limit, maxBytes);
          expect(page.through).toBeGreaterThan(after);
          expect(page.views.length).toBeLessThanOrEqual(limit);
          for (const { event, topic } of page.views)
            expect(event.topics.find((t) => interest.view(event) === t)).toBe(topic);
          read.push(...page.views.map(({ event }) => event.offset!));
          after = page.through;
        }
        const expected = events.filter((event) => event.offset! > start && interest.view(event) !== undefined);
        expect(read).toEqual(expected.map((event) => event.offset));
        expect(ring.bytes).toBeLessThanOrEqual(6_000);
      },
    ),
    { numRuns: 1_000 },
  );
});
