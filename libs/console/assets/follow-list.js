import { element, find } from './element.js';
import { foreign } from './notification-row.js';
import { dayAndTime } from './times.js';

/** The topics that a person follows. */
export class FollowList {
  #list = find(document, '#follow-list', HTMLElement);
  #empty = find(document, '#follow-empty', HTMLElement);
  #inbox;
  #say;

  /** @param {import('./inbox.js').Inbox} inbox @param {(done: string) => void} say */
  constructor(inbox, say) {
    this.#inbox = inbox;
    this.#say = say;
    const input = find(document, '#follow-input', HTMLInputElement);
    find(document, '#follow-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const topic = input.value.trim();
      if (topic === '') return input.focus();
      void this.#follow(topic, input);
    });
  }

  show() {
    const { follows } = this.#inbox;
    this.#empty.hidden = follows.length > 0;
    showTopics(this.#list, follows, 'Unfollow', 'since', (topic) => void this.#unfollow(topic));
  }

  /** @param {string} topic @param {HTMLInputElement} input */
  async #follow(topic, input) {
    const done = await this.#inbox.follow(topic);
    input.setAttribute('aria-invalid', String(!done));
    if (!done) return input.focus();
    input.value = '';
    this.#say(`You follow ${topic} from now on`);
  }

  /** @param {string} topic */
  async #unfollow(topic) {
    if (await this.#inbox.unfollow(topic)) this.#say(`You follow ${topic} no more`);
  }
}

/**
 * Shows topics, each with a button; when the one that had the focus is gone, its neighbour has it.
 * @param {HTMLElement} list @param {readonly { topic: string, since: string }[]} topics
 * @param {string} word @param {string} since @param {(topic: string) => void} press
 */
export function showTopics(list, topics, word, since, press) {
  const said = JSON.stringify(topics);
  if (list.dataset.said === said) return;
  list.dataset.said = said;
  const buttons = [...list.querySelectorAll('button')];
  const focused = buttons.findIndex((button) => button === document.activeElement);
  list.replaceChildren(...topics.map((entry) => topicRow(entry, word, since, press)));
  if (focused === -1) return;
  const now = list.querySelectorAll('button');
  const next = now[Math.min(focused, now.length - 1)] ?? find(document, '#inbox-heading', HTMLElement);
  next.focus();
}

/** @param {{ topic: string, since: string }} entry @param {string} word @param {string} since @param {(topic: string) => void} press */
function topicRow(entry, word, since, press) {
  const row = element('li', 'topic-row');
  const button = element('button', 'quiet', word);
  button.type = 'button';
  button.setAttribute('aria-label', `${word} ${entry.topic}`);
  button.addEventListener('click', () => press(entry.topic));
  row.append(
    foreign('span', 'topic', entry.topic),
    element('span', 'hint', `${since} ${dayAndTime(entry.since)}`),
    button,
  );
  return row;
}
