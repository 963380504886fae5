import { text, type Connection, type Statement } from './connection.js';
import type { Segment } from './inbox-plan.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { offsetListsIn, offsetsIn, runsBeside } from './offset-lists.js';
import { segmentList } from './segment-list.js';

/** With fewer marks it is as fast to ask for the mark of each row, which finds enough after as many rows more. */
const WORTH_IT = 256;
const MAX_MARKS = 100_000;
/** A seek for each of so many rows costs no more than another stretch. */
const BRIDGED = 4;

/**
 * Takes out of walks what marks of single notifications have surely put away: two lists, of marks and of rows, in the order of their indexes, instead
 * of a mark sought for each row.
 */
export class SettledRows {
  readonly #settled: Readonly<Record<'unread' | 'unseen', Statement>>;
  readonly #rowsOfEach: Statement;

  readonly #worthIt: number;

  constructor(connection: Connection, worthIt = WORTH_IT) {
    this.#worthIt = worthIt;
    this.#settled = {
      unread: connection.prepare(INBOX_QUERIES.settledUnread),
      unseen: connection.prepare(INBOX_QUERIES.settledUnseen),
    };
    this.#rowsOfEach = connection.prepare(INBOX_QUERIES.rowsOfEach);
  }

  /** What is left of stretches to be walked. Of what is left there may still be marks. */
  without(segments: readonly Segment[], user: string, filter: 'unread' | 'unseen'): readonly Segment[] {
    const settled = this.#offsets(segments, user, filter);
    if (settled.length < this.#worthIt) return segments;
    const limit = settled.length + 1_000;
    const rows = offsetListsIn(text(this.#rowsOfEach.get([segmentList(segments), limit]) ?? [], 0));
    return segments.flatMap((segment, i) => {
      const offsets = rows[i] ?? [];
      const runs = runsBeside(offsets, settled, BRIDGED).map((run) => ({ ...segment, ...run }));
      return offsets.length < limit ? runs : [...runs, { ...segment, after: offsets.at(-1) ?? segment.after }];
    });
  }

  /** A mark that is kept holds against all ranges (`MarkWriter`). Snoozes are over some time: they are left to the walk. */
  #offsets(segments: readonly Segment[], user: string, filter: 'unread' | 'unseen'): number[] {
    if (segments.length === 0) return [];
    const after = segments.reduce((least, segment) => Math.min(least, segment.after), Number.MAX_SAFE_INTEGER);
    return offsetsIn(text(this.#settled[filter].get([user, after, MAX_MARKS]) ?? [], 0));
  }
}
