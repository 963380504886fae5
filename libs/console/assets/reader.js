import { find } from './element.js';
import { Figures } from './figures.js';
import { Pane } from './pane.js';

/** @typedef {import('./feed.js').Feed} Feed */
/** @typedef {import('./feed.js').FeedListener} FeedListener */
/** @typedef {import('./feed.js').Notification} Notification */

/**
 * @typedef {object} ReaderListener
 * @property {(on: boolean) => void} switched The person wants this pane, or not.
 * @property {() => void} changed
 * @property {(notification: Notification) => number} shown The place in which it arrived.
 * @property {(id: string) => void} retracted
 * @property {(reason: string) => void} gap
 */

/** One transport as the page has it: its line in the table, its pane, and, while that is on, its feed. */
export class Reader {
  #listener;
  #figures;
  #pane;
  /** @type {Feed | undefined} */
  #feed;
  on = false;

  /** @param {import('./transports.js').Transport} transport @param {ReaderListener} listener */
  constructor(transport, listener) {
    this.transport = transport;
    this.#listener = listener;
    this.#figures = new Figures(find(document, '#figures', HTMLElement), transport.name, listener.switched);
    this.#pane = new Pane(find(document, '#panes', HTMLElement), transport.name, (open) => {
      if (open) this.#feed?.open();
      else this.#feed?.close();
    });
  }

  get isLive() {
    return this.#pane.state === 'live';
  }

  get summary() {
    return `${this.transport.name} ${this.#pane.state}, ${this.#figures.shown} shown`;
  }

  /** @param {boolean} on */
  setOn(on) {
    this.on = on;
    this.#pane.setVisible(on);
    this.#figures.setOn(on);
  }

  /** Forgets what it has shown and begins anew. @param {Omit<import('./feed.js').FeedOptions, 'listener'>} options */
  start(options) {
    this.stop();
    this.#pane.clear();
    this.#figures.clear();
    this.#feed = this.transport.listen({ ...options, listener: this.#hear() });
    this.#feed.open();
  }

  stop() {
    this.#feed?.close();
    this.#feed = undefined;
  }

  /** @param {string} token */
  renew(token) {
    this.#feed?.renew(token);
  }

  /** @returns {FeedListener} */
  #hear() {
    const pane = this.#pane;
    const figures = this.#figures;
    return {
      state: (state, problem) => {
        if (pane.setState(state, problem)) figures.returned();
        figures.setState(state);
        this.#listener.changed();
      },
      notification: (notification) => this.#show(notification),
      other: (kind, data) => this.#hearOther(kind, data),
      cursor: (cursor) => figures.setCursor(cursor),
      gap: (reason) => {
        pane.notice(`gap: ${reason}. What came before is lost.`);
        this.#listener.gap(reason);
      },
      bye: ({ reason, use }) => pane.notice(use === undefined ? `bye: ${reason}` : `bye: ${reason}, use ${use}`),
      transport: (name) => pane.setTransport(name),
      requested: () => figures.requested(),
      received: (bytes) => figures.received(bytes),
    };
  }

  /** @param {Notification} notification */
  #show(notification) {
    const latencyMs = this.#pane.show(notification);
    const place = this.#listener.shown(notification);
    this.#figures.count();
    if (latencyMs !== undefined) this.#figures.arrived(latencyMs, place);
  }

  /** @param {import('./feed.js').OtherKind} kind @param {unknown} data */
  #hearOther(kind, data) {
    if (kind === 'updated') this.#pane.update(/** @type {Notification} */ (data));
    if (kind !== 'retracted') return;
    const { id } = /** @type {{ id: string }} */ (data);
    this.#pane.retract(id);
    this.#listener.retracted(id);
  }
}
