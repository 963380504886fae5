import type { Connection, Statement } from './connection.js';
import type { RememberedRow } from './inbox-memory.js';
import { PEOPLE_QUERIES } from './people-queries.js';

/** Writes what readers remember of inboxes, unless somebody was erased since they counted. */
export class MemoryWriter {
  readonly #connection: Connection;
  readonly #remember: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#remember = connection.prepare(PEOPLE_QUERIES.remember);
  }

  remember(rows: readonly RememberedRow[]): void {
    this.#connection.write(() => {
      for (const row of rows) {
        const { erasures, user, consistsOf, head, removals, lifts, countedAt, endsAt, unread, unseen } = row;
        this.#remember.run([erasures, user, consistsOf, head, removals, lifts, countedAt, endsAt, unread, unseen]);
      }
    });
  }
}
