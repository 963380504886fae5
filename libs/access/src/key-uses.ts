import type { KeyUse } from './access-store.js';
import type { ApiKey } from './api-key.js';

/** How long a use may be known in memory alone. */
const WRITE_AFTER_MS = 60_000;

/** When keys were last used: at once in memory, and on disk in batches, at most once a minute. */
export class KeyUses {
  readonly #write: (uses: readonly KeyUse[]) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #unwritten = new Set<ApiKey>();
  #timer: NodeJS.Timeout | undefined;

  /** @param onError told when a batch could not be written; it is lost. */
  constructor(write: (uses: readonly KeyUse[]) => Promise<void>, onError: (error: unknown) => void) {
    this.#write = write;
    this.#onError = onError;
  }

  /** For each request that brings a key: one assignment and a look into a set. */
  note(key: ApiKey, now: number): void {
    key.lastUsedAt = now;
    if (this.#unwritten.has(key)) return;
    this.#unwritten.add(key);
    this.#timer ??= setTimeout(() => void this.flush(), WRITE_AFTER_MS).unref();
  }

  /** Writes what is not written yet. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const uses = [...this.#unwritten].flatMap(({ holder: { id }, lastUsedAt }) =>
      lastUsedAt === undefined ? [] : { id, lastUsedAt },
    );
    this.#unwritten.clear();
    if (uses.length > 0) await this.#write(uses).catch(this.#onError);
  }
}
