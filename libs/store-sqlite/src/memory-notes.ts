import type { RememberedRow } from './inbox-memory.js';
import type { StoreThreads } from './store-threads.js';

/** Milliseconds between two writes. */
const WRITE_EVERY_MS = 250;
/** People of one write, for which publishes wait: if each has a thousand unread, 3 ms. */
const MAX_BATCH = 64;
/** Of more the first is forgotten. */
const MAX_WAITING = 1_000;

/** Takes to the writer what readers remember of inboxes. It may be lost: then somebody's inbox is counted once more. */
export class MemoryNotes {
  readonly #threads: StoreThreads;
  /** The latest comes last. */
  readonly #waiting = new Map<string, RememberedRow>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(threads: StoreThreads) {
    this.#threads = threads;
  }

  add(row: RememberedRow): void {
    this.#waiting.delete(row.user);
    this.#waiting.set(row.user, row);
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!);
    this.#writeLater();
  }

  /** Hands all that waits to the writer at once, and waits for it. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    const writes = [this.#writing];
    while (this.#waiting.size > 0) writes.push(this.#write());
    await Promise.all(writes);
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#writing = this.#write().then(() => {
        this.#timer = undefined;
        if (this.#waiting.size > 0) this.#writeLater();
      });
    }, WRITE_EVERY_MS).unref();
  }

  async #write(): Promise<void> {
    const rows = [...this.#waiting.values()].slice(0, MAX_BATCH);
    for (const { user } of rows) this.#waiting.delete(user);
    try {
      await this.#threads.withWriter((writer) => writer.call('remember', rows));
    } catch {
      // Where nothing can be written, those who publish are told.
    }
  }
}
