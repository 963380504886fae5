import { integer, type Connection, type Statement } from './connection.js';
import { EntryRemover } from './entry-remover.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { personalTopic } from './personal-topic.js';
import { RETENTION_QUERIES } from './retention-queries.js';

/** Takes people out of what names them: what is for them alone is removed, off the rest their name is taken. Precondition of all: a transaction is open. */
export class AddresseeRemover {
  readonly #remover: EntryRemover;
  readonly #addressedTo: Statement;
  readonly #dropAudience: Statement;
  readonly #takeNameOff: Statement;

  constructor(connection: Connection) {
    this.#remover = new EntryRemover(connection);
    this.#addressedTo = connection.prepare(PEOPLE_QUERIES.addressedTo);
    this.#dropAudience = connection.prepare(RETENTION_QUERIES.dropAudience);
    this.#takeNameOff = connection.prepare(PEOPLE_QUERIES.takeNameOff);
  }

  /** @param limit entries at most. @returns of how many. */
  remove(user: string, limit: number): number {
    const topic = personalTopic(user);
    const rows = this.#addressedTo.all([topic, limit]);
    for (const row of rows) {
      if (integer(row, 1) === 1) this.#remover.remove(integer(row, 0));
      else this.takeOff(integer(row, 0), topic);
    }
    return rows.length;
  }

  /** @param topic the person's own. */
  takeOff(offset: number, topic: string): void {
    this.#takeNameOff.run([offset, topic]);
    this.#dropAudience.run([topic, offset]);
    // Retention may have left it to nobody else.
    this.#remover.removeIfUnaddressed(offset);
  }
}
