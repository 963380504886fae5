import { dirname } from 'node:path';
import { blob, BUSY_TIMEOUT_MS, Connection, integer } from './connection.js';
import { FileLock } from './file-lock.js';
import { migrate } from './migrations.js';
import { createPrivateDirectory, createPrivateFile } from './private-files.js';
import { explainFailure, StoreError } from './store-error.js';
import type { ConnectionOptions, WriterOptions } from './store-workers.js';

/** A WAL that grew beyond this, in bytes, is cut back once it has been copied. */
const WAL_KEEP_BYTES = 64 * 1024 * 1024;

/** The writer's hold on the database file: the lock first, then the connection. */
export class LogFile {
  private constructor(
    readonly connection: Connection,
    readonly secret: Uint8Array,
    private readonly lock: FileLock,
  ) {}

  /** Opens or creates the file for writing, alone, and migrates it. @throws {StoreError} for operators. */
  static open(options: WriterOptions): LogFile {
    const { file } = options;
    const lock = explained(file, () => {
      createPrivateDirectory(dirname(file));
      return FileLock.acquire(file);
    });
    try {
      const connection = explained(file, () => openForWriting(options));
      return new LogFile(connection, readSecret(connection, file), lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** Copies the WAL into the database, and empties it: what was removed is in neither any more. Waits for nobody. @returns false while somebody reads from it. */
  emptyWal(): boolean {
    this.connection.exec('PRAGMA busy_timeout = 0');
    try {
      const row = this.connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get([]);
      return row !== undefined && integer(row, 0) === 0;
    } finally {
      this.connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  /**
   * Copies the WAL into the database, so that the file alone is the whole log, and lets go of both.
   * @throws {StoreError} when it cannot be copied. Nothing is lost as long as it stays beside the file.
   */
  close(): void {
    try {
      explainFailure('the WAL stays beside the database, which is not the whole log without it', () =>
        this.connection.exec('PRAGMA wal_checkpoint(TRUNCATE)'),
      );
    } finally {
      this.connection.close();
      this.lock.release();
    }
  }
}

/** A connection that can only read. Precondition: the writer has opened the file. */
export function openForReading({ file, cacheKib }: ConnectionOptions): Connection {
  const connection = new Connection(file);
  connection.exec(`PRAGMA query_only = ON; PRAGMA cache_size = -${cacheKib}`);
  return connection;
}

function openForWriting({ file, cacheKib, checkpointPages }: WriterOptions): Connection {
  createPrivateFile(file);
  const connection = new Connection(file);
  try {
    connection.exec(`PRAGMA cache_size = -${cacheKib}; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON`);
    migrate(connection, file);
    connection.exec('PRAGMA journal_mode = WAL');
    connection.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}; PRAGMA journal_size_limit = ${WAL_KEEP_BYTES}`);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function readSecret(connection: Connection, file: string): Uint8Array {
  const row = connection.prepare('SELECT secret FROM log WHERE singleton = 1').get([]);
  if (row === undefined)
    throw new StoreError('unreadable', `${file} is damaged: it has lost its key; restore a backup`);
  return new Uint8Array(blob(row, 0));
}

function explained<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StoreError(
      'unreadable',
      `${file} cannot be opened as the log: ${reason}. Check its permissions and disk; if it is damaged, move it away and restore a backup`,
      { cause },
    );
  }
}
