import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { InboxRequest, InboxScope, InboxSource, MarkAct, NewEntry } from '#clarion/notifications';
import { INBOX_FILTERS, MARK_STATES, type InboxFilter } from '#clarion/protocol';
import { temporaryLog } from '../test/temporary-log.js';
import { Statement, type Connection } from './connection.js';
import { InboxCounter } from './inbox-counter.js';
import { InboxJudge, JudgedScope } from './inbox-judge.js';
import { InboxReader } from './inbox-reader.js';
import { LogWriter } from './log-writer.js';
import { rangesOf } from './mark-cells.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { RetentionWriter } from './retention-writer.js';

const OWN = 'users/u';
const TOPICS = [OWN, 'a', 'b', 'users/v'];
const NOW = 100;
const LAST = 8;

interface Log {
  readonly connection: Connection;
  readonly writer: LogWriter;
}

interface Draft {
  readonly topics: readonly string[];
  readonly publishedAt?: number;
  readonly category?: string | undefined;
  readonly collapseKey?: string | undefined;
  readonly expiresAt?: number | undefined;
}

function emptyLog(): Log {
  const { connection } = temporaryLog();
  connection.exec('PRAGMA synchronous = OFF');
  return { connection, writer: new LogWriter(connection) };
}

/** At the offsets from 1 on, with the ids `n-1` and so on. */
function publish({ writer }: Log, drafts: readonly Draft[]): void {
  writer.append(drafts.map((one, i) => ({ id: `n-${i + 1}`, entry: entryOf(one) })));
}

function entryOf({ topics, publishedAt = 1, category, collapseKey, expiresAt }: Draft): NewEntry {
  return {
    topics,
    publishedAt,
    body: '"x":1',
    ...(category !== undefined && { category }),
    ...(collapseKey !== undefined && { collapseKey }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** What somebody said who follows everything. */
function mark({ writer }: Log, more: Partial<MarkAct>): void {
  const target = { upTo: 1, topic: null };
  const act = { user: 'u', at: 10, body: '"x":1', state: 'read', undo: false, until: null, target, ...more } as const;
  writer.append([{ id: 'm', entry: null, act: { kind: 'mark', ...act } }]);
}

function follow({ writer }: Log, topic: string): void {
  writer.append([{ id: 'f', entry: null, act: { kind: 'follow', user: 'u', at: 1, body: '"x":1', topic } }]);
}

function scopeOf(sources: readonly Partial<InboxSource>[], more: Partial<InboxScope> = {}): InboxScope {
  const all = sources.map((source) => ({ topic: OWN, after: 0, upTo: null, publishedFrom: 0, ...source }));
  return { user: 'u', sources: all, hiddenCategories: [], now: NOW, ...more };
}

/** The offsets that each list should have: every one looked at by itself. */
function listed(connection: Connection, scope: InboxScope, filter: InboxFilter, last: number): number[] {
  const judge = new InboxJudge(connection);
  const ranges = rangesOf(connection.prepare(PEOPLE_QUERIES.ranges).all([scope.user]));
  const offsets = Array.from({ length: last }, (_, i) => last - i);
  return offsets.filter((offset) => judge.place(offset, new JudgedScope(scope), ranges, filter) !== undefined);
}

function pages(reader: InboxReader, scope: InboxScope, filter: InboxFilter, limit: number): number[] {
  const request: InboxRequest = { ...scope, filter, limit };
  const offsets: number[] = [];
  let slice = reader.page(request);
  for (;;) {
    expect(slice.rows.length).toBeLessThanOrEqual(limit);
    offsets.push(...slice.rows.map(({ entry }) => entry.offset));
    if (slice.next === null) return offsets;
    slice = reader.page({ ...request, before: slice.next });
  }
}

/** One of them now and then, mostly none. */
const seldom = <T>(...values: T[]): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...values) });

