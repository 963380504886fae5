import type { RememberedRow } from './inbox-memory.js';
import type { StoreThreads } from './store-threads.js';

/** Milliseconds that rows wait for others. */
const WRITE_EVERY = 1_000;
/** People of one transaction, between which publishes take their turn: of 64 with a thousand unread each one takes 3 ms. So many do not wait. */
const MAX_WAITING = 64;

/** Takes to the writer what readers remember of inboxes. It may be lost: then somebody's inbox is counted once more. */
export class MemoryNotes {
  readonly #threads: StoreThreads;
  #waiting = new Map<string, RememberedRow>();
  #timer: NodeJS.Timeout | undefined;

  constructor(threads: StoreThreads) {
    this.#threads = threads;
  }

  add(row: RememberedRow): void {
    this.#waiting.set(row.user, row);
    if (this.#waiting.size >= MAX_WAITING) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), WRITE_EVERY).unref();
  }

  /** Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rows = [...this.#waiting.values()];
    this.#waiting = new Map();
    if (rows.length === 0) return;
    try {
      await this.#threads.withWriter((writer) => writer.call('remember', rows));
    } catch {
      // Where nothing can be written, those who publish are told.
    }
  }
}
