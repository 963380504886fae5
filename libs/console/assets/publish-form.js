import { Refusal } from './api.js';
import { element, find } from './element.js';
import { publish, publishBatch } from './publisher.js';

/** @typedef {import('./publisher.js').Draft} Draft */

const BURST = 100;

/**
 * Makes the form publish, and shows what came of it.
 * @param {() => string} credential
 * @param {() => (id: string, draft: Draft) => void} expect Called before something is sent; what it gives is called for each durable
 * notification of it that the server then promises to keep.
 */
export function hearPublishForm(credential, expect) {
  new PublishForm(credential, expect).hear();
}

class PublishForm {
  #form = find(document, '#publish-form', HTMLFormElement);
  #topic = find(this.#form, '#publish-topic', HTMLInputElement);
  #type = find(this.#form, '#publish-type', HTMLInputElement);
  #title = find(this.#form, '#publish-title', HTMLInputElement);
  #body = find(this.#form, '#publish-body', HTMLTextAreaElement);
  #data = find(this.#form, '#publish-data', HTMLTextAreaElement);
  #ephemeral = find(this.#form, '#publish-ephemeral', HTMLInputElement);
  #outcome = find(this.#form, '#publish-outcome', HTMLElement);
  #credential;
  #expect;
  /** Requests so far: the outcome that is shown is that of the newest. */
  #requests = 0;

  /** @param {() => string} credential @param {() => (id: string, draft: Draft) => void} expect */
  constructor(credential, expect) {
    this.#credential = credential;
    this.#expect = expect;
  }

  hear() {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#run((draft, retry) => this.#publishOne(draft, retry));
    });
    find(this.#form, '#publish-burst', HTMLButtonElement).addEventListener('click', () => {
      void this.#run((draft, retry) => this.#publishBurst(draft, retry));
    });
    // A text field submits on Enter by itself; a text area needs a key for it.
    for (const area of [this.#body, this.#data]) {
      area.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#form.requestSubmit();
      });
    }
  }

  /** @param {(draft: Draft, retry: (tries: number) => void) => Promise<HTMLElement>} send */
  async #run(send) {
    const request = ++this.#requests;
    const show = (/** @type {HTMLElement} */ outcome) => {
      if (request === this.#requests) this.#outcome.replaceChildren(outcome);
    };
    const draft = this.#draft();
    if (draft === undefined) return show(failureText('Data is not JSON.'));
    show(element('p', 'waiting', 'Publishing …'));
    try {
      show(await send(draft, (tries) => show(retryText(tries))));
    } catch (failure) {
      show(failureOutcome(failure));
    }
  }

  /** @param {Draft} draft @param {(tries: number) => void} retry */
  async #publishOne(draft, retry) {
    const acknowledged = this.#expect();
    const began = performance.now();
    const result = await publish(this.#credential(), draft, retry);
    const took = Math.round(performance.now() - began);
    if ('id' in result && !draft.ephemeral) acknowledged(result.id, draft);
    const sentence = draft.ephemeral ? `Handed on in ${took} ms` : `On disk and acknowledged in ${took} ms`;
    const line = element('p', 'success', `${sentence} · ${result.status} `);
    if ('id' in result) line.append(element('code', 'id', result.id));
    return line;
  }

  /** @param {Draft} draft @param {(tries: number) => void} retry */
  async #publishBurst(draft, retry) {
    const drafts = Array.from({ length: BURST }, (_, i) => numbered(draft, i + 1));
    const acknowledged = this.#expect();
    const began = performance.now();
    const results = await publishBatch(this.#credential(), drafts, retry);
    const took = Math.round(performance.now() - began);
    for (const result of results) if ('id' in result && !draft.ephemeral) acknowledged(result.id, draft);
    const refused = results.find((result) => 'error' in result);
    if (refused !== undefined && 'error' in refused) return problemOutcome(refused.error);
    return element('p', 'success', `${results.length} acknowledged in ${took} ms, in one request`);
  }

  /** What the fields say; empty ones are left out, and judged by the server. @returns {Draft | undefined} */
  #draft() {
    const data = this.#parsedData();
    this.#data.setAttribute('aria-invalid', String(data === undefined));
    if (data === undefined) {
      this.#data.focus();
      return undefined;
    }
    return {
      topic: this.#topic.value.trim(),
      ...(this.#type.value !== '' && { type: this.#type.value }),
      ...(this.#title.value !== '' && { title: this.#title.value }),
      ...(this.#body.value !== '' && { body: this.#body.value }),
      ...data,
      ...(this.#ephemeral.checked && { ephemeral: /** @type {const} */ (true) }),
    };
  }

  /** @returns {{ data?: unknown } | undefined} */
  #parsedData() {
    if (this.#data.value.trim() === '') return {};
    try {
      return { data: JSON.parse(this.#data.value) };
    } catch {
      return undefined;
    }
  }
}

/** @param {Draft} draft @param {number} number @returns {Draft} */
function numbered(draft, number) {
  return { ...draft, title: `${draft.title ?? 'Notification'} ${number}/${BURST}` };
}

/** @param {number} tries */
function retryText(tries) {
  const text = `Nobody answers. Trying again with the same idempotency key (${tries}) …`;
  return element('p', 'waiting', text);
}

/** @param {unknown} failure */
function failureOutcome(failure) {
  if (failure instanceof Refusal) return problemOutcome(failure.problem);
  return failureText('Nobody answered for a minute. Whether it is published is unknown.');
}

/** @param {string} text */
function failureText(text) {
  return element('p', 'failure', text);
}

/** @param {import('./api.js').Problem} problem */
function problemOutcome(problem) {
  const outcome = element('div', 'failure');
  const line = element('p', '', `${problem.title} `);
  line.append(element('code', 'code', `${problem.status} ${problem.code}`));
  outcome.append(line);
  if (problem.detail !== undefined) outcome.append(element('p', 'detail', problem.detail));
  const list = element('ul', 'pointers');
  for (const { pointer, detail } of problem.errors ?? []) {
    const item = element('li', '');
    item.append(element('code', 'pointer', pointer === '' ? '(the whole)' : pointer), ` ${detail}`);
    list.append(item);
  }
  if (list.childElementCount > 0) outcome.append(list);
  return outcome;
}
