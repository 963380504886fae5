import type { AccessStore } from '#clarion/access';
import type {
  AppendRequest,
  AppendResult,
  LogBounds,
  NotificationStore,
  OpenedStore,
  PushStore,
  ReadRequest,
  ReadResult,
  RetentionPolicy,
  TopicHistory,
  TopicHistoryRequest,
} from '#clarion/notifications';
import { packBatch, unpackResults } from './packed-batch.js';
import { Pruning } from './pruning.js';
import { SqliteAccessStore } from './sqlite-access-store.js';
import { SqlitePeopleStore } from './sqlite-people-store.js';
import { SqlitePushStore } from './sqlite-push-store.js';
import { StoreThreads } from './store-threads.js';

export interface SqliteStoreOptions {
  /** The database; `<file>-wal`, `<file>-shm` and `<file>.lock` lie beside it. Missing directories are made, for the owner alone. */
  readonly file: string;
  /** Threads that read, 1–16. Default 2, so that a long read does not hold up a short one. */
  readonly readers?: number;
  /** KiB of the database that each thread keeps in memory. Default 16,384. */
  readonly cacheKib?: number;
  /** Pages of 4 KiB in the WAL after which a commit copies them into the database. Default 4,000 (16 MB). */
  readonly checkpointPages?: number;
  /** Of an inbox for which so many rows are looked at when it is counted it is remembered in the file what was new. Default 8,192; 0: of all. */
  readonly worthRemembering?: number;
}

const DEFAULTS = { readers: 2, cacheKib: 16_384, checkpointPages: 4_000, worthRemembering: 8_192 };

/**
 * The log in one SQLite file, for one process. One thread writes and others read; nothing of it runs on the event loop. Every rejection
 * is a {@link StoreError}. When one of its threads dies, all calls fail from then on with `worker-died`: the process should end.
 */
export class SqliteStore implements NotificationStore {
  /** Keys, revocations and the audit log, in the same file and through the same threads: open and closed with the log. */
  readonly access: AccessStore;
  /** What is kept of people, likewise. */
  readonly people: SqlitePeopleStore;
  /** What is kept of devices and pushes, likewise. */
  readonly push: PushStore;
  readonly #threads: StoreThreads;
  #pruning: Promise<unknown> = Promise.resolve();

  constructor(options: SqliteStoreOptions) {
    this.#threads = new StoreThreads({ ...DEFAULTS, ...options });
    this.access = new SqliteAccessStore(this.#threads);
    this.people = new SqlitePeopleStore(this.#threads);
    this.push = new SqlitePushStore(this.#threads);
  }

  open(): Promise<OpenedStore> {
    return this.#threads.open();
  }

  append(batch: readonly AppendRequest[]): Promise<AppendResult[]> {
    return this.#threads.withWriter(async (writer) =>
      unpackResults(batch, await writer.call('append', packBatch(batch))),
    );
  }

  read(request: ReadRequest): Promise<ReadResult> {
    return this.#threads.withReader((reader) => reader.call('read', request));
  }

  history(request: TopicHistoryRequest): Promise<TopicHistory> {
    return this.#threads.withReader((reader) => reader.call('history', { request, now: Date.now() }));
  }

  bounds(): Promise<LogBounds> {
    return this.#threads.withReader((reader) => reader.call('bounds', null));
  }

  /** One run after another. @throws {StoreError} `closed` when the store is closed meanwhile; what was done stays done. */
  prune(policy: RetentionPolicy, now: number): Promise<number> {
    return this.#threads.withWriter((writer) =>
      this.#threads.withReader((reader) => {
        const run = (): Promise<number> => new Pruning(reader, writer, this.#threads.closing).run(policy, now);
        const result = this.#pruning.then(run);
        this.#pruning = result.catch(ignoreForNext);
        return result;
      }),
    );
  }

  /** May be called more than once, and before `open`. */
  close(): Promise<void> {
    const isFlushed = this.people.flush();
    return this.#threads.close(() => Promise.all([isFlushed, this.#pruning]));
  }
}

/** Whoever made the call has the error; those who come after it only wait for its end. */
function ignoreForNext(): void {}
