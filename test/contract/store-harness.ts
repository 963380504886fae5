import type { AppendRequest, AppendResult, NotificationStore, OpenedStore } from '#clarion/notifications';

/**
 * What a store brings so that the suite can examine it: `libs/<store>/test/store.harness.ts` exports one as `harness`. It imports the build
 * (`#clarion/<store>`), and needs nothing but a place to write.
 */
export interface StoreHarness {
  readonly name: string;
  /** A place without data. */
  create(): Promise<StorePlace>;
}

/** Where one log lives. */
export interface StorePlace {
  /** A store for the data of this place, not opened yet. */
  store(): NotificationStore;
  /**
   * Lets another process open the log and append, batch after batch, and ends it with SIGKILL once it has reported `acknowledged` appends, in the
   * middle of the next ones. Resolves with those that it reported, in their order.
   */
  killWhileAppending(acknowledged: number): Promise<readonly Acknowledged[]>;
  /** Lets another process open the log: the message of its failure, or undefined if it opened. */
  openElsewhere(): Promise<string | undefined>;
  /** A copy of the data as a place of its own. Precondition: no store has this place open. */
  copy(): Promise<StorePlace>;
  /** Removes the data. */
  dispose(): Promise<void>;
}

/** An append that somebody was told of. */
export interface Acknowledged {
  readonly id: string;
  readonly offset: number;
}

/** One sentence of the contract: `run` throws when the store breaks it. */
export interface StoreCheck {
  readonly name: string;
  /** Needs other processes: too slow to be run against every broken store. */
  readonly isSlow?: true;
  run(harness: StoreHarness): Promise<void>;
}

export interface OpenLog {
  readonly place: StorePlace;
  readonly store: NotificationStore;
  readonly opened: OpenedStore;
}

/** Lends a fresh place, and removes it whatever happens. */
export async function withPlace<T>(harness: StoreHarness, use: (place: StorePlace) => Promise<T>): Promise<T> {
  const place = await harness.create();
  try {
    return await use(place);
  } finally {
    await place.dispose();
  }
}

/** Opens the place for as long as `use` takes. */
export async function withStore<T>(place: StorePlace, use: (log: OpenLog) => Promise<T>): Promise<T> {
  const store = place.store();
  try {
    return await use({ place, store, opened: await store.open() });
  } finally {
    await store.close();
  }
}

/** A check on one freshly opened log. */
export function onFreshLog(name: string, use: (log: OpenLog) => Promise<void>): StoreCheck {
  return { name, run: (harness) => withPlace(harness, (place) => withStore(place, use)) };
}

/** The time at which the suite's entries begin, in milliseconds since 1970. */
export const DAY_ONE = 1_700_000_000_000;

export interface Draft {
  readonly id?: string;
  readonly topics?: readonly string[];
  readonly publishedAt?: number;
  readonly body?: string;
  readonly idempotency?: AppendRequest['idempotency'];
}

let drafted = 0;

/** A request with an id that no other has. */
export function draft({ id, topics, publishedAt, body, idempotency }: Draft = {}): AppendRequest & {
  readonly entry: NonNullable<AppendRequest['entry']>;
} {
  const number = ++drafted;
  const entry = {
    topics: topics ?? ['orders/1'],
    publishedAt: publishedAt ?? DAY_ONE + number,
    body: body ?? `"title":"number ${number}"`,
  };
  return { id: id ?? `n-${number}`, entry, ...(idempotency !== undefined && { idempotency }) };
}

export function drafts(count: number, of: (i: number) => Draft = () => ({})): ReturnType<typeof draft>[] {
  return Array.from({ length: count }, (_, i) => draft(of(i)));
}

/** The offset of an append that must have been carried out. */
export function offsetOf(result: AppendResult | undefined): number {
  if (result?.outcome !== 'appended' || result.offset === null)
    throw new Error(`not appended: ${JSON.stringify(result)}`);
  return result.offset;
}
