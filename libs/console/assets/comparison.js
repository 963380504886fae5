const MAX_MISSING = 20_000;
const MAX_APART = 10_000;

/** @typedef {0 | 1} Side */

class Reading {
  /** Shown here and not (yet) by the other, oldest first. @type {string[]} */
  ahead = [];
  /** Ids that this reader has passed over. @type {Set<string>} */
  missing = new Set();
  misplaced = 0;

  /** @param {readonly string[]} ids */
  passOver(ids) {
    for (const id of ids) this.missing.add(id);
    forgetOldest(this.missing, MAX_MISSING);
  }
}

/**
 * Holds what two readers of one log have shown against each other, by ids alone. O(1) for each id while they agree. Those that are
 * more than 10,000 notifications apart are no longer compared.
 */
export class Comparison {
  #readings = /** @type {const} */ ([new Reading(), new Reading()]);
  /** Notifications that both have shown. */
  matched = 0;
  drifted = false;

  /** @param {Side} side @param {string} id Not shown by this side before. */
  shown(side, id) {
    const own = this.#readings[side];
    if (own.missing.delete(id)) own.misplaced += 1;
    else this.#match(own, this.#readings[side === 0 ? 1 : 0], id);
  }

  /** What one side has missed of the other, as far as it is known. @param {Side} side */
  faults(side) {
    const { missing, misplaced } = this.#readings[side];
    return { lacking: this.#readings[side === 0 ? 1 : 0].ahead.length, missing: missing.size, misplaced };
  }

  /** Whoever lacks it is not to have it any more. @param {string} id */
  withdrawn(id) {
    for (const reading of this.#readings) {
      reading.missing.delete(id);
      const place = reading.ahead.indexOf(id);
      if (place !== -1) reading.ahead.splice(place, 1);
    }
  }

  /** Whether these cannot be two readings of one log. */
  get broken() {
    // Each has something that the other lacks: whichever of the two comes first in the log was passed over.
    return (
      this.#readings.every(({ ahead }) => ahead.length > 0) ||
      this.#readings.some(({ missing, misplaced }) => missing.size > 0 || misplaced > 0)
    );
  }

  /**
   * When both have shown an id, whatever either showed before it and the other did not is missing there: readings of one log
   * meet in the same order.
   * @param {Reading} own @param {Reading} other @param {string} id
   */
  #match(own, other, id) {
    const place = other.ahead.indexOf(id);
    if (place === -1) {
      own.ahead.push(id);
      if (own.ahead.length > MAX_APART) this.#drift(own);
      return;
    }
    this.matched += 1;
    own.passOver(other.ahead.splice(0, place + 1).slice(0, -1));
    other.passOver(own.ahead.splice(0));
  }

  /** @param {Reading} own */
  #drift(own) {
    own.ahead.shift();
    this.drifted = true;
  }
}

/** Sets keep the order of insertion. @param {Set<string>} ids @param {number} limit */
export function forgetOldest(ids, limit) {
  for (const oldest of ids) {
    if (ids.size <= limit) return;
    ids.delete(oldest);
  }
}
