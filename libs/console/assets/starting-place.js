/** How long a feed waits for the place at which the first one began, in milliseconds, before it begins where it can. */
const AGREE_WITHIN_MS = 3_000;

/**
 * Where all feeds begin, so that what they show can be compared from the first notification on: a cursor that was given, or that
 * of the feed which came first. If that one cannot name it, the next in turn does.
 */
export class StartingPlace {
  /** @type {string | undefined} */
  cursor;
  /** @type {object | undefined} */
  #leader;
  /** Who waits, in turn, and how they are told to go on. @type {Map<object, () => void>} */
  #waiting = new Map();

  /** @param {string} [cursor] */
  constructor(cursor) {
    this.cursor = cursor;
  }

  /** The first one counts. @param {string} cursor */
  agree(cursor) {
    this.cursor ??= cursor;
    for (const goOn of this.#waiting.values()) goOn();
    this.#waiting.clear();
  }

  /** This feed will not name the place any more, nor wait for it. @param {object} feed */
  release(feed) {
    this.#goOn(feed);
    if (feed !== this.#leader) return;
    this.#leader = undefined;
    const [next] = this.#waiting.keys();
    if (next === undefined) return;
    this.#leader = next;
    this.#goOn(next);
  }

  /**
   * Ends when a place is agreed, when it is this feed's turn to name it, or after three seconds.
   * @param {object} feed
   * @returns {Promise<void>}
   */
  async settled(feed) {
    this.#leader ??= feed;
    if (this.cursor !== undefined || this.#leader === feed) return;
    await new Promise((resolve) => {
      const goOn = () => resolve(undefined);
      const timer = setTimeout(goOn, AGREE_WITHIN_MS);
      this.#waiting.set(feed, () => {
        clearTimeout(timer);
        goOn();
      });
    });
  }

  /** @param {object} feed */
  #goOn(feed) {
    this.#waiting.get(feed)?.();
    this.#waiting.delete(feed);
  }
}
