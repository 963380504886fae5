import type { PeopleStore } from './people-store.js';

/** The part of the store that this needs. */
export type SeenStore = Pick<PeopleStore, 'touch' | 'lastSeen'>;

/** Times are written together, once in so many milliseconds. */
const WRITE_EVERY_MS = 1_000;
/** People whose time waits to be written; beyond, those who went first are forgotten. */
const MAX_WAITING = 100_000;
/** So long after somebody was erased their connections may still be ending. Milliseconds. */
const ENDING_MS = 10_000;
const MAX_ERASED = 1_000;
/** People in one write, so that others of the store get their turn. */
const MAX_BATCH = 10_000;

/**
 * When people were last connected. Noted when they come and when they go, and written a second later, best effort: after a crash it is when they came.
 * Without a store it lives in memory alone.
 */
export class LastSeen {
  readonly #store: SeenStore | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #waiting = new Map<string, number>();
  /** Until when the ends of connections say nothing of them. */
  readonly #erased = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #closed = false;

  /** @param onError told when the store did not take them: they are tried again when somebody else goes. */
  constructor(store: SeenStore | undefined, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** This person's first connection began, or the last ended, at that time, milliseconds since 1970. */
  note(user: string, at: number): void {
    if (at < (this.#erased.get(user) ?? 0)) return;
    this.#erased.delete(user);
    this.#waiting.delete(user);
    this.#waiting.set(user, at);
    if (this.#waiting.size > MAX_WAITING) this.#waiting.delete(this.#waiting.keys().next().value!);
    this.#writeLater();
  }

  /** Milliseconds since 1970; undefined: never, or unknown. */
  async of(user: string): Promise<number | undefined> {
    const noted = this.#waiting.get(user);
    const written = await this.#store?.lastSeen(user);
    return noted === undefined ? written : Math.max(noted, written ?? 0);
  }

  /** What waits of this person is not written any more: they are erased. */
  forget(user: string): void {
    this.#waiting.delete(user);
    this.#erased.delete(user);
    this.#erased.set(user, Date.now() + ENDING_MS);
    if (this.#erased.size > MAX_ERASED) this.#erased.delete(this.#erased.keys().next().value!);
  }

  /** Writes what waits. The store stays open. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    for (let before = Infinity; this.#waiting.size > 0 && this.#waiting.size < before;) {
      before = this.#waiting.size;
      await this.#write();
    }
  }

  #writeLater(): void {
    if (this.#store === undefined || this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#writing = this.#write().then((isWritten) => this.#rest(isWritten));
    }, WRITE_EVERY_MS).unref();
  }

  #rest(isWritten: boolean): void {
    this.#timer = undefined;
    this.#writing = undefined;
    // A store that fails is left alone until somebody else goes.
    if (isWritten && this.#waiting.size > 0) this.#writeLater();
  }

  async #write(): Promise<boolean> {
    const batch = [...this.#waiting].slice(0, MAX_BATCH);
    try {
      await this.#store?.touch(batch.map(([user, at]) => ({ user, at })));
      // Who went again meanwhile has a newer time.
      for (const [user, at] of batch) if (this.#waiting.get(user) === at) this.#waiting.delete(user);
      return true;
    } catch (error) {
      this.#onError(error);
      return false;
    }
  }
}
