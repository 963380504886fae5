import { NO_PREFERENCES, type StoredPreferences } from './preferences.js';
import type { PeopleStore } from './people-store.js';

/** People in one call to the store. */
const MAX_CALL = 1_000;

interface Waiting {
  readonly promise: Promise<StoredPreferences>;
  readonly resolve: (preferences: StoredPreferences) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads preferences: all that is asked for in one turn of the event loop is one call to the store. */
export class PreferenceLoads {
  readonly #store: Pick<PeopleStore, 'preferencesOf'>;
  #waiting = new Map<string, Waiting>();

  constructor(store: Pick<PeopleStore, 'preferencesOf'>) {
    this.#store = store;
  }

  /** As they are on disk now, or later. Rejects as the store does. */
  load(user: string): Promise<StoredPreferences> {
    const known = this.#waiting.get(user);
    if (known !== undefined) return known.promise;
    if (this.#waiting.size === 0) setImmediate(() => this.#call());
    const waiting = openPromise();
    this.#waiting.set(user, waiting);
    return waiting.promise;
  }

  #call(): void {
    const all = [...this.#waiting];
    this.#waiting = new Map();
    for (let from = 0; from < all.length; from += MAX_CALL) void this.#read(all.slice(from, from + MAX_CALL));
  }

  async #read(asked: readonly (readonly [user: string, waiting: Waiting])[]): Promise<void> {
    try {
      const found = await this.#store.preferencesOf(asked.map(([user]) => user));
      asked.forEach(([, { resolve }], i) => resolve(found[i] ?? NO_PREFERENCES));
    } catch (error) {
      for (const [, { reject }] of asked) reject(error);
    }
  }
}

function openPromise(): Waiting {
  let resolve: Waiting['resolve'] = () => undefined;
  let reject: Waiting['reject'] = () => undefined;
  const promise = new Promise<StoredPreferences>((keep, fail) => {
    resolve = keep;
    reject = fail;
  });
  return { promise, resolve, reject };
}
