import { copyFileSync, existsSync, linkSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkDatabase, countEvents } from './database-check.js';
import type { DatabaseSummary } from './backup.js';
import { isSameFile, putInPlace, removeDatabase, syncDirectory } from './durable-files.js';
import { FileLock } from './file-lock.js';
import { createPrivateDirectory, createPrivateFile } from './private-files.js';
import { explainFailure, StoreError } from './store-error.js';
import { withConnection } from './with-connection.js';

export interface RestoreRequest {
  /** A copy that `backUp` made, or the database of a stopped server, with what lies beside it. It is only read. */
  readonly from: string;
  /** The database, of a server that does not run. Its directory is made where it is missing. */
  readonly to: string;
  /** Names what is kept of the present database. */
  readonly now: Date;
}

export interface RestoreSummary extends DatabaseSummary {
  /** Where the database that was replaced is now; undefined when there was none. */
  readonly aside: string | undefined;
}

/**
 * Puts a copy in the place of the database, whole or not at all: it is read through before anything else changes, and the present database
 * is kept beside it under another name, with its WAL. At the next start the log begins a new epoch, so that clients who saw what the
 * copy does not have are told `gap`.
 * @throws {StoreError} `in-use` while a server runs; `foreign`, `newer-schema`, `unreadable`, `input`, `failed`: nothing has changed then.
 */
export function restore({ from, to, now }: RestoreRequest): RestoreSummary {
  if (!existsSync(from) || !statSync(from).isFile()) throw new StoreError('input', `there is no file ${from}`);
  if (isSameFile(from, to)) throw new StoreError('input', `${from} is the database itself`);
  return explainFailure(`nothing was restored from ${from}`, () => {
    createPrivateDirectory(dirname(to));
    const lock = FileLock.acquire(to);
    try {
      return replace(from, to, `${to}.replaced-${now.toISOString().replaceAll(':', '')}`);
    } finally {
      lock.release();
    }
  });
}

function replace(from: string, to: string, aside: string): RestoreSummary {
  const draft = `${to}.restoring-${process.pid}`;
  try {
    const events = copyWhole(from, draft);
    const replaced = existsSync(to);
    if (replaced) setAside(to, aside);
    putInPlace(draft, to);
    return { events, bytes: statSync(to).size, aside: replaced ? aside : undefined };
  } finally {
    removeDatabase(draft);
  }
}

/** One file with all that is in the original and its WAL, found whole. */
function copyWhole(from: string, draft: string): number {
  for (const ending of ['', '-wal']) {
    if (!existsSync(`${from}${ending}`)) continue;
    createPrivateFile(`${draft}${ending}`);
    copyFileSync(`${from}${ending}`, `${draft}${ending}`);
  }
  return withConnection(draft, (database) => {
    database.exec('PRAGMA journal_mode = DELETE');
    checkDatabase(database, from);
    return countEvents(database);
  });
}

/**
 * Its second names come first, so that a power cut never leaves the directory without a whole database; and its WAL must be gone before
 * another database has the first one.
 */
function setAside(file: string, aside: string): void {
  const endings = ['', '-wal'].filter((ending) => existsSync(`${file}${ending}`));
  for (const ending of endings) linkSync(`${file}${ending}`, `${aside}${ending}`);
  syncDirectory(dirname(file));
  for (const ending of ['-wal', '-shm']) rmSync(`${file}${ending}`, { force: true });
}
