import type { PushSettlement, PushStore } from './push-store.js';

/** When what the store did not take is written again. Milliseconds. */
const RETRY_MS = 1_000;

interface Waiting {
  readonly settlement: PushSettlement;
  readonly written: () => void;
}

/** Writes what came of pushes: what lands while one transaction is under way goes into the next. Bounded by what is in flight. */
export class Settlements {
  readonly #store: Pick<PushStore, 'settle'>;
  readonly #onError: (error: unknown) => void;
  #waiting: Waiting[] = [];
  #isWriting = false;
  #retry: { timer: NodeJS.Timeout; now: () => void } | undefined;
  #isClosing = false;

  /** @param onError told when the store did not take it; it is tried again until {@link close}. */
  constructor(store: Pick<PushStore, 'settle'>, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** Resolves when it is on disk; or, at the end, was given up: then nobody knows what came of the push, and it is sent again. */
  write(settlement: PushSettlement): Promise<void> {
    return new Promise((written) => {
      this.#waiting.push({ settlement, written });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  /** From now on what the store does not take is given up. */
  close(): void {
    this.#isClosing = true;
    this.#retry?.now();
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    // What lands in the same turn is one transaction.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      if (await this.#write(batch.map(({ settlement }) => settlement))) for (const { written } of batch) written();
      else this.#waiting.unshift(...batch);
    }
    this.#isWriting = false;
  }

  /** @returns whether that is over; else it is to be written again. */
  async #write(settlements: readonly PushSettlement[]): Promise<boolean> {
    try {
      await this.#store.settle(settlements);
      return true;
    } catch (error) {
      this.#onError(error);
      if (this.#isClosing) return true;
      await this.#pause();
      return false;
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const now = (): void => {
        clearTimeout(this.#retry?.timer);
        this.#retry = undefined;
        resolve();
      };
      this.#retry = { timer: setTimeout(now, RETRY_MS), now };
    });
  }
}
