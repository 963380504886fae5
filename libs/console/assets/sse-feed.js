import { address, pause, problemOf, Refusal } from './api.js';
import { curedByToken } from './feed.js';

/** @typedef {import('./feed.js').Notification} Notification */

/** Waits between tries of this class's own, in milliseconds; the last one repeats. */
const RETRY_MS = [500, 1_000, 2_000];

/**
 * The browser's own EventSource. It comes back by itself after a cut, with the `Last-Event-ID`; only where the standard makes it
 * give up (any answer but 200) or where its address is outdated (the token in it expired) does this class make a new one, with
 * `since` as the cursor last seen.
 */
export class SseFeed {
  #options;
  #listener;
  /** @type {EventSource | undefined} */
  #source;
  /** @type {string | undefined} */
  #cursor;
  #token = '';
  #failures = 0;
  /** Counts what the person asked for: a step that waited goes on only if it is still wanted. */
  #era = 0;

  /** @param {import('./feed.js').FeedOptions} options */
  constructor(options) {
    this.#options = options;
    this.#listener = options.listener;
  }

  open() {
    this.#era += 1;
    this.#listener.state('connecting');
    void this.#begin(this.#era);
  }

  close() {
    this.#era += 1;
    this.#source?.close();
    this.#source = undefined;
    this.#listener.state('closed');
  }

  /** The address names the token, so that a new token needs a new EventSource; it goes on where this one stopped. */
  renew() {
    if (this.#source?.readyState === EventSource.OPEN) this.#reopen();
  }

  /** @param {number} era */
  async #begin(era) {
    await this.#options.start.settled();
    if (era === this.#era) await this.#connect(era);
  }

  /** @param {number} era */
  async #connect(era) {
    try {
      this.#token = await this.#options.tokens.current();
      if (era === this.#era) this.#listen(new EventSource(this.#address()));
    } catch (failure) {
      await this.#noToken(era, failure);
    }
  }

  #address() {
    const url = address('v1/events');
    url.searchParams.set('topics', this.#options.topics.join(','));
    url.searchParams.set('access_token', this.#token);
    const since = this.#cursor ?? this.#options.start.cursor;
    if (since !== undefined) url.searchParams.set('since', since);
    return url;
  }

  /** @param {EventSource} source */
  #listen(source) {
    this.#source = source;
    source.addEventListener('message', (event) => this.#notification(event));
    source.addEventListener('ready', (event) => this.#ready(event));
    source.addEventListener('cursor', (event) => this.#place(event));
    source.addEventListener('gap', (event) => {
      this.#listener.gap(JSON.parse(event.data).reason);
      this.#place(event);
    });
    source.addEventListener('bye', (event) => this.#bye(event));
    source.addEventListener('error', () => this.#interrupted(source));
  }

  /** @param {MessageEvent<string>} event */
  #ready(event) {
    this.#failures = 0;
    this.#options.start.agree(event.lastEventId);
    this.#place(event);
    this.#listener.transport('EventSource');
    this.#listener.state('live');
  }

  /** @param {MessageEvent<string>} event */
  #notification(event) {
    /** @type {Notification} */
    const notification = JSON.parse(event.data);
    this.#listener.notification(notification);
    // An ephemeral one has no place: the browser repeats the id of the event before it.
    if (notification.cursor !== undefined) this.#place(event);
  }

  /** @param {MessageEvent<string>} event */
  #place(event) {
    this.#cursor = event.lastEventId;
    this.#listener.cursor(event.lastEventId);
  }

  /** @param {MessageEvent<string>} event */
  #bye(event) {
    const { reason } = JSON.parse(event.data);
    this.#listener.bye(reason);
    if (reason === 'token.expired') this.#renewAndReopen();
  }

  /** @param {EventSource} source */
  #interrupted(source) {
    if (source !== this.#source) return;
    this.#listener.state('reconnecting');
    if (source.readyState === EventSource.CLOSED) void this.#gaveUp(this.#era);
  }

  /**
   * An EventSource shows neither status nor body of what ended it; the same request by `fetch` does.
   * @param {number} era
   */
  async #gaveUp(era) {
    const problem = await this.#askWhy();
    if (era !== this.#era) return;
    const final = problem !== undefined && problem.status >= 400 && problem.status < 500 && problem.status !== 429;
    if (final && !(curedByToken(problem.code) && this.#options.tokens.renewable && this.#failures === 0)) {
      this.#listener.state('refused', problem);
      return;
    }
    if (final) await this.#options.tokens.invalidate(this.#token);
    await this.#retry(era);
  }

  /** @returns {Promise<import('./api.js').Problem | undefined>} Nothing when nobody answered, or when all is well by now. */
  async #askWhy() {
    const inquiry = new AbortController();
    try {
      const headers = { accept: 'text/event-stream' };
      const response = await fetch(this.#address(), { headers, cache: 'no-store', signal: inquiry.signal });
      return response.ok ? undefined : await problemOf(response);
    } catch {
      return undefined;
    } finally {
      inquiry.abort();
    }
  }

  /** @param {number} era @param {unknown} failure */
  async #noToken(era, failure) {
    if (era !== this.#era) return;
    if (failure instanceof Refusal) {
      this.#listener.state('refused', failure.problem);
      return;
    }
    this.#listener.state('reconnecting');
    await this.#retry(era);
  }

  /** @param {number} era */
  async #retry(era) {
    await pause(RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 0);
    this.#failures += 1;
    if (era === this.#era) await this.#connect(era);
  }

  async #renewAndReopen() {
    const era = this.#era;
    this.#source?.close();
    this.#listener.state('reconnecting');
    await this.#options.tokens.invalidate(this.#token);
    if (era === this.#era) this.#reopen();
  }

  #reopen() {
    this.#era += 1;
    this.#source?.close();
    void this.#connect(this.#era);
  }
}
