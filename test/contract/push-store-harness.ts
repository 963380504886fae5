import type {
  AppendRequest,
  AppendResult,
  Claim,
  ClaimedPush,
  ClaimRequest,
  LogAct,
  MarkAct,
  NotificationStore,
  PeopleStore,
  PushCandidate,
  PushMark,
  PushStore,
} from '#clarion/notifications';

export type StoreWithPush = NotificationStore & { readonly people: PeopleStore; readonly push: PushStore };

/**
 * What a store brings so that the suite can examine what it keeps of devices and pushes: `libs/<store>/test/push-store.harness.ts` exports one as
 * `harness`. It imports the build, and needs nothing but a place to write.
 */
export interface PushStoreHarness {
  readonly name: string;
  /** A place without data. */
  create(): Promise<PushStorePlace>;
}

export interface PushStorePlace {
  /** A store for the data of this place, not opened yet. */
  store(): StoreWithPush;
  /** What a process would leave that is killed now: a place of its own. Precondition: nothing is being written. */
  copy(): Promise<PushStorePlace>;
  dispose(): Promise<void>;
}

/** One sentence of the contract: `run` throws when the store breaks it. */
export interface PushStoreCheck {
  readonly name: string;
  run(harness: PushStoreHarness): Promise<void>;
}

/** The time at which everything here begins, in milliseconds since 1970. */
export const NOW = 1_700_000_000_000;
/** When nothing planned here is tried any more. */
export const UNTIL = NOW + 1e9;
export const BODY = '"change":"x"';
export const START = '' as PushMark;

export interface Publishing extends Partial<NonNullable<AppendRequest['entry']>> {
  /** Null: not at all. Absent: at {@link NOW}. */
  readonly pushAt?: number | null;
}

/** A person's whole device in one text: `ann/phone`. */
export function nameOf({ user, id }: { readonly user: string; readonly id: string }): string {
  return `${user}/${id}`;
}

/** An open log and its pushes, with short words for what checks do. */
export class PushScene {
  readonly store: StoreWithPush;
  #count = 0;

  constructor(store: StoreWithPush) {
    this.store = store;
  }

  get push(): PushStore {
    return this.store.push;
  }

