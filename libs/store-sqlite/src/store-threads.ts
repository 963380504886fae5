import type { OpenedStore } from '#clarion/notifications';
import { RemoteWorker } from './remote-worker.js';
import { StoreError } from './store-error.js';
import type { ReaderCalls, ReaderOptions, WriterCalls, WriterOptions } from './store-workers.js';

export type Writer = RemoteWorker<WriterCalls>;
export type Reader = RemoteWorker<ReaderCalls>;

/** To wait for so many calls more costs less than that another reader begins anew. */
const MORE_PENDING = 2;

export interface StoreThreadsOptions extends WriterOptions, ReaderOptions {
  /** Threads that read, 1–16. */
  readonly readers: number;
}

interface Running {
  readonly writer: Writer;
  readonly readers: readonly [Reader, ...Reader[]];
}

/** The threads of one file: one that writes, others that read. All that is kept in the file goes through them, in the order of the calls. */
export class StoreThreads {
  readonly #options: StoreThreadsOptions;
  readonly #closing = new AbortController();
  #running: Running | undefined;
  #opening: Promise<OpenedStore> | undefined;

  constructor(options: StoreThreadsOptions) {
    this.#options = options;
  }

  /** Starts them and opens the file, once; called again it gives the same answer. */
  open(): Promise<OpenedStore> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Aborted when `close` was called. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** @throws {StoreError} `closed` before it was opened and after it was closed. */
  withWriter<T>(use: (writer: Writer) => Promise<T>): Promise<T> {
    return this.#with(({ writer }) => use(writer));
  }

  /** The reader that has least to do. @throws {StoreError} as {@link withWriter}. */
  withReader<T>(use: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#with(({ readers }) => use(idlest(readers)));
  }

  /** The same reader for the same person, which may remember of them what it has read, unless another one has less to do. */
  withReaderOf<T>(user: string, use: (reader: Reader) => Promise<T>): Promise<T> {
    return this.#with(({ readers }) => {
      const [theirs, free] = [readers[hashOf(user) % readers.length] ?? readers[0], idlest(readers)];
      return use(theirs.pending > free.pending + MORE_PENDING ? free : theirs);
    });
  }

  /** @param finished what must have ended before the threads do. Once; later calls do nothing. */
  async close(finished: () => Promise<unknown>): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(closed());
    await this.#opening?.catch(ignoreForNext);
    await finished();
    const running = this.#running;
    if (running === undefined) return;
    try {
      // Calls are answered in order: what was asked before is answered before.
      await Promise.all(running.readers.map((reader) => reader.call('close', null)));
      await running.writer.call('close', null);
    } finally {
      await endAll(running);
    }
  }

  async #open(): Promise<OpenedStore> {
    this.#closing.signal.throwIfAborted();
    const { file, cacheKib, checkpointPages, worthRemembering, readers } = this.#options;
    const writer: Writer = new RemoteWorker(new URL('./writer.worker.js', import.meta.url), 'writer');
    const more = Array.from({ length: readers - 1 }, startReader);
    const running: Running = { writer, readers: [startReader(), ...more] };
    try {
      const opened = await writer.call('open', { file, cacheKib, checkpointPages });
      await Promise.all(running.readers.map((reader) => reader.call('open', { file, cacheKib, worthRemembering })));
      this.#running = running;
      return opened;
    } catch (error) {
      await endAll(running);
      throw error;
    }
  }

  #with<T>(use: (running: Running) => Promise<T>): Promise<T> {
    if (this.#closing.signal.aborted) return Promise.reject(closed());
    if (this.#running === undefined) return Promise.reject(new StoreError('closed', 'the store is not open yet'));
    return use(this.#running);
  }
}

function startReader(): Reader {
  return new RemoteWorker(new URL('./reader.worker.js', import.meta.url), 'reader');
}

/** By 32 bits; of ids it need only be even. */
function hashOf(id: string): number {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (Math.imul(hash, 31) + id.charCodeAt(i)) >>> 0;
  return hash;
}

function idlest(readers: Running['readers']): Reader {
  return readers.reduce((best, reader) => (reader.pending < best.pending ? reader : best));
}

async function endAll({ writer, readers }: Running): Promise<void> {
  await Promise.all([writer, ...readers].map((worker) => worker.end()));
}

function closed(): StoreError {
  return new StoreError('closed', 'the store is closed');
}

/** Whoever opened it has the error; closing only waits for its end. */
function ignoreForNext(): void {}
