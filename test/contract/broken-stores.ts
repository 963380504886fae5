import { randomBytes } from 'node:crypto';
import type { LogEntry } from '#clarion/event-bus';
import type { AppendRequest, AppendResult, Epoch, NotificationStore, ReadResult } from '#clarion/notifications';
import type { StoreHarness, StorePlace } from './store-harness.js';

/** What a broken store remembers of its place from one opening to the next. */
export interface PlaceMemory {
  epochs: readonly Epoch[];
  head: number;
}

/** A store that breaks the contract in one way, and the sentence of the contract that says so. */
export interface BrokenStore {
  readonly name: string;
  readonly caughtBy: string;
  breakIt(real: NotificationStore, memory: PlaceMemory): Partial<NotificationStore>;
}

/** The harness of the same implementation, broken. */
export function brokenHarness(harness: StoreHarness, { name, breakIt }: BrokenStore): StoreHarness {
  const wrap = (place: StorePlace): StorePlace => {
    const memory: PlaceMemory = { epochs: [], head: 0 };
    return {
      store: () => {
        const real = place.store();
        return { ...delegate(real), ...breakIt(real, memory) };
      },
      killWhileAppending: (count) => place.killWhileAppending(count),
      openElsewhere: () => place.openElsewhere(),
      copy: async () => wrap(await place.copy()),
      dispose: () => place.dispose(),
    };
  };
  return { name: `${harness.name}, ${name}`, create: async () => wrap(await harness.create()) };
}

function delegate(real: NotificationStore): NotificationStore {
  return {
    open: () => real.open(),
    append: (batch) => real.append(batch),
    read: (request) => real.read(request),
    history: (request) => real.history(request),
    bounds: () => real.bounds(),
    prune: (policy, now) => real.prune(policy, now),
    close: () => real.close(),
  };
}

/** A store whose pages are changed on their way out. */
function changingPages(
  change: (page: ReadResult, head: number, after: number) => Partial<ReadResult>,
): BrokenStore['breakIt'] {
  return (real) => ({
    read: async (request) => {
      const page = await real.read(request);
      return { ...page, ...change(page, (await real.bounds()).head, request.after) };
    },
  });
}

/** Answers as if the batch had been stored after `head`. */
function pretend(batch: readonly AppendRequest[], head: number): AppendResult[] {
  return batch.map(({ id }, i) => ({ outcome: 'appended', id, offset: head + 1 + i }));
}

function byOffset(a: LogEntry, b: LogEntry): number {
  return a.offset - b.offset;
}

