import type {
  AppendRequest,
  InboxRow,
  InboxScope,
  LogAct,
  MarkAct,
  NotificationStore,
  PeopleStore,
} from '#clarion/notifications';
import type { Breakage } from './inbox-world.js';

/** What is kept of people, with one rule forgotten. */
export interface BrokenInboxes {
  readonly name: string;
  make(): Breakage;
}

/** A store whose writer is told something else. Undefined: it is told nothing, and all seems as it was. */
function tellingOtherwise(change: (act: LogAct) => LogAct | undefined): NonNullable<Breakage['log']> {
  return (real) => ({ append: (batch) => appendOtherwise(real, batch, change) });
}

async function appendOtherwise(
  real: NotificationStore,
  batch: readonly AppendRequest[],
  change: (act: LogAct) => LogAct | undefined,
): ReturnType<NotificationStore['append']> {
  const told = batch.map((request) => {
    const act = request.act === undefined ? undefined : change(request.act);
    return request.act === undefined ? request : act === undefined ? undefined : { ...request, act };
  });
  const results = await real.append(told.flatMap((request) => request ?? []));
  let next = 0;
  return told.map((request) => (request === undefined ? { outcome: 'acted', entry: null } : results[next++]!));
}

function changingMarks(change: (mark: MarkAct) => MarkAct | undefined): NonNullable<Breakage['log']> {
  return tellingOtherwise((act) => (act.kind === 'mark' ? change(act) : act));
}

/** A store that is asked for something else, wherever an inbox is read. */
function asking(change: (scope: InboxScope) => Partial<InboxScope>): NonNullable<Breakage['people']> {
  return (real) => ({
    inbox: (request) => real.inbox({ ...request, ...change(request) }),
    counts: (scope) => real.counts({ ...scope, ...change(scope) }),
  });
}

function listing(
  change: (rows: readonly InboxRow[], real: PeopleStore) => Promise<readonly InboxRow[]>,
): NonNullable<Breakage['people']> {
  return (real) => ({
    inbox: async (request) => {
      const { rows, next } = await real.inbox(request);
      return { rows: await change(rows, real), next };
    },
  });
}

/** Tells of each act on its way. */
function remembering(note: (act: LogAct) => void): NonNullable<Breakage['log']> {
  return tellingOtherwise((act) => {
    note(act);
    return act;
  });
}

/** Whether it is this mark that counts, and it is about another topic than the one by which the notification is seen. */
function isReadElsewhere({ user, at, target }: MarkAct, { entry, topic, standing }: InboxRow, reader: string): boolean {
  return (
    user === reader &&
    standing.read?.at === at &&
    'upTo' in target &&
    target.topic !== null &&
    target.topic !== topic &&
    entry.topics.includes(target.topic) &&
    entry.offset <= target.upTo
  );
}

