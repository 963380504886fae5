import type { Category } from '#clarion/protocol';
import type { Connection, Statement } from './connection.js';
import { PEOPLE_QUERIES } from './people-queries.js';

/** Writes what clients never hear: categories, and when people were last connected. */
export class PeopleWriter {
  readonly #connection: Connection;
  readonly #touch: Statement;
  readonly #putCategory: Statement;
  readonly #deleteCategory: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#touch = connection.prepare(PEOPLE_QUERIES.touch);
    this.#putCategory = connection.prepare(PEOPLE_QUERIES.putCategory);
    this.#deleteCategory = connection.prepare(PEOPLE_QUERIES.deleteCategory);
  }

  touch(people: readonly { readonly user: string; readonly at: number }[]): void {
    this.#connection.write(() => {
      for (const { user, at } of people) this.#touch.run([user, at]);
    });
  }

  putCategory(category: Category): void {
    this.#connection.write(() => this.#putCategory.run([category.id, JSON.stringify(category)]));
  }

  deleteCategory(id: string): void {
    this.#connection.write(() => this.#deleteCategory.run([id]));
  }
}
