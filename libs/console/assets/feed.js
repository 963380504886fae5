/**
 * What the two ways of listening have in common: the words in which they tell the page what happens.
 *
 * @typedef {'closed' | 'connecting' | 'live' | 'reconnecting' | 'refused'} FeedState
 *
 * @typedef {object} Notification As the server sends it; every text in it is somebody else's.
 * @property {string} id
 * @property {string} [cursor] Absent for ephemeral ones.
 * @property {string} topic
 * @property {string} [type]
 * @property {string} [title]
 * @property {string} [body]
 * @property {string} [url]
 * @property {unknown} [data]
 * @property {true} [ephemeral]
 * @property {string} publishedAt
 *
 * @typedef {object} FeedListener
 * @property {(state: FeedState, problem?: import('./api.js').Problem) => void} state
 * @property {(notification: Notification) => void} notification
 * @property {(cursor: string) => void} cursor
 * @property {(reason: string) => void} gap
 * @property {(reason: string) => void} bye
 * @property {(name: string) => void} transport
 *
 * @typedef {object} FeedOptions
 * @property {import('./tokens.js').Tokens} tokens
 * @property {readonly string[]} topics
 * @property {StartingPlace} start
 * @property {FeedListener} listener
 */

/** How long the second feed waits for the place at which the first one began, in milliseconds, before it begins where it can. */
const AGREE_WITHIN_MS = 3_000;

/** Problems of a token that has had its time, or that a server with another secret does not know: a new one may do. */
const CURED_BY_A_TOKEN = new Set(['token.expired', 'token.invalid']);

/** @param {string} code */
export function curedByToken(code) {
  return CURED_BY_A_TOKEN.has(code);
}

/**
 * Where both feeds begin, so that what they show can be compared from the first notification on: a cursor that was given, or
 * that of the feed which is ready first.
 */
export class StartingPlace {
  /** @type {() => void} */
  #agreed = () => undefined;
  /** @type {Promise<void>} */
  #agreement = new Promise((resolve) => (this.#agreed = resolve));
  /** @type {string | undefined} */
  cursor;

  /** @param {string} [cursor] */
  constructor(cursor) {
    if (cursor !== undefined) this.agree(cursor);
  }

  /** The first one counts. @param {string} cursor */
  agree(cursor) {
    this.cursor ??= cursor;
    this.#agreed();
  }

  /** Whoever was to name the place will not: nobody need wait for it. */
  release() {
    this.#agreed();
  }

  /** Ends when a place is agreed, when nobody is left to name it, or after three seconds. @returns {Promise<void>} */
  async settled() {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const patience = new Promise((resolve) => (timer = setTimeout(resolve, AGREE_WITHIN_MS)));
    await Promise.race([this.#agreement, patience]);
    clearTimeout(timer);
  }
}
