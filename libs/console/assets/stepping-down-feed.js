import { PollFeed } from './poll-feed.js';

/** @typedef {import('./feed.js').Feed} Feed */
/** @typedef {import('./feed.js').FeedOptions} FeedOptions */

/** How often it polls while the server is too busy for streams, in milliseconds. */
const POLL_EVERY_MS = 2_000;
/** When it tries the stream again, if the server did not say, in milliseconds. */
const RETURN_AFTER_MS = 10_000;

/**
 * A stream that does what a busy server asks for: after a `bye` with `use: "polling"` it polls, from the cursor at which the stream
 * ended, until the time that the server named; then it streams again, from the cursor of the last poll.
 */
export class SteppingDownFeed {
  #listener;
  /** @type {Feed} */
  #stream;
  /** @type {Feed} */
  #poll;
  /** The one of the two that is used. @type {Feed | undefined} */
  #active;
  /** @type {string | undefined} */
  #cursor;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #returning;

  /** @param {FeedOptions} options @param {string} name @param {(options: FeedOptions) => Feed} makeStream */
  constructor(options, name, makeStream) {
    this.#listener = options.listener;
    this.#stream = makeStream(this.#heardBy(options, () => this.#stream));
    this.#poll = new PollFeed(
      this.#heardBy(options, () => this.#poll),
      { name, everyMs: POLL_EVERY_MS },
    );
  }

  /** @param {string} [since] */
  open(since) {
    this.#use(this.#stream, since ?? this.#cursor);
  }

  close() {
    clearTimeout(this.#returning);
    const active = this.#active;
    this.#active = undefined;
    active?.close();
    this.#listener.state('closed');
  }

  /** @param {string} token */
  renew(token) {
    this.#active?.renew(token);
  }

  /** @param {Feed} feed @param {string} [since] */
  #use(feed, since) {
    clearTimeout(this.#returning);
    const before = this.#active;
    this.#active = feed;
    if (before !== feed) before?.close();
    feed.open(since);
  }

  /**
   * What the one in use says is passed on; the other has nothing to say but that it was closed.
   * @param {FeedOptions} options @param {() => Feed} self @returns {FeedOptions}
   */
  #heardBy(options, self) {
    const { listener } = options;
    return {
      ...options,
      listener: {
        ...listener,
        state: (state, problem) => {
          if (this.#active === self()) listener.state(state, problem);
        },
        cursor: (cursor) => {
          this.#cursor = cursor;
          listener.cursor(cursor);
        },
        transport: (name) => listener.transport(self() === this.#stream ? name : 'polling, as asked'),
        bye: (bye) => {
          listener.bye(bye);
          if (bye.use === 'polling') this.#stepDown(bye.retryAfterMs ?? RETURN_AFTER_MS);
        },
      },
    };
  }

  /** @param {number} forMs */
  #stepDown(forMs) {
    this.#use(this.#poll, this.#cursor);
    this.#returning = setTimeout(() => this.#use(this.#stream, this.#cursor), forMs);
  }
}