  /** @returns the offset. */
  async publish(id: string, { pushAt = NOW, ...more }: Publishing = {}): Promise<number> {
    const entry = { topics: ['users/ann'], publishedAt: NOW + ++this.#count, body: `"title":"${id}"`, ...more };
    const [result] = await this.store.append([{ id, entry, ...(pushAt !== null && { pushAt }) }]);
    if (result?.outcome !== 'appended' || result.offset === null)
      throw new Error(`not appended: ${JSON.stringify(result)}`);
    return result.offset;
  }

  async act(act: LogAct): Promise<Extract<AppendResult, { outcome: 'acted' | 'refused' }>> {
    const [result] = await this.store.append([{ id: `act-${++this.#count}`, entry: null, act }]);
    if (result?.outcome !== 'acted' && result?.outcome !== 'refused') throw new Error('no answer to an act');
    return result;
  }

  /** @returns the offset of what was appended; 0: nothing was. */
  async done(act: LogAct): Promise<number> {
    const result = await this.act(act);
    if (result.outcome !== 'acted') throw new Error(`refused: ${result.code}`);
    return result.entry?.offset ?? 0;
  }

  /** @param name as {@link nameOf} gives it. @returns as {@link done}. */
  bring(name: string, more: { readonly at?: number; readonly endpoint?: string } = {}): Promise<number> {
    const [user = '', id = ''] = name.split('/');
    const keys = { p256dh: 'p', auth: 'a', name: null, locale: null, timeZone: null, subscribe: [], issuedAt: null };
    const device = { ...keys, id, endpoint: more.endpoint ?? `https://push.test/${name}` };
    return this.done({ kind: 'device', user, at: more.at ?? NOW, body: BODY, device });
  }

  /** @param more `since`: absent, that of the device. */
  async renew(name: string, endpoint: string, more: { readonly at?: number; readonly since?: number } = {}) {
    const [user = '', device = ''] = name.split('/');
    const known = (await this.push.devices(user)).find(({ id }) => id === device);
    const { at = NOW + 50, since = known?.since ?? 0 } = more;
    const subscription = { endpoint, p256dh: 'other p', auth: 'other a' };
    return this.act({ kind: 'renewDevice', user, device, since, at, body: BODY, subscription });
  }

  remove(name: string, endpoint: string | null = null, at = NOW + 40): Promise<number> {
    const [user = '', device = ''] = name.split('/');
    return this.done({ kind: 'removeDevice', user, device, endpoint, at, body: BODY });
  }

  follow(user: string, topic: string, kind: 'follow' | 'unfollow' = 'follow'): Promise<number> {
    return this.done({ kind, user, at: NOW, body: BODY, topic });
  }

  mark(user: string, target: MarkAct['target'], more: Partial<MarkAct> = {}): Promise<number> {
    const act = { kind: 'mark', state: 'read', undo: false, until: null, at: NOW + 100, body: BODY } as const;
    return this.done({ ...act, user, target, ...more });
  }

  /** All candidates of a due push, page by page, without deciding anything. */
  async candidates(offset: number, limit = 1_000): Promise<PushCandidate[]> {
    const found: PushCandidate[] = [];
    for (let mark: PushMark | null = START; mark !== null;) {
      const page = await this.push.candidates(offset, mark, limit);
      found.push(...page.candidates);
      mark = page.next;
    }
    return found;
  }

  /** Decides for every device of everybody that it be pushed to. @returns the devices. */
  async plan(offset: number, more: { readonly at?: number; readonly until?: number } = {}): Promise<string[]> {
    const due = (await this.push.due(Number.MAX_SAFE_INTEGER, 1_000)).find((one) => one.offset === offset);
    const planned: string[] = [];
    for (let mark: PushMark | null = due?.mark ?? null; mark !== null;) {
      const { candidates, next } = await this.push.candidates(offset, mark, 1_000);
      const pushes = candidates.flatMap(({ user, topics, devices }) =>
        devices.map(({ id }) => ({
          user,
          device: id,
          topic: topics[0] ?? '',
          ticket: `ticket-${offset}-${user}-${id}`,
          until: more.until ?? UNTIL,
        })),
      );
      if (!(await this.push.plan({ offset, from: mark, next, at: more.at ?? NOW, pushes })))
        throw new Error('somebody else has planned it');
      planned.push(...pushes.map(({ user, device }) => `${user}/${device}`));
      mark = next;
    }
    return planned;
  }

  /** Publishes and plans. @returns the offset. */
  async ring(id: string, more: Publishing & { readonly until?: number } = {}): Promise<number> {
    const { until, ...publishing } = more;
    const offset = await this.publish(id, publishing);
    await this.plan(offset, until === undefined ? {} : { until });
    return offset;
  }

  claim(more: Partial<ClaimRequest> = {}): Promise<Claim> {
    return this.push.claim({
      now: NOW + 50,
      limit: 100,
      leaseMs: 1_000,
      exceptDevices: [],
      exceptHosts: [],
      ...more,
    });
  }

  /** Takes all that is due now, and says that it was sent. @returns what was. */
  async send(at = NOW + 50): Promise<ClaimedPush[]> {
    const sent: ClaimedPush[] = [];
    for (;;) {
      const { pushes } = await this.claim({ now: at });
      if (pushes.length === 0) return sent;
      sent.push(...pushes);
      await this.push.settle(pushes.map(({ id }) => ({ id, at, state: 'sent' })));
    }
  }
}

/** What a claim has taken, in short. */
export function takenOf({ pushes }: { readonly pushes: readonly ClaimedPush[] }): string[] {
  return pushes.map((push) => {
    const what = push.kind === 'show' ? push.entry.id : `close ${push.closed.map(({ id }) => id).join(' ')}`;
    return `${nameOf(push.device)} ${what}`;
  });
}

/** What a check may do to the place in which it is. */
export interface Reopening {
  /** Closes the store and opens another one for the same data. */
  reopen(): Promise<PushScene>;
  /** Opens what a process would leave that is killed now. */
  crash(): Promise<PushScene>;
}

/** A check on one freshly opened store. */
export function onFreshPush(name: string, use: (scene: PushScene, place: Reopening) => Promise<void>): PushStoreCheck {
  return {
    name,
    run: async (harness) => {
      let place = await harness.create();
      const places = [place];
      let store = place.store();
      const openAgain = async (): Promise<PushScene> => {
        await store.close();
        store = place.store();
        await store.open();
        return new PushScene(store);
      };
      const crash = async (): Promise<PushScene> => {
        place = await place.copy();
        places.push(place);
        return openAgain();
      };
      try {
        await store.open();
        await use(new PushScene(store), { reopen: openAgain, crash });
      } finally {
        await store.close();
        for (const one of places) await one.dispose();
      }
    },
  };
}
