import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogEntry } from '#clarion/event-bus';
import { matches, type Cursor, type Selector, type Topic } from '#clarion/protocol';
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

const change = fc.oneof(
  { weight: 4, arbitrary: entry.map((made) => ({ do: 'push' as const, ...made })) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('edit' as const), at: fc.nat(30), bytes: fc.integer({ max: 400, min: 0 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retract' as const), at: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('erase' as const), topic: fc.constantFrom('a', 'b/x') }) },
);

interface Plain {
  offset: number;
  topics: string[];
  body: string;
  name: string;
  about: number;
}

/** The same on a plain list of everything, of which memory has the end. */
class Model {
  entries: Plain[] = [];
  offset = 10;

  push(topics: string[], body: string, name: string, about?: number): LogEvent {
    const offset = ++this.offset;
    this.entries.push({ offset, topics, body, name, about: about ?? offset });
    const kind = name === 'updated' || name === 'retracted' ? { kind: name, about } : {};
    return LogEvent.durable({ offset, id: 'n', topics, publishedAt: 1, body, ...kind } as LogEntry, 'c' as Cursor);
  }

  amend(about: number, body: string, name: 'updated' | 'retracted'): LogEvent | undefined {
    const old = this.entries.find(({ offset }) => offset === about);
    if (old === undefined || old.about !== about || old.name === 'retracted') return undefined;
    for (const one of this.entries.filter((other) => other.about === about))
      Object.assign(one, { body, name: name === 'retracted' ? name : one.name });
    return this.push(old.topics, body, name, about);
  }

  erase(topic: string): void {
    this.entries = this.entries
      .map((one) => ({ ...one, topics: one.topics.filter((other) => other !== topic) }))
      .filter(({ topics }) => topics.length > 0);
  }
}

test('what is edited, taken back and erased is so in memory, by whatever topics it is read', () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 60 }), selectors, (changes, wanted) => {
      const ring = new Ring(6_000);
      ring.begin(10);
      const model = new Model();
      for (const one of changes) {
        if (one.do === 'push') ring.push(model.push(one.topics, 'x'.repeat(one.bytes), 'notification'));
        else if (one.do === 'erase') {
          model.erase(one.topic);
          ring.erase(one.topic as Topic);
        } else {
          const body = one.do === 'edit' ? 'y'.repeat(one.bytes) : 'z';
          const event = model.amend(11 + one.at, body, one.do === 'edit' ? 'updated' : 'retracted');
          if (event !== undefined) ring.amend(event);
          if (event !== undefined) ring.push(event);
        }
      }
      const interest = new Interest({ offer: () => undefined });
      for (const selector of wanted) interest.add({ selector: selector as Selector, historyFrom: 0 });
      const read = ring.read(ring.floor, interest, 1_000, 1e9).views;
      const due = model.entries.filter(
        ({ offset, topics }) =>
          offset > ring.floor &&
          topics.some((topic) => wanted.some((selector) => matches(selector as Selector, topic as Topic))),
      );
      expect(read.map(({ event: { offset, name, topics, bytes } }) => ({ offset, name, topics, bytes }))).toEqual(
        due.map(({ offset, name, topics, body }) => ({ offset, name, topics, bytes: body.length + 160 })),
      );
      expect(ring.bytes).toBe(
        model.entries.reduce((sum, { offset, body }) => sum + (offset > ring.floor ? body.length + 160 : 0), 0),
      );
    }),
    { numRuns: 1_000 },
  );
});
