import { Refusal } from './api.js';
import { forgetDevice, keepDevice, keptDevice } from './kept-device.js';
import { canBeWoken, isBy, registerWorker, subscriptionBy, tellWorker, workerOfNow } from './push-worker.js';
import { Rereading } from './rereading.js';

/** @typedef {import('./api.js').Problem} Problem */
/** @typedef {import('./me.js').Me} Me */

/**
 * `unknown`: not asked yet. `unsupported`: the browser cannot. `unavailable`: the server does not push. `blocked`: the person, or the browser, has
 * forbidden it.
 * @typedef {'unknown' | 'unsupported' | 'unavailable' | 'blocked' | 'off' | 'on'} DeviceState
 */

/** How long the browser may take to get a subscription from its push service, in milliseconds. */
const SUBSCRIBE_TIMEOUT_MS = 20_000;
/** Under which the tabs of this browser take turns: they share one subscription. */
const LOCK = 'clarion.device';

/**
 * Where a person is reached while no page is open, and whether that is so of this browser. Nothing is asked of the person but by {@link turnOn};
 * what they have turned on is verified each time that the page loads.
 */
export class Devices {
  #changed;
  /** @type {Me | undefined} */
  #me;
  #person = '';
  #verified = false;
  /** @type {Rereading<'devices'>} */
  #rereading = new Rereading(() => this.#read());
  /** @type {DeviceState} */
  state = 'unknown';
  /** Something is being turned on or off. */
  busy = false;
  /** It was on, and another device has turned it off. */
  turnedOffElsewhere = false;
  /** @type {readonly import('./me.js').Device[]} */
  devices = [];
  /** Why the last thing failed. @type {Problem | undefined} */
  problem;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
    void this.#watchPermission();
  }

  /** @param {Me} me @param {string} person */
  start(me, person) {
    this.stop();
    this.#me = me;
    this.#person = person;
  }

  stop() {
    this.#rereading.stop();
    this.#me = undefined;
    this.#verified = false;
    this.state = 'unknown';
    this.devices = [];
    this.problem = undefined;
    this.turnedOffElsewhere = false;
  }

  /** The device that this browser is, if it is turned on for this person. */
  get here() {
    const kept = keptDevice();
    return kept?.person === this.#person ? kept.id : undefined;
  }

  /** The server can be asked. */
  live() {
    if (this.#verified) this.refresh();
    else void this.#attempt((me) => this.#verify(me));
  }

  refresh() {
    this.#rereading.want(['devices']);
  }

  /** The worker has another subscription. */
  verifyAgain() {
    void this.#attempt((me) => this.#verify(me));
  }

  /** Asks the person, by the browser's own question; to be called where they press a button, for else browsers do not ask. */
  async turnOn() {
    const asking = Notification.requestPermission();
    this.busy = true;
    this.#changed();
    const permission = await asking;
    return this.#busily(async (me) => {
      if (permission === 'granted') await this.#subscribe(me, keptDevice()?.id ?? crypto.randomUUID());
      else this.state = permission === 'denied' ? 'blocked' : 'off';
    });
  }

  turnOff() {
    const { here } = this;
    return this.#busily(async (me) => {
      await this.#silence('off');
      if (here !== undefined) await removeFrom(me, here);
    });
  }

  /** @param {string} id */
  remove(id) {
    if (id === this.here) return this.turnOff();
    return this.#busily((me) => removeFrom(me, id));
  }

  /** On any of the person's devices. @param {{ id: string, removed?: 'asked' | 'gone' }} device */
  hear({ id, removed }) {
    this.refresh();
    if (id === this.here && removed === 'gone') void this.#attempt((me) => this.#renew(me, id));
    else if (id === this.here && removed === 'asked') void this.#attempt(() => this.#giveUp());
    // Another tab has turned it on or off.
    else if ((this.state === 'on') !== (this.here !== undefined)) this.verifyAgain();
  }

  /** @param {Me} me */
  async #verify(me) {
    const key = canBeWoken() ? await keyOf(me) : undefined;
    const { devices } = await me.devices();
    this.devices = devices;
    const { here } = this;
    if (!canBeWoken()) this.state = 'unsupported';
    else if (key === undefined) this.state = 'unavailable';
    else if (here === undefined) this.state = Notification.permission === 'denied' ? 'blocked' : 'off';
    else await this.#verifyHere(me, here, key);
    this.#verified = true;
  }

  /**
   * What is there is brought again; what has gone, or is by a key that the server has no longer, is made anew. Unless somebody has removed the
   * device elsewhere: then it stays off.
   * @param {Me} me @param {string} here @param {string} key
   */
  async #verifyHere(me, here, key) {
    if (Notification.permission !== 'granted') {
      await this.#silence(Notification.permission === 'denied' ? 'blocked' : 'off');
      await removeFrom(me, here);
      return;
    }
    const subscription = await (await registerWorker()).pushManager.getSubscription();
    const isListed = this.devices.some(({ id }) => id === here);
    if (!isListed && subscription !== null && isBy(subscription, key)) await this.#giveUp();
    else await this.#subscribe(me, here, key);
  }

  /**
   * The push service has ended the subscription, whatever the browser still holds. Unless another tab was first.
   * @param {Me} me @param {string} id
   */
  async #renew(me, id) {
    const { devices } = await me.devices();
    if (devices.some((device) => device.id === id)) return;
    await (await subscriptionOfNow())?.unsubscribe();
    await this.#subscribe(me, id);
  }

  async #giveUp() {
    await this.#silence('off');
    this.turnedOffElsewhere = true;
  }

  /** @param {Me} me @param {string} id @param {string} [known] */
  async #subscribe(me, id, known) {
    const key = known ?? (await keyOf(me));
    if (key === undefined) {
      this.state = 'unavailable';
      return;
    }
    const registration = await registerWorker();
    const subscription = await inTime(subscriptionBy(registration, key));
    await me.putDevice(id, { subscription: subscription.toJSON(), name: nameOfBrowser(), ...locality() });
    keepDevice({ id, person: this.#person });
    this.state = 'on';
    this.turnedOffElsewhere = false;
    this.refresh();
    await tellWorker({ kind: 'hello' });
  }

  /** Here; the server is not told. @param {DeviceState} state */
  async #silence(state) {
    forgetDevice();
    this.state = state;
    const registration = await workerOfNow();
    await (await registration?.pushManager.getSubscription())?.unsubscribe();
    for (const shown of (await registration?.getNotifications()) ?? []) if (shown.data?.clarion) shown.close();
    await navigator.clearAppBadge?.().catch(() => undefined);
  }

  async #read() {
    await this.#tried(this.#me, async (me) => {
      const { devices } = await me.devices();
      if (me === this.#me) this.devices = devices;
    });
  }

  /** @param {(me: Me) => Promise<unknown>} act */
  async #busily(act) {
    this.busy = true;
    this.#changed();
    const done = await this.#attempt(act);
    this.busy = false;
    this.refresh();
    this.#changed();
    return done;
  }

  /**
   * One after another, in all tabs: what one has found another must not change meanwhile.
   * @param {(me: Me) => Promise<unknown>} act @returns {Promise<boolean>} Whether it is done; if not, `problem` says why.
   */
  async #attempt(act) {
    const me = this.#me;
    if (!('locks' in navigator)) return this.#tried(me, act);
    return navigator.locks.request(LOCK, () => this.#tried(me, act));
  }

  /** @param {Me | undefined} me @param {(me: Me) => Promise<unknown>} act */
  async #tried(me, act) {
    if (me === undefined) return false;
    try {
      await act(me);
      this.problem = undefined;
    } catch (failure) {
      if (me === this.#me) this.problem = problemOf(failure);
    }
    this.#changed();
    return this.problem === undefined;
  }

  /** People change their mind in the browser's own settings. */
  async #watchPermission() {
    const status = await navigator.permissions?.query({ name: 'notifications' }).catch(() => undefined);
    status?.addEventListener('change', () => this.verifyAgain());
  }
}

