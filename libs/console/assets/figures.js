import { find } from './element.js';
import { Latencies, milliseconds } from './latency.js';

const number = new Intl.NumberFormat('en');
const place = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const NONE = '–';

/** One transport's line in the table: the switch of its pane, and what it has cost and brought since it began. */
export class Figures {
  #row;
  #switch;
  #latencies = new Latencies();
  #shown = 0;
  #places = 0;
  #placed = 0;
  #bytes = 0;
  #requests = 0;
  #returns = 0;
  #cursor = '';
  #due = false;

  /**
   * @param {HTMLElement} body
   * @param {string} name
   * @param {(on: boolean) => void} onSwitch
   */
  constructor(body, name, onSwitch) {
    const template = find(document, '#figures-template', HTMLTemplateElement);
    this.#row = find(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), 'tr', HTMLElement);
    this.#switch = find(this.#row, 'input', HTMLInputElement);
    this.#switch.id = `show-${name.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
    this.#switch.addEventListener('change', () => onSwitch(this.#switch.checked));
    find(this.#row, '.name', HTMLElement).textContent = name;
    this.#row.dataset.transport = name;
    body.append(this.#row);
  }

  get shown() {
    return this.#shown;
  }

  /** @param {boolean} on */
  setOn(on) {
    this.#switch.checked = on;
    this.#row.dataset.on = String(on);
    this.clear();
  }

  clear() {
    this.#latencies = new Latencies();
    this.#shown = this.#places = this.#placed = this.#bytes = this.#requests = this.#returns = 0;
    this.#cursor = '';
    this.#changed();
  }

  /** @param {import('./feed.js').FeedState} state */
  setState(state) {
    this.#row.dataset.state = state;
  }

  count() {
    this.#shown += 1;
    this.#changed();
  }

  /** Of one that arrived on a connection which was there when it was published. @param {number} latencyMs @param {number} arrivedAs */
  arrived(latencyMs, arrivedAs) {
    this.#latencies.add(latencyMs);
    this.#places += arrivedAs;
    this.#placed += 1;
    this.#changed();
  }

  requested() {
    this.#requests += 1;
    this.#changed();
  }

  /** @param {number} bytes */
  received(bytes) {
    this.#bytes += bytes;
    this.#changed();
  }

  returned() {
    this.#returns += 1;
    this.#changed();
  }

  /** @param {string} cursor */
  setCursor(cursor) {
    this.#cursor = cursor;
    this.#changed();
  }

  /** Once per task, however much it brought. */
  #changed() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#show();
    });
  }

  #show() {
    const on = this.#switch.checked;
    this.#cell('shown', on ? number.format(this.#shown) : NONE);
    this.#cell('place', this.#placed > 0 ? place.format(this.#places / this.#placed) : NONE);
    this.#cell('latency', span(this.#latencies.within(0.5)));
    this.#cell('latency-95', span(this.#latencies.within(0.95)));
    this.#cell('bytes-each', this.#shown > 0 ? size(this.#bytes / this.#shown) : NONE);
    this.#cell('bytes', on ? size(this.#bytes) : NONE);
    this.#cell('requests', on ? number.format(this.#requests) : NONE);
    this.#cell('returns', on ? `${this.#returns}×` : NONE);
    this.#cell('cursor', this.#cursor === '' ? NONE : shortened(this.#cursor)).title = this.#cursor;
  }

  /** @param {string} name @param {string} text */
  #cell(name, text) {
    const cell = find(this.#row, `.${name}`, HTMLElement);
    if (cell.textContent !== text) cell.textContent = text;
    return cell;
  }
}

/** @param {number | undefined} ms */
function span(ms) {
  return ms === undefined ? NONE : milliseconds(ms);
}

/** @param {number} bytes */
function size(bytes) {
  if (bytes < 10_000) return `${number.format(Math.round(bytes))} B`;
  return bytes < 1_000_000 ? `${number.format(Math.round(bytes / 1_000))} kB` : `${place.format(bytes / 1_000_000)} MB`;
}

/** @param {string} cursor */
function shortened(cursor) {
  return cursor.length > 12 ? `${cursor.slice(0, 5)}…${cursor.slice(-5)}` : cursor;
}
