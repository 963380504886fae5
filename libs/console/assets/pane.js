import { element, find } from './element.js';
import { Latencies, milliseconds } from './latency.js';
import { notificationRow } from './notification-row.js';

/** @typedef {import('./feed.js').FeedState} FeedState */
/** @typedef {import('./feed.js').Notification} Notification */

/** Rows kept in the page; older ones are dropped from sight, not from the comparison. */
const MAX_ROWS = 200;

const STATE_WORDS = {
  closed: 'disconnected',
  connecting: 'connecting',
  live: 'live',
  reconnecting: 'reconnecting',
  refused: 'refused',
};

/** One way of listening as the page shows it: its state, its figures, and what arrived, newest first. */
export class Pane {
  #root;
  #feed;
  #latencies = new Latencies();
  /** @type {FeedState} */
  #state = 'closed';
  #count = 0;
  #returns = 0;
  /** Milliseconds since 1970. */
  #liveSince = Number.POSITIVE_INFINITY;
  #lostAt = 0;
  #wasLive = false;

  /**
   * @param {HTMLElement} container
   * @param {string} name
   * @param {(open: boolean) => void} onToggle The person wants it connected, or cut.
   */
  constructor(container, name, onToggle) {
    this.name = name;
    const template = find(document, '#pane-template', HTMLTemplateElement);
    this.#root = find(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), '.pane', HTMLElement);
    this.#feed = this.#part('.feed');
    this.#name();
    this.#part('.toggle').addEventListener('click', () =>
      onToggle(this.#state === 'closed' || this.#state === 'refused'),
    );
    container.append(this.#root);
    this.setState('closed');
  }

  get state() {
    return this.#state;
  }

  get count() {
    return this.#count;
  }

  /** Forgets everything shown. */
  clear() {
    this.#feed.replaceChildren();
    this.#latencies = new Latencies();
    this.#count = 0;
    this.#returns = 0;
    this.#wasLive = false;
    this.setCursor('');
    this.#showFigures();
  }

  /** @param {FeedState} state @param {import('./api.js').Problem} [problem] */
  setState(state, problem) {
    const before = this.#state;
    this.#state = state;
    const chip = this.#part('.state');
    chip.dataset.state = state;
    chip.textContent = STATE_WORDS[state];
    this.#showToggle(state === 'closed' || state === 'refused' ? 'Connect' : 'Disconnect');
    this.#showProblem(problem);
    if (state === 'live' && before !== 'live') this.#cameLive();
    if (state !== 'live' && before === 'live') this.#lost(state);
  }

  /** @param {Notification} notification */
  show(notification) {
    const latencyMs = Math.max(0, Date.now() - Date.parse(notification.publishedAt));
    const caughtUp = Date.parse(notification.publishedAt) < this.#liveSince;
    if (!caughtUp) this.#latencies.add(latencyMs);
    this.#count += 1;
    this.#prepend(notificationRow(notification, latencyMs, caughtUp));
    this.#showFigures();
  }

  /** @param {string} text */
  notice(text) {
    this.#prepend(element('li', 'notice', text));
  }

  /** @param {string} cursor */
  setCursor(cursor) {
    const cell = this.#part('.cursor');
    cell.textContent = cursor === '' ? '–' : shortened(cursor);
    cell.title = cursor;
  }

  /** @param {string} transport */
  setTransport(transport) {
    this.#part('.transport').textContent = transport;
  }

  #name() {
    const heading = this.#part('h2');
    heading.textContent = this.name;
    heading.id = `pane-${this.name.toLowerCase().replaceAll(/[^a-z]/g, '')}`;
    this.#root.setAttribute('aria-labelledby', heading.id);
    this.#feed.setAttribute('aria-label', `Notifications over ${this.name}, newest first`);
  }

  /** @param {string} action */
  #showToggle(action) {
    const toggle = this.#part('.toggle');
    toggle.textContent = action;
    toggle.setAttribute('aria-label', `${action} ${this.name}`);
  }

  #cameLive() {
    const now = Date.now();
    this.#liveSince = now;
    if (this.#wasLive) {
      this.#returns += 1;
      this.notice(`back after ${milliseconds(now - this.#lostAt)}, resumed from the cursor`);
    } else {
      this.notice('connected');
    }
    this.#wasLive = true;
    this.#showFigures();
  }

  /** @param {FeedState} state */
  #lost(state) {
    this.#lostAt = Date.now();
    this.notice(state === 'closed' ? 'disconnected by you' : 'connection lost');
  }

  /** @param {import('./api.js').Problem} [problem] */
  #showProblem(problem) {
    const line = this.#part('.problem');
    line.hidden = problem === undefined;
    line.textContent = problem === undefined ? '' : `${problem.title} (${problem.code})`;
  }

  #showFigures() {
    this.#part('.count').textContent = this.#count.toLocaleString('en');
    this.#part('.returns').textContent = `${this.#returns}×`;
    const median = this.#latencies.median();
    this.#part('.latency').textContent = median === undefined ? '–' : milliseconds(median);
  }

  /** @param {HTMLElement} row */
  #prepend(row) {
    this.#feed.prepend(row);
    if (this.#feed.childElementCount > MAX_ROWS) this.#feed.lastElementChild?.remove();
  }

  /** @param {string} selector */
  #part(selector) {
    return find(this.#root, selector, HTMLElement);
  }
}

/** @param {string} cursor */
function shortened(cursor) {
  return cursor.length > 12 ? `${cursor.slice(0, 5)}…${cursor.slice(-5)}` : cursor;
}
