import type {
  AppendRequest,
  AppendResult,
  ClaimedPush,
  LogAct,
  NotificationStore,
  PushStore,
} from '#clarion/notifications';
import type { PushStoreHarness, PushStorePlace, StoreWithPush } from './push-store-harness.js';

/** A store that breaks the contract in one way, and the beginning of the sentence that says so. */
export interface BrokenPushStore {
  readonly name: string;
  readonly caughtBy: string;
  readonly push?: (real: PushStore) => Partial<PushStore>;
  readonly log?: (real: StoreWithPush) => Partial<NotificationStore>;
}

/** The same implementation, broken. */
export function brokenPushHarness(harness: PushStoreHarness, broken: BrokenPushStore): PushStoreHarness {
  const breakPlace = (place: PushStorePlace): PushStorePlace => ({
    store: () => breakStore(place.store(), broken),
    copy: async () => breakPlace(await place.copy()),
    dispose: () => place.dispose(),
  });
  return { name: `${harness.name}, ${broken.name}`, create: async () => breakPlace(await harness.create()) };
}

function breakStore(real: StoreWithPush, { log, push }: BrokenPushStore): StoreWithPush {
  return {
    ...delegateLog(real),
    ...log?.(real),
    people: real.people,
    push: { ...delegatePush(real.push), ...push?.(real.push) },
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

function delegatePush(real: PushStore): PushStore {
  return {
    keepVapidKeys: (made) => real.keepVapidKeys(made),
    devices: (user) => real.devices(user),
    due: (now, limit) => real.due(now, limit),
    nextAt: (after) => real.nextAt(after),
    candidates: (offset, mark, limit) => real.candidates(offset, mark, limit),
    plan: (decided) => real.plan(decided),
    claim: (request) => real.claim(request),
    settle: (settlements) => real.settle(settlements),
    releaseAll: () => real.releaseAll(),
    planTakeBacks: (now, limit) => real.planTakeBacks(now, limit),
    ticket: (ticket) => real.ticket(ticket),
    pushes: (offset, users) => real.pushes(offset, users),
    choices: (offset, users) => real.choices(offset, users),
    choicesOf: (user, offsets) => real.choicesOf(user, offsets),
    export: (user) => real.export(user),
    dueAt: (offset) => real.dueAt(offset),
    waiting: () => real.waiting(),
  };
}

/** A store that does something else than what it is asked. */
function changingRequests(change: (request: AppendRequest) => AppendRequest): BrokenPushStore['log'] {
  return (real) => ({
    append: (batch: readonly AppendRequest[]): Promise<AppendResult[]> => real.append(batch.map(change)),
  });
}

function changingActs(change: (act: LogAct) => LogAct): BrokenPushStore['log'] {
  return changingRequests((request) =>
    request.act === undefined ? request : { ...request, act: change(request.act) },
  );
}

async function withSinceOfNow({ push }: StoreWithPush, request: AppendRequest): Promise<AppendRequest> {
  const { act } = request;
  if (act?.kind !== 'renewDevice') return request;
  const known = (await push.devices(act.user)).find(({ id }) => id === act.device);
  return { ...request, act: { ...act, since: known?.since ?? act.since } };
}

const GONE = { kind: 'removeDevice', device: 'nobody', endpoint: null, body: '"change":"x"' } as const;

export const brokenPushStores: readonly BrokenPushStore[] = [
  {
    name: 'takes the newest pair of keys',
    caughtBy: 'vapid:',
    push: () => ({ keepVapidKeys: async (made) => made }),
  },
  {
    name: 'forgets what a device may read',
    caughtBy: 'devices: are kept',
    log: changingActs((act) => (act.kind === 'device' ? { ...act, device: { ...act.device, subscribe: [] } } : act)),
  },
  {
    name: 'says that a device that came again has come now',
    caughtBy: 'devices: are kept',
    push: (real) => ({
      devices: async (user) => (await real.devices(user)).map((one) => ({ ...one, createdAt: one.verifiedAt })),
    }),
  },
  {
    name: 'leaves an endpoint to whoever had it before',
    caughtBy: 'devices: an endpoint',
    log: changingActs((act) =>
      act.kind === 'device'
        ? { ...act, device: { ...act.device, endpoint: `${act.device.endpoint}#${act.user}` } }
        : act,
    ),
  },
  {
    name: 'lists devices as they came',
    caughtBy: 'devices: of more',
    push: (real) => ({
      devices: async (user) => (await real.devices(user)).toSorted((a, b) => a.createdAt - b.createdAt),
    }),
  },
  {
    name: 'removes a device wherever it is by now',
    caughtBy: 'devices: go',
    log: changingActs((act) => (act.kind === 'removeDevice' ? { ...act, endpoint: null } : act)),
  },
  {
    name: 'removes no device',
    caughtBy: 'devices: go',
    log: changingActs((act) => (act.kind === 'removeDevice' ? { ...act, ...GONE } : act)),
  },
  {
    name: 'says that a renewed device has come later',
    caughtBy: 'renew: has',
    push: (real) => ({
      devices: async (user) =>
        (await real.devices(user)).map((one) => (one.p256dh === 'p' ? one : { ...one, since: one.since + 1 })),
    }),
  },
  {
    name: 'renews nothing',
    caughtBy: 'renew: has',
    log: changingActs((act) => (act.kind === 'renewDevice' ? { ...act, ...GONE } : act)),
  },
  {
    name: 'renews whatever came since',
    caughtBy: 'renew: refused',
    log: (real) => ({
      append: async (batch) => real.append(await Promise.all(batch.map((one) => withSinceOfNow(real, one)))),
    }),
  },
  {
    name: 'takes the subscription that is renewed from whoever has it',
    caughtBy: 'renew: refused',
    log: changingActs((act) => {
      if (act.kind !== 'renewDevice' || !act.subscription.endpoint.endsWith('/bob')) return act;
      const rest = { name: null, locale: null, timeZone: null, subscribe: [], issuedAt: null };
      return { ...act, kind: 'device', device: { ...act.subscription, ...rest, id: act.device } };
    }),
  },
  {
    name: 'keeps the last time that an action was chosen',
    caughtBy: 'choose: the first',
    push: (real) => ({
      choices: async (offset, users) =>
        (await real.choices(offset, users)).map((one) => (one.action === 'yes' ? { ...one, at: one.at + 30 } : one)),
    }),
  },
  {
    name: 'finds what others have chosen',
    caughtBy: 'choose: what one person',
    push: (real) => ({
      choicesOf: async (_, offsets) =>
        (await Promise.all(offsets.map((offset) => real.choices(offset, ['ann', 'bob'])))).flat(),
    }),
  },
  {
    name: 'finds what was chosen of one notification alone',
    caughtBy: 'choose: what one person',
    push: (real) => ({ choicesOf: (user, offsets) => real.choicesOf(user, offsets.slice(0, 1)) }),
  },
  {
    name: 'lets anybody choose',
    caughtBy: 'choose: refused',
    log: changingActs((act) => (act.kind === 'choose' && act.notification === 'n-2' ? { ...act, user: 'bob' } : act)),
  },
  {
    name: 'erases somebody else',
    caughtBy: 'erase:',
    log: changingActs((act) => (act.kind === 'erase' ? { ...act, user: 'eve' } : act)),
  },
  { name: 'prunes nothing', caughtBy: 'prune:', log: () => ({ prune: async () => 0 }) },
  {
    name: 'keeps a due row for everything',
    caughtBy: 'due: only',
    log: changingRequests((request) =>
      request.entry === null || request.pushAt === undefined
        ? request
        : { ...request, entry: { ...request.entry, topics: [...request.entry.topics, 'x'] } },
    ),
  },
  {
    name: 'keeps no due rows',
    caughtBy: 'due: only',
    log: changingRequests((request) => {
      const { pushAt: _, ...rest } = request;
      return rest;
    }),
  },
  {
    name: 'keeps a due row for each replay',
    caughtBy: 'due: a publish',
    log: changingRequests((request) => {
      const { idempotency: _, ...rest } = request;
      return rest;
    }),
  },
  {
    name: 'says what is due before its time',
    caughtBy: 'due: what was due',
    push: (real) => ({ due: (now, limit) => real.due(now + 100, limit) }),
  },
  {
    name: 'says what is due in the order of the log',
    caughtBy: 'due: what was due',
    push: (real) => ({
      due: async (now, limit) => (await real.due(now, limit)).toSorted((a, b) => a.offset - b.offset),
    }),
  },
  {
    name: 'never says when there is something to do',
    caughtBy: 'due: what was due',
    push: () => ({ nextAt: async () => undefined }),
  },
  {
    name: 'says of nothing but what waits already that there is something to do',
    caughtBy: 'due: what was due',
    push: (real) => ({ nextAt: async () => real.nextAt(-1) }),
  },
  {
    name: 'ends after the first page of candidates',
    caughtBy: 'candidates: who is named',
    push: (real) => ({
      candidates: async (offset, mark, limit) => ({ ...(await real.candidates(offset, mark, limit)), next: null }),
    }),
  },
  {
    name: 'finds somebody for each of their topics',
    caughtBy: 'candidates: who is named',
    push: (real) => ({
      candidates: async (offset, mark, limit) => {
        const page = await real.candidates(offset, mark, limit);
        return {
          ...page,
          candidates: page.candidates.flatMap((one) => one.topics.map((topic) => ({ ...one, topics: [topic] }))),
        };
      },
    }),
  },
  {
    name: 'finds devices that came later',
    caughtBy: 'candidates: with what',
    push: (real) => ({
      candidates: async (offset, mark, limit) => {
        const page = await real.candidates(offset, mark, limit);
        const all = page.candidates.map(async (one) => ({ ...one, devices: await real.devices(one.user) }));
        return { ...page, candidates: await Promise.all(all) };
      },
    }),
  },
  {
    name: 'says that nobody has acknowledged anything',
    caughtBy: 'candidates: with what',
    push: (real) => ({
      candidates: async (offset, mark, limit) => {
        const page = await real.candidates(offset, mark, limit);
        return { ...page, candidates: page.candidates.map((one) => ({ ...one, acked: false })) };
      },
    }),
  },
  {
    name: 'collapses nothing',
    caughtBy: 'candidates: not by topics',
    log: changingRequests((request) => {
      if (request.entry?.collapseKey === undefined) return request;
      const { collapseKey: _, ...entry } = request.entry;
      return { ...request, entry };
    }),
  },
  {
    name: 'begins each page at the beginning',
    caughtBy: 'candidates: pages go on',
    push: (real) => ({ candidates: (offset, _, limit) => real.candidates(offset, '' as never, limit) }),
  },
  {
    name: 'plans whatever somebody else has planned',
    caughtBy: 'plan:',
    push: (real) => ({ plan: async (decided) => (await real.plan(decided)) || true }),
  },
  {
    name: 'plans without moving on',
    caughtBy: 'plan:',
    push: (real) => ({
      plan: (decided) => real.plan({ ...decided, next: decided.next === null ? null : decided.from }),
    }),
  },
  {
    name: 'holds nothing that was taken',
    caughtBy: 'claim: one for each device',
    push: (real) => ({ claim: (request) => real.claim({ ...request, leaseMs: 0 }) }),
  },
  {
    name: 'takes what is to be passed over',
    caughtBy: 'claim: no excepted',
    push: (real) => ({ claim: (request) => real.claim({ ...request, exceptDevices: [], exceptHosts: [] }) }),
  },
  {
    name: 'gives one host all',
    caughtBy: 'claim: no excepted',
    push: (real) => ({ claim: (request) => real.claim({ ...request, perHost: request.limit, room: {} }) }),
  },
  {
    name: 'takes nothing while something hangs',
    caughtBy: 'claim: whoever hangs',
    push: (real) => {
      let until = 0;
      return {
        claim: async (request) => {
          if (request.now < until) return NOTHING;
          const claim = await real.claim(request);
          if (claim.pushes.length > 0) until = request.now + request.leaseMs;
          return claim;
        },
      };
    },
  },
  {
    name: 'does not know what time it is',
    caughtBy: 'claim: what is wanted',
    push: (real) => ({ claim: (request) => real.claim({ ...request, now: request.now - 1 }) }),
  },
  {
    name: 'tells no reason',
    caughtBy: 'claim: what is wanted',
    push: (real) => ({
      pushes: async (offset, users) => (await real.pushes(offset, users)).map((one) => ({ ...one, reason: null })),
    }),
  },
  {
    name: 'lets go of nothing after a kill',
    caughtBy: 'claim: goes on',
    push: () => ({ releaseAll: async () => undefined }),
  },
  {
    name: 'settles nothing',
    caughtBy: 'settle: what was sent',
    push: () => ({ settle: async () => undefined }),
  },
  {
    name: 'blames the device for what was too large',
    caughtBy: 'settle: what is tried again',
    push: (real) => ({
      settle: (settlements) =>
        real.settle(settlements.map((one) => (one.state === 'waiting' ? { ...one, failed: true } : one))),
    }),
  },
  {
    name: 'tries again at once',
    caughtBy: 'settle: what is tried again',
    push: (real) => ({
      settle: (settlements) =>
        real.settle(settlements.map((one) => (one.state === 'waiting' ? { ...one, nextAt: one.at } : one))),
    }),
  },
  {
    name: 'takes back at once',
    caughtBy: 'take back: what is read by ids',
    push: (real) => ({ planTakeBacks: (now, limit) => real.planTakeBacks(now + 1e6, limit) }),
  },
  {
    name: 'takes nothing back',
    caughtBy: 'take back: what is read by ids',
    push: () => ({ planTakeBacks: async () => 0 }),
  },
  {
    name: 'takes back what was seen',
    caughtBy: 'take back: what is read up to',
    log: changingActs((act) => (act.kind === 'mark' && act.state === 'seen' ? { ...act, state: 'read' } : act)),
  },
  {
    name: 'takes back all topics for one',
    caughtBy: 'take back: what is read up to',
    log: changingActs((act) =>
      act.kind === 'mark' && 'upTo' in act.target ? { ...act, target: { ...act.target, topic: null } } : act,
    ),
  },
  {
    name: 'takes back what is unread again',
    caughtBy: 'take back: what is unread again',
    log: changingActs((act) => (act.kind === 'mark' ? { ...act, undo: false } : act)),
  },
  {
    name: 'closes what a newer one has replaced',
    caughtBy: 'take back: never',
    push: (real) => ({
      claim: async (request) => {
        const claim = await real.claim(request);
        return {
          ...claim,
          pushes: claim.pushes.map((one) =>
            one.kind === 'close' ? { ...one, closed: [{ id: 'n-1' }, ...one.closed] } : one,
          ),
        };
      },
    }),
  },
  {
    name: 'closes each by a push of its own',
    caughtBy: 'take back: one push',
    push: (real) => ({
      claim: async (request) => {
        const claim = await real.claim(request);
        return {
          ...claim,
          pushes: claim.pushes.flatMap((one): ClaimedPush[] =>
            one.kind === 'close' ? one.closed.map((closed) => ({ ...one, closed: [closed] })) : [one],
          ),
        };
      },
    }),
  },
  {
    name: 'decides twice about one device',
    caughtBy: 'model:',
    push: (real) => ({
      candidates: async (offset, mark, limit) => {
        const page = await real.candidates(offset, mark, limit);
        return { ...page, candidates: page.candidates.flatMap((one) => [one, one]).slice(0, limit) };
      },
    }),
  },
];

const NOTHING = { pushes: [], cancelled: {} } as const;
