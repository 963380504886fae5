import { mayPopUp } from './preferences.js';
import { hearWorker, tellWorker, workerOfNow } from './push-worker.js';

/** @typedef {import('./feed.js').Notification} Notification */
/** @typedef {import('./me.js').Mark} Mark */

/** While the tab is hidden, at most; of more the server's pushes tell. */
const MAX_SHOWN = 20;
/** How far back is looked for what was read, in notifications: the server's limit of one page. */
const PAGE = 100;

/**
 * What pops up on this device because of this tab: it is connected, but nobody looks at it. It is shown by the worker, which makes one of it and
 * of its push; and it is not acknowledged before somebody looks or clicks, so that the other devices ring.
 */
export class PopUps {
  #inbox;
  #devices;
  #open;
  /** Shown while nobody looked. @type {Set<string>} */
  #shown = new Set();
  #badge = -1;

  /**
   * @param {import('./inbox.js').Inbox} inbox @param {import('./devices.js').Devices} devices
   * @param {() => void} open Brings the inbox before the person.
   */
  constructor(inbox, devices, open) {
    this.#inbox = inbox;
    this.#devices = devices;
    this.#open = open;
    hearWorker((message) => this.#take(message));
    document.addEventListener('visibilitychange', () => void this.#looked());
  }

  start() {
    this.#shown.clear();
    this.#badge = -1;
    void tellWorker({ kind: 'hello' });
  }

  /** @param {Notification} notification */
  arrived(notification) {
    if (!this.#isOn || !document.hidden || this.#shown.size >= MAX_SHOWN) return;
    if (!mayPopUp(notification, this.#inbox)) return;
    this.#shown.add(notification.id);
    this.#order(this.#asPush(notification));
  }

  /** It was taken back. @param {string} id */
  retracted(id) {
    void this.#close(new Set([id]));
  }

  /** It is no longer new, whatever device has said so. @param {Mark} mark */
  async marked({ state, undo, ids }) {
    if (!this.#isOn || undo || state === 'seen') return;
    if (ids !== undefined) return this.#close(new Set(ids));
    // Only places were named: what is on display is looked for among all that are so.
    if ((await this.#onDisplay()).length === 0) return;
    const page = await this.#inbox.me?.inbox(state, PAGE).catch(() => undefined);
    await this.#close(new Set(page?.items.map(({ notification }) => notification.id)));
  }

  /** @param {number | undefined} unread */
  badge(unread) {
    if (!this.#isOn || unread === undefined || unread === this.#badge) return;
    this.#badge = unread;
    // Where there is nothing to put a badge on, that is no fault.
    navigator.setAppBadge?.(unread).catch(() => undefined);
  }

  get #isOn() {
    return this.#devices.state === 'on';
  }

  /** As the server would push it. @param {Notification} notification */
  #asPush({ id, collapseKey, from, topic, title, body, icon, url, actions, publishedAt }) {
    // What a person has published collapses with their own alone.
    const key = collapseKey !== undefined && from !== undefined ? `${from.user}\n${collapseKey}` : collapseKey;
    const tag = key ?? id;
    return {
      notification: { title: title ?? document.title, body, icon, tag },
      clarion: { v: 1, kind: 'show', id, tag, topic, url, actions, publishedAt, person: this.#inbox.person },
    };
  }

  /** @param {ReadonlySet<string>} ids */
  async #close(ids) {
    for (const id of ids) this.#shown.delete(id);
    const closed = (await this.#onDisplay()).filter(({ data }) => ids.has(data.clarion.id));
    if (closed.length === 0) return;
    const tags = closed.map(({ tag }) => tag);
    this.#order({ clarion: { v: 1, kind: 'close', tags, ids: closed.map(({ data }) => data.clarion.id) } });
  }

  async #onDisplay() {
    const shown = (await (await workerOfNow())?.getNotifications()) ?? [];
    return shown.filter(({ data }) => data?.clarion !== undefined);
  }

  /** @param {object} payload */
  #order(payload) {
    void tellWorker({ kind: 'order', payload });
  }

  /** Who comes back to the tab has had before their eyes what popped up. */
  async #looked() {
    if (document.hidden || this.#shown.size === 0) return;
    const ids = [...this.#shown];
    this.#shown.clear();
    await this.#inbox.acknowledge(ids);
  }

  /** @param {import('./push-worker.js').WorkerMessage} message */
  #take(message) {
    if (message.kind === 'subscription') this.#devices.verifyAgain();
    if (message.kind === 'subscription') return true;
    if (message.kind === 'go') return this.#go(message);
    if (message.person !== this.#inbox.person || this.#inbox.me === undefined) return false;
    this.#shown.delete(message.id);
    void this.#say(message);
    return true;
  }

  /** What was clicked is read. @param {import('./push-worker.js').Deed} deed */
  async #say({ id, action }) {
    await this.#inbox.acknowledge([id]);
    if (action === undefined) await this.#inbox.mark({ state: 'read', ids: [id] });
    else await this.#inbox.choose(id, action);
  }

  /** What leads to no other page is in the inbox. @param {import('./push-worker.js').Go} go */
  #go({ address }) {
    const isHere = address === undefined || address === location.href.replace(/#.*/s, '');
    if (isHere) this.#open();
    return isHere;
  }
}
