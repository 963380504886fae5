/** @typedef {import('./me.js').Item} Item */

/** Notifications of which it is remembered what was chosen, at most. */
const MAX_NOTED = 200;

/** Which actions were chosen, on whatever device, while this page was there. */
export class Choices {
  /** Ids of actions by that of their notification. @type {Map<string, Set<string>>} */
  #chosen = new Map();

  clear() {
    this.#chosen.clear();
  }

  /** @param {{ id: string, action: string }} choice */
  note({ id, action }) {
    const known = this.#chosen.get(id) ?? new Set();
    this.#chosen.delete(id);
    this.#chosen.set(id, known.add(action));
    const [oldest] = this.#chosen.keys();
    if (this.#chosen.size > MAX_NOTED && oldest !== undefined) this.#chosen.delete(oldest);
  }

  /** The item with them, beside those that the server names. @param {Item} item @returns {Item} */
  addTo(item) {
    const noted = this.#chosen.get(item.notification.id);
    if (noted === undefined) return item;
    const all = new Set([...(item.chosen ?? []).map(({ action }) => action), ...noted]);
    return { ...item, chosen: [...all].map((action) => ({ action })) };
  }
}
