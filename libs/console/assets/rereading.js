/** How long lies at least between the beginnings of two readings, in milliseconds, unless somebody acted. */
const EVERY_MS = 250;

/**
 * Reads again what has become stale: one reading at a time, at most four in a second however much happens, and what is asked for meanwhile
 * in the next.
 * @template {string} P
 */
export class Rereading {
  #read;
  /** @type {Set<P>} */
  #stale = new Set();
  #running = false;
  #urgent = false;
  #began = Number.NEGATIVE_INFINITY;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {(parts: ReadonlySet<P>) => Promise<void>} read Must not reject. */
  constructor(read) {
    this.#read = read;
  }

  get running() {
    return this.#running;
  }

  /** @param {readonly P[]} parts @param {boolean} [urgent] A person waits for it: at once. */
  want(parts, urgent = false) {
    for (const part of parts) this.#stale.add(part);
    this.#urgent ||= urgent;
    this.#schedule();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#stale.clear();
  }

  #schedule() {
    if (this.#running || this.#stale.size === 0) return;
    clearTimeout(this.#timer);
    const due = this.#urgent ? 0 : this.#began + EVERY_MS - performance.now();
    this.#timer = setTimeout(() => void this.#run(), Math.max(0, due));
  }

  async #run() {
    const parts = new Set(this.#stale);
    this.#stale.clear();
    this.#urgent = false;
    this.#running = true;
    this.#began = performance.now();
    await this.#read(parts);
    this.#running = false;
    this.#schedule();
  }
}