export const brokenInboxes: readonly BrokenInboxes[] = [
  {
    name: 'lets the undoing win a tie',
    make: () => ({ log: changingMarks((mark) => ({ ...mark, at: mark.undo ? mark.at + 1 : mark.at })) }),
  },
  {
    name: 'lets the shorter of two snoozes win a tie',
    make: () => {
      const shortest = new Map<string, number>();
      return {
        log: changingMarks((mark) => {
          if (mark.until === null) return mark;
          const key = `${mark.user} ${mark.at} ${JSON.stringify(mark.target)}`;
          const until = Math.min(shortest.get(key) ?? Infinity, mark.until);
          shortest.set(key, until);
          return { ...mark, until };
        }),
      };
    },
  },
  {
    name: 'never takes a mark back',
    make: () => ({ log: changingMarks((mark) => (mark.undo ? undefined : mark)) }),
  },
  {
    name: 'lets the mark win that comes last, whenever it was made',
    make: () => {
      let last = 0;
      return { log: changingMarks((mark) => ({ ...mark, at: (last = Math.max(last, mark.at)) })) };
    },
  },
  {
    name: 'drops a mark as dominated by a later one of the same state, though that is about something else',
    make: () => {
      const latest = new Map<string, number>();
      return {
        log: changingMarks((mark) => {
          const key = `${mark.user} ${mark.state}`;
          const known = latest.get(key) ?? 0;
          latest.set(key, Math.max(known, mark.at));
          return mark.at < known ? undefined : mark;
        }),
      };
    },
  },
  {
    name: 'marks up to a cursor, but for the one that it names',
    make: () => ({
      log: changingMarks((mark) =>
        'ids' in mark.target ? mark : { ...mark, target: { ...mark.target, upTo: mark.target.upTo - 1 } },
      ),
    }),
  },
  {
    name: 'marks of all topics what was meant for one',
    make: () => ({
      log: changingMarks((mark) =>
        'ids' in mark.target ? mark : { ...mark, target: { ...mark.target, topic: null } },
      ),
    }),
  },
  {
    name: 'marks what it can of the ids, and is silent about the others',
    make: () => ({
      log: (real) => ({
        append: async (batch) => {
          const results = await real.append(batch);
          return results.map((result) => (result.outcome === 'refused' ? { outcome: 'acted', entry: null } : result));
        },
      }),
    }),
  },
  {
    name: 'never ends a snooze',
    make: () => ({
      people: (real) => ({
        inbox: (request) =>
          real.inbox(request.filter === 'snoozed' ? { ...request, now: request.now - 8_000 } : request),
      }),
    }),
  },
  {
    name: 'begins a follow one notification too early',
    make: () => ({
      people: (real) => ({
        follows: async (user) => (await real.follows(user)).map((one) => ({ ...one, from: one.from - 2 })),
      }),
    }),
  },
  {
    name: 'goes on listing what was published after the unfollowing',
    make: () => ({
      people: (real) => ({
        follows: async (user) => {
          const all = await real.follows(user);
          const last = (topic: string): number =>
            Math.max(...all.filter((one) => one.topic === topic).map(({ from }) => from));
          return all.map((one) => (one.from === last(one.topic) ? { ...one, to: null } : one));
        },
      }),
    }),
  },
  {
    name: 'forgets what was followed when it is followed no more',
    make: () => ({
      people: (real) => ({ follows: async (user) => (await real.follows(user)).filter(({ to }) => to === null) }),
    }),
  },
  {
    name: 'counts what has expired',
    make: () => ({ people: (real) => ({ counts: (scope) => real.counts({ ...scope, now: scope.now - 20_000 }) }) }),
  },
  {
    name: 'lists what has expired',
    make: () => ({ people: (real) => ({ inbox: (request) => real.inbox({ ...request, now: request.now - 1_000 }) }) }),
  },
  {
    name: 'counts what was retracted',
    make: () => {
      const retracted = new Set<string>();
      return {
        log: remembering((act) => act.kind === 'retract' && retracted.add(act.notification)),
        people: (real) => ({
          counts: async (scope) => {
            const found = await real.findAll([...retracted]);
            const theirs = found.filter((one) => one?.entry.topics.includes(`users/${scope.user}`) === true).length;
            const { unseen, unread } = await real.counts(scope);
            return { unseen: unseen + theirs, unread: unread + theirs };
          },
        }),
      };
    },
  },
  {
    name: 'counts once by each of its topics what a person sees by several',
    make: () => ({
      people: (real) => ({
        counts: async (scope) => {
          const each = await Promise.all(scope.sources.map((one) => real.counts({ ...scope, sources: [one] })));
          const sum = (of: 'unseen' | 'unread'): number => each.reduce((total, counts) => total + counts[of], 0);
          return { unseen: sum('unseen'), unread: sum('unread') };
        },
      }),
    }),
  },
  {
    name: 'counts as unread what was read by another topic than the one by which it is seen',
    make: () => {
      const read: MarkAct[] = [];
      return {
        log: remembering((act) => act.kind === 'mark' && act.state === 'read' && !act.undo && read.push(act)),
        people: (real) => ({
          counts: async (scope) => {
            const counts = await real.counts(scope);
            const { rows } = await real.inbox({ ...scope, filter: 'read', limit: 100 });
            const elsewhere = rows.filter((row) => read.some((mark) => isReadElsewhere(mark, row, scope.user)));
            return { ...counts, unread: counts.unread + elsewhere.length };
          },
        }),
      };
    },
  },
  {
    name: 'collapses what was read before it was replaced',
    make: () => ({
      people: listing(async (rows, real) => {
        const found = await real.findAll(rows.map(({ entry }) => entry.id));
        return rows.filter(({ topic }, i) => found[i]?.collapsedBy.has(topic) !== true);
      }),
    }),
  },
  {
    name: 'shows the first form of what was edited',
    make: () => {
      const first = new Map<string, string>();
      return {
        people: listing(async (rows) =>
          rows.map((row) => {
            const body = first.get(row.entry.id) ?? row.entry.body;
            first.set(row.entry.id, body);
            return { ...row, entry: { ...row.entry, body } };
          }),
        ),
      };
    },
  },
  {
    name: 'names the last of the topics by which it is seen',
    make: () => ({
      people: (real) => ({
        inbox: async (request) => {
          const { rows, next } = await real.inbox(request);
          const isSource = (topic: string, offset: number): boolean =>
            request.sources.some(
              (one) => one.topic === topic && one.after < offset && (one.upTo === null || offset <= one.upTo),
            );
          const last = ({ entry, topic }: InboxRow): string =>
            entry.topics.findLast((one) => isSource(one, entry.offset)) ?? topic;
          return { rows: rows.map((row) => ({ ...row, topic: last(row) })), next };
        },
      }),
    }),
  },
  {
    name: 'repeats on a page the last of the one before',
    make: () => ({
      people: (real) => ({
        inbox: (request) =>
          real.inbox(request.before === undefined ? request : { ...request, before: request.before + 1 }),
      }),
    }),
  },
  {
    name: 'says that there is no more as soon as a page is full',
    make: () => ({
      people: (real) => ({ inbox: async (request) => ({ ...(await real.inbox(request)), next: null }) }),
    }),
  },
  {
    name: 'shows what is in hidden categories',
    make: () => ({ people: asking(() => ({ hiddenCategories: [] })) }),
  },
  {
    name: 'shows what was published before the reader’s right',
    make: () => ({
      people: asking(({ sources }) => ({ sources: sources.map((one) => ({ ...one, publishedFrom: 0 })) })),
    }),
  },
  {
    name: 'forgets at a restart what was said of single notifications',
    make: () => {
      let starts = 0;
      return {
        people: (real) => {
          const isFirst = ++starts === 1;
          return {
            inbox: async (request) => {
              const { rows, next } = await real.inbox(request);
              return { rows: isFirst ? rows : rows.map((row) => ({ ...row, standing: {} })), next };
            },
          };
        },
      };
    },
  },
];
