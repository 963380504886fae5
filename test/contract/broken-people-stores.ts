import type {
  AppendRequest,
  AppendResult,
  InboxCounts,
  LogAct,
  NotificationStore,
  PeopleStore,
} from '#clarion/notifications';
import type { PeopleStoreHarness } from './people-store-harness.js';

/** When every erasure is over. Milliseconds since 1970. */
const AFTER_ALL = Number.MAX_SAFE_INTEGER;

/** A store that breaks the contract in one way, and the beginning of the sentence that says so. */
export interface BrokenPeopleStore {
  readonly name: string;
  readonly caughtBy: string;
  readonly people?: (real: PeopleStore) => Partial<PeopleStore>;
  readonly log?: (real: NotificationStore) => Partial<NotificationStore>;
}

/** The same implementation, broken. */
export function brokenPeopleHarness(harness: PeopleStoreHarness, broken: BrokenPeopleStore): PeopleStoreHarness {
  return {
    name: `${harness.name}, ${broken.name}`,
    create: async () => {
      const place = await harness.create();
      return {
        store: () => {
          const real = place.store();
          return {
            ...delegateLog(real),
            ...broken.log?.(real),
            people: { ...delegatePeople(real.people), ...broken.people?.(real.people) },
          };
        },
        dispose: () => place.dispose(),
      };
    },
  };
}

