/** Two rings are at least so far apart: whoever always has something due at once is looked at in bundles. Milliseconds. */
const MIN_PAUSE_MS = 10;
/** What a timer can wait for. Milliseconds. */
const MAX_TIMER_MS = 2_147_483_647;

/**
 * One timer, for the next moment at which there is something to do: setting it for a later one costs a comparison. It may ring too early, and for
 * nothing.
 */
export class PushAlarm {
  #at = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #ring: (() => void) | undefined;

  /** Whoever hears it; undefined: nobody any more. */
  onRing(ring: (() => void) | undefined): void {
    this.#ring = ring;
    this.#at = Infinity;
    clearTimeout(this.#timer);
  }

  /** @param at milliseconds since 1970. */
  set(at: number): void {
    if (at >= this.#at || this.#ring === undefined) return;
    this.#at = at;
    clearTimeout(this.#timer);
    const waitMs = Math.min(Math.max(at - Date.now(), MIN_PAUSE_MS), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#rings(), waitMs).unref();
  }

  #rings(): void {
    this.#at = Infinity;
    this.#ring?.();
  }
}
