import { find } from './element.js';

/** The button in the header: how much is unread, for eyes and ears. */
export class Bell {
  #button = find(document, '#bell', HTMLButtonElement);
  #count = find(document, '#bell-count', HTMLElement);
  #news = find(document, '#bell-news', HTMLElement);

  /** @param {() => void} onPress */
  constructor(onPress) {
    this.#button.addEventListener('click', onPress);
  }

  /** @param {boolean} open */
  setOpen(open) {
    this.#button.setAttribute('aria-expanded', String(open));
  }

  focus() {
    this.#button.focus();
  }

  /** @param {import('./me.js').Summary | undefined} summary Nothing while it is not known. */
  show(summary) {
    const { count = 0, more = false } = summary?.unread ?? {};
    this.#count.hidden = count === 0;
    this.#count.textContent = count > 999 ? '999+' : String(count);
    this.#button.dataset.unseen = String((summary?.unseen.count ?? 0) > 0);
    const words = `${more ? 'more than ' : ''}${count.toLocaleString('en')} unread`;
    this.#button.setAttribute('aria-label', summary === undefined ? 'Inbox' : `Inbox, ${words}`);
    const news = summary === undefined ? '' : `Inbox: ${words}`;
    if (this.#news.textContent !== news) this.#news.textContent = news;
  }
}
