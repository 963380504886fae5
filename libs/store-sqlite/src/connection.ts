import Database from 'libsql';
import { StoreError } from './store-error.js';

/** All that is ever bound. A boolean, a Date or `undefined` would end the process inside the native library. */
export type SqlValue = string | number | bigint | Buffer | null;

/** One row, its columns in the order of the query; read it with {@link text}, {@link integer} and their like. */
export type Row = readonly unknown[];

/** How long a connection waits for another one of this process, e.g. one that recovers the WAL. */
export const BUSY_TIMEOUT_MS = 5_000;

/** One connection to the database: the only door to the native library. Not shared between threads. */
export class Connection {
  readonly #database: Database.Database;

  /** @throws {Error} of the native library when the file cannot be opened. */
  constructor(file: string) {
    this.#database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  }

  /** Runs statements without values, for schema and pragmas. */
  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Statements live as long as their connection: prepare once. */
  prepare(sql: string): Statement {
    return new Statement(this.#database.prepare(sql));
  }

  /** `BEGIN IMMEDIATE … COMMIT`: returns when the commit has; all or nothing. */
  write<T>(work: () => T): T {
    return this.#transaction('BEGIN IMMEDIATE', work);
  }

  /** All reads of `work` see one snapshot. */
  read<T>(work: () => T): T {
    return this.#transaction('BEGIN', work);
  }

  close(): void {
    this.#database.close();
  }

  #transaction<T>(begin: string, work: () => T): T {
    this.#database.exec(begin);
    try {
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // After some failures (a full disk) SQLite has rolled back by itself.
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** A prepared statement. Values are always bound as one array of {@link SqlValue}s. */
export class Statement {
  readonly #statement: Database.Statement;
  #isRaw = false;

  constructor(statement: Database.Statement) {
    this.#statement = statement;
  }

  /** @returns how many rows it changed. */
  run(values: readonly SqlValue[]): number {
    return this.#statement.run(checked(values)).changes;
  }

  get(values: readonly SqlValue[]): Row | undefined {
    const row = this.#raw().get(checked(values));
    return row === undefined ? undefined : asRow(row);
  }

  /** All rows at once: the query must bound them. */
  all(values: readonly SqlValue[]): Row[] {
    return this.#raw().all(checked(values)).map(asRow);
  }

  /** Only statements that return columns may be made raw, and only raw rows are free of the library's own `_metadata`. Once: it enters the native library. */
  #raw(): Database.Statement {
    if (!this.#isRaw) this.#statement.raw(true);
    this.#isRaw = true;
    return this.#statement;
  }
}

/** A text cell. */
export function text(row: Row, column: number): string {
  const value = row[column];
  if (typeof value !== 'string') throw unexpected(column, 'text', value);
  return value;
}

/** A text cell that may be NULL. */
export function textOrNull(row: Row, column: number): string | null {
  return row[column] === null ? null : text(row, column);
}

/** An integer cell, exact up to 2^53. */
export function integer(row: Row, column: number): number {
  const value = row[column];
  if (typeof value !== 'number') throw unexpected(column, 'an integer', value);
  return value;
}

/** An integer cell that may be NULL. */
export function integerOrNull(row: Row, column: number): number | null {
  return row[column] === null ? null : integer(row, column);
}

/** A blob cell. */
export function blob(row: Row, column: number): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw unexpected(column, 'a blob', value);
  return value;
}

function asRow(row: unknown): Row {
  if (!Array.isArray(row)) throw new StoreError('failed', 'the database answered with something that is not a row');
  return row;
}

function unexpected(column: number, wanted: string, value: unknown): StoreError {
  return new StoreError('unreadable', `the database is damaged: column ${column} is ${typeof value}, not ${wanted}`);
}

function checked(values: readonly SqlValue[]): readonly SqlValue[] {
  for (const value of values) {
    if (typeof value === 'string' && !isStorable(value))
      throw new StoreError('input', 'a text with NUL or with half a surrogate pair cannot be stored');
    if (typeof value === 'number' && !Number.isSafeInteger(value))
      throw new StoreError('input', `${value} is not an integer that can be stored exactly`);
  }
  return values;
}

/** NUL would cut a text short, and half a surrogate pair would be replaced: two keys could become one. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;
/** What most texts have none of; to look for it takes half as long. */
const SUSPICIOUS = /[\0\ud800-\udfff]/;

function isStorable(value: string): boolean {
  return !SUSPICIOUS.test(value) || !UNSTORABLE.test(value);
}
