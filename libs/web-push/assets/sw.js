/*
 * Clarion's service worker: shows what is pushed while no page is open, closes it when it was read elsewhere, and tells the server.
 *
 * Alone: `navigator.serviceWorker.register('/sw.js')`. Within the worker of a site: `self.CLARION_URL = 'https://push.example.org/'`, then
 * `importScripts(…)` before handlers of the site's own: what is a Clarion server's is handled here and nowhere else, all the rest is left alone.
 */
(() => {
  'use strict';

  /**
   * @typedef {{ id: string, title: string, url?: string }} Action
   *
   * @typedef {object} Kept What a shown notification carries along, for when it is clicked.
   * @property {string} id
   * @property {string} tag
   * @property {number} publishedAt Milliseconds since 1970.
   * @property {string} [ticket] With which the server is told; absent: a page has shown it, and is told instead.
   * @property {string} [person] Of what a page has shown: whose it is.
   * @property {string} [url]
   * @property {readonly Action[]} actions All of them, also those for which there was no button.
   *
   * @typedef {{ kind: 'show', kept: Kept, title: string, options: NotificationOptions & { timestamp?: number } }} Show
   * @typedef {{ kind: 'close', tags: readonly string[], ids: readonly string[] | undefined }} Close
   * @typedef {(Show | Close | { kind: 'unknown' }) & { badge: number | undefined }} Order
   *
   * @typedef {{ ticket: string, event: 'shown' | 'opened' | 'acted', action?: string }} Report
   * @typedef {{ kind: 'opened' | 'acted', id: string, person?: string, action?: string }} Deed What a page is to say with its token.
   *
   * @typedef {object} Pass With which the server is told where this device is by now.
   * @property {string} ticket The newest that came.
   * @property {string} endpoint Of the subscription for which it stands.
   * @property {boolean} isTold Whether the server knows that subscription.
   */

  const worker = /** @type {ServiceWorkerGlobalScope & { CLARION_URL?: string }} */ (/** @type {unknown} */ (self));

  /** Tags of which it is remembered what was shown last, and ids that were closed: the same push may come twice, or late. */
  const MAX_REMEMBERED = 200;
  /** What could not be told yet, at most; of more the oldest is dropped. */
  const MAX_UNTOLD = 50;
  /** How long a report waits before each try, in milliseconds. What is not told then is told with the next push, click or page. */
  const TRIES_MS = [0, 1_000, 4_000];
  const REQUEST_TIMEOUT_MS = 10_000;
  /** How long an open page may take to say that it shows what was clicked, in milliseconds. */
  const ANSWER_TIMEOUT_MS = 500;
  /** What is shown must have a title. */
  const UNTITLED = 'New notification';

  const standsAlone = worker.CLARION_URL === undefined;
  const server = new URL(`${(worker.CLARION_URL ?? '.').replace(/\/+$/, '')}/`, worker.location.href);

  // --- what a payload says ---

  /**
   * Nothing of what is no Clarion server's. A later version is read like this one: what is unknown is left out, but something is shown.
   * @param {unknown} payload @returns {Order | undefined}
   */
  function orderOf(payload) {
    const { clarion, notification, app_badge: unread } = record(payload);
    const own = record(clarion);
    const version = count(own['v']);
    if (version === undefined || version < 1) return undefined;
    const badge = count(unread);
    if (own['kind'] === 'close')
      return { kind: 'close', badge, tags: texts(own['tags']) ?? [], ids: texts(own['ids']) };
    const wanted = record(notification);
    if (own['kind'] !== 'show' && text(wanted['title']) === undefined) return { kind: 'unknown', badge };
    return { ...showOf(own, wanted), badge };
  }

  /** @param {Record<string, unknown>} own @param {Record<string, unknown>} wanted @returns {Show} */
  function showOf(own, wanted) {
    const id = text(own['id']) ?? '';
    const tag = text(own['tag']) ?? text(wanted['tag']) ?? id;
    const publishedAt = Date.parse(text(own['publishedAt']) ?? '') || count(wanted['timestamp']) || Date.now();
    const actions = actionsOf(own['actions']);
    const kept = /** @type {Kept} */ (
      present({
        id,
        tag,
        publishedAt,
        actions,
        ticket: text(own['ticket']),
        person: text(own['person']),
        url: text(own['url']),
      })
    );
    const options = {
      body: text(wanted['body']),
      icon: addressOf(text(wanted['icon'])),
      tag,
      timestamp: publishedAt,
      requireInteraction: wanted['requireInteraction'] === true,
      silent: wanted['silent'] === true ? true : undefined,
      data: { ...record(wanted['data']), clarion: kept },
      actions: buttonsOf(actions),
    };
    return { kind: 'show', kept, title: text(wanted['title']) ?? UNTITLED, options: present(options) };
  }

  /** @param {unknown} value @returns {readonly Action[]} */
  function actionsOf(value) {
    if (!Array.isArray(value)) return [];
    return value.flatMap((one) => {
      const { id, title, url } = record(one);
      const named = text(id) !== undefined && text(title) !== undefined;
      return named ? [/** @type {Action} */ (present({ id, title, url: text(url) }))] : [];
    });
  }

  /** As many as the platform shows; the page has all. @param {readonly Action[]} actions */
  function buttonsOf(actions) {
    const { maxActions = 0 } = /** @type {{ maxActions?: number }} */ (/** @type {unknown} */ (Notification));
    return actions.slice(0, maxActions).map(({ id, title }) => ({ action: id, title }));
  }

  /**
   * The rule of publishing: http(s), or an absolute path. Everything else (`javascript:`, another host without a scheme) leads nowhere.
   * @param {string | undefined} url
   */
  function addressOf(url) {
    if (url === undefined || !/^(?:https?:\/\/|\/(?![/\\]))/i.test(url)) return undefined;
    return URL.canParse(url, worker.location.origin) ? new URL(url, worker.location.origin).href : undefined;
  }

  // --- showing and closing, one after another ---

  /** @type {Promise<unknown>} */
  let turn = Promise.resolve();

  /** @template T @param {() => Promise<T>} task @returns {Promise<T>} */
  function inTurn(task) {
    const done = turn.then(task);
    turn = done.catch(() => undefined);
    return done;
  }

  /** @param {Order} order */
  async function obey(order) {
    const shown = order.kind === 'show' ? await show(order) : undefined;
    if (order.kind === 'close') await close(order);
    await setBadge(order.badge);
    return shown;
  }

  /**
   * Never two for one tag, never one twice, and never an older one over a newer one.
   * @param {Show} order @returns {Promise<boolean>} Whether the person sees it, or has seen it here before.
   */
  async function show({ kept, title, options }) {
    const { id, tag, publishedAt } = kept;
    const there = tag === '' ? [] : await worker.registration.getNotifications({ tag });
    const onDisplay = there.map(keptIn).find((known) => known !== undefined);
    const { shown, closed } = await recall();
    const last = shown.find((known) => known.id === id) ?? shown.find((known) => known.tag === tag) ?? onDisplay;
    const again = last !== undefined && last.id === id;
    if (closed.includes(id) || (again && onDisplay?.id !== id)) return true;
    if (!again && last !== undefined && last.publishedAt > publishedAt) return false;
    // Of what is on display already, only what it carries along is new: nobody is disturbed.
    await worker.registration.showNotification(
      title,
      /** @type {NotificationOptions} */ ({
        ...options,
        ...(tag !== '' && { renotify: !again && onDisplay !== undefined }),
        ...(again && { silent: true }),
      }),
    );
    await remember((memory) => ({
      ...memory,
      shown: latest([{ id, tag, publishedAt }, ...memory.shown.filter((known) => known.tag !== tag)]),
    }));
    return true;
  }

  /** With ids: these alone, whatever newer one has taken their place; and what comes late of them is not shown. @param {Close} order */
  async function close({ tags, ids }) {
    for (const notification of await worker.registration.getNotifications()) {
      const kept = keptIn(notification);
      if (kept !== undefined && tags.includes(notification.tag) && (ids?.includes(kept.id) ?? true))
        notification.close();
    }
    if (ids !== undefined) await remember((memory) => ({ ...memory, closed: latest([...ids, ...memory.closed]) }));
  }

  /** @param {number | undefined} unread Nothing: as it is. */
  async function setBadge(unread) {
    const { navigator } = /** @type {{ navigator: { setAppBadge?: (count: number) => Promise<void> } }} */ (
      /** @type {unknown} */ (worker)
    );
    // Where there is nothing to put a badge on, that is no fault.
    if (unread !== undefined) await navigator.setAppBadge?.(unread).catch(() => undefined);
  }

  /** @param {Notification} notification @returns {Kept | undefined} Nothing of what a site has shown by itself. */
  function keptIn({ data }) {
    const kept = record(record(data)['clarion']);
    return typeof kept['id'] === 'string'
      ? /** @type {Kept} */ (/** @type {unknown} */ ({ actions: [], ...kept }))
      : undefined;
  }

  // --- what is clicked ---

  /** @param {Kept} kept @param {string} button Empty: the notification itself. */
  async function clicked(kept, button) {
    const action = kept.actions.find(({ id }) => id === button);
    /** @type {Deed} */
    const deed = /** @type {Deed} */ (
      present({ kind: action === undefined ? 'opened' : 'acted', id: kept.id, person: kept.person, action: action?.id })
    );
    const { kind: event, action: chosen } = deed;
    const told =
      kept.ticket === undefined
        ? tellPage(deed)
        : tell(/** @type {Report} */ (present({ ticket: kept.ticket, event, action: chosen })));
    // An action that leads nowhere is only told.
    const leads = action === undefined || action.url !== undefined;
    await Promise.all([told, leads && go(addressOf(action === undefined ? kept.url : action.url), kept)]);
  }

  /**
   * To the tab that is there already, to one that takes it, or to a new one: never does a tab leave what somebody is at.
   * @param {string | undefined} address Nothing: any page of the site will do. @param {Kept} kept
   */
  async function go(address, { id, url }) {
    const tabs = await openTabs();
    const there = tabs.find((tab) => address !== undefined && withoutFragment(tab.url) === withoutFragment(address));
    const message = { clarion: present({ kind: 'go', id, url: address === undefined ? undefined : url, address }) };
    const taker = there ?? (await firstTaker(tabs, message));
    if (there !== undefined) there.postMessage(message);
    if (taker !== undefined && (await focused(taker))) return;
    await worker.clients.openWindow(address ?? worker.registration.scope);
  }

  /** @param {readonly WindowClient[]} tabs @param {object} message */
  async function firstTaker(tabs, message) {
    for (const tab of tabs) if (await takes(tab, message)) return tab;
    return undefined;
  }

  /** @param {WindowClient} tab @param {object} message @returns {Promise<boolean>} */
  function takes(tab, message) {
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.addEventListener('message', ({ data }) => resolve(data === true));
      port1.start();
      setTimeout(() => resolve(false), ANSWER_TIMEOUT_MS);
      tab.postMessage(message, [port2]);
    });
  }

  /** @param {WindowClient} tab */
  async function focused(tab) {
    try {
      await tab.focus();
      return true;
    } catch {
      return false; // It was closed, or may not come to the front: then a new one is opened.
    }
  }

  /** Those of this site, the one that was used last first. */
  async function openTabs() {
    const tabs = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
    return tabs.filter(({ url }) => url.startsWith(worker.registration.scope));
  }

  /** @param {string} url */
  function withoutFragment(url) {
    return url.replace(/#.*/s, '');
  }

  // --- what the server is told ---

  /** @param {Report} report */
  async function tell(report) {
    if (await tried(() => isTold(report))) return;
    await remember((memory) => ({ ...memory, reports: [...memory.reports, report].slice(-MAX_UNTOLD) }));
  }

  /** @param {Report} report @returns {Promise<boolean>} True also when the server will never have it. */
  async function isTold(report) {
    return (await post('v1/push/reports', report)) !== undefined;
  }

  /** @param {() => Promise<boolean>} attempt @returns {Promise<boolean>} Whether one of a few was the last. */
  async function tried(attempt) {
    for (const waitMs of TRIES_MS) {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      if (await attempt()) return true;
    }
    return false;
  }

  /** @param {string} path @param {object} body @returns {Promise<number | undefined>} The status; nothing: later it may be another. */
  async function post(path, body) {
    try {
      const { status } = await fetch(new URL(path, server), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        credentials: 'omit',
        cache: 'no-store',
        keepalive: true,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      return status < 500 && status !== 429 ? status : undefined;
    } catch {
      return undefined; // Nobody answered.
    }
  }

  /** What could not be told before. */
  async function catchUp() {
    if (!(await isRenewed())) return;
    for (const report of (await recall()).reports) {
      if (!(await isTold(report))) return;
      await remember((memory) => ({ ...memory, reports: memory.reports.filter((kept) => !isSame(kept, report)) }));
    }
  }

  /** Pages have the token of the person; without one it waits for the next that comes. @param {Deed} deed */
  async function tellPage(deed) {
    if ((await firstTaker(await openTabs(), { clarion: deed })) !== undefined) return;
    await remember((memory) => ({ ...memory, deeds: [...memory.deeds, deed].slice(-MAX_UNTOLD) }));
  }

  /** A page has come: it gets what there is to say, and what the server does not have yet is tried again. @param {WindowClient} tab */
  async function greet(tab) {
    for (const deed of (await recall()).deeds) {
      if (!(await takes(tab, { clarion: deed }))) continue;
      await remember((memory) => ({ ...memory, deeds: memory.deeds.filter((kept) => !isSame(kept, deed)) }));
    }
    await checkPass();
    await catchUp();
  }

  /** @param {object} one @param {object} other */
  function isSame(one, other) {
    return JSON.stringify(one) === JSON.stringify(other);
  }

  // --- the subscription ---

  /**
   * The browser has ended the subscription: another takes its place at once. Open pages bring it to the server; and so does the worker, which has no
   * token, with a ticket that came by the one that has ended.
   * @param {PushSubscription | null | undefined} old Nothing where the browser does not say.
   */
  async function subscribeAgain(old) {
    const subscription = await subscribed(old?.options.applicationServerKey);
    for (const tab of await openTabs()) tab.postMessage({ clarion: { kind: 'subscription' } });
    if (subscription === undefined) return;
    await passOn(old?.endpoint, subscription.endpoint);
    // What is not told then is told with the next click or page.
    await tried(isRenewed);
  }

  /** @param {ArrayBuffer | null | undefined} oldKey Somebody else's: that is none of ours. */
  async function subscribed(oldKey) {
    const key = await serverKey();
    if (key === undefined || (oldKey && base64url(oldKey) !== key)) return undefined;
    try {
      return await worker.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    } catch (failure) {
      console.info('There is no subscription any more.', failure);
      return undefined;
    }
  }

  /** @param {string} ticket It has just come by the subscription of now. */
  async function keepPass(ticket) {
    const { endpoint } = (await subscriptionOfNow()) ?? {};
    if (endpoint !== undefined) await remember((memory) => ({ ...memory, pass: { ticket, endpoint, isTold: true } }));
  }

  /**
   * A ticket stands for the person to whom it came: never for a subscription that was made for somebody else in between.
   * @param {string | undefined} before Nothing where the browser does not say: then it is that which {@link checkPass} last saw.
   * @param {string} endpoint
   */
  async function passOn(before, endpoint) {
    await remember((memory) => {
      const { pass } = memory;
      if (pass === undefined || pass.endpoint === endpoint) return memory;
      const isOfBefore = before === undefined || before === pass.endpoint;
      return { ...memory, pass: isOfBefore ? { ...pass, endpoint, isTold: false } : undefined };
    });
  }

  /** A page has made another subscription, or ended it: for whom, the worker does not know. */
  async function checkPass() {
    const { endpoint } = (await subscriptionOfNow()) ?? {};
    await remember((memory) =>
      memory.pass === undefined || memory.pass.endpoint === endpoint ? memory : { ...memory, pass: undefined },
    );
  }

  /** @returns {Promise<boolean>} False: it is to be tried again. */
  async function isRenewed() {
    const { pass } = await recall();
    const subscription = pass === undefined || pass.isTold ? null : await subscriptionOfNow();
    if (pass === undefined || subscription?.endpoint !== pass.endpoint) return true;
    const { ticket } = pass;
    const status = await post('v1/push/subscriptions', { ticket, subscription: subscription.toJSON() });
    if (status === undefined) return false;
    const after = status < 300 ? { ...pass, isTold: true } : undefined;
    await remember((memory) => (memory.pass && isSame(memory.pass, pass) ? { ...memory, pass: after } : memory));
    return true;
  }

  function subscriptionOfNow() {
    return worker.registration.pushManager.getSubscription().catch(() => null);
  }

  /** Nothing: nobody answered, and the next page subscribes. */
  async function serverKey() {
    /** @type {string | undefined} */
    let key;
    await tried(async () => {
      key = await serverKeyNow();
      return key !== undefined;
    });
    return key;
  }

  async function serverKeyNow() {
    try {
      const response = await fetch(new URL('v1/push/key', server), { credentials: 'omit', cache: 'no-store' });
      return text(record(await response.json())['publicKey']);
    } catch {
      return undefined; // Nobody answered.
    }
  }

  /** @param {ArrayBuffer} bytes */
  function base64url(bytes) {
    const binary = String.fromCharCode(...new Uint8Array(bytes));
    return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  }

  // --- memory, beyond the worker's own short life ---

  /**
   * @typedef {object} Memory
   * @property {readonly { id: string, tag: string, publishedAt: number }[]} shown What each tag showed last, the latest first.
   * @property {readonly string[]} closed Ids, the latest first.
   * @property {readonly Report[]} reports
   * @property {readonly Deed[]} deeds
   * @property {Pass} [pass]
   */

  /** @type {Memory} */
  const NOTHING = { shown: [], closed: [], reports: [], deeds: [] };
  const STORE = 'memory';

  function recall() {
    return remember((memory) => memory);
  }

  /**
   * Changes what is remembered, as a whole; gives what it is then. Where nothing can be kept (a profile that forbids it) there is nothing.
   * @param {(memory: Memory) => Memory} revise
   * @returns {Promise<Memory>}
   */
  async function remember(revise) {
    try {
      const database = await opened();
      try {
        return await revised(database.transaction(STORE, 'readwrite'), revise);
      } finally {
        database.close();
      }
    } catch {
      return revise(NOTHING);
    }
  }

  /** @returns {Promise<IDBDatabase>} */
  function opened() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open('clarion-push', 1);
      request.addEventListener('upgradeneeded', () => request.result.createObjectStore(STORE));
      request.addEventListener('success', () => resolve(request.result));
      request.addEventListener('error', () => reject(request.error));
    });
  }

  /** @param {IDBTransaction} transaction @param {(memory: Memory) => Memory} revise @returns {Promise<Memory>} */
  function revised(transaction, revise) {
    return new Promise((resolve, reject) => {
      const store = transaction.objectStore(STORE);
      const request = store.get(STORE);
      let after = NOTHING;
      request.addEventListener('success', () => {
        const before = { ...NOTHING, ...request.result };
        after = revise(before);
        if (after !== before) store.put(after, STORE);
      });
      transaction.addEventListener('complete', () => resolve(after));
      transaction.addEventListener('abort', () => reject(transaction.error));
    });
  }

  // --- values of which nothing is known ---

  /** @param {unknown} value @returns {Record<string, unknown>} */
  function record(value) {
    return typeof value === 'object' && value !== null ? /** @type {Record<string, unknown>} */ (value) : {};
  }

  /** @param {unknown} value */
  function text(value) {
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  /** @param {unknown} value */
  function texts(value) {
    return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined;
  }

  /** @param {unknown} value */
  function count(value) {
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
  }

  /** Without members that are undefined. @template {object} T @param {T} members @returns {T} */
  function present(members) {
    return /** @type {T} */ (Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)));
  }

  /** @template T @param {readonly T[]} list */
  function latest(list) {
    return list.slice(0, MAX_REMEMBERED);
  }

  // --- what the browser tells ---

  if (standsAlone) {
    // Nothing is kept of a version of before, so that none needs to wait for the last page to close.
    worker.addEventListener('install', () => void worker.skipWaiting());
    worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));
  }

  worker.addEventListener('push', (event) => {
    const order = orderOf(payloadOf(event));
    if (order === undefined) return;
    event.stopImmediatePropagation();
    event.waitUntil(pushed(order));
  });

  /** @param {Order} order */
  async function pushed(order) {
    const shown = await inTurn(() => obey(order));
    const ticket = order.kind === 'show' ? order.kept.ticket : undefined;
    await Promise.all([
      shown === true && ticket !== undefined && tell({ ticket, event: 'shown' }),
      ticket !== undefined && keepPass(ticket),
      catchUp(),
    ]);
  }

  /**
   * Where the browser itself reads declarative messages it may give no `data`, but the notification that it would show.
   * @param {PushEvent & { notification?: Notification | null }} event
   * @returns {unknown}
   */
  function payloadOf({ data, notification }) {
    try {
      if (data) return data.json();
    } catch {
      return undefined; // No JSON: somebody else's.
    }
    return { notification, clarion: record(record(notification)['data'])['clarion'] };
  }

  worker.addEventListener('notificationclick', (event) => {
    const kept = keptIn(event.notification);
    if (kept === undefined) return;
    event.stopImmediatePropagation();
    event.notification.close();
    event.waitUntil(Promise.all([clicked(kept, event.action), catchUp()]));
  });

  worker.addEventListener('pushsubscriptionchange', (event) => {
    const { oldSubscription } = /** @type {{ oldSubscription?: PushSubscription | null }} */ (
      /** @type {unknown} */ (event)
    );
    /** @type {ExtendableEvent} */ (event).waitUntil(subscribeAgain(oldSubscription));
  });

  /** Pages show by the same rules: what was shown by one is not shown again by a push, nor by another page. */
  worker.addEventListener('message', (event) => {
    const message = record(record(event.data)['clarion']);
    const order = message['kind'] === 'order' ? orderOf(message['payload']) : undefined;
    if (order !== undefined) event.waitUntil(inTurn(() => obey(order)));
    if (message['kind'] === 'hello' && event.source instanceof WindowClient) event.waitUntil(greet(event.source));
  });
})();