/** Nothing where the server does not push. @param {Me} me */
async function keyOf(me) {
  try {
    return (await me.pushKey()).publicKey;
  } catch (failure) {
    if (failure instanceof Refusal && ['push.unavailable', 'route.unknown'].includes(failure.problem.code))
      return undefined;
    throw failure;
  }
}

/** What is not there need not go. @param {Me} me @param {string} id */
async function removeFrom(me, id) {
  try {
    await me.removeDevice(id);
  } catch (failure) {
    if (!(failure instanceof Refusal && failure.problem.code === 'device.unknown')) throw failure;
  }
}

async function subscriptionOfNow() {
  return (await workerOfNow())?.pushManager.getSubscription();
}

/** A browser whose push service does not answer waits for ever. @template T @param {Promise<T>} subscribing @returns {Promise<T>} */
function inTime(subscribing) {
  return new Promise((resolve, reject) => {
    const late = new DOMException('the push service of this browser does not answer', 'TimeoutError');
    const timer = setTimeout(() => reject(late), SUBSCRIBE_TIMEOUT_MS);
    subscribing.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** “Firefox on Linux”: for people, who have several. */
function nameOfBrowser() {
  const agent = navigator.userAgent;
  const browser = /Firefox|Edg|OPR|Chrome|Safari/.exec(agent)?.[0] ?? 'A browser';
  const system = /Android|iPhone|iPad|Windows|Mac OS|CrOS|Linux/.exec(agent)?.[0];
  const names = /** @type {Record<string, string>} */ ({
    Edg: 'Edge',
    OPR: 'Opera',
    'Mac OS': 'macOS',
    CrOS: 'ChromeOS',
  });
  const named = names[browser] ?? browser;
  return system === undefined ? named : `${named} on ${names[system] ?? system}`;
}

function locality() {
  return { locale: navigator.language, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone };
}

/** @param {unknown} failure @returns {Problem} */
function problemOf(failure) {
  if (failure instanceof Refusal) return failure.problem;
  const detail = failure instanceof Error ? failure.message : String(failure);
  // Of the page's own requests nobody has answered; else the browser says what its push service said.
  if (failure instanceof TypeError) return { status: 0, title: 'Nobody answers', code: 'unknown' };
  return { status: 0, title: 'This browser got no subscription', code: 'unknown', detail };
}
