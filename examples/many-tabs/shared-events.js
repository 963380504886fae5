/** Ids that a tab remembers, so as to know what it has heard. */
const MAX_KNOWN = 10_000;
/** Events that may wait for the one before them. */
const MAX_HELD = 1_000;
/** How long they wait before this tab says that it has missed something, in milliseconds. */
const HOLD_MS = 2_000;
/** How long a new leader that knows no place waits for another tab to name one, in milliseconds. */
const ASK_MS = 300;
/** Before this module tries by itself, where EventSource has given up, in milliseconds: doubled each time, up to the last. */
const RETRY_MS = { first: 1_000, last: 30_000 };

/**
 * @typedef {object} Place Up to where something was heard.
 * @property {string} last The id of the last durable notification; before the first, a name for the beginning.
 * @property {string | undefined} cursor What the server is brought as `since`.
 *
 * @typedef {object} Item One durable notification, and the id of the one before it in the shared order.
 * @property {'item'} kind
 * @property {string} after
 * @property {string} id
 * @property {string} cursor
 * @property {object} notification
 *
 * @typedef {Item
 *   | { kind: 'hello' } | { kind: 'whereabouts' } | { kind: 'behind', place: Place }
 *   | { kind: 'place', place: Place } | { kind: 'moved', place: Place }
 *   | { kind: 'ephemeral', notification: object } | { kind: 'gap', place: Place, reason: string }} Message
 */

/**
 * The notifications of one Clarion server, for all tabs of an origin over one connection. The tab that holds a Web Lock leads: it
 * alone has an EventSource, and tells the others over a BroadcastChannel. When it closes, crashes or is discarded, the browser gives the lock to
 * the next one, which goes on after the last notification that it has heard.
 *
 * Dispatches `ready` once (from then on nothing is missed), `notification` with the notification as `detail`, each durable one once and in
 * the server's order, `gap` with its reason, and `leader` when this tab begins to lead.
 *
 * Two leaders may tell of the same notification: what the first one told at its very end may be on its way while the second
 * already reads it again. So every item names the one before it, and a tab takes an item if it does not know it and knows the one
 * before. Cursors are only brought back to the server, never compared.
 */
export class SharedEvents extends EventTarget {
  #address;
  #channel;
  #closing = new AbortController();
  /** Ids of what this tab has heard, and of beginnings; the oldest are forgotten. @type {Set<string>} */
  #known = new Set();
  /** @type {Place | undefined} */
  #place;
  /** Items whose predecessor has not come yet, by its id. @type {Map<string, Item>} */
  #held = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #patience;
  #leads = false;
  /** Of the leader alone. @type {EventSource | undefined} */
  #source;
  /** Up to where it has told. @type {Place | undefined} */
  #told;
  /** Connections that were begun: what waited for an address is given up when a newer one begins. */
  #attempts = 0;
  #retryMs = RETRY_MS.first;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retrying;

