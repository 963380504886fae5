import { randomBytes } from 'node:crypto';
import { integer, type Connection } from './connection.js';
import { StoreError } from './store-error.js';

/** Marks the file as ours in SQLite's header: "Clar". */
export const APPLICATION_ID = 0x436c6172;

/** Bytes of the key under which cursors are opaque. */
const SECRET_BYTES = 32;

/**
 * One step from each schema to the next; the n-th brings `PRAGMA user_version` to n. Steps that were released are never changed.
 */
const MIGRATIONS: readonly ((connection: Connection) => void)[] = [createLog, createAccess];

/** The schema that this version writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the database to {@link SCHEMA_VERSION}, each step in a transaction of its own.
 * @throws {StoreError} `newer-schema`, `foreign`; then nothing was changed.
 */
export function migrate(connection: Connection, file: string): void {
  const found = pragma(connection, 'user_version');
  refuseForeign(connection, file, found);
  if (found > SCHEMA_VERSION) throw newerSchema(file, found);
  for (const [i, step] of MIGRATIONS.slice(found).entries()) {
    connection.write(() => {
      step(connection);
      connection.exec(`PRAGMA user_version = ${found + i + 1}`);
    });
  }
}

function refuseForeign(connection: Connection, file: string, version: number): void {
  const tables = connection.prepare('SELECT count(*) FROM sqlite_schema').get([]);
  const isNew = version === 0 && tables !== undefined && integer(tables, 0) === 0;
  if (isNew || pragma(connection, 'application_id') === APPLICATION_ID) return;
  throw new StoreError(
    'foreign',
    `${file} is an SQLite database of another program; choose another data directory (CLARION_DATA_DIR)`,
  );
}

function newerSchema(file: string, found: number): StoreError {
  return new StoreError(
    'newer-schema',
    `${file} has schema ${found}, written by a newer version of this server; this one supports up to ${SCHEMA_VERSION}. ` +
      'Start the newer version, or restore a backup made by this one',
  );
}

function pragma(connection: Connection, name: 'user_version' | 'application_id'): number {
  const row = connection.prepare(`PRAGMA ${name}`).get([]);
  if (row === undefined) throw new StoreError('unreadable', `PRAGMA ${name} has no answer`);
  return integer(row, 0);
}

/**
 * `entries.body` comes last, so that scans over the columns before it never touch the overflow pages of large bodies.
 * `entries.bytes` is what the entry counts for retention: its body and topics in UTF-8; `entries.total` is the running sum of it, so that
 * how much follows an offset is one subtraction.
 */
function createLog(connection: Connection): void {
  connection.exec(`
    PRAGMA application_id = ${APPLICATION_ID};
    CREATE TABLE log (
      singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
      secret BLOB NOT NULL,
      floor INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE epochs (
      first_offset INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE entries (
      offset INTEGER PRIMARY KEY,
      id TEXT NOT NULL,
      published_at INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      total INTEGER NOT NULL,
      topics TEXT NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE audience (
      topic TEXT NOT NULL,
      offset INTEGER NOT NULL,
      PRIMARY KEY (topic, offset)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE idempotency (
      scope TEXT NOT NULL,
      key TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      id TEXT NOT NULL,
      offset INTEGER,
      expires_at INTEGER NOT NULL,
      PRIMARY KEY (scope, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX idempotency_by_expiry ON idempotency (expires_at, offset);
  `);
  connection.prepare('INSERT INTO log (singleton, secret, floor) VALUES (1, ?, 0)').run([randomBytes(SECRET_BYTES)]);
}

/**
 * Keys, revocations and the audit log. `api_keys.rights` is JSON, as `POST /v1/keys` takes it; of secrets only their SHA-256 is ever
 * written. AUTOINCREMENT, so that no number of the audit log is given twice.
 */
function createAccess(connection: Connection): void {
  connection.exec(`
    CREATE TABLE api_keys (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      rights TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      last_used_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE api_key_secrets (
      key_id TEXT NOT NULL,
      place INTEGER NOT NULL,
      sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
      expires_at INTEGER,
      PRIMARY KEY (key_id, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE token_revocations (
      sub TEXT PRIMARY KEY,
      before INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit_log (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      at INTEGER NOT NULL,
      who TEXT NOT NULL,
      act TEXT NOT NULL,
      target TEXT NOT NULL,
      address TEXT,
      request_id TEXT,
      detail TEXT
    ) STRICT;
  `);
}
