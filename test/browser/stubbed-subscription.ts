import type { BrowserContext, Worker } from 'playwright-core';

/** As `PushSubscription.toJSON()` gives it. */
interface Subscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/**
 * Chromium has its subscriptions from Google's servers alone, which tests do not reach: where a page asks for one it gets this, of a push service on
 * this machine. Nothing else is other than it is: what that service takes is handed to the browser by its DevTools protocol. How often a page has
 * asked the person is counted in `localStorage.asked`.
 */
export async function stubSubscription(context: BrowserContext, subscription: Subscription): Promise<void> {
  await context.addInitScript(`((json) => {\n${STUB}\n})(${JSON.stringify(subscription)})`);
}

/** Runs before the scripts of pages. */
const STUB = `
  const KEPT = 'stubbed key';
  if (!('PushManager' in self) || location.protocol === 'about:') return;
  const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0)).buffer;
  const made = () =>
    localStorage[KEPT] === undefined
      ? null
      : {
          endpoint: json.endpoint,
          options: { userVisibleOnly: true, applicationServerKey: bytesOf(localStorage[KEPT]) },
          toJSON: () => json,
          unsubscribe: async () => delete localStorage[KEPT],
        };
  PushManager.prototype.getSubscription = async () => made();
  PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
    if (made() !== null) throw new DOMException('there is one by another key', 'InvalidStateError');
    localStorage[KEPT] = applicationServerKey;
    return made();
  };
  const ask = Notification.requestPermission.bind(Notification);
  Notification.requestPermission = () => {
    localStorage.asked = Number(localStorage.asked ?? 0) + 1;
    return ask();
  };
`;

/** The same where a worker asks for one, from now on as long as it runs. */
export async function stubWorkersSubscription(worker: Worker, subscription: Subscription): Promise<void> {
  await worker.evaluate(`((json) => {\n${WORKERS_STUB}\n})(${JSON.stringify(subscription)})`);
}

const WORKERS_STUB = `
  const made = { ...json, options: {}, toJSON: () => json };
  Object.assign(PushManager.prototype, { getSubscription: async () => made, subscribe: async () => made });
`;

/** The browser says that it has ended this subscription; resolves when the worker has done what it does about it. */
export async function endSubscription(worker: Worker, { endpoint }: Subscription): Promise<void> {
  await worker.evaluate(`((endpoint) => {\n${ENDING}\n})(${JSON.stringify(endpoint)})`);
}

/** Of an event that a script has made, the browser waits for nothing. */
const ENDING = `
  const doing = [];
  const oldSubscription = { endpoint, options: {} };
  const more = { oldSubscription, waitUntil: (promise) => doing.push(promise) };
  self.dispatchEvent(Object.assign(new Event('pushsubscriptionchange'), more));
  return Promise.all(doing).then(() => undefined);
`;

/** Of which subscription the worker remembers a ticket. */
export async function endpointOfTicket(worker: Worker): Promise<unknown> {
  return worker.evaluate(REMEMBERED);
}

const REMEMBERED = `new Promise((resolve) => {
  const opening = indexedDB.open('clarion-push', 1);
  opening.onsuccess = () => {
    const reading = opening.result.transaction('memory').objectStore('memory').get('memory');
    reading.onsuccess = () => {
      opening.result.close();
      resolve(reading.result?.pass?.endpoint);
    };
  };
})`;
