import { Comparison } from './comparison.js';
import { arrivingCredential, forgetCredential, isToken, keepCredential } from './credential.js';
import { element, find } from './element.js';
import { StartingPlace } from './feed.js';
import { Pane } from './pane.js';
import { hearPublishForm } from './publish-form.js';
import { matchesAny } from './selectors.js';
import { SocketIoFeed } from './socketio-feed.js';
import { SseFeed } from './sse-feed.js';
import { Tokens } from './tokens.js';
import { inWords, showVerdict } from './verdict.js';

/** @typedef {import('./comparison.d.ts').Reader} Reader */
/** @typedef {{ open(): void, close(): void, renew(token: string): void }} Feed */

const NAMES = /** @type {const} */ (['Socket.IO', 'SSE']);
/** How often the state is read out to those who cannot see it, at most, in milliseconds. */
const SUMMARY_EVERY_MS = 3_000;

/** The whole page: who is there, what is listened to, and the two panes that must come out the same. */
class Page {
  #credential = '';
  /** @type {string[]} */
  #topics = [];
  /** @type {Tokens | undefined} */
  #tokens;
  /** @type {readonly Feed[]} */
  #feeds = [];
  #comparison = new Comparison();
  #place = new StartingPlace();
  #verdictDue = false;
  #panes = NAMES.map(
    (name, reader) => new Pane(find(document, '#panes', HTMLElement), name, (open) => this.#toggle(reader, open)),
  );

  open() {
    find(document, '#server', HTMLElement).textContent = location.host;
    this.#hearForms();
    hearPublishForm(
      () => this.#credential,
      () => this.#expectation(),
    );
    window.addEventListener('hashchange', () => this.#arrive());
    setInterval(() => this.#summarise(), SUMMARY_EVERY_MS);
    this.#arrive();
  }

  #hearForms() {
    onSubmit('#credential-form', () => {
      const input = find(document, '#credential-input', HTMLInputElement);
      const credential = input.value.trim();
      if (credential === '') return input.focus();
      input.value = '';
      keepCredential(credential);
      this.#enter(credential);
      find(document, '#topics-input', HTMLInputElement).focus();
    });
    onSubmit('#topics-form', () => this.#start());
    find(document, '#forget', HTMLButtonElement).addEventListener('click', () => this.#leave());
  }

  #arrive() {
    const credential = arrivingCredential();
    if (credential === undefined) this.#showDoor(true);
    else if (credential !== this.#credential) this.#enter(credential);
  }

  /** @param {string} credential */
  #enter(credential) {
    this.#credential = credential;
    find(document, '#credential-kind', HTMLElement).textContent = isToken(credential)
      ? 'with a subscriber token'
      : 'with an API key, kept in this tab';
    this.#showDoor(false);
    this.#start();
  }

  #leave() {
    this.#stop();
    this.#credential = '';
    forgetCredential();
    this.#showDoor(true);
    find(document, '#credential-input', HTMLInputElement).focus();
  }

  /** @param {boolean} open */
  #showDoor(open) {
    find(document, '#door', HTMLElement).hidden = !open;
    find(document, '#desk', HTMLElement).hidden = open;
    find(document, '#credential-line', HTMLElement).hidden = open;
  }

  /** Begins both sessions afresh, at one place, with the topics of the form. */
  #start() {
    this.#stop();
    this.#topics = wantedTopics();
    this.#comparison = new Comparison();
    const { checked: fromEarliest } = find(document, '#earliest-input', HTMLInputElement);
    const start = new StartingPlace(fromEarliest ? 'earliest' : undefined);
    this.#place = start;
    const tokens = new Tokens(this.#credential, this.#topics, (token) => this.#renew(token));
    this.#tokens = tokens;
    const options = (/** @type {Reader} */ reader) => ({
      tokens,
      topics: this.#topics,
      start,
      listener: this.#listener(reader, this.#comparison),
    });
    for (const pane of this.#panes) pane.clear();
    this.#feeds = [new SocketIoFeed(options(0)), new SseFeed(options(1))];
    for (const feed of this.#feeds) feed.open();
    this.#judge();
  }

  #stop() {
    for (const feed of this.#feeds) feed.close();
    this.#feeds = [];
    this.#tokens?.close();
  }

  /** @param {string} token */
  #renew(token) {
    for (const feed of this.#feeds) feed.renew(token);
  }

  /** @param {number} reader @param {boolean} open */
  #toggle(reader, open) {
    if (open) this.#feeds[reader]?.open();
    else this.#feeds[reader]?.close();
  }

  /**
   * @param {Reader} reader
   * @param {Comparison} comparison
   * @returns {import('./feed.js').FeedListener}
   */
  #listener(reader, comparison) {
    const pane = this.#panes[reader];
    if (pane === undefined) throw new Error(`there is no pane ${reader}`);
    return {
      state: (state, problem) => {
        pane.setState(state, problem);
        this.#judge();
      },
      notification: (notification) => {
        pane.show(notification);
        if (!notification.ephemeral) comparison.shown(reader, notification.id);
        this.#judge();
      },
      cursor: (cursor) => pane.setCursor(cursor),
      gap: (reason) => {
        pane.notice(`gap: ${reason}. What came before is lost.`);
        comparison.giveUp(`The server announced a gap to ${pane.name} (${reason}).`);
        this.#judge();
      },
      bye: (reason) => pane.notice(`bye: ${reason}`),
      transport: (name) => pane.setTransport(name),
    };
  }

  /**
   * What is published from now on must reach both panes, if the place where they begin is fixed already.
   * @returns {(id: string, draft: { topic: string }) => void}
   */
  #expectation() {
    const comparison = this.#comparison;
    const topics = this.#topics;
    const begun = this.#place.cursor !== undefined;
    return (id, { topic }) => {
      if (begun && matchesAny(topics, topic)) comparison.acknowledged(id);
      this.#judge();
    };
  }

  /** Once per task, however many notifications it brought. */
  #judge() {
    if (this.#verdictDue) return;
    this.#verdictDue = true;
    queueMicrotask(() => {
      this.#verdictDue = false;
      showVerdict(this.#comparison.verdict(), NAMES, this.#bothLive());
    });
  }

  #bothLive() {
    return this.#panes.every((pane) => pane.state === 'live');
  }

  /** The live region speaks only when something changed, never of each notification. */
  #summarise() {
    const summary = find(document, '#summary', HTMLElement);
    const panes = this.#panes.map((pane) => `${pane.name} ${pane.state}, ${pane.count} shown`).join('; ');
    const text =
      this.#feeds.length === 0 ? '' : `${panes}. ${inWords(this.#comparison.verdict(), NAMES, this.#bothLive()).text}.`;
    if (summary.textContent !== text) summary.textContent = text;
  }
}

/** @param {string} selector @param {() => void} act */
function onSubmit(selector, act) {
  find(document, selector, HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    act();
  });
}

function wantedTopics() {
  const { value } = find(document, '#topics-input', HTMLInputElement);
  return value
    .split(',')
    .map((topic) => topic.trim())
    .filter((topic) => topic !== '');
}

/** A bug of the page must not look like silence of the server. @param {string} message */
function reportBug(message) {
  find(document, '#alert', HTMLElement).replaceChildren(
    element('p', 'alert', `The page failed: ${message}. Reload it.`),
  );
}

window.addEventListener('error', (event) => reportBug(event.message));
window.addEventListener('unhandledrejection', (event) => reportBug(String(event.reason)));

new Page().open();
