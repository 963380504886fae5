import { Worker } from 'node:worker_threads';
import { StoreError } from './store-error.js';
import { fromWire, type Calls, type ReplyMessage } from './worker-protocol.js';

/** Method syntax on purpose: each pending call takes its own result type, which its worker answered under the same id. */
interface PendingCall {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** The caller's end of a worker thread: typed calls, each answered or rejected, also when the thread dies. */
export class RemoteWorker<C extends Calls> {
  readonly #name: string;
  readonly #worker: Worker;
  readonly #pending = new Map<number, PendingCall>();
  #nextId = 1;
  #ended: StoreError | undefined;

  /** Starts the thread. `entry` must be a built module. */
  constructor(entry: URL, name: string, workerData?: unknown) {
    this.#name = name;
    this.#worker = new Worker(entry, { name, workerData });
    this.#worker.on('message', (reply: ReplyMessage) => this.#settle(reply));
    this.#worker.on('messageerror', (error) => this.#fail('its message could not be read', error));
    this.#worker.on('error', (error) => this.#fail('it threw', error));
    this.#worker.on('exit', (code) => this.#fail(`it exited with ${code}`, undefined));
  }

  /** Calls that are not answered yet. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Calls are carried out in order. @throws {StoreError} what the worker threw; `worker-died` for this and every later call. */
  call<N extends keyof C & string>(name: N, argument: C[N]['argument']): Promise<C[N]['result']> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise<C[N]['result']>((resolve, reject) => {
      const id = this.#nextId++;
      // First: an argument that cannot be cloned throws here and must leave no call behind.
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
      this.#worker.postMessage({ id, name, argument });
      this.#pending.set(id, { resolve, reject });
    });
  }

  /** Ends the thread; calls that are not answered yet are rejected with `closed`. */
  async end(): Promise<void> {
    this.#ended ??= new StoreError('closed', 'the store is closed');
    await this.#worker.terminate();
  }

  #settle(reply: ReplyMessage): void {
    const call = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (reply.ok) call?.resolve(reply.result);
    else call?.reject(fromWire(reply.error));
  }

  #fail(what: string, cause: unknown): void {
    this.#ended ??= new StoreError('worker-died', `the ${this.#name} thread of the store died: ${what}`, { cause });
    for (const call of this.#pending.values()) call.reject(this.#ended);
    this.#pending.clear();
  }
}
