import type { Connection, Statement } from './connection.js';
import { PUSH_QUERIES } from './push-queries.js';
import { RETENTION_QUERIES } from './retention-queries.js';

/** Removes entries; what people said of them follows in steps of its own, for there may be any number of them. */
export class EntryRemover {
  readonly #dropAllAudience: Statement;
  readonly #dropEntry: Statement;
  readonly #dropEntryOfNobody: Statement;
  readonly #dropDue: Statement;
  readonly #dropTrimmed: Statement;
  readonly #noteOrphans: Statement;

  constructor(connection: Connection) {
    this.#dropAllAudience = connection.prepare(RETENTION_QUERIES.dropAllAudience);
    this.#dropEntry = connection.prepare(RETENTION_QUERIES.dropEntry);
    this.#dropEntryOfNobody = connection.prepare(RETENTION_QUERIES.dropEntryOfNobody);
    this.#dropDue = connection.prepare(PUSH_QUERIES.dropDue);
    this.#dropTrimmed = connection.prepare(RETENTION_QUERIES.dropTrimmed);
    this.#noteOrphans = connection.prepare(RETENTION_QUERIES.noteOrphans);
  }

  /** For every topic. Precondition: a transaction is open. */
  remove(offset: number): void {
    this.#dropAllAudience.run([offset]);
    this.#dropEntry.run([offset]);
    this.#leave(offset);
  }

  /** If no topic has it any more. Precondition: a transaction is open. @returns whether that is so. */
  removeIfUnaddressed(offset: number): boolean {
    const isGone = this.#dropEntryOfNobody.run([offset]) === 1;
    if (isGone) this.#leave(offset);
    return isGone;
  }

  #leave(offset: number): void {
    this.#dropDue.run([offset]);
    this.#dropTrimmed.run([offset]);
    this.#noteOrphans.run([offset]);
  }
}
