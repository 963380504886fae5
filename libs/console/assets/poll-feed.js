import { address, pause, problemOf, Refusal } from './api.js';
import { curedByToken, isFinal, OTHER_KINDS, retryDelay } from './feed.js';
import { watchTransfers } from './wire.js';

/** @typedef {import('./feed.js').Notification} Notification */
/** @typedef {import('./feed.js').OtherKind} OtherKind */
/** @typedef {{ event: 'notification', data: Notification } | { event: OtherKind, data: unknown }} PolledEvent */
/** @typedef {{ events: PolledEvent[], cursor: string, gap?: { reason: string } }} PollAnswer */

/** Events in one answer, at most. */
const LIMIT = 1_000;
/** How much longer than the wait that was asked for an answer may take, in milliseconds, before nobody is there. */
const PATIENCE_MS = 10_000;

/**
 * Asks again and again, each time for what follows the cursor of the last answer. With a `waitS` the server holds a request that
 * long until there is something (long polling); otherwise it answers at once, and this waits `everyMs` between two requests.
 */
export class PollFeed {
  #options;
  #listener;
  #name;
  #waitS;
  #everyMs;
  /** @type {string | undefined} */
  #cursor;
  #failures = 0;
  #retriedToken = false;
  /** Counts what the person asked for: a step that waited goes on only if it is still wanted. */
  #era = 0;
  #leaving = new AbortController();
  #stopMeasuring = () => {};

  /**
   * @param {import('./feed.js').FeedOptions} options
   * @param {{ name: string, waitS?: number, everyMs?: number }} manner The name tells the requests of one such feed from all others.
   */
  constructor(options, { name, waitS = 0, everyMs = 0 }) {
    this.#options = options;
    this.#listener = options.listener;
    this.#name = name;
    this.#waitS = waitS;
    this.#everyMs = everyMs;
  }

  /** @param {string} [since] */
  open(since) {
    this.#end();
    this.#cursor = since ?? this.#cursor;
    this.#stopMeasuring = watchTransfers(
      (url, initiator) => initiator === 'fetch' && this.#isMine(url),
      (bytes) => this.#listener.received(bytes),
    );
    this.#listener.state('connecting');
    void this.#run(this.#era);
  }

  close() {
    this.#end();
    this.#listener.state('closed');
  }

  /** Each request takes the token of its time. */
  renew() {}

  #end() {
    this.#era += 1;
    this.#leaving.abort();
    this.#leaving = new AbortController();
    this.#stopMeasuring();
    this.#options.start.release(this);
  }

  /** @param {number} era */
  async #run(era) {
    await this.#options.start.settled(this);
    // The first answer, and the first after a failure, must not wait: it says that the server is there, and from where to go on.
    let waitS = 0;
    while (era === this.#era) {
      try {
        const full = await this.#turn(era, waitS);
        waitS = this.#waitS;
        if (!full && era === this.#era) await pause(this.#everyMs);
      } catch (failure) {
        waitS = 0;
        if (era === this.#era) await this.#failed(failure);
      }
    }
  }

  /**
   * One request. True: there is more at once.
   * @param {number} era @param {number} waitS
   */
  async #turn(era, waitS) {
    const answer = await this.#ask(waitS, await this.#options.tokens.current());
    if (era !== this.#era) return true;
    this.#take(answer);
    return answer.events.length >= LIMIT;
  }

  /**
   * @param {number} waitS @param {string} token
   * @returns {Promise<PollAnswer>}
   */
  async #ask(waitS, token) {
    this.#listener.requested();
    const response = await fetch(this.#address(waitS), {
      headers: { accept: 'application/json', authorization: `Bearer ${token}` },
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.any([this.#leaving.signal, AbortSignal.timeout(waitS * 1_000 + PATIENCE_MS)]),
    });
    if (response.ok) return response.json();
    const problem = await problemOf(response);
    if (curedByToken(problem.code)) await this.#options.tokens.invalidate(token);
    throw new Refusal(problem);
  }

  /** @param {number} waitS */
  #address(waitS) {
    const url = address('v1/events');
    url.searchParams.set('topics', this.#options.topics.join(','));
    url.searchParams.set('limit', String(LIMIT));
    url.searchParams.set('as', this.#name);
    if (waitS > 0) url.searchParams.set('wait', String(waitS));
    const since = this.#cursor ?? this.#options.start.cursor;
    if (since !== undefined) url.searchParams.set('since', since);
    return url;
  }

  /** @param {URL} url */
  #isMine(url) {
    return url.pathname === address('v1/events').pathname && url.searchParams.get('as') === this.#name;
  }

  /** @param {PollAnswer} answer */
  #take({ events, cursor, gap }) {
    this.#failures = 0;
    this.#retriedToken = false;
    this.#options.start.agree(this.#cursor ?? cursor);
    this.#cursor = cursor;
    this.#listener.transport(this.#waitS > 0 ? `≤ ${this.#waitS} s` : `every ${this.#everyMs / 1_000} s`);
    this.#listener.state('live');
    if (gap !== undefined) this.#listener.gap(gap.reason);
    for (const event of events) this.#tell(event);
    this.#listener.cursor(cursor);
  }

  /** @param {PolledEvent} event */
  #tell(event) {
    if (event.event === 'notification') this.#listener.notification(event.data);
    else if (OTHER_KINDS.includes(event.event)) this.#listener.other?.(event.event, event.data);
  }

  /** @param {unknown} failure */
  async #failed(failure) {
    const problem = failure instanceof Refusal ? failure.problem : undefined;
    const curable = problem !== undefined && curedByToken(problem.code) && this.#options.tokens.renewable;
    if (isFinal(problem) && (!curable || this.#retriedToken)) {
      this.#end();
      this.#listener.state('refused', problem);
      return;
    }
    this.#retriedToken = curable;
    this.#listener.state('reconnecting');
    const delay = retryDelay(this.#failures);
    this.#failures += 1;
    await pause(delay);
  }
}
