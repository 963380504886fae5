import type { Connection, SqlValue, Statement } from './connection.js';

/** Rows of one statement: entering the native library costs more than a row does. */
const ROWS_AT_ONCE = 64;

/** Inserts many rows into one table with few calls. */
export class BulkInsert {
  readonly #width: number;
  readonly #many: Statement;
  readonly #one: Statement;

  constructor(connection: Connection, table: string, columns: readonly string[]) {
    const row = `(${columns.map(() => '?').join(', ')})`;
    const into = `INSERT INTO ${table} (${columns.join(', ')}) VALUES`;
    this.#width = columns.length;
    this.#one = connection.prepare(`${into} ${row}`);
    this.#many = connection.prepare(`${into} ${Array.from({ length: ROWS_AT_ONCE }, () => row).join(', ')}`);
  }

  /** In the order given. Precondition: the values of whole rows, one row after another; a transaction is open. */
  run(values: readonly SqlValue[]): void {
    const many = this.#width * ROWS_AT_ONCE;
    let at = 0;
    for (; at + many <= values.length; at += many) this.#many.run(values.slice(at, at + many));
    for (; at < values.length; at += this.#width) this.#one.run(values.slice(at, at + this.#width));
  }
}
