import { randomBytes } from 'node:crypto';
import { integer, type Connection } from './connection.js';
import { createPush } from './push-schema.js';
import { StoreError } from './store-error.js';

/** Marks the file as ours in SQLite's header: "Clar". */
export const APPLICATION_ID = 0x436c6172;

/** Bytes of the key under which cursors are opaque. */
const SECRET_BYTES = 32;

/**
 * One step from each schema to the next; the n-th brings `PRAGMA user_version` to n. Steps that were released are never changed.
 */
const MIGRATIONS: readonly Step[] = [
  createLog,
  createAccess,
  createPeople,
  createPush,
  createMemory,
  createTraces,
  createRemembered,
];

type Step = (connection: Connection) => void;

/** The schema that this version writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the database to {@link SCHEMA_VERSION}, each step in a transaction of its own.
 * @param upTo an earlier version: for tests of what is later.
 * @throws {StoreError} `newer-schema`, `foreign`; then nothing was changed.
 */
export function migrate(connection: Connection, file: string, upTo = SCHEMA_VERSION): void {
  const found = pragma(connection, 'user_version');
  refuseForeign(connection, file, found);
  if (found > SCHEMA_VERSION) throw newerSchema(file, found);
  for (const [i, step] of MIGRATIONS.slice(found, upTo).entries()) {
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

/**
 * What delivery must know of entries, and what is kept of people. `audience` has all that tells whether an inbox lists and counts an entry, so
 * that `entries` need not be touched; what is absent there, as nearly everywhere, costs a byte. `shared`: somebody may see it by another of
 * its topics as well. Each mark is one number, `at * 2`, plus one unless it was taken back: the greater counts. Columns of `entries` that are added after
 * `body` are NULL in plain entries, and a NULL is known from the beginning of the row.
 */
function createPeople(connection: Connection): void {
  extendEntries(connection);
  extendAudience(connection);
  createMarks(connection);
  createRest(connection);
}

function extendEntries(connection: Connection): void {
  connection.exec(`
    ALTER TABLE entries ADD COLUMN kind TEXT;
    ALTER TABLE entries ADD COLUMN about INTEGER;
    ALTER TABLE entries ADD COLUMN expires_at INTEGER;
    ALTER TABLE entries ADD COLUMN category TEXT;
    ALTER TABLE entries ADD COLUMN urgent INTEGER;
    ALTER TABLE entries ADD COLUMN collapse_key TEXT;
    ALTER TABLE entries ADD COLUMN appended_at INTEGER;
    CREATE INDEX entries_by_id ON entries (id);
    CREATE INDEX entries_of_kind ON entries (offset) WHERE kind IS NOT NULL;
    CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
  `);
}

function extendAudience(connection: Connection): void {
  connection.exec(`
    ALTER TABLE audience ADD COLUMN kind TEXT;
    ALTER TABLE audience ADD COLUMN expires_at INTEGER;
    ALTER TABLE audience ADD COLUMN category TEXT;
    ALTER TABLE audience ADD COLUMN shared INTEGER;
    ALTER TABLE audience ADD COLUMN collapse_key TEXT;
    ALTER TABLE audience ADD COLUMN collapsed_by TEXT;
    ALTER TABLE audience ADD COLUMN collapsed_at INTEGER;
    UPDATE audience SET shared = 1 WHERE EXISTS (
      SELECT 1 FROM entries AS e, json_each(e.topics) AS t
      WHERE e.offset = audience.offset AND t.value <> audience.topic
        AND (audience.topic NOT GLOB 'users/*' OR audience.topic GLOB 'users/*/*'
          OR t.value NOT GLOB 'users/*' OR t.value GLOB 'users/*/*'));
    CREATE INDEX audience_shared ON audience (topic, offset) WHERE shared = 1;
    CREATE INDEX audience_by_collapse_key ON audience (topic, collapse_key, offset) WHERE collapse_key IS NOT NULL;
  `);
}

function createMarks(connection: Connection): void {
  connection.exec(`
    CREATE TABLE follows (
      user TEXT NOT NULL,
      topic TEXT NOT NULL,
      from_offset INTEGER NOT NULL,
      to_offset INTEGER,
      since INTEGER NOT NULL,
      until INTEGER,
      PRIMARY KEY (user, topic, from_offset)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX follows_open ON follows (topic) WHERE to_offset IS NULL;
    CREATE INDEX follows_closed ON follows (to_offset) WHERE to_offset IS NOT NULL;
    CREATE TABLE marks (
      user TEXT NOT NULL,
      offset INTEGER NOT NULL,
      seen INTEGER,
      read INTEGER,
      archived INTEGER,
      snoozed INTEGER,
      until INTEGER,
      PRIMARY KEY (user, offset)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX marks_by_offset ON marks (offset);
    CREATE INDEX marks_that_lift ON marks (user, offset)
      WHERE seen % 2 = 0 OR read % 2 = 0 OR archived % 2 = 0 OR snoozed IS NOT NULL;
    CREATE TABLE range_marks (
      user TEXT NOT NULL,
      state TEXT NOT NULL,
      topic TEXT NOT NULL,
      up_to INTEGER NOT NULL,
      mark INTEGER NOT NULL,
      until INTEGER,
      PRIMARY KEY (user, state, topic, up_to)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX range_marks_by_end ON range_marks (up_to);
  `);
}

function createRest(connection: Connection): void {
  connection.exec(`
    CREATE TABLE people (
      user TEXT PRIMARY KEY,
      preferences TEXT,
      last_seen_at INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX people_who_chose ON people (user) WHERE preferences IS NOT NULL;
    CREATE TABLE categories (
      id TEXT PRIMARY KEY,
      definition TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE receipts (
      offset INTEGER NOT NULL,
      user TEXT NOT NULL,
      stage TEXT NOT NULL,
      at INTEGER NOT NULL,
      transport TEXT NOT NULL,
      device TEXT,
      PRIMARY KEY (offset, user, stage)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX receipts_by_user ON receipts (user, offset);
    CREATE TABLE offered (
      offset INTEGER PRIMARY KEY,
      connections INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE orphans (
      offset INTEGER PRIMARY KEY
    ) STRICT;
  `);
}

/**
 * That inboxes can be remembered: how often rows of `audience` were removed, since what is in an inbox changes by nothing else that no later row tells; and
 * when snoozes end.
 */
function createMemory(connection: Connection): void {
  connection.exec(`
    ALTER TABLE log ADD COLUMN removals INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX marks_asleep ON marks (user, until) WHERE until IS NOT NULL;
  `);
}

/**
 * What goes with rows of `audience` is mostly less in an inbox. `lifts`: how often it may have been more, since what hid something went. `trimmed`: where
 * retention took a person's own row and others keep the entry, which has their name still.
 */
function createTraces(connection: Connection): void {
  connection.exec(`
    ALTER TABLE log ADD COLUMN lifts INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE trimmed (
      user TEXT NOT NULL,
      offset INTEGER NOT NULL,
      PRIMARY KEY (user, offset)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX trimmed_by_offset ON trimmed (offset);
    INSERT OR IGNORE INTO trimmed SELECT substr(t.value, 7), e.offset FROM entries AS e, json_each(e.topics) AS t
      WHERE t.value GLOB 'users/*' AND t.value NOT GLOB 'users/*/*'
        AND NOT EXISTS (SELECT 1 FROM audience AS a WHERE a.topic = t.value AND a.offset = e.offset);
  `);
}

/**
 * What readers remember of inboxes that take long to count, for the next reader: `remembered`, which is written by the way and may be old. `consists_of` tells
 * of what the inbox consisted; the rest is as of the offset `head`, with the counters of `log` then. `erasures`: how often people were erased. `last_mark`: the
 * offset of the last event by which a person marked something, which retention may have taken.
 */
function createRemembered(connection: Connection): void {
  connection.exec(`
    ALTER TABLE log ADD COLUMN erasures INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE people ADD COLUMN last_mark INTEGER;
    CREATE TABLE remembered (
      user TEXT NOT NULL UNIQUE,
      consists_of TEXT NOT NULL,
      head INTEGER NOT NULL,
      removals INTEGER NOT NULL,
      lifts INTEGER NOT NULL,
      counted_at INTEGER NOT NULL,
      ends_at INTEGER NOT NULL,
      unread TEXT NOT NULL,
      unseen TEXT NOT NULL
    ) STRICT;
    CREATE INDEX remembered_by_head ON remembered (head);
  `);
}
