import { integer, text, type Connection } from './connection.js';
import type { Covered } from './covered-offsets.js';
import { splitAt, type Segment } from './inbox-plan.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { merged, offsetListsIn, offsetsIn, runsBeside } from './offset-lists.js';
import { prepareAll, type Prepared } from './prepared.js';
import { segmentList } from './segment-list.js';

const NAMES = [
  'head',
  'settledUnread',
  'settledUnseen',
  'oldestSettledUnread',
  'oldestSettledUnseen',
  'rowsOfEach',
  'oldestRowsOfEach',
] as const;

/** What is faster. */
export interface HiddenRowsOptions {
  /** From so many marks of single notifications on they are not sought one by one: with fewer, asking for the mark of each row finds enough after as many rows more. */
  readonly manyMarks: number;
  /** Where there cannot be more than so many times as many rows, as their offsets tell, all are listed rather than counted meanwhile, which takes a fifth longer. */
  readonly uncounted: number;
}

const DEFAULTS: HiddenRowsOptions = { manyMarks: 256, uncounted: 4 };
const MAX_MARKS = 100_000;
/** A seek for each of so many rows costs no more than another stretch. */
const BRIDGED = 4;
/** A stretch more to be walked costs as much as so many rows to be listed. */
export const ROWS_FOR_STRETCH = 32;

/** Offsets that no walk need look at. */
export interface Hidden {
  /** Ascending. */
  readonly offsets: readonly number[];
  /** So many in a row may be walked nevertheless: their marks are found. */
  readonly bridged: number;
}

export const NOTHING_HIDDEN: Hidden = { offsets: [], bridged: 0 };

/** Stretches to be walked as they are, and stretches that have hidden rows. */
export interface Sides {
  readonly clear: readonly Segment[];
  readonly mixed: readonly Segment[];
}

/** What is left of stretches to be walked. */
export interface Left {
  readonly segments: readonly Segment[];
  /** Whether that is all of it. */
  readonly isAll: boolean;
  /** Rows that were listed for it. */
  readonly listed: number;
}

/**
 * Takes out of walks what is surely hidden, by marks of single notifications or because a range of another topic covers it: two lists, of what is hidden
 * and of rows, in the order of their indexes, instead of a question for each row.
 */
export class HiddenRows {
  readonly #sql: Prepared<(typeof NAMES)[number]>;
  readonly #options: HiddenRowsOptions;

  constructor(connection: Connection, options: Partial<HiddenRowsOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options };
    this.#sql = prepareAll(connection, INBOX_QUERIES, NAMES);
  }

  of(segments: readonly Segment[], user: string, filter: 'unread' | 'unseen', covered: Covered): Hidden {
    const settled = this.#settledIn(segments, user, filter);
    const isWorthIt = settled.length >= this.#options.manyMarks;
    // Of what is covered nothing else tells.
    if (covered.offsets.length > 0) return { offsets: merged([covered.offsets, isWorthIt ? settled : []]), bridged: 0 };
    return isWorthIt ? { offsets: settled, bridged: BRIDGED } : NOTHING_HIDDEN;
  }

  /** What lies above all that is hidden may be enough. Of hundreds of stretches, most of which have little, none is split. */
  sides(segments: readonly Segment[], { offsets }: Hidden): Sides {
    if (offsets.length === 0) return { clear: segments, mixed: [] };
    if (segments.length * ROWS_FOR_STRETCH > offsets.length) return { clear: [], mixed: segments };
    const { above, below } = splitAt(segments, offsets.at(-1) ?? 0);
    return { clear: above, mixed: below };
  }

  /**
   * Parts of the stretches that have what is not hidden, and perhaps some that is by a mark of its own. At most `limit` parts, of at most `limit` rows
   * of each stretch beyond as many as are hidden, or a few times as many where they are not counted.
   */
  left(segments: readonly Segment[], { offsets, bridged }: Hidden, limit: number): Left {
    if (segments.length === 0) return { segments, isAll: true, listed: 0 };
    const most = offsets.length + limit;
    const isShort = this.#isShort(segments, most);
    const list = segmentList(segments);
    const found = isShort ? this.#sql.rowsOfEach.get([list]) : this.#sql.oldestRowsOfEach.get([list, most]);
    const rows = offsetListsIn(text(found ?? [], 0));
    const listed = rows.reduce((sum, { length }) => sum + length, 0);
    const parts: Segment[] = [];
    for (const [i, segment] of segments.entries()) {
      for (const run of runsBeside(rows[i] ?? [], offsets, bridged)) {
        if (parts.length === limit) return { segments: parts, isAll: false, listed };
        parts.push({ ...segment, ...run });
      }
    }
    return { segments: parts, isAll: isShort || rows.every(({ length }) => length < most), listed };
  }

  /** A mark that is kept holds against all ranges (`MarkWriter`). Snoozes are over some time: they are left to the walk. */
  #settledIn(segments: readonly Segment[], user: string, filter: 'unread' | 'unseen'): number[] {
    if (segments.length === 0) return [];
    const { settledUnread, settledUnseen, oldestSettledUnread, oldestSettledUnseen } = this.#sql;
    const [all, oldest] =
      filter === 'unread' ? [settledUnread, oldestSettledUnread] : [settledUnseen, oldestSettledUnseen];
    const after = startOf(segments);
    const isShort = this.#isShort(segments, MAX_MARKS);
    return offsetsIn(text((isShort ? all.get([user, after]) : oldest.get([user, after, MAX_MARKS])) ?? [], 0));
  }

  /** Whether no stretch can have more than a few times `most` rows. */
  #isShort(segments: readonly Segment[], most: number): boolean {
    const end = segments.reduce((last, { upTo }) => Math.max(last, upTo), 0);
    const offsets = Math.min(end, integer(this.#sql.head.get([]) ?? [], 0)) - startOf(segments);
    return offsets <= this.#options.uncounted * most;
  }
}

function startOf(segments: readonly Segment[]): number {
  return segments.reduce((least, { after }) => Math.min(least, after), Number.MAX_SAFE_INTEGER);
}
