import { Room } from './room.js';

/** @typedef {import('./room.js').Message} Message */

const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' });

/**
 * @template {Element} E
 * @param {string} selector
 * @param {new () => E} kind
 * @returns {E}
 */
function find(selector, kind) {
  const found = document.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no ${selector}`);
  return found;
}

/**
 * What people wrote enters as text alone.
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name @param {string} className @param {string} text
 */
function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

class Chat {
  #me;
  #list = find('#messages', HTMLOListElement);
  #input = find('#text', HTMLInputElement);
  #room;

  /** @param {string} me */
  constructor(me) {
    this.#me = me;
    this.#room = new Room(() => session(me), {
      connected: (connected) => this.#showConnected(connected),
      history: (messages) => this.#list.replaceChildren(...messages.map((message) => this.#row(message))),
      message: (message) => this.#add(message),
      updated: (message) => this.#find(message.id)?.replaceWith(this.#row(message)),
      retracted: (id) => this.#find(id)?.remove(),
      present: (users) => this.#showPresent(users),
      typing: (users) => this.#showTyping(users),
    });
  }

  async enter() {
    await this.#room.enter();
    showProblem('');
    find('#door', HTMLElement).hidden = true;
    find('#chat', HTMLElement).hidden = false;
    find('#say', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#say();
    });
    this.#input.addEventListener('input', () => void this.#room.isTyping(this.#me, this.#input.value !== ''));
    this.#input.focus();
  }

  async #say() {
    const text = this.#input.value.trim();
    if (text === '') return;
    this.#input.value = '';
    find('#scroll', HTMLElement).scrollTop = 0; // its end: see chat.css
    const problem = await this.#room.say(text);
    showProblem(problem === undefined ? '' : `Not sent: ${problem.title}`);
    if (problem !== undefined && this.#input.value === '') this.#input.value = text;
  }

  /** One that is shown already, from the history, is not shown again. @param {Message} message */
  #add(message) {
    if (this.#find(message.id) === null) this.#list.append(this.#row(message));
  }

  /** @param {string} id */
  #find(id) {
    return this.#list.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  /** @param {Message} message */
  #row({ id, from, body, publishedAt }) {
    const mine = from?.user === this.#me;
    const row = element('li', mine ? 'mine' : '', '');
    row.dataset.id = id;
    const head = element('p', 'head', '');
    const time = element('time', '', CLOCK.format(new Date(publishedAt)));
    time.dateTime = publishedAt;
    head.append(element('b', 'from', from?.user ?? ''), time);
    if (mine) head.append(this.#retractButton(id));
    const text = element('p', 'text', body ?? '');
    text.dir = 'auto';
    row.append(head, text);
    return row;
  }

  /** @param {string} id */
  #retractButton(id) {
    const button = element('button', 'retract', 'Take back');
    button.type = 'button';
    button.addEventListener('click', () => void this.#room.retract(id));
    return button;
  }

  /** @param {boolean} connected */
  #showConnected(connected) {
    const state = find('#state', HTMLElement);
    state.dataset.connected = String(connected);
    state.textContent = connected ? 'connected' : 'coming back';
  }

  /** @param {readonly string[]} users */
  #showPresent(users) {
    const names = users.toSorted().map((user) => element('li', user === this.#me ? 'me' : '', user));
    find('#present', HTMLElement).replaceChildren(...names);
  }

  /** @param {readonly string[]} users */
  #showTyping(users) {
    const others = users.filter((user) => user !== this.#me);
    const words = `${others.join(', ')} ${others.length > 1 ? 'are' : 'is'} typing …`;
    find('#typing', HTMLElement).textContent = others.length === 0 ? '' : words;
  }
}

/** @param {string} name @returns {Promise<import('./room.js').Session>} */
async function session(name) {
  const response = await fetch('session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  if (response.status === 422) throw new Error('A name has 1 to 32 of a–z, 0–9 and -.');
  if (!response.ok) throw new Error(`No token: ${response.status}`);
  return response.json();
}

/** @param {string} text */
function showProblem(text) {
  find('#problem', HTMLElement).textContent = text;
}

find('#name-form', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const name = find('#name', HTMLInputElement).value.trim().toLowerCase();
  new Chat(name).enter().catch((/** @type {Error} */ { message }) => showProblem(message));
});
