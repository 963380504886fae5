import Database from 'libsql';
import { createPrivateFile } from './private-files.js';
import { StoreError } from './store-error.js';

/**
 * Keeps a second process away from the log. It is an exclusive transaction on a tiny database beside the log, so the operating
 * system releases it with the process, however that ends: nothing stale is left after kill -9.
 *
 * The lock file must never be opened by other code of this process: closing any descriptor of it would release the lock (POSIX).
 */
export class FileLock {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** @throws {StoreError} `in-use`, without waiting. */
  static acquire(file: string): FileLock {
    const lockFile = `${file}.lock`;
    createPrivateFile(lockFile);
    const database = new Database(lockFile, { timeout: 0 });
    try {
      database.exec('PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (cause) {
      database.close();
      throw new StoreError(
        'in-use',
        `${file} is in use by another process, or by another store of this one (its lock is ${lockFile}). ` +
          'Stop that one, or give this one a data directory of its own (CLARION_DATA_DIR)',
        { cause },
      );
    }
    return new FileLock(database);
  }

  release(): void {
    this.#database.close();
  }
}
