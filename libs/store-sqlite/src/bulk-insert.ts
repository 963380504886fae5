import type { Connection, SqlValue, Statement } from './connection.js';

/** Rows of one statement: entering the native library costs more than a row does. */
const ROWS_AT_ONCE = 32;

/** Inserts many rows into one table with few calls. */
export class BulkInsert {
  readonly #many: Statement;
  readonly #one: Statement;

  constructor(connection: Connection, table: string, columns: readonly string[]) {
    const row = `(${columns.map(() => '?').join(', ')})`;
    const into = `INSERT INTO ${table} (${columns.join(', ')}) VALUES`;
    this.#one = connection.prepare(`${into} ${row}`);
    this.#many = connection.prepare(`${into} ${Array.from({ length: ROWS_AT_ONCE }, () => row).join(', ')}`);
  }

  /** In the order given. Precondition: each row has as many values as there are columns; a transaction is open. */
  run(rows: readonly (readonly SqlValue[])[]): void {
    const singles = rows.length % ROWS_AT_ONCE;
    const bulk = rows.length - singles;
    for (let i = 0; i < bulk; i += ROWS_AT_ONCE) this.#many.run(rows.slice(i, i + ROWS_AT_ONCE).flat());
    for (let i = bulk; i < rows.length; i++) this.#one.run(rows[i] ?? []);
  }
}
