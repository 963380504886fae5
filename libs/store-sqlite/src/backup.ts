import { existsSync, statSync } from 'node:fs';
import { checkDatabase, countEvents } from './database-check.js';
import { COMPANIONS, isSameFile, putInPlace, removeDatabase } from './durable-files.js';
import { createPrivateFile } from './private-files.js';
import { explainFailure, StoreError } from './store-error.js';
import { withConnection } from './with-connection.js';

export interface BackupRequest {
  /** The database, of a server that may be running. */
  readonly from: string;
  /** The copy to make, in a directory that exists. */
  readonly to: string;
  /** Whether a file that has this name may be replaced. Default no. */
  readonly overwrite?: boolean;
}

/** What a copy holds. */
export interface DatabaseSummary {
  readonly events: number;
  readonly bytes: number;
}

/**
 * Copies the database as it is at one moment, while others write it: everything acknowledged before the call is in it. The copy is one
 * file for its owner alone, was read through and found whole, and is on disk when this returns; until then its name is as it was. The
 * server's WAL grows meanwhile. A process that is killed in the middle leaves a draft, `<to>.partial-<pid>`.
 * @throws {StoreError} `input` for names that cannot be used, `unreadable`, `foreign`, `newer-schema`, `failed`; nothing is left then.
 */
export function backUp({ from, to, overwrite = false }: BackupRequest): DatabaseSummary {
  if (!existsSync(from))
    throw new StoreError('input', `there is no database at ${from}; is this the data directory (CLARION_DATA_DIR)?`);
  if (['', '.lock', ...COMPANIONS].some((ending) => isSameFile(`${from}${ending}`, to)))
    throw new StoreError('input', `${to} belongs to the database itself`);
  refuseExisting(to, overwrite);
  return explainFailure(`no backup was made at ${to}`, () => copy(from, to, overwrite));
}

function copy(from: string, to: string, overwrite: boolean): DatabaseSummary {
  const draft = `${to}.partial-${process.pid}`;
  createPrivateFile(draft);
  try {
    withConnection(from, (database) => database.prepare('VACUUM INTO ?').run([draft]));
    const events = withConnection(draft, (database) => {
      checkDatabase(database, from);
      return countEvents(database);
    });
    refuseExisting(to, overwrite);
    // SQLite does not sync what it copies so (https://sqlite.org/lang_vacuum.html).
    putInPlace(draft, to);
    return { events, bytes: statSync(to).size };
  } finally {
    removeDatabase(draft);
  }
}

function refuseExisting(to: string, overwrite: boolean): void {
  if (!overwrite && existsSync(to)) throw new StoreError('input', `${to} is there already; --overwrite replaces it`);
}
