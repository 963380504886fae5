import type { StoredPreferences } from './preferences.js';

/** The preferences of people who were asked for lately; the one who was not for longest makes room. */
export class RecentPreferences {
  readonly #max: number;
  readonly #preferences = new Map<string, StoredPreferences>();
  #forgotten = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** How often something was forgotten by request: what was read from disk before the last time may be old. */
  get forgotten(): number {
    return this.#forgotten;
  }

  remember(user: string, preferences: StoredPreferences): void {
    this.#preferences.delete(user);
    this.#preferences.set(user, preferences);
    if (this.#preferences.size > this.#max) this.#preferences.delete(this.#preferences.keys().next().value!);
  }

  recall(user: string): StoredPreferences | undefined {
    const known = this.#preferences.get(user);
    if (known !== undefined) this.remember(user, known);
    return known;
  }

  forget(user: string): void {
    this.#forgotten++;
    this.#preferences.delete(user);
  }
}
