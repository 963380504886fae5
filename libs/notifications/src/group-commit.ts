import { DomainError } from '#clarion/protocol';
import type { AppendRequest, AppendResult } from './store.js';

export interface GroupCommitLimits {
  /** Requests in one transaction. */
  readonly maxBatch: number;
  /** Requests that may wait; one more is refused. */
  readonly maxWaiting: number;
  /** Bytes of bodies, and of acts as JSON, that may wait; beyond, requests are refused. */
  readonly maxWaitingBytes: number;
  /** How long a request may have waited before {@link GroupCommit.isLate}. Milliseconds; 0: for ever. */
  readonly maxWaitMs: number;
}

interface Waiting {
  readonly request: AppendRequest;
  readonly bytes: number;
  readonly since: number;
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
  readonly #now: () => number;
  #committing: readonly Waiting[] = [];
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #busy = false;
  /** When the first request of this turn of the event loop came; undefined: none has come yet. */
  #turnSince: number | undefined;
  #stopGathering: (() => void) | undefined;

  /** @param now milliseconds of a clock that never goes back; for tests. */
  constructor(
    commit: (batch: readonly AppendRequest[]) => Promise<AppendResult[]>,
    limits: GroupCommitLimits,
    now = (): number => performance.now(),
  ) {
    this.#commit = commit;
    this.#limits = limits;
    this.#now = now;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Whether more comes than can be committed in useful time: there is more than one commit takes, and the oldest request waits longer than it
   * may, or this turn of the event loop has lasted so long, in which case what it still finds has waited as long elsewhere. What fits into
   * one commit is never late: when the disk dawdles, all of it is served as soon as the disk goes on.
   */
  get isLate(): boolean {
    const { maxWaitMs, maxBatch } = this.#limits;
    if (maxWaitMs === 0 || this.#committing.length + this.#waiting.length <= maxBatch) return false;
    const oldest = this.#committing[0] ?? this.#waiting[0];
    const since = Math.min(oldest?.since ?? Infinity, this.#turnSince ?? Infinity);
    return this.#now() - since > maxWaitMs;
  }

  /** @throws {DomainError} `overloaded` when too much waits already; then nothing of the request is kept. */
  append(request: AppendRequest): Promise<AppendResult> {
    const bytes = weigh(request);
    if (this.#waiting.length >= this.#limits.maxWaiting || this.#waitingBytes + bytes > this.#limits.maxWaitingBytes)
      return Promise.reject(new DomainError('overloaded', 'too many publishes are waiting for the log'));
    return new Promise((resolve, reject) => {
      const since = this.#now();
      if (this.#turnSince === undefined) this.#beginTurn(since);
      this.#waiting.push({ request, bytes, since, resolve, reject });
      this.#waitingBytes += bytes;
      if (!this.#busy) void this.#run();
      else if (this.#waiting.length === this.#limits.maxBatch) this.#stopGathering?.();
    });
  }

  #beginTurn(now: number): void {
    this.#turnSince = now;
    setImmediate(() => (this.#turnSince = undefined));
  }

  async #run(): Promise<void> {
    this.#busy = true;
    // What the same turn of the event loop still brings goes into the same commit: otherwise the first of many requests that
    // arrive together would be written, and delivered, alone.
    await this.#gathered();
    while (this.#waiting.length > 0) await this.#commitNext(this.#take());
    this.#busy = false;
  }

  /** Until the end of this turn of the event loop, unless a commit is full before: a flood makes turns long. */
  async #gathered(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#stopGathering = resolve;
      setImmediate(resolve);
    });
    this.#stopGathering = undefined;
  }

  #take(): Waiting[] {
    const batch = this.#waiting.slice(0, this.#limits.maxBatch);
    this.#waiting = this.#waiting.slice(batch.length);
    for (const { bytes } of batch) this.#waitingBytes -= bytes;
    return batch;
  }

  async #commitNext(batch: readonly Waiting[]): Promise<void> {
    this.#committing = batch;
    try {
      const results = await this.#commit(batch.map(({ request }) => request));
      batch.forEach(({ resolve }, i) => resolve(results[i]!));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#committing = [];
    }
  }
}

function weigh({ entry, act }: AppendRequest): number {
  return (entry?.body.length ?? 0) + (act === undefined ? 0 : JSON.stringify(act).length);
}
