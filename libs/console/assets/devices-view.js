import { element, find } from './element.js';
import { foreign } from './notification-row.js';
import { ago, dayAndTime } from './times.js';

/** @typedef {import('./devices.js').Devices} Devices */
/** @typedef {import('./devices.js').DeviceState} DeviceState */
/** @typedef {import('./me.js').Device} Device */

/** What is said before the browser asks, and what can be done when it may not. @type {Record<DeviceState, [string, string]>} */
const WORDS = {
  unknown: ['Looking …', ''],
  unsupported: [
    'This browser cannot be woken for notifications.',
    'Either it has no Web Push, or this page came over plain http. On an iPhone or iPad the page must be on the Home Screen first.',
  ],
  unavailable: [
    'This server does not push.',
    'Its operator has switched it off: what is new is shown while a page is open.',
  ],
  blocked: [
    'Notifications of this site are blocked.',
    'To allow them, open the settings of this site by the sign before its address, set “Notifications” to “Allow”, and come back here.',
  ],
  off: [
    'Nothing pops up on this device.',
    'When it is on, what reaches you while nobody looks pops up here, though no page is open. Your browser will ask once whether it may. The messages go by its push service, encrypted so that only this browser can read them; what you have read elsewhere is not sent, or taken back. You can turn it off here at any time.',
  ],
  on: ['This device rings.', 'What nobody has seen elsewhere pops up here, though no page is open.'],
};

/** The server speaks of the person to anybody; here it is read by them. @type {Record<string, string>} */
const CAUSES = {
  'token.revoked': 'your tokens were voided since this page was last open there',
  'quiet.do_not_disturb': 'you do not want to be disturbed',
  'quiet.hours': 'these are your quiet hours',
};

const ELSEWHERE = 'It was turned off from another of your devices.';

/** Whether this browser is woken, and the person's other devices. */
export class DevicesView {
  #root = find(document, '#device-here', HTMLElement);
  #state = find(document, '#here-state', HTMLElement);
  #detail = find(document, '#here-detail', HTMLElement);
  #on = find(document, '#here-on', HTMLButtonElement);
  #off = find(document, '#here-off', HTMLButtonElement);
  #problem = find(document, '#here-problem', HTMLElement);
  #list = find(document, '#device-list', HTMLElement);
  #devices;
  #say;

  /** @param {Devices} devices @param {(done: string) => void} say */
  constructor(devices, say) {
    this.#devices = devices;
    this.#say = say;
    this.#on.addEventListener('click', () => void this.#turnOn());
    this.#off.addEventListener('click', () => void this.#turnOff());
  }

  show() {
    const { state, busy, problem, devices, here } = this.#devices;
    const known = devices.find(({ id }) => id === here);
    const rings = state === 'on' && known?.rings !== false;
    this.#root.dataset.state = state === 'on' && !rings ? 'silent' : state;
    setText(this.#state, this.#words(known));
    setText(this.#detail, this.#details());
    this.#showButtons(state, busy);
    this.#problem.hidden = problem === undefined;
    this.#problem.textContent =
      problem === undefined ? '' : [problem.title, problem.detail].filter((text) => text !== undefined).join(': ');
    this.#showDevices(devices, here);
  }

  /** @param {Device | undefined} known */
  #words(known) {
    const { state } = this.#devices;
    if (state !== 'on' || known === undefined || known.rings) return WORDS[state][0];
    return `This device ${silenceOf(known)}.`;
  }

  #details() {
    const { state, turnedOffElsewhere } = this.#devices;
    return turnedOffElsewhere ? `${ELSEWHERE} ${WORDS[state][1]}` : WORDS[state][1];
  }

  /** The focus stays where the next thing can be done. @param {DeviceState} state @param {boolean} busy */
  #showButtons(state, busy) {
    const focused = document.activeElement === this.#on || document.activeElement === this.#off;
    this.#on.hidden = state !== 'off';
    this.#off.hidden = state !== 'on';
    for (const button of [this.#on, this.#off]) button.setAttribute('aria-disabled', String(busy));
    if (focused) (this.#on.hidden ? this.#off : this.#on).focus();
  }

  /** @param {readonly Device[]} devices @param {string | undefined} here */
  #showDevices(devices, here) {
    find(document, '#device-empty', HTMLElement).hidden = devices.length > 0;
    const said = JSON.stringify([devices, here]);
    if (this.#list.dataset.said === said) return;
    this.#list.dataset.said = said;
    const buttons = [...this.#list.querySelectorAll('button')];
    const focused = buttons.findIndex((button) => button === document.activeElement);
    this.#list.replaceChildren(...devices.map((device) => this.#row(device, device.id === here)));
    if (focused === -1) return;
    const now = this.#list.querySelectorAll('button');
    (now[Math.min(focused, now.length - 1)] ?? find(document, '#inbox-heading', HTMLElement)).focus();
  }

  /** @param {Device} device @param {boolean} isHere */
  #row(device, isHere) {
    const row = element('li', 'topic-row device');
    row.dataset.rings = String(device.rings);
    const name = device.name ?? 'A device';
    const title = foreign('span', 'name', name);
    if (isHere) title.append(element('span', 'tag', 'this device'));
    const button = element('button', 'quiet', 'Remove');
    button.type = 'button';
    button.setAttribute('aria-label', `Remove ${name}`);
    button.addEventListener('click', () => void this.#remove(device.id, name));
    row.append(title, foreign('span', 'hint', healthOf(device)), button);
    return row;
  }

  async #turnOn() {
    if (this.#devices.busy) return;
    if ((await this.#devices.turnOn()) && this.#devices.state === 'on')
      this.#say('Notifications are on for this device');
  }

  async #turnOff() {
    if (this.#devices.busy) return;
    if (await this.#devices.turnOff()) this.#say('Notifications are off for this device');
  }

  /** @param {string} id @param {string} name */
  async #remove(id, name) {
    if (!this.#devices.busy && (await this.#devices.remove(id))) this.#say(`${name} is removed`);
  }
}

/** How it fares, in one line. @param {Device} device */
function healthOf(device) {
  const { service, rings, verifiedAt, lastSuccessAt, lastFailure } = device;
  const words = [rings ? 'rings' : silenceOf(device)];
  words.push(`by ${service}`, `page opened ${ago(verifiedAt)}`);
  if (lastSuccessAt !== undefined) words.push(`last push ${ago(lastSuccessAt)}`);
  if (lastFailure !== undefined) words.push(`last failure ${ago(lastFailure.at)}: ${lastFailure.reason}`);
  return words.join(' · ');
}

/** @param {Device} device */
function silenceOf({ cause = '', because = 'the server does not say why', until }) {
  const untilWhen = until === undefined ? '' : ` (until ${dayAndTime(until)})`;
  return `will not ring, because ${CAUSES[cause] ?? because}${untilWhen}`;
}

/** Live regions speak when they are written to, whatever is written. @param {HTMLElement} at @param {string} text */
function setText(at, text) {
  if (at.textContent !== text) at.textContent = text;
}
