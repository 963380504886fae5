import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AppendOnly } from './append-load.js';
import { entryBody, entryId } from './entries.js';

/** What the worker is sent: all that waits, for one transaction; it answers once that is on disk. */
export interface BareBatch {
  readonly rows: readonly (readonly [id: string, body: string])[];
}

/**
 * What could be had at best: a worker thread with the same native library, one table, and one synced transaction for all that waits. It
 * has no topics, no offsets that are told, no idempotency, no bus, no limit.
 */
export async function openBareLog(dataDir: string): Promise<AppendOnly> {
  const file = join(dataDir, 'bare.db');
  const worker = new Worker(new URL('./bare-log.worker.js', import.meta.url), { workerData: file });
  await once(worker, 'message');
  const log = new BareLog(worker);
  return { append: () => log.append(), close: () => log.close() };
}

class BareLog {
  readonly #worker: Worker;
  #count = 0;
  #rows: [id: string, body: string][] = [];
  #waiting: (() => void)[] = [];
  #busy = false;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  append(): Promise<void> {
    return new Promise((resolve) => {
      this.#rows.push([entryId(++this.#count), entryBody]);
      this.#waiting.push(resolve);
      if (!this.#busy) void this.#run();
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    // What is appended in the same turn goes into the same transaction.
    await Promise.resolve();
    while (this.#rows.length > 0) await this.#commit({ rows: this.#rows.splice(0) }, this.#waiting.splice(0));
    this.#busy = false;
  }

  async #commit({ rows }: BareBatch, waiting: readonly (() => void)[]): Promise<void> {
    const committed = once(this.#worker, 'message');
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread, not a window
    this.#worker.postMessage({ rows });
    await committed;
    for (const resolve of waiting) resolve();
  }
}