export const brokenStores: readonly BrokenStore[] = [
  {
    name: 'drops the last entry of a page',
    caughtBy: 'append: what was stored comes back as it was, in order',
    breakIt: changingPages(({ entries, through }) => ({
      entries: entries.slice(0, Math.max(1, entries.length - 1)),
      through,
    })),
  },
  {
    name: 'drops now and then an entry',
    caughtBy: 'model: any sequence of appends, reads, histories and prunes gives what a naive model gives',
    breakIt: changingPages(({ entries, through }) => ({
      entries: entries.filter(({ offset }) => offset % 13 !== 0),
      through,
    })),
  },
  {
    name: 'repeats the entry before the page',
    caughtBy: 'read: `limit` is kept, and `through` never passes a match that was not returned',
    breakIt: (real) => ({ read: (request) => real.read({ ...request, after: Math.max(0, request.after - 1) }) }),
  },
  {
    name: 'reorders the first two entries of a page',
    caughtBy: 'append: what was stored comes back as it was, in order',
    breakIt: changingPages(({ entries: [first, second, ...rest], through }) => ({
      entries: [second, first, ...rest].flatMap((entry) => entry ?? []),
      through,
    })),
  },
  {
    name: 'returns an entry once for each selector that matches it',
    caughtBy: 'read: an entry that several selectors match comes once',
    breakIt: (real) => ({
      read: async (request) => {
        const selectors = request.selectors ?? ['**'];
        const pages = await Promise.all(selectors.map((one) => real.read({ ...request, selectors: [one] })));
        const through = Math.min(...pages.map((page) => page.through));
        const entries = pages.flatMap((page) => page.entries).filter(({ offset }) => offset <= through);
        return { ...pages[0]!, entries: entries.sort(byOffset).slice(0, request.limit), through };
      },
    }),
  },
  {
    name: 'moves `through` to the head past matches that were not returned',
    caughtBy: 'read: `limit` is kept, and `through` never passes a match that was not returned',
    breakIt: changingPages(({ entries }, head) => ({ entries, through: head })),
  },
  {
    name: 'leaves `through` where it was when nothing matched',
    caughtBy: 'read: exact topics that match nothing bring `through` to the head at once',
    breakIt: changingPages(({ entries, through }, _head, after) => ({
      entries,
      through: entries.length === 0 ? after : through,
    })),
  },
  {
    name: 'moves `through` only to the last match',
    caughtBy: 'read: wildcards reach what the grammar says, never people and reserved topics',
    breakIt: changingPages(({ entries }, _head, after) => ({ entries, through: entries.at(-1)?.offset ?? after })),
  },
  {
    name: 'moves `through` beyond the head',
    caughtBy: 'model: any sequence of appends, reads, histories and prunes gives what a naive model gives',
    breakIt: changingPages(({ entries, through }, head) => ({
      entries,
      through: through === head ? through + 1 : through,
    })),
  },
  {
    name: 'never tells its floor',
    caughtBy: 'prune: the floor rises by age, reads begin above it, history stays',
    breakIt: changingPages(() => ({ floor: 0 })),
  },
  {
    name: 'ignores `maxBytes`',
    caughtBy: 'read: `maxBytes` stops before the body that exceeds it, never before the first',
    breakIt: (real) => ({ read: (request) => real.read({ ...request, maxBytes: 1e9 }) }),
  },
  {
    name: 'lets `**` reach people',
    caughtBy: 'read: wildcards reach what the grammar says, never people and reserved topics',
    breakIt: (real) => ({
      read: (request) =>
        real.read(request.selectors?.includes('**') === true ? { ...request, selectors: null } : request),
    }),
  },
  {
    name: 'forgets the order of the topics',
    caughtBy: 'append: what was stored comes back as it was, in order',
    breakIt: changingPages(({ entries, through }) => ({
      entries: entries.map((entry) => ({ ...entry, topics: [...entry.topics].sort() })),
      through,
    })),
  },
  {
    name: 'acknowledges before it stores',
    caughtBy: 'append: what it acknowledged is visible at once, to every kind of reading',
    breakIt: (real) => {
      let later = Promise.resolve<unknown>(undefined);
      return {
        append: async (batch) => {
          const { head } = await real.bounds();
          later = later.then(() => new Promise(setImmediate)).then(() => real.append(batch));
          return pretend(batch, head);
        },
        close: async () => {
          await later;
          await real.close();
        },
      };
    },
  },
  {
    name: 'acknowledges all and stores half',
    caughtBy: 'append: what it acknowledged survives a close that follows at once',
    breakIt: (real) => ({
      append: async (batch) => {
        const { head } = await real.bounds();
        await real.append(batch.slice(0, Math.ceil(batch.length / 2)));
        return pretend(batch, head);
      },
    }),
  },
  {
    name: 'stores a part of a batch that it refuses',
    caughtBy: 'append: all or nothing when one request cannot be stored',
    breakIt: (real) => ({
      append: async (batch) => {
        try {
          return await real.append(batch);
        } catch (error) {
          await real.append(batch.slice(0, 1));
          throw error;
        }
      },
    }),
  },
  {
    name: 'ignores idempotency',
    caughtBy: 'idempotency: the first request with a key decides, in the same batch and later',
    breakIt: (real) => ({ append: (batch) => real.append(batch.map(({ id, entry }) => ({ id, entry }))) }),
  },
  {
    name: 'judges idempotency by the key alone, whoever brings it',
    caughtBy: 'idempotency: keys of different scopes have nothing to do with each other',
    breakIt: (real) => ({
      append: (batch) =>
        real.append(
          batch.map(({ idempotency, ...request }) =>
            idempotency === undefined ? request : { ...request, idempotency: { ...idempotency, scope: 'all' } },
          ),
        ),
    }),
  },
  {
    name: 'drops idempotency claims before their time',
    caughtBy: 'idempotency: claims survive a restart, and prune drops them only after their time',
    breakIt: (real) => ({ prune: (policy, now) => real.prune(policy, now + 10_000) }),
  },
  {
    name: 'begins no new epoch',
    caughtBy: 'open: each time begins an epoch of its own, and forgets none',
    breakIt: (real, memory) => ({
      open: async () => {
        const opened = await real.open();
        if (memory.epochs.length === 0) memory.epochs = opened.epochs;
        return { ...opened, epochs: memory.epochs };
      },
    }),
  },
  {
    name: 'begins each epoch with the id of the one before',
    caughtBy: 'open: a restored older copy that grows past its old head has another epoch there',
    breakIt: (real) => {
      const same = <T extends { readonly epochs: readonly Epoch[] }>(bounds: T): T => ({
        ...bounds,
        epochs: bounds.epochs.map(({ firstOffset }) => ({ id: '0123456789abcdef', firstOffset })),
      });
      return { open: async () => same(await real.open()), bounds: async () => same(await real.bounds()) };
    },
  },
  {
    name: 'forgets all epochs but the newest',
    caughtBy: 'open: each time begins an epoch of its own, and forgets none',
    breakIt: (real) => ({
      open: async () => {
        const opened = await real.open();
        return { ...opened, epochs: opened.epochs.slice(-1) };
      },
    }),
  },
  {
    name: 'makes a new key at every start',
    caughtBy: 'open: the key is kept, and differs from log to log',
    breakIt: (real) => ({ open: async () => ({ ...(await real.open()), secret: randomBytes(32) }) }),
  },
  {
    name: 'shows other topics in the history of one',
    caughtBy: 'history: one topic, newest first, page by page, nothing of others',
    breakIt: (real) => ({
      history: async ({ limit, before = 1e9 }) => {
        const { entries } = await real.read({ after: 0, selectors: null, limit: 1_000, maxBytes: 1e9 });
        const all = entries.filter(({ offset }) => offset < before).toReversed();
        return { entries: all.slice(0, limit), more: all.length > limit };
      },
    }),
  },
  {
    name: 'starts every page of history from the newest',
    caughtBy: 'history: one topic, newest first, page by page, nothing of others',
    breakIt: (real) => ({
      history: ({ topic, limit, publishedFrom }) => real.history({ topic, limit, publishedFrom }),
    }),
  },
  {
    name: 'shows in history what is older than the reader may see',
    caughtBy: 'history: nothing published before `publishedFrom`',
    breakIt: (real) => ({ history: (request) => real.history({ ...request, publishedFrom: 0 }) }),
  },
  {
    name: 'never prunes',
    caughtBy: 'prune: the floor rises by age, reads begin above it, history stays',
    breakIt: (real) => ({ prune: async () => (await real.bounds()).floor }),
  },
  {
    name: 'prunes twice as much of the resume log as it may',
    caughtBy: 'prune: the floor rises by bytes, as little as the policy allows',
    breakIt: (real) => ({
      prune: (policy, now) => real.prune({ ...policy, resumeMaxBytes: policy.resumeMaxBytes / 2 }, now),
    }),
  },
  {
    name: 'keeps no history below the floor',
    caughtBy: 'prune: history is counted per topic, and a noisy topic evicts nobody else',
    breakIt: (real) => ({ prune: (policy, now) => real.prune({ ...policy, historyMaxPerTopic: 0 }, now) }),
  },
  {
    name: 'goes on after it was closed',
    caughtBy: 'close: may be repeated, answers what was begun, and refuses what comes after',
    breakIt: (real) => ({
      close: async () => {
        await real.close();
      },
      append: async (batch) => real.append(batch).catch(() => pretend(batch, 0)),
    }),
  },
];
