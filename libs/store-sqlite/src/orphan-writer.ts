import { integer, type Connection, type Statement } from './connection.js';
import { WRITE_ROWS } from './retention-planner.js';
import { RETENTION_QUERIES } from './retention-queries.js';

/** Removes what people said of entries that are gone, and what says nothing of any that is kept, in short transactions. */
export class OrphanWriter {
  readonly #connection: Connection;
  readonly #first: Statement;
  readonly #dropMarks: Statement;
  readonly #dropReceipts: Statement;
  readonly #dropOffered: Statement;
  readonly #dropOrphan: Statement;
  readonly #dropRanges: Statement;
  readonly #dropFollows: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#first = connection.prepare(RETENTION_QUERIES.firstOrphan);
    this.#dropMarks = connection.prepare(RETENTION_QUERIES.dropMarks);
    this.#dropReceipts = connection.prepare(RETENTION_QUERIES.dropReceipts);
    this.#dropOffered = connection.prepare(RETENTION_QUERIES.dropOffered);
    this.#dropOrphan = connection.prepare(RETENTION_QUERIES.dropOrphan);
    this.#dropRanges = connection.prepare(RETENTION_QUERIES.dropRanges);
    this.#dropFollows = connection.prepare(RETENTION_QUERIES.dropFollows);
  }

  /** Marks and receipts of entries that are gone. @returns whether more are left. */
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

  #dropOf(offset: number, most: number): number {
    const marks = this.#dropMarks.run([offset, most]);
    const receipts = this.#dropReceipts.run([offset, most]);
    this.#dropOffered.run([offset]);
    if (marks < most && receipts < most) this.#dropOrphan.run([offset]);
    return marks + receipts;
  }
}
