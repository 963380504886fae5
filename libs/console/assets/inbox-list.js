import { find } from './element.js';
import { inboxRow } from './inbox-row.js';
import { ago } from './times.js';

/** @typedef {import('./me.js').Item} Item */
/** @typedef {import('./me.js').Filter} Filter */

/** @type {Record<Filter, string>} */
const EMPTY = {
  inbox: 'Nothing here. What is published to you, or to a topic that you follow, will be.',
  unread: 'Nothing is unread.',
  archived: 'Nothing is archived.',
  snoozed: 'Nothing is snoozed.',
};

/** The list of the inbox, newest first; rows stay the same elements while they say the same, so that the focus stays too. */
export class InboxList {
  #list = find(document, '#inbox-list', HTMLElement);
  #empty = find(document, '#inbox-empty', HTMLElement);
  #more = find(document, '#inbox-more', HTMLButtonElement);
  #markAll = find(document, '#inbox-read-all', HTMLButtonElement);
  #inbox;
  #deeds;
  /** By id, with what it was made of. @type {Map<string, { row: HTMLElement, from: string }>} */
  #rows = new Map();

  /** @param {import('./inbox.js').Inbox} inbox @param {import('./inbox-row.js').Deeds} deeds */
  constructor(inbox, deeds) {
    this.#inbox = inbox;
    this.#deeds = deeds;
    this.#more.addEventListener('click', () => inbox.showMore());
    for (const button of this.#filters) {
      button.addEventListener('click', () => inbox.show(/** @type {Filter} */ (button.dataset.filter)));
    }
  }

  show() {
    const { items, filter, more } = this.#inbox;
    for (const button of this.#filters) button.setAttribute('aria-pressed', String(button.dataset.filter === filter));
    this.#list.setAttribute('aria-busy', String(items === undefined));
    this.#showRows(items ?? []);
    this.#empty.hidden = items === undefined || items.length > 0;
    this.#empty.textContent = EMPTY[filter];
    this.#more.hidden = !more;
    this.#markAll.disabled = !(items ?? []).some(({ readAt }) => readAt === undefined);
  }

  get #filters() {
    return /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('#inbox [data-filter]'));
  }

  /** @param {readonly Item[]} items */
  #showRows(items) {
    const focused = this.#focused();
    const wanted = new Set(items.map(({ notification }) => notification.id));
    for (const [id, { row }] of this.#rows) if (!wanted.has(id)) this.#drop(id, row);
    for (const [place, item] of items.entries()) {
      const row = this.#rowOf(item);
      const there = this.#list.children[place];
      if (there !== row) this.#list.insertBefore(row, there ?? null);
    }
    if (focused !== undefined && !this.#list.contains(document.activeElement)) this.#refocus(focused);
  }

  /** @param {string} id @param {HTMLElement} row */
  #drop(id, row) {
    row.remove();
    this.#rows.delete(id);
  }

  /** The row of before, if it still says what is so. @param {Item} item */
  #rowOf(item) {
    const { id, category, topic } = item.notification;
    const own = `users/${this.#inbox.person}`;
    const title = category === undefined ? '' : this.#categoryTitle(category);
    const from = JSON.stringify([item, title, topic === own]);
    const known = this.#rows.get(id);
    if (known?.from === from) return renewTime(known.row);
    const row = inboxRow(item, { own, deeds: this.#deeds, title: (name) => this.#categoryTitle(name) });
    known?.row.replaceWith(row);
    this.#rows.set(id, { row, from });
    return row;
  }

  /** @param {string} id */
  #categoryTitle(id) {
    return this.#inbox.categories.find((category) => category.id === id)?.title ?? id;
  }

  /** Where the focus is in the list, if it is there. */
  #focused() {
    const at = document.activeElement;
    if (!(at instanceof HTMLElement) || !this.#list.contains(at)) return undefined;
    const row = at.closest('.item');
    return { place: [...this.#list.children].findIndex((child) => child === row), act: at.dataset.act };
  }

  /** To the same button of the row in the same place; if there is none, to what there is. @param {{ place: number, act?: string | undefined }} was */
  #refocus({ place, act }) {
    const row = this.#list.children[Math.min(place, this.#list.childElementCount - 1)];
    const same = act === undefined ? null : row?.querySelector(`[data-act="${CSS.escape(act)}"]`);
    const target = same?.checkVisibility()
      ? same
      : (row?.querySelector('button') ?? find(document, '#inbox-heading', HTMLElement));
    if (target instanceof HTMLElement) target.focus();
  }
}

/** @param {HTMLElement} row */
function renewTime(row) {
  const time = find(row, 'time', HTMLTimeElement);
  time.textContent = ago(time.dateTime);
  return row;
}
