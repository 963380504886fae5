import { element, find } from './element.js';
import { showTopics } from './follow-list.js';
import { foreign } from './notification-row.js';
import { wants } from './preferences.js';
import { asLocalInput, dayAndTime, inAnHour, morningIn } from './times.js';

/** @typedef {import('./me.js').Channel} Channel */
/** @typedef {import('./me.js').Category} Category */
/** @typedef {import('./me.js').Preferences} Preferences */
/** @typedef {import('./me.js').WantedPreferences} Wanted */

/** @type {readonly Channel[]} */
const CHANNELS = ['live', 'inbox', 'push'];
/** ISO 8601: 1 is Monday. */
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** What a person wants to be told, by which way, and when not. Every change is on the server at once, and on the other devices. */
export class PreferencesForm {
  #categories = find(document, '#category-rows', HTMLElement);
  #noCategories = find(document, '#category-empty', HTMLElement);
  #muted = find(document, '#mute-list', HTMLElement);
  #quiet = new QuietHoursForm();
  #until = find(document, '#dnd-until', HTMLInputElement);
  #presence = find(document, '#presence-hidden', HTMLInputElement);
  /** Changes that the server has not answered: until it has, what it said before does not take back what was clicked. */
  #underWay = 0;
  #inbox;
  #say;

  /** @param {import('./inbox.js').Inbox} inbox @param {(done: string) => void} say */
  constructor(inbox, say) {
    this.#inbox = inbox;
    this.#say = say;
    this.#hearMutes();
    this.#hearQuietHours();
    this.#hearDoNotDisturb();
    this.#presence.addEventListener('change', () => {
      const presence = this.#presence.checked ? 'hidden' : 'visible';
      void this.#prefer(
        () => ({ presence }),
        presence === 'hidden' ? 'Nobody sees where you are' : 'Others see where you are',
      );
    });
  }

  show() {
    const { preferences, categories } = this.#inbox;
    this.#noCategories.hidden = categories.length > 0;
    find(document, '#category-table', HTMLElement).hidden = categories.length === 0;
    if (preferences === undefined) return;
    if (this.#underWay === 0) {
      this.#showCategories(categories, preferences);
      this.#presence.checked = preferences.presence === 'hidden';
    }
    showTopics(this.#muted, preferences.mutedTopics, 'Unmute', 'since', (topic) => void this.#unmute(topic));
    this.#quiet.show(preferences.quietHours);
    this.#showDoNotDisturb(preferences.doNotDisturbUntil);
  }

  // --- categories ---

  /** @param {readonly Category[]} categories @param {Preferences} preferences */
  #showCategories(categories, preferences) {
    const said = JSON.stringify(categories);
    if (this.#categories.dataset.said !== said) {
      this.#categories.dataset.said = said;
      this.#categories.replaceChildren(...categories.map((category) => this.#categoryRow(category)));
    }
    const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (this.#categories.querySelectorAll('input'));
    for (const box of boxes) {
      const category = categories.find(({ id }) => id === box.dataset.category);
      const channel = CHANNELS.find((name) => name === box.dataset.channel);
      if (category !== undefined && channel !== undefined) box.checked = wants(category, channel, preferences);
    }
  }

  /** @param {Category} category */
  #categoryRow(category) {
    const row = element('tr', '');
    const name = element('th', '');
    name.scope = 'row';
    name.append(foreign('span', 'name', category.title));
    if (category.description !== undefined) name.append(foreign('span', 'hint', category.description));
    row.append(name, ...CHANNELS.map((channel) => this.#choice(category, channel)));
    return row;
  }

  /** @param {Category} category @param {Channel} channel */
  #choice(category, channel) {
    const cell = element('td', '');
    const box = element('input', '');
    box.type = 'checkbox';
    box.dataset.category = category.id;
    box.dataset.channel = channel;
    box.disabled = category.locked.includes(channel);
    box.setAttribute('aria-label', `${category.title}: ${channel}`);
    if (box.disabled) cell.title = 'The operator has fixed this';
    box.addEventListener('change', () => void this.#choose(category, channel, box.checked));
    cell.append(box);
    return cell;
  }

  /** @param {Category} category @param {Channel} channel @param {boolean} wanted */
  #choose({ id, title }, channel, wanted) {
    return this.#prefer(
      ({ categories }) => ({ categories: { ...categories, [id]: { ...categories[id], [channel]: wanted } } }),
      `${title}: ${channel} ${wanted ? 'on' : 'off'}`,
    );
  }

  // --- topics ---

  #hearMutes() {
    const input = find(document, '#mute-input', HTMLInputElement);
    find(document, '#mute-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const topic = input.value.trim();
      if (topic === '') return input.focus();
      void this.#mute(topic, input);
    });
  }

  /** @param {string} topic @param {HTMLInputElement} input */
  async #mute(topic, input) {
    const muting = (/** @type {Wanted} */ { mutedTopics }) => ({ mutedTopics: [...new Set([...mutedTopics, topic])] });
    const done = await this.#prefer(muting, `${topic} is muted`);
    input.setAttribute('aria-invalid', String(!done));
    if (done) input.value = '';
    else input.focus();
  }

  /** @param {string} topic */
  #unmute(topic) {
    const unmuting = (/** @type {Wanted} */ { mutedTopics }) => ({
      mutedTopics: mutedTopics.filter((muted) => muted !== topic),
    });
    return this.#prefer(unmuting, `${topic} is heard again`);
  }

  // --- when not ---

  #hearQuietHours() {
    this.#quiet.hear((quietHours) => {
      void this.#prefer(
        () => ({ quietHours }),
        quietHours === null ? 'No quiet hours' : `Quiet from ${quietHours.from} to ${quietHours.to}`,
      );
    });
  }

  #hearDoNotDisturb() {
    find(document, '#dnd-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#until.value === '') return this.#until.focus();
      this.#notUntil(new Date(this.#until.value).toISOString());
    });
    this.#press('#dnd-hour', () => this.#notUntil(inAnHour()));
    this.#press('#dnd-tomorrow', () => this.#notUntil(morningIn(1)));
    this.#press('#dnd-off', () => void this.#prefer(() => ({ doNotDisturbUntil: null }), 'You may be disturbed'));
  }

  /** @param {string} until */
  #notUntil(until) {
    void this.#prefer(() => ({ doNotDisturbUntil: until }), `Not disturbed until ${dayAndTime(until)}`);
  }

  /** @param {string | null} until */
  #showDoNotDisturb(until) {
    const holds = until !== null && Date.parse(until) > Date.now();
    find(document, '#dnd-state', HTMLElement).textContent = holds ? `Until ${dayAndTime(until)}.` : 'Off.';
    const off = find(document, '#dnd-off', HTMLButtonElement);
    if (!holds && document.activeElement === off) find(document, '#dnd-hour', HTMLButtonElement).focus();
    off.hidden = !holds;
    if (document.activeElement !== this.#until) this.#until.value = holds ? asLocalInput(until) : '';
  }

  /** @param {string} selector @param {() => void} act */
  #press(selector, act) {
    find(document, selector, HTMLButtonElement).addEventListener('click', act);
  }

  /** @param {(now: Wanted) => Partial<Wanted>} revise @param {string} done */
  async #prefer(revise, done) {
    this.#underWay += 1;
    const changed = await this.#inbox.prefer(revise).finally(() => (this.#underWay -= 1));
    if (changed) this.#say(done);
    this.show();
    return changed;
  }
}