function delegateLog(real: NotificationStore): NotificationStore {
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

function delegatePeople(real: PeopleStore): PeopleStore {
  return {
    find: (id) => real.find(id),
    findAll: (ids) => real.findAll(ids),
    follows: (user) => real.follows(user),
    followers: (topic) => real.followers(topic),
    inbox: (request) => real.inbox(request),
    counts: (scope) => real.counts(scope),
    standing: (user, offset) => real.standing(user, offset),
    preferencesOf: (users) => real.preferencesOf(users),
    havePreferences: () => real.havePreferences(),
    categories: () => real.categories(),
    putCategory: (category) => real.putCategory(category),
    deleteCategory: (id) => real.deleteCategory(id),
    noteReceipts: (receipts) => real.noteReceipts(receipts),
    noteOffered: (offered) => real.noteOffered(offered),
    receipts: (offset, users) => real.receipts(offset, users),
    topicReceipts: (offset, except) => real.topicReceipts(offset, except),
    touch: (people) => real.touch(people),
    lastSeen: (user) => real.lastSeen(user),
    beginErasure: (user) => real.beginErasure(user),
    export: (user) => real.export(user),
  };
}

/** A store that does something else than what it is asked. */
function changingActs(change: (act: LogAct) => LogAct): BrokenPeopleStore['log'] {
  return (real) => ({
    append: (batch: readonly AppendRequest[]): Promise<AppendResult[]> =>
      real.append(
        batch.map((request) => (request.act === undefined ? request : { ...request, act: change(request.act) })),
      ),
  });
}

/** A store that spoils entries on their way in. */
function changingEntries(change: (entry: NonNullable<AppendRequest['entry']>) => object): BrokenPeopleStore['log'] {
  return (real) => ({
    append: (batch) =>
      real.append(
        batch.map((one) => (one.entry === null ? one : { ...one, entry: { ...one.entry, ...change(one.entry) } })),
      ),
  });
}

export const brokenPeopleStores: readonly BrokenPeopleStore[] = [
  { name: 'forgets the category', caughtBy: 'traits:', log: changingEntries(() => ({ category: undefined })) },
  { name: 'forgets when it is over', caughtBy: 'traits:', log: changingEntries(() => ({ expiresAt: undefined })) },
  { name: 'collapses nothing', caughtBy: 'collapse:', log: changingEntries(() => ({ collapseKey: undefined })) },
  {
    name: 'finds no collapse',
    caughtBy: 'collapse:',
    people: (real) => ({
      find: async (id) => {
        const found = await real.find(id);
        return found && { ...found, collapsedBy: new Map() };
      },
    }),
  },
  {
    name: 'tells a retraction but keeps the body',
    caughtBy: 'retract:',
    log: changingActs((act) => (act.kind === 'retract' ? { ...act, kind: 'edit', edit: { title: 'gone' } } : act)),
  },
  {
    name: 'undoes no mark',
    caughtBy: 'marks: the latest counts',
    log: changingActs((act) => (act.kind === 'mark' ? { ...act, undo: false } : act)),
  },
  {
    name: 'lies about when it was',
    caughtBy: 'marks: the latest counts',
    log: changingActs((act) => (act.kind === 'mark' ? { ...act, at: act.at + 1_000 } : act)),
  },
  {
    name: 'marks all topics for one',
    caughtBy: 'marks: up to a place',
    log: changingActs((act) =>
      act.kind === 'mark' && 'upTo' in act.target ? { ...act, target: { ...act.target, topic: null } } : act,
    ),
  },
  {
    name: 'counts the unread as unseen',
    caughtBy: 'marks: up to a place',
    people: (real) => ({
      counts: async (scope) => {
        const { unread } = await real.counts(scope);
        return { unread, unseen: unread };
      },
    }),
  },
  {
    name: 'shows hidden categories',
    caughtBy: 'inbox, counts:',
    people: (real) => ({ inbox: (request) => real.inbox({ ...request, hiddenCategories: [] }) }),
  },
  {
    name: 'shows what is over',
    caughtBy: 'inbox, counts:',
    people: (real) => ({ counts: (scope) => real.counts({ ...scope, now: 0 }) }),
  },
  {
    name: 'ends after the first page',
    caughtBy: 'inbox: pages',
    people: (real) => ({ inbox: async (request) => ({ ...(await real.inbox(request)), next: null }) }),
  },
  {
    name: 'names whose all are',
    caughtBy: 'inbox: pages',
    people: (real) => ({
      inbox: async (request) => {
        const { rows, next } = await real.inbox(request);
        return { rows: rows.map((row) => ({ ...row, topic: row.entry.topics[0] ?? '' })), next };
      },
    }),
  },
  {
    name: 'stops counting at a thousand',
    caughtBy: 'counts:',
    people: (real) => ({
      counts: async (scope) => {
        const { unread, unseen } = await real.counts(scope);
        return { unread: Math.min(unread, 1_000), unseen: Math.min(unseen, 1_000) };
      },
    }),
  },
  {
    name: 'remembers what it has counted until something is published',
    caughtBy: 'counts: asked again',
    people: (real) => {
      const known = new Map<string, InboxCounts>();
      return {
        counts: async (scope) => {
          const { rows } = await real.inbox({ ...scope, filter: 'all', limit: 100 });
          const key = JSON.stringify([scope, rows.length]);
          const counts = known.get(key) ?? (await real.counts(scope));
          known.set(key, counts);
          return counts;
        },
      };
    },
  },
  {
    name: 'mixes people up',
    caughtBy: 'marks: those of one person',
    log: changingActs((act) => (act.kind === 'mark' ? { ...act, user: 'u-2' } : act)),
  },
  {
    name: 'forgets intervals that have ended',
    caughtBy: 'follows:',
    people: (real) => ({ follows: async (user) => (await real.follows(user)).filter(({ to }) => to === null) }),
  },
  {
    name: 'notes what was acknowledged before an erasure',
    caughtBy: 'erase: what was acknowledged',
    log: changingActs((act) => (act.kind === 'ack' ? { ...act, at: AFTER_ALL } : act)),
  },
  {
    name: 'notes what was received before an erasure',
    caughtBy: 'erase: what was acknowledged',
    people: (real) => ({
      noteReceipts: (receipts) => real.noteReceipts(receipts.map((one) => ({ ...one, at: AFTER_ALL }))),
    }),
  },
  {
    name: 'takes the last time of a receipt',
    caughtBy: 'receipts:',
    people: (real) => ({ noteReceipts: (receipts) => real.noteReceipts(receipts.toReversed()) }),
  },
  {
    name: 'lets time go back',
    caughtBy: 'touch:',
    people: () => {
      const times = new Map<string, number>();
      return {
        touch: async (people) => people.forEach(({ user, at }) => times.set(user, at)),
        lastSeen: async (user) => times.get(user),
      };
    },
  },
  {
    name: 'never deletes a category',
    caughtBy: 'categories:',
    people: () => ({ deleteCategory: async () => undefined }),
  },
  { name: 'prunes nothing', caughtBy: 'prune:', log: () => ({ prune: async () => 0 }) },
  {
    name: 'begins no erasure before its act',
    caughtBy: 'erase: what there is much of',
    people: () => ({ beginErasure: async () => undefined }),
  },
  {
    name: 'erases somebody else',
    caughtBy: 'erase:',
    log: changingActs((act) => (act.kind === 'erase' ? { ...act, user: 'u-9' } : act)),
  },
];
