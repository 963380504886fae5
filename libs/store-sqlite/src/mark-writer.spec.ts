import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MarkAct } from '#clarion/notifications';
import { temporaryLog } from '../test/temporary-log.js';
import type { Connection } from './connection.js';
import { LogWriter } from './log-writer.js';
import { MAX_RANGES } from './mark-writer.js';

const IDS = ['n-1', 'n-2', 'n-3', 'n-4'];

/** A person with four notifications at the offsets 2 to 5, of which the last two came by a topic as well. */
function logOfOne(): { readonly connection: Connection; readonly writer: LogWriter } {
  const { connection } = temporaryLog();
  const writer = new LogWriter(connection);
  writer.beginEpoch();
  const topics = (i: number): string[] => (i < 2 ? ['users/u'] : ['users/u', 'news']);
  writer.append(IDS.map((id, i) => ({ id, entry: { topics: topics(i), publishedAt: i, body: '"title":"x"' } })));
  return { connection, writer };
}

function marking(more: Partial<MarkAct>): MarkAct {
  const target = { upTo: 5, topic: null };
  return { kind: 'mark', user: 'u', at: 10, body: '"x":1', state: 'read', undo: false, until: null, target, ...more };
}

function rowsOf(connection: Connection): unknown[] {
  return ['marks', 'range_marks'].map((table) =>
    connection.prepare(`SELECT * FROM ${table} ORDER BY 1, 2, 3, 4`).all([]),
  );
}

test('what a range dominates is dropped, whichever came first', () => {
  const marks = [
    marking({ at: 1, target: { ids: IDS } }),
    marking({ at: 2, target: { upTo: 3, topic: null } }),
    marking({ at: 9 }),
  ];
  for (const order of [marks, marks.toReversed()]) {
    const { connection, writer } = logOfOne();
    for (const act of order) writer.append([{ id: 'm', entry: null, act }]);
    expect(rowsOf(connection)).toEqual([[], [['u', 'read', '', 5, 19, null]]]);
  }
});

const mark = fc.record({
  at: fc.integer({ min: 1, max: 3 }),
  undo: fc.boolean(),
  until: fc.integer({ min: 5, max: 6 }),
  state: fc.constantFrom('read' as const, 'snoozed' as const),
  target: fc.oneof(
    fc.record({ ids: fc.uniqueArray(fc.constantFrom(...IDS), { minLength: 1, maxLength: 2 }) }),
    fc.record({ upTo: fc.integer({ min: 1, max: 5 }), topic: fc.constantFrom(null, 'news', 'users/u') }),
  ),
});

type MarkDraft = typeof mark extends fc.Arbitrary<infer M> ? M : never;

test('in whatever order marks come, the same rows are left', () => {
  const { connection, writer } = logOfOne();
  connection.exec('PRAGMA synchronous = OFF');
  const rowsAfter = (marks: readonly MarkDraft[]): unknown[] => {
    connection.exec('DELETE FROM marks; DELETE FROM range_marks');
    for (const { until, ...more } of marks) {
      const ends = more.state === 'snoozed' && !more.undo ? until : null;
      writer.append([{ id: 'm', entry: null, act: marking({ ...more, until: ends }) }]);
    }
    return rowsOf(connection);
  };
  const orders = fc
    .array(mark, { minLength: 2, maxLength: 6 })
    .chain((marks) => fc.tuple(fc.constant(marks), fc.shuffledSubarray(marks, { minLength: marks.length })));
  fc.assert(
    fc.property(orders, ([marks, shuffled]) => {
      expect(rowsAfter(shuffled)).toEqual(rowsAfter(marks));
    }),
    { numRuns: 200 },
  );
});

test('marks up to a cursor are bounded: beyond, one for all topics must take their place', () => {
  const { connection, writer } = logOfOne();
  const insert = connection.prepare("INSERT INTO range_marks VALUES ('u', 'read', ?, 1, 3, NULL)");
  for (let i = 0; i < MAX_RANGES; i++) insert.run([`t/${i}`]);
  const answerTo = (target: MarkAct['target']) =>
    writer.append([{ id: 'm', entry: null, act: marking({ target }) }])[0];
  expect(answerTo({ upTo: 5, topic: 'news' })).toMatchObject({ outcome: 'refused', code: 'body.invalid' });
  expect(answerTo({ upTo: 5, topic: null })).toMatchObject({ outcome: 'acted' });
  expect(answerTo({ upTo: 5, topic: 'users/v' })).toMatchObject({ outcome: 'refused', code: 'topic.forbidden' });
});
