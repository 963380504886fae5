import type { MarkValue, RangeMark, Standing } from '#clarion/notifications';
import { latest, reaches } from '#clarion/notifications/people';
import { MARK_STATES, type MarkState } from '#clarion/protocol/plain';
import { integer, integerOrNull, text, type Row, type SqlValue } from './connection.js';
import { StoreError } from './store-error.js';

/** What is said of one notification, state by state, also where it was taken back. */
export type Said = { readonly [S in MarkState]?: MarkValue };

/** A mark as one number: of two the greater counts. Only snoozes at the very same time need more to be told apart. */
export function markCell({ at, undone }: MarkValue): number {
  // Nothing was marked before 1970.
  return Math.max(0, at) * 2 + (undone ? 0 : 1);
}

export function toMark(cell: number, until: number | null): MarkValue {
  const undone = cell % 2 === 0;
  return { at: Math.floor(cell / 2), undone, until: undone ? null : until };
}

/** The columns seen, read, archived, snoozed and until, from `first` on. */
export function saidOf(row: Row, first: number): Said {
  const said: { [S in MarkState]?: MarkValue } = {};
  MARK_STATES.forEach((state, i) => {
    const cell = integerOrNull(row, first + i);
    if (cell !== null) said[state] = toMark(cell, state === 'snoozed' ? integerOrNull(row, first + 4) : null);
  });
  return said;
}

/** As {@link saidOf} reads them. */
export function cellsOf(said: Said): SqlValue[] {
  const cells = MARK_STATES.map((state) => (said[state] === undefined ? null : markCell(said[state])));
  return [...cells, said.snoozed?.until ?? null];
}

/** Of one person. */
export type Ranges = { readonly [S in MarkState]: readonly RangeMark[] };

/** The columns state, topic, up_to, mark and until; the empty topic stands for all. */
export function rangesOf(rows: readonly Row[]): Ranges {
  const ranges: { [S in MarkState]: RangeMark[] } = { seen: [], read: [], archived: [], snoozed: [] };
  for (const row of rows) {
    const topic = text(row, 1);
    const mark = toMark(integer(row, 3), integerOrNull(row, 4));
    ranges[stateOf(text(row, 0))].push({ ...mark, upTo: integer(row, 2), topic: topic === '' ? null : topic });
  }
  return ranges;
}

/** What counts of all that was said of one notification in one state, by itself and by ranges. */
export function effective(
  state: MarkState,
  said: Said,
  ranges: Ranges,
  offset: number,
  topics: readonly string[],
): MarkValue | undefined {
  const reaching = ranges[state].filter((range) => reaches(range, offset, topics));
  const own = said[state];
  return latest(own === undefined ? reaching : [own, ...reaching]);
}

/** What holds: without what was taken back. */
export function standingOf(said: Said, ranges: Ranges, offset: number, topics: readonly string[]): Standing {
  const standing: { [S in MarkState]?: MarkValue } = {};
  for (const state of MARK_STATES) {
    const value = effective(state, said, ranges, offset, topics);
    if (value !== undefined && !value.undone) standing[state] = { at: value.at, undone: false, until: value.until };
  }
  return standing;
}

function stateOf(name: string): MarkState {
  const state = MARK_STATES.find((known) => known === name);
  if (state === undefined) throw new StoreError('unreadable', `the database is damaged: a mark of state ${name}`);
  return state;
}
