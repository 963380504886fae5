import { text, type Connection, type Statement } from './connection.js';
import type { Stretch } from './inbox-plan.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { merged, offsetListsIn } from './offset-lists.js';
import { OldestRows } from './oldest-rows.js';
import { segmentList } from './segment-list.js';

/** What ranges by topic hide of what other topics may show. */
export interface Covered {
  /** Ascending. */
  readonly offsets: readonly number[];
  /** Up to here topics that cover may have lost their rows to retention: what they cover is found by the notifications themselves. */
  readonly uncertainUpTo: number;
}

export const NOTHING_COVERED: Covered = { offsets: [], uncertainUpTo: 0 };

/** Finds what is hidden wherever it may be seen because it lies in a covered stretch of one of its topics, in the order of an index that has nothing else. */
export class CoveredOffsets {
  readonly #oldest: OldestRows;
  readonly #sharedOfEach: Statement;

  constructor(connection: Connection) {
    this.#oldest = new OldestRows(connection);
    this.#sharedOfEach = connection.prepare(INBOX_QUERIES.sharedOfEach);
  }

  of(stretches: readonly Stretch[]): Covered {
    if (stretches.length === 0) return NOTHING_COVERED;
    const lists = offsetListsIn(text(this.#sharedOfEach.get([segmentList(stretches)]) ?? [], 0));
    return { offsets: merged(lists), uncertainUpTo: this.#oldest.uncertainUpTo(stretches) };
  }
}
