import type {
  AppendRequest,
  AppendResult,
  LogBounds,
  NotificationStore,
  OpenedStore,
  ReadRequest,
  ReadResult,
  RetentionPolicy,
  TopicHistory,
  TopicHistoryRequest,
} from '#clarion/notifications';
import { packBatch, unpackResults } from './packed-batch.js';
import { Pruning } from './pruning.js';
import { RemoteWorker } from './remote-worker.js';
import { StoreError } from './store-error.js';
import type { ReaderCalls, WriterCalls } from './store-workers.js';

export interface SqliteStoreOptions {
  /** The database; `<file>-wal`, `<file>-shm` and `<file>.lock` lie beside it. Missing directories are made, for the owner alone. */
  readonly file: string;
  /** Threads that read, 1–16. Default 2, so that a long read does not hold up a short one. */
  readonly readers?: number;
  /** KiB of the database that each thread keeps in memory. Default 16,384. */
  readonly cacheKib?: number;
  /** Pages of 4 KiB in the WAL after which a commit copies them into the database. Default 4,000 (16 MB). */
  readonly checkpointPages?: number;
}

/** The threads of an open store. */
interface Threads {
  readonly writer: RemoteWorker<WriterCalls>;
  readonly readers: readonly [RemoteWorker<ReaderCalls>, ...RemoteWorker<ReaderCalls>[]];
}

/**
 * The log in one SQLite file, for one process. One thread writes and others read; nothing of it runs on the event loop. Every rejection
 * is a {@link StoreError}. When one of its threads dies, all calls fail from then on with `worker-died`: the process should end.
 */
export class SqliteStore implements NotificationStore {
  readonly #options: Required<SqliteStoreOptions>;
  readonly #closing = new AbortController();
  #threads: Threads | undefined;
  #opening: Promise<OpenedStore> | undefined;
  #pruning: Promise<unknown> = Promise.resolve();

  constructor(options: SqliteStoreOptions) {
    this.#options = { readers: 2, cacheKib: 16_384, checkpointPages: 4_000, ...options };
  }

  open(): Promise<OpenedStore> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  append(batch: readonly AppendRequest[]): Promise<AppendResult[]> {
    return this.#with(async ({ writer }) => unpackResults(batch, await writer.call('append', packBatch(batch))));
  }

  read(request: ReadRequest): Promise<ReadResult> {
    return this.#with((threads) => idlest(threads).call('read', request));
  }

  history(request: TopicHistoryRequest): Promise<TopicHistory> {
    return this.#with((threads) => idlest(threads).call('history', request));
  }

  bounds(): Promise<LogBounds> {
    return this.#with((threads) => idlest(threads).call('bounds', null));
  }

  /** One run after another. @throws {StoreError} `closed` when the store is closed meanwhile; what was done stays done. */
  prune(policy: RetentionPolicy, now: number): Promise<number> {
    return this.#with((threads) => {
      const run = (): Promise<number> =>
        new Pruning(idlest(threads), threads.writer, this.#closing.signal).run(policy, now);
      const result = this.#pruning.then(run);
      this.#pruning = result.catch(ignoreForNext);
      return result;
    });
  }

  /** May be called more than once, and before `open`. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(closed());
    await this.#opening?.catch(ignoreForNext);
    await this.#pruning;
    const threads = this.#threads;
    if (threads === undefined) return;
    try {
      // Calls are answered in order: what was asked before is answered before.
      await Promise.all(threads.readers.map((reader) => reader.call('close', null)));
      await threads.writer.call('close', null);
    } finally {
      await endAll(threads);
    }
  }

  async #open(): Promise<OpenedStore> {
    this.#closing.signal.throwIfAborted();
    const { file, cacheKib, checkpointPages, readers } = this.#options;
    const writer = new RemoteWorker<WriterCalls>(new URL('./writer.worker.js', import.meta.url), 'writer');
    const more = Array.from({ length: readers - 1 }, startReader);
    const threads: Threads = { writer, readers: [startReader(), ...more] };
    try {
      const opened = await writer.call('open', { file, cacheKib, checkpointPages });
      await Promise.all(threads.readers.map((reader) => reader.call('open', { file, cacheKib })));
      this.#threads = threads;
      return opened;
    } catch (error) {
      await endAll(threads);
      throw error;
    }
  }

  #with<T>(use: (threads: Threads) => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) return Promise.reject(closed());
    if (this.#threads === undefined) return Promise.reject(new StoreError('closed', 'the store is not open yet'));
    return use(this.#threads);
  }
}

function startReader(): RemoteWorker<ReaderCalls> {
  return new RemoteWorker<ReaderCalls>(new URL('./reader.worker.js', import.meta.url), 'reader');
}

function idlest({ readers }: Threads): RemoteWorker<ReaderCalls> {
  return readers.reduce((best, reader) => (reader.pending < best.pending ? reader : best));
}

async function endAll({ writer, readers }: Threads): Promise<void> {
  await Promise.all([writer, ...readers].map((worker) => worker.end()));
}

function closed(): StoreError {
  return new StoreError('closed', 'the store is closed');
}

/** Whoever made the call has the error; those who come after it only wait for its end. */
function ignoreForNext(): void {}
