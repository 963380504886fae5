const KEPT = 100;

/** The last 100 latencies, in milliseconds. */
export class Latencies {
  /** @type {number[]} */
  #last = [];

  /** @param {number} ms */
  add(ms) {
    this.#last.push(ms);
    if (this.#last.length > KEPT) this.#last.shift();
  }

  /** The latency within which this part of them arrived; undefined before the first. @param {number} part Between 0 and 1. */
  within(part) {
    const sorted = this.#last.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  }
}

/** A span of time for people: `4 ms`, `2.3 s`, `5 min`. @param {number} ms */
export function milliseconds(ms) {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 100_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 6_000_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}
