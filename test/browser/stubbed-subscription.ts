import type { BrowserContext } from 'playwright-core';

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
