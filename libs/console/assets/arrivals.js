const MAX_REMEMBERED = 1_000;

/** In which place each notification arrived, among those who listen: the first is 1. */
export class Arrivals {
  /** How often each of the last 1,000 ids has arrived. @type {Map<string, number>} */
  #times = new Map();

  /** @param {string} id */
  next(id) {
    const place = (this.#times.get(id) ?? 0) + 1;
    this.#times.set(id, place);
    if (this.#times.size > MAX_REMEMBERED) this.#forgetOldest();
    return place;
  }

  #forgetOldest() {
    const [oldest] = this.#times.keys();
    if (oldest !== undefined) this.#times.delete(oldest);
  }
}
