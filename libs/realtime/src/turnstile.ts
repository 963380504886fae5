/** How many are let through in one turn of the event loop: some five milliseconds' worth of handshakes. */
const PER_TURN = 16;

/**
 * Lets those who come all at once through a few at a time, first come first served. Node reads all connections that have something to say
 * in one turn, however many, and one event wakes all who wait for it: ten thousand handshakes, or answers to polls, would keep everybody
 * else waiting until the last of them is done. Who comes alone passes at once.
 */
export class Turnstile {
  #queue: Array<() => void> = [];
  #next = 0;
  /** Let through in this turn. */
  #passed = 0;
  #scheduled = false;

  /** Calls `enter`, at once or in a later turn. */
  pass(enter: () => void): void {
    this.#schedule();
    if (this.#passed >= PER_TURN) {
      this.#queue.push(enter);
      return;
    }
    this.#passed++;
    enter();
  }

  /** Resolves when it is the caller's turn. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.pass(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#begin());
  }

  /** A turn of the event loop is over; those who come in the next one find the places that are left. */
  #begin(): void {
    this.#scheduled = false;
    this.#passed = Math.min(this.#queue.length - this.#next, PER_TURN);
    if (this.#passed === 0) return;
    this.#schedule();
    const end = this.#next + this.#passed;
    while (this.#next < end) this.#queue[this.#next++]?.();
    this.#compact();
  }

  #compact(): void {
    if (this.#next * 2 < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#next);
    this.#next = 0;
  }
}
