import { address, pause, problemOf, Refusal } from './api.js';
import { curedByToken, isFinal, OTHER_KINDS, retryDelay } from './feed.js';
import { eventStreamBytes } from './wire.js';

/** @typedef {import('./feed.js').Notification} Notification */

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
  /** Whether the browser's present request is known to have got its answer. */
  #answered = false;
  /** Counts what the person asked for: a step that waited goes on only if it is still wanted. */
  #era = 0;

  /** @param {import('./feed.js').FeedOptions} options */
  constructor(options) {
    this.#options = options;
    this.#listener = options.listener;
  }

  /** @param {string} [since] */
  open(since) {
    this.#end();
    this.#cursor = since ?? this.#cursor;
    this.#listener.state('connecting');
    void this.#begin(this.#era);
  }

  close() {
    this.#end();
    this.#listener.state('closed');
  }

  /** The address names the token, so that a new token needs a new EventSource; it goes on where this one stopped. */
  renew() {
    if (this.#source?.readyState === EventSource.OPEN) this.#reopen();
  }

  #end() {
    this.#era += 1;
    this.#source?.close();
    this.#source = undefined;
    this.#options.start.release(this);
  }

  /** @param {number} era */
  async #begin(era) {
    await this.#options.start.settled(this);
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
    this.#answered = false;
    source.addEventListener('open', () => this.#answer());
    source.addEventListener('message', (event) => this.#notification(event));
    source.addEventListener('ready', (event) => this.#ready(event));
    source.addEventListener('cursor', (event) => this.#place(event));
    source.addEventListener('gap', (event) => {
      this.#listener.gap(JSON.parse(event.data).reason);
      this.#place(event);
    });
    for (const kind of OTHER_KINDS) source.addEventListener(kind, (event) => this.#other(kind, event));
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
    this.#placeOf(event, notification);
  }

  /** @param {import('./feed.js').OtherKind} kind @param {MessageEvent<string>} event */
  #other(kind, event) {
    const data = JSON.parse(event.data);
    this.#listener.other?.(kind, data);
    this.#placeOf(event, data);
  }

  /** What is ephemeral has no place: the browser repeats the id of the event before it. @param {MessageEvent<string>} event @param {{ cursor?: string }} data */
  #placeOf(event, { cursor }) {
    if (cursor !== undefined) this.#place(event);
    else this.#listener.received(eventStreamBytes(event, false));
  }

  /** @param {MessageEvent<string>} event */
  #place(event) {
    this.#listener.received(eventStreamBytes(event, true));
    this.#cursor = event.lastEventId;
    this.#listener.cursor(event.lastEventId);
  }

  /** @param {MessageEvent<string>} event */
  #bye(event) {
    /** @type {import('./feed.js').Bye} */
    const bye = JSON.parse(event.data);
    this.#listener.received(eventStreamBytes(event, false));
    this.#listener.bye(bye);
    if (bye.reason === 'token.expired') void this.#renewAndReopen();
  }

  /** A request of the browser's has been answered, or has failed: it makes the next ones by itself, and does not tell. */
  #answer() {
    this.#answered = true;
    this.#listener.requested();
  }

  /** @param {EventSource} source */
  #interrupted(source) {
    if (source !== this.#source) return;
    if (!this.#answered) this.#listener.requested();
    this.#answered = false;
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
    const curable = problem !== undefined && curedByToken(problem.code) && this.#options.tokens.renewable;
    if (isFinal(problem) && !(curable && this.#failures === 0)) {
      this.#refuse(problem);
      return;
    }
    if (curable) await this.#options.tokens.invalidate(this.#token);
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
      this.#refuse(failure.problem);
      return;
    }
    this.#listener.state('reconnecting');
    await this.#retry(era);
  }

  /** @param {import('./api.js').Problem | undefined} problem */
  #refuse(problem) {
    this.#options.start.release(this);
    this.#listener.state('refused', problem);
  }

  /** @param {number} era */
  async #retry(era) {
    const delay = retryDelay(this.#failures);
    this.#failures += 1;
    await pause(delay);
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
