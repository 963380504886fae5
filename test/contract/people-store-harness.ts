import type { AppendRequest, AppendResult, LogAct, NotificationStore, PeopleStore } from '#clarion/notifications';

/**
 * What a store brings so that the suite can examine what it keeps of people: `libs/<store>/test/people-store.harness.ts` exports one as
 * `harness`. It imports the build, and needs nothing but a place to write.
 */
export interface PeopleStoreHarness {
  readonly name: string;
  /** A place without data. */
  create(): Promise<PeopleStorePlace>;
}

export interface PeopleStorePlace {
  /** A store for the data of this place, not opened yet. */
  store(): NotificationStore & { readonly people: PeopleStore };
  dispose(): Promise<void>;
}

/** One sentence of the contract: `run` throws when the store breaks it. */
export interface PeopleStoreCheck {
  readonly name: string;
  run(harness: PeopleStoreHarness): Promise<void>;
}

/** The time at which everything here begins, in milliseconds since 1970. */
export const NOW = 1_700_000_000_000;
export const USER = 'u-1';
export const OWN = `users/${USER}`;

/** An open log and its people, with short words for what checks do. */
export class PeopleScene {
  readonly log: NotificationStore;
  readonly people: PeopleStore;
  #count = 0;

  constructor(store: NotificationStore & { readonly people: PeopleStore }) {
    this.log = store;
    this.people = store.people;
  }

  /** @returns the offset. */
  async publish(id: string, more: Partial<NonNullable<AppendRequest['entry']>> = {}): Promise<number> {
    const entry = { topics: [OWN], publishedAt: NOW + ++this.#count, body: `"title":"${id}"`, ...more };
    const [result] = await this.log.append([{ id, entry }]);
    if (result?.outcome !== 'appended' || result.offset === null)
      throw new Error(`not appended: ${JSON.stringify(result)}`);
    return result.offset;
  }

  async act(act: LogAct): Promise<Extract<AppendResult, { outcome: 'acted' | 'refused' }>> {
    const [result] = await this.log.append([{ id: `act-${++this.#count}`, entry: null, act }]);
    if (result?.outcome !== 'acted' && result?.outcome !== 'refused') throw new Error(`no answer to an act`);
    return result;
  }

  /** @returns the offset of what was appended; 0: nothing was. */
  async done(act: LogAct): Promise<number> {
    const result = await this.act(act);
    if (result.outcome !== 'acted') throw new Error(`refused: ${result.code}`);
    return result.entry?.offset ?? 0;
  }
}

/** A check on one freshly opened store. */
export function onFreshPeople(
  name: string,
  use: (scene: PeopleScene, reopen: () => Promise<PeopleScene>) => Promise<void>,
): PeopleStoreCheck {
  return {
    name,
    run: async (harness) => {
      const place = await harness.create();
      let store = place.store();
      try {
        await store.open();
        await use(new PeopleScene(store), async () => {
          await store.close();
          store = place.store();
          await store.open();
          return new PeopleScene(store);
        });
      } finally {
        await store.close();
        await place.dispose();
      }
    },
  };
}
