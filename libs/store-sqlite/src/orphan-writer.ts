import { integer, type Connection, type Statement } from './connection.js';
import { PUSH_QUERIES } from './push-queries.js';
import { WRITE_ROWS } from './retention-planner.js';
import { RETENTION_QUERIES } from './retention-queries.js';

/** Of rows that may take several pages each. */
const WRITE_LONG_ROWS = 64;

/** Removes what people said of entries that are gone, and what says nothing of any that is kept, in short transactions. */
export class OrphanWriter {
  readonly #connection: Connection;
  readonly #first: Statement;
  readonly #dropMarks: Statement;
  readonly #dropReceipts: Statement;
  readonly #dropPushes: Statement;
  readonly #dropChoices: Statement;
  readonly #dropOffered: Statement;
  readonly #dropOrphan: Statement;
  readonly #dropRanges: Statement;
  readonly #dropFollows: Statement;
  readonly #dropRemembered: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#first = connection.prepare(RETENTION_QUERIES.firstOrphan);
    this.#dropMarks = connection.prepare(RETENTION_QUERIES.dropMarks);
    this.#dropReceipts = connection.prepare(RETENTION_QUERIES.dropReceipts);
    this.#dropPushes = connection.prepare(PUSH_QUERIES.dropPushes);
    this.#dropChoices = connection.prepare(PUSH_QUERIES.dropChoices);
    this.#dropOffered = connection.prepare(RETENTION_QUERIES.dropOffered);
    this.#dropOrphan = connection.prepare(RETENTION_QUERIES.dropOrphan);
    this.#dropRanges = connection.prepare(RETENTION_QUERIES.dropRanges);
    this.#dropFollows = connection.prepare(RETENTION_QUERIES.dropFollows);
    this.#dropRemembered = connection.prepare(RETENTION_QUERIES.dropRemembered);
  }

  /** Marks, receipts, pushes and choices of entries that are gone. @returns whether more are left. */
  dropOrphans(): boolean {
    return this.#connection.write(() => {
      for (let left = WRITE_ROWS; left > 0; left--) {
        const first = this.#first.get([]);
        if (first === undefined) return false;
        left -= this.#dropOf(integer(first, 0), left);
      }
      return true;
    });
  }

  /** Range marks, and intervals of follows that have ended, below all that is kept. @returns whether more are left. */
  dropEmptyIntervals(): boolean {
    return this.#connection.write(() => {
      const ranges = this.#dropRanges.run([WRITE_ROWS]);
      return this.#dropFollows.run([WRITE_ROWS]) === WRITE_ROWS || ranges === WRITE_ROWS;
    });
  }

  /** What was remembered of inboxes before all that is kept. @returns whether more is left. */
  dropRemembered(): boolean {
    return this.#connection.write(() => this.#dropRemembered.run([WRITE_LONG_ROWS]) === WRITE_LONG_ROWS);
  }

  #dropOf(offset: number, most: number): number {
    const tables = [this.#dropMarks, this.#dropReceipts, this.#dropPushes, this.#dropChoices];
    const dropped = tables.map((table) => table.run([offset, most]));
    this.#dropOffered.run([offset]);
    if (dropped.every((rows) => rows < most)) this.#dropOrphan.run([offset]);
    return dropped.reduce((sum, rows) => sum + rows, 0);
  }
}