const draft = fc.record({
  topics: fc.oneof(
    fc.constantFrom([OWN, 'a'], ['a', OWN]),
    fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 3 }),
  ),
  publishedAt: fc.integer({ min: 1, max: 4 }),
  category: seldom('hidden', 'shown'),
  collapseKey: seldom('k'),
  expiresAt: seldom(NOW - 1, NOW + 1),
});

/** Two of three marks take nothing back. */
const said = (undo: boolean): fc.Arbitrary<Partial<MarkAct>> =>
  fc.record({
    at: fc.integer({ min: 1, max: 6 }),
    undo: fc.constant(undo),
    state: fc.constantFrom('read', 'read', 'read', ...MARK_STATES),
    until: fc.constantFrom(NOW - 1, NOW + 1),
    target: fc.oneof(
      fc.record({
        ids: fc.uniqueArray(
          fc.nat(LAST - 1).map((n) => `n-${n + 1}`),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      fc.record({ upTo: fc.nat(LAST), topic: fc.constantFrom(null, OWN, 'a', 'a', 'b') }),
    ),
  });

const source = fc.record({
  after: fc.constantFrom(0, 0, 0, 3),
  upTo: fc.constantFrom(null, null, null, 5),
  publishedFrom: fc.constantFrom(0, 0, 0, 3),
});

const inboxes = fc.record({
  drafts: fc.array(draft, { minLength: 2, maxLength: LAST }),
  marks: fc.array(fc.oneof({ weight: 2, arbitrary: said(false) }, { weight: 1, arbitrary: said(true) }), {
    maxLength: 6,
  }),
  sources: fc.tuple(source, source, source),
  /** Which of the topics are shown. */
  shown: fc.oneof(fc.constant([OWN, 'a', 'b'] as string[]), fc.subarray([OWN, 'a', 'b'] as string[], { minLength: 1 })),
  /** Retention has dropped the older ones of a topic, up to an offset. */
  trimmed: seldom({ topic: 'a', upTo: 3 }, { topic: 'a', upTo: LAST }, { topic: OWN, upTo: 4 }),
  /** After so many of the marks. */
  trimmedAfter: fc.nat(6),
  limit: fc.constantFrom(1, 3, 50),
});

test('counts and lists are what looking at each by itself says', { timeout: 120_000 }, () => {
  const log = emptyLog();
  const { connection } = log;
  // With few marks and with many, in a short log and in a long one: the spec has no thousands of them.
  const [counters, reader, retention] = [
    [
      new InboxCounter(connection),
      new InboxCounter(connection, { manyMarks: 1 }),
      new InboxCounter(connection, { manyMarks: 1, uncounted: 0 }),
    ],
    new InboxReader(connection),
    new RetentionWriter(connection),
  ];
  const property = fc.property(inboxes, ({ drafts, marks, sources, shown, trimmed, trimmedAfter, limit }) => {
    for (const table of ['entries', 'audience', 'marks', 'range_marks', 'follows'])
      connection.exec(`DELETE FROM ${table}`);
    const fresh = { connection, writer: new LogWriter(connection) };
    publish(fresh, drafts);
    for (const topic of ['a', 'b']) follow(fresh, topic);
    // As if it had been before all that was published.
    connection.exec('UPDATE follows SET from_offset = 0');
    const trim = (): boolean => trimmed !== undefined && retention.trimTopic(trimmed);
    for (const [i, one] of marks.entries()) {
      if (i === trimmedAfter) trim();
      mark(fresh, { ...one, until: one.state === 'snoozed' && !one.undo ? (one.until ?? null) : null });
    }
    trim();
    const scope = scopeOf(
      shown.map((topic, i) => ({ topic, ...sources[i] })),
      { hiddenCategories: ['hidden'] },
    );
    for (const filter of INBOX_FILTERS)
      expect([filter, pages(reader, scope, filter, limit)]).toEqual([
        filter,
        listed(connection, scope, filter, drafts.length),
      ]);
    const counts = {
      unread: listed(connection, scope, 'unread', drafts.length).length,
      unseen: listed(connection, scope, 'unseen', drafts.length).length,
    };
    expect(counters.map((counter) => counter.counts(scope))).toEqual(counters.map(() => counts));
  });
  fc.assert(property, { numRuns: 200 });
});

/** A person who follows `a` and `b` from the beginning. */
function logOf(drafts: readonly Draft[]): Log {
  const log = emptyLog();
  publish(log, drafts);
  for (const topic of ['a', 'b']) follow(log, topic);
  log.connection.exec('UPDATE follows SET from_offset = 0');
  return log;
}

const ALL = scopeOf([{ topic: OWN }, { topic: 'a' }, { topic: 'b' }]);

/** Far more than are counted at once. */
const MANY = 2_400;
const HALF = MANY / 2;
const many = (...topics: string[][]): Draft[] =>
  Array.from({ length: MANY }, (_, i) => ({ topics: topics[i % topics.length]! }));
const ids = (from: number, step: number): Partial<MarkAct> => ({
  at: 20,
  target: { ids: Array.from({ length: Math.floor((MANY - from) / step) }, (_, i) => `n-${from + i * step}`) },
});
const upTo = (end: number, topic: string, more: Partial<MarkAct> = {}): Partial<MarkAct> => ({
  target: { upTo: end, topic },
  ...more,
});
const TWO = [[OWN, 'a']];

const SHAPES: [string, Draft[], Partial<MarkAct>[], number, number][] = [
  ['nothing is marked', many(...TWO), [], 1_001, 1_001],
  ['all is read in the topic', many(...TWO), [upTo(MANY, 'a')], 0, 0],
  ['all is read in their own topic', many(...TWO), [upTo(MANY, OWN)], 0, 0],
  ['the older half is read in the topic', many(...TWO), [upTo(HALF, 'a')], 1_001, 1_001],
  ['nearly all is read in the topic', many(...TWO), [upTo(MANY - 7, 'a')], 7, 7],
  ['half is read in the topic, the rest one by one', many(...TWO), [upTo(HALF, 'a'), ids(HALF + 1, 1)], 1, 1],
  ['all is read in one of three topics', many([OWN, 'a', 'b']), [upTo(MANY, 'b')], 0, 0],
  ['every other one is read in a topic', many([OWN, 'a'], [OWN, 'b']), [upTo(MANY, 'a')], 1_001, 1_001],
  [
    'every other one is read in a topic, the rest one by one',
    many(['a', OWN], [OWN, 'b']),
    [upTo(MANY, 'a'), ids(2, 2)],
    1,
    1,
  ],
  [
    'half is read in one topic, half in another',
    many([OWN, 'a'], [OWN, 'b']),
    [upTo(MANY, 'a'), upTo(HALF, 'b')],
    600,
    600,
  ],
  [
    'nearly all is seen in the topic, half is read',
    many(...TWO),
    [upTo(MANY - 7, 'a', { state: 'seen' }), upTo(MANY - 99, OWN)],
    99,
    7,
  ],
];

test.for(SHAPES)('%s: counted without looking at one by itself', ([, drafts, marks, unread, unseen]) => {
  const log = logOf(drafts);
  for (const one of marks) mark(log, one);
  const looked = vi.spyOn(InboxJudge.prototype, 'place');
  expect(new InboxCounter(log.connection).counts(ALL)).toEqual({ unread, unseen });
  expect(looked).not.toHaveBeenCalled();
  looked.mockRestore();
});

test('a page ends with a thousand that it looked at, and the next goes on there', () => {
  const log = logOf(
    many([OWN], ['a'], ['b']).map((one, i) => ({ ...one, category: i % 800 === 0 ? 'shown' : 'hidden' })),
  );
  const reader = new InboxReader(log.connection);
  const request: InboxRequest = { ...ALL, hiddenCategories: ['hidden'], filter: 'unread', limit: 50 };
  const [first, all] = [reader.page(request), pages(reader, request, 'unread', 50)];
  expect(first.rows.map(({ entry }) => entry.offset)).toEqual([1_601]);
  expect(first.next).toBe(MANY - 999);
  expect(all).toEqual([1_601, 801, 1]);
});

/** Whether all rows are listed, or some first. */
const LISTINGS = [
  ['all listed', { uncounted: 4 }],
  ['some listed first', { uncounted: 0 }],
] as const;

test.for(LISTINGS)('beyond what one look takes of marked rows, counting goes on: %s', ([, options]) => {
  const log = logOf(
    Array.from({ length: MANY }, (_, i) => ({ topics: ['a'], category: i < MANY - 8 ? 'hidden' : 'shown' })),
  );
  mark(log, { at: 20, target: { ids: Array.from({ length: 300 }, (_, i) => `n-${i + 1}`) } });
  mark(log, { at: 20, target: { ids: [`n-${MANY}`] } });
  const scope = { ...ALL, hiddenCategories: ['hidden'] };
  expect(new InboxCounter(log.connection, options).counts(scope)).toEqual({ unread: 7, unseen: 7 });
});

test.for(LISTINGS)('beyond one look, what a range by another topic covers stays so: %s', ([, options]) => {
  const log = logOf(
    Array.from({ length: MANY }, (_, i) =>
      i < HALF + 200 ? { topics: [OWN], category: 'hidden' } : { topics: [OWN, 'a'], category: 'shown' },
    ),
  );
  mark(log, upTo(MANY - 7, 'a'));
  const scope = { ...ALL, hiddenCategories: ['hidden'] };
  expect(new InboxCounter(log.connection, options).counts(scope)).toEqual({ unread: 7, unseen: 7 });
});

test('what is marked as unread by itself is so, though a topic that is not shown was read', () => {
  const log = logOf([{ topics: [OWN, 'a'] }, { topics: [OWN, 'a'] }]);
  mark(log, upTo(2, 'a'));
  mark(log, { at: 11, undo: true, target: { ids: ['n-2'] } });
  expect(new InboxCounter(log.connection).counts(scopeOf([{ topic: OWN }]))).toEqual({ unread: 1, unseen: 1 });
});

test('what was read in a topic stays so when the topic has lost it', () => {
  const log = logOf([{ topics: [OWN, 'a'] }, { topics: [OWN, 'a'] }, { topics: [OWN, 'a'] }]);
  mark(log, upTo(2, 'a'));
  for (const end of [1, 2, 3]) {
    new RetentionWriter(log.connection).trimTopic({ topic: 'a', upTo: end });
    expect([end, new InboxCounter(log.connection).counts(ALL)]).toEqual([end, { unread: 1, unseen: 1 }]);
  }
});

test('of two snoozes of one moment the longer holds', () => {
  const log = logOf([{ topics: [OWN] }, { topics: [OWN, 'a'] }]);
  const snooze = { state: 'snoozed', at: 10 } as const;
  mark(log, { ...snooze, until: NOW - 1, target: { upTo: 2, topic: null } });
  mark(log, { ...snooze, until: NOW + 1, target: { ids: ['n-1', 'n-2'] } });
  expect(new InboxCounter(log.connection).counts(ALL)).toEqual({ unread: 0, unseen: 0 });
});

test('where the newest that is new is found by both of its topics, not nine times as much is walked', () => {
  const log = logOf(Array.from({ length: MANY }, () => ({ topics: [OWN, 'a'] })));
  mark(log, { at: 20, target: { ids: Array.from({ length: 300 }, (_, i) => `n-${MANY - 300 + i}`) } });
  const asked = vi.spyOn(Statement.prototype, 'get');
  expect(new InboxCounter(log.connection).find(ALL, 1_101).unread.size).toBeGreaterThanOrEqual(1_101);
  // One list of marks, one of rows, before each where the log ends, and a walk above and one below.
  expect(asked).toHaveBeenCalledTimes(6);
  asked.mockRestore();
});
