import type { ApiKey } from './api-key.js';

/** Node's timers take no more. */
const MAX_TIMER_MS = 2_147_483_647;

/** Says of each key when its time is over, once. One timer for the next of them; none while none will expire. */
export class KeyExpiry {
  readonly #keys: () => Iterable<ApiKey>;
  readonly #onExpired: (id: string) => void;
  #timer: NodeJS.Timeout | undefined;
  /** Whatever expired until then has been said. */
  #until = Date.now();

  constructor(keys: () => Iterable<ApiKey>, onExpired: (id: string) => void) {
    this.#keys = keys;
    this.#onExpired = onExpired;
  }

  /** Call it when the keys have changed. O(keys). */
  watch(): void {
    clearTimeout(this.#timer);
    let next = Infinity;
    for (const { expiresAt } of this.#keys()) if (expiresAt > this.#until) next = Math.min(next, expiresAt);
    if (next === Infinity) return;
    const waitMs = Math.min(MAX_TIMER_MS, Math.max(0, next - Date.now()));
    this.#timer = setTimeout(() => this.#pass(), waitMs).unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #pass(): void {
    const from = this.#until;
    this.#until = Date.now();
    for (const { holder, expiresAt } of this.#keys())
      if (expiresAt > from && expiresAt <= this.#until) this.#onExpired(holder.id);
    this.watch();
  }
}
