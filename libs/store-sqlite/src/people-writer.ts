import type { Category } from '#clarion/protocol';
import { AddresseeRemover } from './addressee-remover.js';
import type { Connection, Statement } from './connection.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { WRITE_ROWS } from './retention-planner.js';

/** Writes what clients never hear: categories, when people were last connected, and how their erasure begins. */
export class PeopleWriter {
  readonly #connection: Connection;
  readonly #touch: Statement;
  readonly #putCategory: Statement;
  readonly #deleteCategory: Statement;
  readonly #addressees: AddresseeRemover;
  readonly #eraseRemembered: Statement;
  readonly #countErasure: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#touch = connection.prepare(PEOPLE_QUERIES.touch);
    this.#putCategory = connection.prepare(PEOPLE_QUERIES.putCategory);
    this.#deleteCategory = connection.prepare(PEOPLE_QUERIES.deleteCategory);
    this.#addressees = new AddresseeRemover(connection);
    this.#eraseRemembered = connection.prepare(PEOPLE_QUERIES.eraseRemembered);
    this.#countErasure = connection.prepare(PEOPLE_QUERIES.countErasure);
  }

  touch(people: readonly { readonly user: string; readonly at: number }[]): void {
    this.#connection.write(() => {
      for (const { user, at } of people) this.#touch.run([user, at]);
    });
  }

  putCategory(category: Category): void {
    this.#connection.write(() => this.#putCategory.run([category.id, JSON.stringify(category)]));
  }

  /** Begins an erasure with some of what names the person. @returns whether there may be more. */
  takeOut(user: string): boolean {
    return this.#connection.write(() => {
      // Should it end here, nothing that was counted before may be known still.
      this.#eraseRemembered.run([user]);
      this.#countErasure.run([]);
      return this.#addressees.remove(user, WRITE_ROWS) === WRITE_ROWS;
    });
  }

  deleteCategory(id: string): void {
    this.#connection.write(() => this.#deleteCategory.run([id]));
  }
}
