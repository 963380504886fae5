import { text, type Connection, type Statement } from './connection.js';
import type { Segment, Stretch } from './inbox-plan.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { offsetListsIn, runsBeside } from './offset-lists.js';
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

/**
 * Finds by offsets alone what is hidden in one topic because it lies in a covered stretch of another one: two lists in the order of an index that has
 * nothing else, which is a third of what it takes to ask for each.
 */
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

  /** The parts of stretches, at most `limit`, that have what is shared and not covered. */
  uncovered(segments: readonly Segment[], { offsets }: Covered, limit: number): Segment[] {
    if (segments.length === 0) return [];
    const shared = offsetListsIn(text(this.#sharedOfEach.get([segmentList(segments)]) ?? [], 0));
    const parts: Segment[] = [];
    for (const [i, segment] of segments.entries()) {
      for (const run of runsBeside(shared[i] ?? [], offsets)) {
        if (parts.length === limit) return parts;
        parts.push({ ...segment, ...run });
      }
    }
    return parts;
  }
}

/** Several ascending lists as one; mostly there is one alone. */
function merged(lists: readonly (readonly number[])[]): readonly number[] {
  const filled = lists.filter((list) => list.length > 0);
  return filled.length <= 1 ? (filled[0] ?? []) : [...Float64Array.from(filled.flat()).sort()];
}