/** When nothing disturbs, every day or on some; what is being typed is not overwritten by what another device says. */
class QuietHoursForm {
  #form = find(document, '#quiet-form', HTMLFormElement);
  #from = find(this.#form, '#quiet-from', HTMLInputElement);
  #to = find(this.#form, '#quiet-to', HTMLInputElement);
  #zone = find(this.#form, '#quiet-zone', HTMLInputElement);
  #days = find(this.#form, '#quiet-days', HTMLElement);
  #off = find(this.#form, '#quiet-off', HTMLButtonElement);
  #touched = false;

  constructor() {
    const zones = Intl.supportedValuesOf('timeZone').map((zone) => new Option(zone));
    find(document, '#time-zones', HTMLDataListElement).append(...zones);
    this.#days.append(...DAYS.map((name, i) => dayChoice(name, i + 1)));
    this.#form.addEventListener('input', () => (this.#touched = true));
  }

  /** @param {(quietHours: import('./me.js').QuietHours | null) => void} take */
  hear(take) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#touched = false;
      take(this.#wanted());
    });
    this.#off.addEventListener('click', () => {
      this.#touched = false;
      take(null);
    });
  }

  /** @param {import('./me.js').QuietHours | null} hours */
  show(hours) {
    const days = hours?.days?.length === DAYS.length ? undefined : hours?.days;
    const on = days === undefined ? 'Every day' : days.map((day) => DAYS[day - 1]).join(', ');
    const words = hours === null ? 'Off.' : `${on}, ${hours.from} to ${hours.to}, ${hours.timeZone}.`;
    find(this.#form, '#quiet-state', HTMLElement).textContent = words;
    if (hours === null && document.activeElement === this.#off) this.#from.focus();
    this.#off.hidden = hours === null;
    if (this.#touched) return;
    this.#from.value = hours?.from ?? '22:00';
    this.#to.value = hours?.to ?? '07:00';
    this.#zone.value = hours?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const [i, box] of this.#boxes.entries()) box.checked = days?.includes(i + 1) ?? true;
  }

  /** @returns {import('./me.js').QuietHours} */
  #wanted() {
    const days = [...this.#boxes].flatMap((box, i) => (box.checked ? [i + 1] : []));
    const every = days.length === DAYS.length || days.length === 0;
    return {
      from: this.#from.value,
      to: this.#to.value,
      timeZone: this.#zone.value.trim(),
      ...(!every && { days }),
    };
  }

  get #boxes() {
    return /** @type {NodeListOf<HTMLInputElement>} */ (this.#days.querySelectorAll('input'));
  }
}

/** @param {string} name @param {number} day */
function dayChoice(name, day) {
  const label = element('label', 'day');
  const box = element('input', '');
  box.type = 'checkbox';
  box.value = String(day);
  label.append(box, element('span', '', name));
  return label;
}
