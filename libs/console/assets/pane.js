import { element, find } from './element.js';
import { milliseconds } from './latency.js';
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

/** What arrived over one transport, newest first, and whether it is connected. */
export class Pane {
  #root;
  #feed;
  /** @type {FeedState} */
  #state = 'closed';
  /** Milliseconds since 1970. */
  #liveSince = Number.POSITIVE_INFINITY;
  #lostAt = 0;

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

  /** @param {boolean} visible */
  setVisible(visible) {
    this.#root.hidden = !visible;
  }

  /** Forgets everything shown. */
  clear() {
    this.#feed.replaceChildren();
    this.#liveSince = Number.POSITIVE_INFINITY;
    this.setTransport('');
  }

  /**
   * @param {FeedState} state @param {import('./api.js').Problem} [problem]
   * @returns {boolean} Whether it is back after having been away.
   */
  setState(state, problem) {
    const before = this.#state;
    this.#state = state;
    const chip = this.#part('.state');
    chip.dataset.state = state;
    chip.textContent = STATE_WORDS[state];
    this.#showToggle(state === 'closed' || state === 'refused' ? 'Connect' : 'Disconnect');
    this.#showProblem(problem);
    if (state !== 'live' && before === 'live') this.#lost(state);
    return state === 'live' && before !== 'live' && this.#cameLive();
  }

  /**
   * @param {Notification} notification
   * @returns {number | undefined} Its latency in milliseconds; nothing if it is older than the connection.
   */
  show(notification) {
    const publishedAt = Date.parse(notification.publishedAt);
    const latencyMs = Math.max(0, Date.now() - publishedAt);
    const caughtUp = publishedAt < this.#liveSince;
    this.#prepend(notificationRow(notification, latencyMs, caughtUp));
    return caughtUp ? undefined : latencyMs;
  }

  /** It was edited: what is shown of it becomes its newest form. @param {Notification} notification */
  update(notification) {
    this.#row(notification.id)?.replaceChildren(...notificationRow(notification, undefined, false).childNodes);
  }

  /** It was taken back: its row stays, and says no more. @param {string} id */
  retract(id) {
    const row = this.#row(id);
    row?.classList.add('retracted');
    row?.replaceChildren(element('p', 'title', 'Taken back'));
  }

  /** @param {string} text */
  notice(text) {
    this.#prepend(element('li', 'notice', text));
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
    const back = this.#liveSince !== Number.POSITIVE_INFINITY;
    this.#liveSince = now;
    this.notice(back ? `back after ${milliseconds(now - this.#lostAt)}, resumed from the cursor` : 'connected');
    return back;
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

  /** @param {string} id */
  #row(id) {
    return this.#feed.querySelector(`[data-id="${CSS.escape(id)}"]`);
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
