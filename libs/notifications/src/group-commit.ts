import { setImmediate } from 'node:timers/promises';
import { DomainError } from '#clarion/protocol';
import type { AppendRequest, AppendResult } from './store.js';

export interface GroupCommitLimits {
  /** Requests in one transaction. */
  readonly maxBatch: number;
  /** Requests that may wait; one more is refused. */
  readonly maxWaiting: number;
  /** Bytes of bodies that may wait; beyond, requests are refused. */
  readonly maxWaitingBytes: number;
}

interface Waiting {
  readonly request: AppendRequest;
  readonly bytes: number;
  resolve(result: AppendResult): void;
  reject(error: unknown): void;
}

/**
 * Gathers what is published while a commit is under way and commits it together: one sync serves all that wait. Order of the calls
 * is the order of the commits. At most one commit is under way.
 */
export class GroupCommit {
  readonly #commit: (batch: readonly AppendRequest[]) => Promise<AppendResult[]>;
  readonly #limits: GroupCommitLimits;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #busy = false;

  constructor(commit: (batch: readonly AppendRequest[]) => Promise<AppendResult[]>, limits: GroupCommitLimits) {
    this.#commit = commit;
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws {DomainError} `overloaded` when too much waits already; then nothing of the request is kept. */
  append(request: AppendRequest): Promise<AppendResult> {
    const bytes = request.entry?.body.length ?? 0;
    if (this.#waiting.length >= this.#limits.maxWaiting || this.#waitingBytes + bytes > this.#limits.maxWaitingBytes)
      return Promise.reject(new DomainError('overloaded', 'too many publishes are waiting for the log'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, bytes, resolve, reject });
      this.#waitingBytes += bytes;
      if (!this.#busy) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#busy = true;
    // What the same turn of the event loop still brings goes into the same commit: otherwise the first of many requests that
    // arrive together would be written, and delivered, alone.
    await setImmediate();
    while (this.#waiting.length > 0) await this.#commitNext(this.#take());
    this.#busy = false;
  }

  #take(): Waiting[] {
    const batch = this.#waiting.slice(0, this.#limits.maxBatch);
    this.#waiting = this.#waiting.slice(batch.length);
    for (const { bytes } of batch) this.#waitingBytes -= bytes;
    return batch;
  }

  async #commitNext(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#commit(batch.map(({ request }) => request));
      batch.forEach(({ resolve }, i) => resolve(results[i]!));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
