import { blob, integer, text, type Connection, type Row } from './connection.js';
import { APPLICATION_ID, SCHEMA_VERSION } from './migrations.js';
import { StoreError } from './store-error.js';

/**
 * Reads all of a database that claims to be a log, and changes nothing. Takes as long as reading the file.
 * @param name what messages call it.
 * @throws {StoreError} `foreign`, `newer-schema`, or `unreadable` when it is damaged.
 */
export function checkDatabase(connection: Connection, name: string): void {
  if (integer(only(connection, 'PRAGMA application_id'), 0) !== APPLICATION_ID)
    throw new StoreError('foreign', `${name} is not a database of Clarion`);
  const schema = integer(only(connection, 'PRAGMA user_version'), 0);
  if (schema > SCHEMA_VERSION)
    throw new StoreError(
      'newer-schema',
      `${name} has schema ${schema}, written by a newer version of this server; this one supports up to ${SCHEMA_VERSION}`,
    );
  const found = text(only(connection, 'PRAGMA quick_check(1)'), 0);
  if (found !== 'ok') throw new StoreError('unreadable', `${name} is damaged: ${found}`);
  blob(only(connection, 'SELECT secret FROM log WHERE singleton = 1'), 0);
}

/** How many events it keeps. Precondition: it was checked. */
export function countEvents(connection: Connection): number {
  return integer(only(connection, 'SELECT count(*) FROM entries'), 0);
}

function only(connection: Connection, query: string): Row {
  const row = connection.prepare(query).get([]);
  if (row === undefined) throw new StoreError('unreadable', `the database is damaged: ${query} has no answer`);
  return row;
}
