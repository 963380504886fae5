const MAX_REMEMBERED = 20_000;
const MAX_APART = 10_000;

/** @typedef {import('./comparison.d.ts').Reader} Reader */

class ReaderRecord {
  /** Ids shown, oldest first. @type {Set<string>} */
  shown = new Set();
  /** Shown here and not (yet) by the other, oldest first. @type {string[]} */
  ahead = [];
  /** Ids that this reader has passed over. @type {Set<string>} */
  missing = new Set();
  repeated = 0;
  misplaced = 0;

  /** @param {string} id */
  remember(id) {
    this.shown.add(id);
    forgetOldest(this.shown);
  }

  /** @param {readonly string[]} ids */
  passOver(ids) {
    for (const id of ids) this.missing.add(id);
    forgetOldest(this.missing);
  }
}

/** See comparison.d.ts. */
export class Comparison {
  /** @type {readonly [ReaderRecord, ReaderRecord]} */
  #readers = [new ReaderRecord(), new ReaderRecord()];
  /** Acknowledged ids that are still to be shown, and by whom. @type {Map<string, Set<Reader>>} */
  #owed = new Map();
  #acknowledged = 0;
  #matched = 0;
  /** @type {string | undefined} */
  #reason;

  /** @param {Reader} reader @param {string} id */
  shown(reader, id) {
    const own = this.#readers[reader];
    if (own.shown.has(id)) {
      own.repeated += 1;
      return;
    }
    own.remember(id);
    this.#settle(reader, id);
    if (own.missing.delete(id)) {
      own.misplaced += 1;
      return;
    }
    this.#match(own, this.#readers[reader === 0 ? 1 : 0], id);
  }

  /** @param {string} id */
  acknowledged(id) {
    this.#acknowledged += 1;
    const readers = /** @type {Reader[]} */ ([0, 1]).filter((reader) => !this.#readers[reader].shown.has(id));
    if (readers.length > 0) this.#owed.set(id, new Set(readers));
  }

  /** @param {string} reason */
  giveUp(reason) {
    this.#reason ??= reason;
  }

  /** @returns {import('./comparison.d.ts').Verdict} */
  verdict() {
    const [first, second] = this.#readers;
    return {
      state: this.#state(),
      matched: this.#matched,
      lacking: [second.ahead.length, first.ahead.length],
      missing: [first.missing.size, second.missing.size],
      repeated: [first.repeated, second.repeated],
      misplaced: [first.misplaced, second.misplaced],
      owed: this.#owed.size,
      acknowledged: this.#acknowledged,
      ...(this.#reason !== undefined && { reason: this.#reason }),
    };
  }

  #state() {
    if (this.#reason !== undefined) return 'void';
    const ahead = this.#readers.map((reader) => reader.ahead.length);
    // Each has something that the other lacks: whichever of the two comes first in the log was passed over.
    if (this.#readers.some(hasFault) || ahead.every((count) => count > 0)) return 'broken';
    if (ahead.some((count) => count > 0) || this.#owed.size > 0) return 'behind';
    return this.#matched > 0 ? 'complete' : 'nothing';
  }

  /**
   * When both have shown an id, whatever either showed before it and the other did not is missing there: readings of one log
   * meet in the same order.
   * @param {ReaderRecord} own @param {ReaderRecord} other @param {string} id
   */
  #match(own, other, id) {
    const place = other.ahead.indexOf(id);
    if (place === -1) {
      own.ahead.push(id);
      if (own.ahead.length > MAX_APART) this.#drift(own);
      return;
    }
    this.#matched += 1;
    own.passOver(other.ahead.splice(0, place + 1).slice(0, -1));
    other.passOver(own.ahead.splice(0));
  }

  /** @param {ReaderRecord} own */
  #drift(own) {
    own.ahead.shift();
    this.giveUp(`The two are more than ${MAX_APART.toLocaleString('en')} notifications apart.`);
  }

  /** @param {Reader} reader @param {string} id */
  #settle(reader, id) {
    const readers = this.#owed.get(id);
    readers?.delete(reader);
    if (readers?.size === 0) this.#owed.delete(id);
  }
}

/** @param {ReaderRecord} reader */
function hasFault(reader) {
  return reader.missing.size > 0 || reader.repeated > 0 || reader.misplaced > 0;
}

/** Sets keep the order of insertion. @param {Set<string>} ids */
function forgetOldest(ids) {
  for (const oldest of ids) {
    if (ids.size <= MAX_REMEMBERED) return;
    ids.delete(oldest);
  }
}
