import { Bell } from './bell.js';
import { DevicesView } from './devices-view.js';
import { Devices } from './devices.js';
import { element, find } from './element.js';
import { FollowList } from './follow-list.js';
import { InboxList } from './inbox-list.js';
import { Inbox } from './inbox.js';
import { PopUps } from './pop-ups.js';
import { PreferencesForm } from './preferences-form.js';

/** @typedef {import('./inbox-row.js').Act} Act */

const STATE_WORDS = {
  closed: 'disconnected',
  connecting: 'connecting',
  live: 'live',
  reconnecting: 'reconnecting',
  refused: 'refused',
};

/** What the bell opens: the inbox of a person, what they follow, and what they want. */
export class InboxPanel {
  #root = find(document, '#inbox', HTMLElement);
  #heading = find(this.#root, '#inbox-heading', HTMLElement);
  #outcome = find(this.#root, '#inbox-outcome', HTMLElement);
  #bell = new Bell(() => (this.#root.hidden ? this.open() : this.close()));
  #due = false;
  #inbox = new Inbox(() => this.#showSoon(), {
    live: () => this.#devices.live(),
    arrived: (notification) => this.#popUps.arrived(notification),
    retracted: (id) => this.#popUps.retracted(id),
    changed: (change) => this.#heard(change),
  });
  #devices = new Devices(() => this.#showSoon());
  #popUps = new PopUps(this.#inbox, this.#devices, () => this.open());
  #views;

  constructor() {
    const say = (/** @type {string} */ done) => this.#say(done);
    this.#views = [
      new InboxList(this.#inbox, { mark: (act) => void this.#act(act), choose: (choice) => void this.#choose(choice) }),
      new FollowList(this.#inbox, say),
      new PreferencesForm(this.#inbox, say),
      new DevicesView(this.#devices, say),
    ];
    this.#hearTabs();
    find(this.#root, '#inbox-close', HTMLButtonElement).addEventListener('click', () => this.close());
    find(this.#root, '#inbox-read-all', HTMLButtonElement).addEventListener('click', () => void this.#readAll());
    this.#root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.defaultPrevented) this.close();
    });
    document.addEventListener('visibilitychange', () => this.#watch());
  }

  /** @param {string} credential @param {string} person */
  start(credential, person) {
    this.#say('');
    this.#inbox.start(credential, person);
    const { me } = this.#inbox;
    if (me === undefined) return;
    this.#devices.start(me, person);
    this.#popUps.start();
  }

  /** Who leaves is no longer reached here either. */
  stop() {
    this.close();
    if (this.#devices.state === 'on') void this.#devices.turnOff();
    this.#devices.stop();
    this.#inbox.stop();
  }

  open() {
    this.#root.hidden = false;
    this.#bell.setOpen(true);
    this.#heading.focus();
    this.#watch();
  }

  /** The focus goes back to the bell, if it was in here. */
  close() {
    const within = this.#root.contains(document.activeElement);
    this.#root.hidden = true;
    this.#bell.setOpen(false);
    this.#watch();
    if (within) this.#bell.focus();
  }

  #watch() {
    this.#inbox.watch(!this.#root.hidden && !document.hidden);
  }

  /** Once per task, however much changed in it. */
  #showSoon() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#show();
    });
  }

  #show() {
    const { summary, person, state, problem } = this.#inbox;
    this.#bell.show(summary);
    this.#popUps.badge(summary?.unread.count);
    find(this.#root, '#inbox-person', HTMLElement).textContent = person;
    const chip = find(this.#root, '.state', HTMLElement);
    chip.dataset.state = state;
    chip.textContent = STATE_WORDS[state];
    const line = find(this.#root, '#inbox-problem', HTMLElement);
    line.hidden = problem === undefined;
    line.textContent = problem === undefined ? '' : inWords(problem);
    for (const view of this.#views) view.show();
  }

  /** @param {Act} act */
  async #act({ mark, done, undo }) {
    if (await this.#inbox.mark(mark)) this.#say(done, undo);
  }

  /** @param {import('./inbox-row.js').Choice} choice */
  async #choose({ id, action, title }) {
    if (await this.#inbox.choose(id, action)) this.#say(`Chosen: ${title}`);
  }

  /** @param {import('./inbox.js').Change} change */
  #heard({ change, mark, device }) {
    if (mark !== undefined) void this.#popUps.marked(mark);
    if (device !== undefined) this.#devices.hear(device);
    if (change === 'preferences') this.#devices.refresh();
  }

  async #readAll() {
    if (await this.#inbox.markAllRead()) this.#say('All marked read');
  }

  /** @param {string} done @param {import('./me.js').Mark} [undo] How it is taken back. */
  #say(done, undo) {
    this.#outcome.replaceChildren();
    if (done === '') return;
    this.#outcome.append(element('span', 'done', done));
    if (undo === undefined) return;
    const button = element('button', 'quiet', 'Undo');
    button.type = 'button';
    button.addEventListener('click', () => {
      this.#heading.focus();
      void this.#act({ mark: undo, done: 'Undone' });
    });
    this.#outcome.append(button);
  }

  // --- tabs, as the ARIA Authoring Practices have them: arrows move, and what is moved to is shown ---

  #hearTabs() {
    const tabs = /** @type {HTMLButtonElement[]} */ ([...this.#root.querySelectorAll('[role="tab"]')]);
    for (const [place, tab] of tabs.entries()) {
      tab.addEventListener('click', () => this.#select(tabs, tab));
      tab.addEventListener('keydown', ({ key }) => {
        const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
        const next = tabs[(place + step + tabs.length) % tabs.length];
        if (step === 0 || next === undefined) return;
        this.#select(tabs, next);
        next.focus();
      });
    }
  }

  /** @param {readonly HTMLButtonElement[]} tabs @param {HTMLButtonElement} chosen */
  #select(tabs, chosen) {
    this.#say('');
    if (chosen.id === 'tab-preferences') this.#inbox.refreshPreferences();
    if (chosen.id === 'tab-devices') this.#devices.refresh();
    for (const tab of tabs) {
      const selected = tab === chosen;
      tab.setAttribute('aria-selected', String(selected));
      tab.tabIndex = selected ? 0 : -1;
      find(document, `#${tab.getAttribute('aria-controls')}`, HTMLElement).hidden = !selected;
    }
  }
}

/** @param {import('./api.js').Problem} problem */
function inWords({ title, code, detail, errors = [] }) {
  const details = [detail, ...errors.map((error) => error.detail)].filter((text) => text !== undefined);
  return `${title} (${code})${details.length > 0 ? `: ${details.join('; ')}` : ''}`;
}