  /**
   * @param {() => URL | string | Promise<URL | string>} address Gives the address of `/v1/events` with `topics` and `access_token`; asked
   * at each connection, so that the token can be a new one. All tabs of one name must ask for the same topics.
   * @param {string} [name] Of the lock and the channel; one for each user and set of topics.
   */
  constructor(address, name = 'clarion') {
    super();
    this.#address = address;
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener('message', ({ data }) => this.#hear(data));
    this.#tell({ kind: 'hello' });
    navigator.locks
      .request(name, { signal: this.#closing.signal }, () => this.#lead())
      .catch((/** @type {unknown} */ error) => {
        if (!this.#closing.signal.aborted) throw error;
      });
  }

  get isLeader() {
    return this.#leads;
  }

  /** Leaves; if this tab leads, another one does from now on. */
  close() {
    this.#closing.abort();
    clearTimeout(this.#patience);
    clearTimeout(this.#retrying);
    this.#source?.close();
    this.#channel.close();
  }

  /** @param {Message} message */
  #tell(message) {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has but its own origin
    this.#channel.postMessage(message);
  }

  /** @param {Message} message */
  #hear(message) {
    if (message.kind === 'item') this.#take(message);
    else if (message.kind === 'ephemeral') this.#emit('notification', message.notification);
    else if (message.kind === 'moved') this.#moved(message.place);
    else if (message.kind === 'place') this.#begin(message.place);
    else if (message.kind === 'gap') this.#lose(message.place, message.reason);
    else if (message.kind === 'hello') this.#welcome();
    else if (message.kind === 'whereabouts' && this.#place) this.#tell({ kind: 'place', place: this.#place });
    else if (message.kind === 'behind' && this.#leads) void this.#readAgain(message.place);
  }

  // --- every tab ---

  /** Where this tab begins to hear; the first place that is named counts. @param {Place} place */
  #begin(place) {
    if (this.#place !== undefined) return;
    this.#place = place;
    this.#remember(place.last);
    this.#emit('ready');
  }

  /** @param {Item} item */
  #take(item) {
    if (this.#place === undefined || this.#known.has(item.id)) return;
    if (this.#known.has(item.after)) {
      this.#deliver(item);
      this.#takeHeld();
    } else this.#hold(item);
  }

  /** @param {Item} item */
  #deliver({ id, cursor, notification }) {
    this.#remember(id);
    this.#place = { last: id, cursor };
    this.#emit('notification', notification);
  }

  /** It came before the one before it, which another leader has told: that one is on its way. @param {Item} item */
  #hold(item) {
    this.#held.set(item.after, item);
    const [oldest] = this.#held.keys();
    if (this.#held.size > MAX_HELD && oldest !== undefined) this.#held.delete(oldest);
    this.#patience ??= setTimeout(() => this.#sayBehind(), HOLD_MS);
  }

  #takeHeld() {
    for (const [after, item] of this.#held) {
      if (this.#known.has(item.id)) this.#held.delete(after);
    }
    for (let next = this.#nextHeld(); next !== undefined; next = this.#nextHeld()) this.#deliver(next);
    if (this.#held.size > 0) return;
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  #nextHeld() {
    const last = this.#place?.last;
    const next = last === undefined ? undefined : this.#held.get(last);
    if (next !== undefined) this.#held.delete(next.after);
    return next !== undefined && this.#known.has(next.id) ? undefined : next;
  }

  /** What was awaited has not come: the leader is to read again from where this tab stands. */
  #sayBehind() {
    this.#patience = undefined;
    this.#held.clear();
    if (this.#place === undefined) return;
    if (this.#leads) void this.#readAgain(this.#place);
    else this.#tell({ kind: 'behind', place: this.#place });
  }

  /** The leader has read further, though nothing came: so has whoever has heard all that it told. @param {Place} place */
  #moved(place) {
    if (this.#place?.last === place.last) this.#place = place;
  }

  /** @param {Place} place @param {string} reason */
  #lose(place, reason) {
    this.#remember(place.last);
    this.#place = place;
    this.#held.clear();
    this.#emit('gap', { reason });
  }

  /** @param {string} id */
  #remember(id) {
    this.#known.add(id);
    const [oldest] = this.#known;
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }

  /** @param {string} type @param {object} [detail] */
  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // --- the leader ---

  /** Resolves when this tab leaves: only then the lock is free. A tab that is gone frees it by being gone. */
  async #lead() {
    const left = new Promise((resolve) => this.#closing.signal.addEventListener('abort', resolve, { once: true }));
    if (this.#place === undefined) await this.#askWhereabouts();
    if (this.#closing.signal.aborted) return;
    this.#leads = true;
    this.#emit('leader');
    await this.#readAgain(this.#place ?? { last: crypto.randomUUID(), cursor: undefined });
    await left;
  }

  /** A tab that came late may have been given the lock before anybody has told it a place. */
  #askWhereabouts() {
    this.#tell({ kind: 'whereabouts' });
    return new Promise((resolve) => {
      this.addEventListener('ready', resolve, { once: true });
      setTimeout(resolve, ASK_MS);
    });
  }

  /** Answered by the leader alone: what it tells next follows on what it names here. */
  #welcome() {
    if (this.#leads && this.#told?.cursor !== undefined) this.#tell({ kind: 'place', place: this.#told });
  }

  /** Opens the stream after a place. Whoever is further knows what comes, and lets it pass. @param {Place} place */
  async #readAgain(place) {
    const attempt = ++this.#attempts;
    clearTimeout(this.#retrying);
    this.#source?.close();
    this.#source = undefined;
    this.#told = place;
    try {
      const url = new URL(await this.#address());
      if (place.cursor !== undefined) url.searchParams.set('since', place.cursor);
      if (this.#isWanted(attempt)) this.#listen(new EventSource(url));
    } catch (error) {
      console.info('No address to connect to yet.', error);
      if (this.#isWanted(attempt)) this.#retry();
    }
  }

  /** @param {number} attempt */
  #isWanted(attempt) {
    return attempt === this.#attempts && !this.#closing.signal.aborted;
  }

  /** @param {EventSource} source */
  #listen(source) {
    this.#source = source;
    source.addEventListener('message', (event) => this.#tellNotification(JSON.parse(event.data)));
    source.addEventListener('ready', (event) => this.#tellPlace('place', event.lastEventId));
    source.addEventListener('cursor', (event) => this.#tellPlace('moved', event.lastEventId));
    source.addEventListener('gap', (event) => this.#tellGap(event.lastEventId, JSON.parse(event.data).reason));
    source.addEventListener('bye', (event) => {
      // The browser would come back with the same address, whose token has expired.
      if (JSON.parse(event.data).reason === 'token.expired') this.#retry();
    });
    source.addEventListener('error', () => {
      if (source === this.#source && source.readyState === EventSource.CLOSED) this.#retry();
    });
  }

  /** @param {{ id: string, cursor?: string }} notification */
  #tellNotification(notification) {
    const { id, cursor } = notification;
    if (cursor === undefined || this.#told === undefined) return this.#tellBoth({ kind: 'ephemeral', notification });
    const after = this.#told.last;
    this.#told = { last: id, cursor };
    this.#tellBoth({ kind: 'item', after, id, cursor, notification });
  }

  /** @param {'place' | 'moved'} kind @param {string} cursor */
  #tellPlace(kind, cursor) {
    if (this.#told === undefined) return;
    this.#retryMs = RETRY_MS.first;
    this.#told = { ...this.#told, cursor };
    this.#tellBoth({ kind, place: this.#told });
  }

  /** What follows does not follow on what came before: it has a beginning of its own. @param {string} cursor @param {string} reason */
  #tellGap(cursor, reason) {
    this.#told = { last: crypto.randomUUID(), cursor };
    this.#tellBoth({ kind: 'gap', place: this.#told, reason });
  }

  /** The others first: what this tab has shown, all have been told. @param {Message} message */
  #tellBoth(message) {
    this.#tell(message);
    this.#hear(message);
  }

  #retry() {
    this.#source?.close();
    this.#source = undefined;
    clearTimeout(this.#retrying);
    this.#retrying = setTimeout(() => {
      const place = this.#place ?? this.#told;
      if (place !== undefined) void this.#readAgain(place);
    }, this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MS.last);
  }
}
