import type { Connection, Statement } from './connection.js';
import type { ErasedPeople } from './erased-people.js';
import type { RememberedRow } from './inbox-memory.js';
import { PEOPLE_QUERIES } from './people-queries.js';

/** Writes what readers remember of inboxes, unless their people were erased. */
export class MemoryWriter {
  readonly #connection: Connection;
  readonly #erased: ErasedPeople;
  readonly #remember: Statement;

  constructor(connection: Connection, erased: ErasedPeople) {
    this.#connection = connection;
    this.#erased = erased;
    this.#remember = connection.prepare(PEOPLE_QUERIES.remember);
  }

  remember(rows: readonly RememberedRow[]): void {
    this.#connection.write(() => {
      for (const { user, consistsOf, head, removals, lifts, countedAt, endsAt, unread, unseen } of rows)
        if (!this.#erased.has(user, head))
          this.#remember.run([user, consistsOf, head, removals, lifts, countedAt, endsAt, unread, unseen]);
    });
  }
}
