import type { Connection, SqlValue, Statement } from './connection.js';

/**
 * Rows of one statement, the most first: entering the native library costs more than a row does. Few publishers make small commits, so
 * that there are sizes for those as well.
 */
const ROWS_AT_ONCE = [64, 32, 16, 8, 4, 2, 1] as const;

/** Inserts many rows into one table with few calls. */
export class BulkInsert {
  readonly #inserts: readonly { readonly values: number; readonly statement: Statement }[];

  constructor(connection: Connection, table: string, columns: readonly string[]) {
    const row = `(${columns.map(() => '?').join(', ')})`;
    const into = `INSERT INTO ${table} (${columns.join(', ')}) VALUES`;
    this.#inserts = ROWS_AT_ONCE.map((rows) => ({
      values: rows * columns.length,
      statement: connection.prepare(`${into} ${Array.from({ length: rows }, () => row).join(', ')}`),
    }));
  }

  /** In the order given. Precondition: the values of whole rows, one row after another; a transaction is open. */
  run(values: readonly SqlValue[]): void {
    let at = 0;
    for (const { values: many, statement } of this.#inserts)
      for (; at + many <= values.length; at += many) statement.run(values.slice(at, at + many));
  }
}
