import type { Connection, Statement } from './connection.js';
import { RETENTION_QUERIES } from './retention-queries.js';

/** Removes entries; what people said of them follows in steps of its own, for there may be any number of them. */
export class EntryRemover {
  readonly #dropAllAudience: Statement;
  readonly #dropEntry: Statement;
  readonly #dropEntryOfNobody: Statement;
  readonly #noteOrphans: Statement;

  constructor(connection: Connection) {
    this.#dropAllAudience = connection.prepare(RETENTION_QUERIES.dropAllAudience);
    this.#dropEntry = connection.prepare(RETENTION_QUERIES.dropEntry);
    this.#dropEntryOfNobody = connection.prepare(RETENTION_QUERIES.dropEntryOfNobody);
    this.#noteOrphans = connection.prepare(RETENTION_QUERIES.noteOrphans);
  }

  /** For every topic. Precondition: a transaction is open. */
  remove(offset: number): void {
    this.#dropAllAudience.run([offset]);
    this.#dropEntry.run([offset]);
    this.#noteOrphans.run([offset]);
  }

  /** If no topic has it any more. Precondition: a transaction is open. */
  removeIfUnaddressed(offset: number): void {
    if (this.#dropEntryOfNobody.run([offset]) === 1) this.#noteOrphans.run([offset]);
  }
}
