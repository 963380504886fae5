import { Comparison, forgetOldest } from './comparison.js';

/** @typedef {import('./judge.d.ts').Reader} Reader */
/** @typedef {import('./judge.d.ts').Faults} Faults */

const MAX_REMEMBERED = 20_000;

/** What one reader has shown. */
class Showing {
  /** Oldest first. @type {Set<string>} */
  ids = new Set();
  count = 0;
  repeated = 0;
}

/** Two readers, by their sides, and how they compare. */
class Pair {
  comparison = new Comparison();

  /** @param {Reader} first @param {Reader} second */
  constructor(first, second) {
    this.readers = /** @type {const} */ ([first, second]);
  }

  /** @param {Reader} reader @returns {0 | 1 | undefined} */
  sideOf(reader) {
    const side = this.readers.indexOf(reader);
    return side === 0 || side === 1 ? side : undefined;
  }

  /** @param {Reader} reader @param {string} id */
  shown(reader, id) {
    const side = this.sideOf(reader);
    if (side !== undefined) this.comparison.shown(side, id);
  }
}

/** See judge.d.ts. */
export class Judge {
  /** @type {Map<Reader, Showing>} */
  #showings = new Map();
  /** @type {Pair[]} */
  #pairs = [];
  /** Acknowledged ids that are still to be shown, and by whom. @type {Map<string, Set<Reader>>} */
  #owed = new Map();
  /** @type {Set<string>} */
  #withdrawn = new Set();
  #acknowledged = 0;
  /** @type {string | undefined} */
  #reason;

  /** @param {Reader} reader */
  enter(reader) {
    for (const [other, { ids }] of this.#showings) {
      const pair = new Pair(other, reader);
      for (const id of ids) if (!this.#withdrawn.has(id)) pair.shown(other, id);
      this.#pairs.push(pair);
    }
    this.#showings.set(reader, new Showing());
  }

  /** @param {Reader} reader */
  leave(reader) {
    this.#showings.delete(reader);
    this.#pairs = this.#pairs.filter((pair) => pair.sideOf(reader) === undefined);
    for (const id of [...this.#owed.keys()]) this.#settle(reader, id);
  }

  /** @param {Reader} reader @param {string} id */
  shown(reader, id) {
    const showing = this.#showings.get(reader);
    if (showing === undefined) return;
    if (showing.ids.has(id)) {
      showing.repeated += 1;
      return;
    }
    showing.count += 1;
    showing.ids.add(id);
    forgetOldest(showing.ids, MAX_REMEMBERED);
    this.#settle(reader, id);
    if (this.#withdrawn.has(id)) return;
    for (const pair of this.#pairs) pair.shown(reader, id);
  }

  /** @param {string} id */
  withdrawn(id) {
    this.#withdrawn.add(id);
    forgetOldest(this.#withdrawn, MAX_REMEMBERED);
    this.#owed.delete(id);
    for (const { comparison } of this.#pairs) comparison.withdrawn(id);
  }

  /** @param {string} id */
  acknowledged(id) {
    this.#acknowledged += 1;
    const owing = [...this.#showings].filter(([, { ids }]) => !ids.has(id)).map(([reader]) => reader);
    if (owing.length > 0 && !this.#withdrawn.has(id)) this.#owed.set(id, new Set(owing));
  }

  /** @param {string} reason */
  giveUp(reason) {
    this.#reason ??= reason;
  }

  /** @returns {import('./judge.d.ts').Verdict} */
  verdict() {
    const reason = this.#reason ?? this.#drift();
    const faults = [...this.#showings.keys()].map((reader) => this.#faults(reader));
    const matched = this.#matched();
    return {
      state: reason === undefined ? this.#state(faults, matched) : 'void',
      matched,
      faults,
      owed: this.#owed.size,
      acknowledged: this.#acknowledged,
      ...(reason !== undefined && { reason }),
    };
  }

  /** @param {readonly Faults[]} faults @param {number} matched */
  #state(faults, matched) {
    if (this.#pairs.some(({ comparison }) => comparison.broken) || faults.some(({ repeated }) => repeated > 0))
      return 'broken';
    if (faults.some(({ lacking }) => lacking > 0) || this.#owed.size > 0) return 'behind';
    return matched > 0 ? 'complete' : 'nothing';
  }

  #drift() {
    if (!this.#pairs.some(({ comparison }) => comparison.drifted)) return undefined;
    return 'Two panes are more than 10,000 notifications apart.';
  }

  /** One reader alone is in agreement with itself. */
  #matched() {
    if (this.#pairs.length > 0) return Math.min(...this.#pairs.map(({ comparison }) => comparison.matched));
    return Math.max(0, ...[...this.#showings.values()].map(({ count }) => count));
  }

  /** @param {Reader} reader @returns {Faults} */
  #faults(reader) {
    const found = this.#pairs.flatMap((pair) => {
      const side = pair.sideOf(reader);
      return side === undefined ? [] : [pair.comparison.faults(side)];
    });
    return {
      reader,
      lacking: Math.max(0, ...found.map(({ lacking }) => lacking)),
      missing: Math.max(0, ...found.map(({ missing }) => missing)),
      repeated: this.#showings.get(reader)?.repeated ?? 0,
      misplaced: Math.max(0, ...found.map(({ misplaced }) => misplaced)),
    };
  }

  /** @param {Reader} reader @param {string} id */
  #settle(reader, id) {
    const readers = this.#owed.get(id);
    readers?.delete(reader);
    if (readers?.size === 0) this.#owed.delete(id);
  }
}
