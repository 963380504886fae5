import { arrivingCredential, forgetCredential, isToken, keepCredential } from './credential.js';
import { Desk } from './desk.js';
import { element, find } from './element.js';
import { InboxPanel } from './inbox-panel.js';
import { keepPerson, personOf } from './person.js';
import { hearPublishForm } from './publish-form.js';

/** How often the state is read out to those who cannot see it, at most, in milliseconds. */
const SUMMARY_EVERY_MS = 3_000;

/** The whole page: who is there, what is listened to, and what is published. */
class Page {
  #credential = '';
  #person = '';
  #desk = new Desk();
  #inbox = new InboxPanel();

  open() {
    find(document, '#server', HTMLElement).textContent = location.host;
    this.#hearForms();
    hearPublishForm(
      () => this.#credential,
      () => this.#desk.expectation(),
    );
    window.addEventListener('hashchange', () => this.#arrive());
    setInterval(() => this.#summarise(), SUMMARY_EVERY_MS);
    this.#arrive();
  }

  #hearForms() {
    onSubmit('#credential-form', () => {
      const input = find(document, '#credential-input', HTMLInputElement);
      const credential = input.value.trim();
      if (credential === '') return input.focus();
      input.value = '';
      keepCredential(credential);
      this.#enter(credential);
      find(document, '#topics-input', HTMLInputElement).focus();
    });
    onSubmit('#topics-form', () => {
      this.#takePerson();
      this.#start();
    });
    find(document, '#forget', HTMLButtonElement).addEventListener('click', () => this.#leave());
  }

  #arrive() {
    const credential = arrivingCredential();
    if (credential === undefined) this.#showDoor(true);
    else if (credential !== this.#credential) this.#enter(credential);
  }

  /** @param {string} credential */
  #enter(credential) {
    this.#credential = credential;
    find(document, '#credential-kind', HTMLElement).textContent = isToken(credential)
      ? 'with a subscriber token'
      : 'with an API key, kept in this tab';
    this.#person = personOf(credential);
    const input = find(document, '#person-input', HTMLInputElement);
    input.value = this.#person;
    input.readOnly = isToken(credential);
    this.#showDoor(false);
    this.#inbox.start(credential, this.#person);
    this.#start();
  }

  /** Who one is with a key is one's own choice. */
  #takePerson() {
    const wanted = find(document, '#person-input', HTMLInputElement).value.trim();
    if (wanted === this.#person || isToken(this.#credential)) return;
    this.#person = wanted;
    keepPerson(wanted);
    this.#inbox.start(this.#credential, wanted);
  }

  #leave() {
    this.#desk.stop();
    this.#inbox.stop();
    this.#credential = '';
    forgetCredential();
    this.#showDoor(true);
    find(document, '#credential-input', HTMLInputElement).focus();
  }

  /** @param {boolean} open */
  #showDoor(open) {
    find(document, '#door', HTMLElement).hidden = !open;
    find(document, '#desk', HTMLElement).hidden = open;
    find(document, '#credential-line', HTMLElement).hidden = open;
    find(document, '#bell', HTMLElement).hidden = open;
  }

  /** With the topics of the form. */
  #start() {
    const { checked: fromEarliest } = find(document, '#earliest-input', HTMLInputElement);
    this.#desk.start(this.#credential, this.#person, wantedTopics(), fromEarliest);
  }

  /** The live region speaks only when something changed, never of each notification. */
  #summarise() {
    const summary = find(document, '#summary', HTMLElement);
    const text = this.#desk.summary();
    if (summary.textContent !== text) summary.textContent = text;
  }
}

/** @param {string} selector @param {() => void} act */
function onSubmit(selector, act) {
  find(document, selector, HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    act();
  });
}

function wantedTopics() {
  const { value } = find(document, '#topics-input', HTMLInputElement);
  return value
    .split(',')
    .map((topic) => topic.trim())
    .filter((topic) => topic !== '');
}

/** A bug of the page must not look like silence of the server. @param {string} message */
function reportBug(message) {
  find(document, '#alert', HTMLElement).replaceChildren(
    element('p', 'alert', `The page failed: ${message}. Reload it.`),
  );
}

window.addEventListener('error', (event) => reportBug(event.message));
window.addEventListener('unhandledrejection', (event) => reportBug(String(event.reason)));

new Page().open();
