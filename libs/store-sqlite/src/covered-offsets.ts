import { integerOrNull, text, type Connection, type Statement } from './connection.js';
import type { Segment, Stretch } from './inbox-plan.js';
import { INBOX_QUERIES } from './inbox-queries.js';
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
  readonly #coveredOfEach: Statement;
  readonly #sharedOfEach: Statement;

  constructor(connection: Connection) {
    this.#coveredOfEach = connection.prepare(INBOX_QUERIES.coveredOfEach);
    this.#sharedOfEach = connection.prepare(INBOX_QUERIES.sharedOfEach);
  }

  of(stretches: readonly Stretch[]): Covered {
    if (stretches.length === 0) return NOTHING_COVERED;
    const rows = this.#coveredOfEach.all([segmentList(stretches)]);
    const uncertain = rows.map((row, i) => {
      const [oldest, { after, upTo }] = [integerOrNull(row, 1) ?? Number.MAX_SAFE_INTEGER, stretches[i]!];
      return oldest - 1 <= after ? 0 : Math.min(oldest - 1, upTo);
    });
    return { offsets: merged(rows.map((row) => offsetsIn(text(row, 0)))), uncertainUpTo: Math.max(...uncertain) };
  }

  /** The parts of stretches, at most `limit`, that have what is shared and not covered. */
  uncovered(segments: readonly Segment[], { offsets }: Covered, limit: number): Segment[] {
    const rows = this.#sharedOfEach.all([segmentList(segments)]);
    const parts: Segment[] = [];
    for (const [i, segment] of segments.entries()) {
      for (const run of runsBeside(offsetsIn(text(rows[i] ?? [], 0)), offsets)) {
        if (parts.length === limit) return parts;
        parts.push({ ...segment, ...run });
      }
    }
    return parts;
  }
}

/** As `json_group_array` tells them. */
export function offsetsIn(json: string): number[] {
  if (json === '[]') return [];
  const offsets: unknown = JSON.parse(json);
  return isOffsets(offsets) ? offsets : [];
}

/** The database made the list of integers: of thousands not each is looked at. */
function isOffsets(value: unknown): value is number[] {
  return Array.isArray(value) && typeof value[0] === 'number';
}

/** Several ascending lists as one; mostly there is one alone. */
function merged(lists: readonly (readonly number[])[]): readonly number[] {
  const filled = lists.filter((list) => list.length > 0);
  return filled.length <= 1 ? (filled[0] ?? []) : [...Float64Array.from(filled.flat()).sort()];
}

/** Stretches of `offsets` that have none of `covered`, both ascending. */
function runsBeside(offsets: readonly number[], covered: readonly number[]): Run[] {
  const runs: Run[] = [];
  let next = 0;
  let isOpen = false;
  for (const offset of offsets) {
    next = firstFrom(covered, offset, next);
    const isCovered = covered[next] === offset;
    const last = runs.at(-1);
    if (!isCovered && isOpen && last !== undefined) last.upTo = offset;
    else if (!isCovered) runs.push({ after: offset - 1, upTo: offset });
    isOpen = !isCovered;
  }
  return runs;
}

interface Run {
  readonly after: number;
  upTo: number;
}

/** The index of the first that is no less than `least`, from `from` on: near by steps, far by halves. */
function firstFrom(offsets: readonly number[], least: number, from: number): number {
  let step = 1;
  let low = from;
  while (low + step < offsets.length && (offsets[low + step] ?? 0) < least) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, offsets.length);
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
