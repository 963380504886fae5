import { address } from './api.js';

/**
 * What the worker says: `go` when something was clicked, `opened` and `acted` when the page is to say so with its token, `subscription` when there
 * is another.
 * @typedef {{ kind: 'go', id: string, url?: string, address?: string }} Go
 * @typedef {{ kind: 'opened' | 'acted', id: string, person?: string, action?: string }} Deed
 * @typedef {Go | Deed | { kind: 'subscription' }} WorkerMessage
 */

const SCRIPT = 'sw.js';

/** Whether this browser can be woken; over plain http on another host than this it cannot. */
export function canBeWoken() {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
}

/**
 * The registration of this server's worker, made if there is none, once it is active.
 * @returns {Promise<ServiceWorkerRegistration>}
 */
export async function registerWorker() {
  await navigator.serviceWorker.register(trusted(address(SCRIPT).href), { updateViaCache: 'none' });
  return navigator.serviceWorker.ready;
}

/** The registration, if there is one. @returns {Promise<ServiceWorkerRegistration | undefined>} */
export async function workerOfNow() {
  return canBeWoken() ? navigator.serviceWorker.getRegistration() : undefined;
}

/** @param {object} message */
export async function tellWorker(message) {
  (await workerOfNow())?.active?.postMessage({ clarion: message });
}

/**
 * @param {(message: WorkerMessage) => boolean} take Whether the page sees to it.
 */
export function hearWorker(take) {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.addEventListener('message', ({ data, ports: [port] }) => {
    const message = data?.clarion;
    if (message !== undefined) port?.postMessage(take(message));
  });
}

/**
 * The subscription by this key; one by another key makes room for it.
 * @param {ServiceWorkerRegistration} registration @param {string} key
 * @returns {Promise<PushSubscription>}
 */
export async function subscriptionBy({ pushManager }, key) {
  const before = await pushManager.getSubscription();
  if (before !== null && isBy(before, key)) return before;
  await before?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

/** @param {PushSubscription} subscription @param {string} key */
export function isBy({ options: { applicationServerKey } }, key) {
  if (applicationServerKey === null) return false;
  const binary = String.fromCharCode(...new Uint8Array(applicationServerKey));
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') === key;
}

/** @type {{ createScriptURL(url: string): string } | undefined} */
let policy;

/**
 * With Trusted Types the address of a worker needs a policy: the only one of this page knows only this address.
 * @param {string} script
 */
function trusted(script) {
  const { trustedTypes } =
    /** @type {{ trustedTypes?: { createPolicy(name: string, rules: object): typeof policy } }} */ (
      /** @type {unknown} */ (window)
    );
  policy ??= trustedTypes?.createPolicy('clarion-worker', { createScriptURL: () => script });
  return policy?.createScriptURL(script) ?? script;
}
