import type { Subscriber } from '#clarion/access';
import { expect, test, vi } from 'vitest';
import {
  NO_RULES,
  type DeliveryWitness,
  type LiveRules,
  type PeopleCommands,
  type PersonalNotification,
  type Via,
} from '#clarion/notifications';
import { parseCommand, type Selector, type Topic } from '#clarion/protocol';
import {
  change,
  Client,
  join,
  KEY,
  makeWorld,
  offsetsSeen,
  TIGHT,
  turn,
  UnreliableBus,
  type World,
} from '../test/session-world.js';

test('a quiet reader is not told of a gap because retention passed what did not concern it', async () => {
  const world = await makeWorld();
  const quiet = join(world, ['a']);
  quiet.full = true;
  await world.publish(['a'] as Topic[], 10);
  await turn();
  for (let i = 0; i < 20; i++) await world.publish(['d'] as Topic[], 10);
  await world.log.prune(
    { resumeMaxAgeMs: 0, resumeMaxBytes: 0, historyMaxAgeMs: 0, historyMaxPerTopic: 0 },
    world.log.head,
  );
  for (let i = 0; i < 10; i++) await world.publish(['a'] as Topic[], 500);
  await world.settle();

  expect(quiet.seen.some(({ kind }) => kind === 'gap')).toBe(false);
  expect(offsetsSeen(quiet)).toHaveLength(11);
});

test('a selector that is added while a page of the log is read misses nothing of that page', async () => {
  const world = await makeWorld({ ...TIGHT, sharedReach: 0 });
  const start = world.log.cursorAt(world.log.head);
  for (let i = 0; i < 20; i++) await world.publish([i % 2 === 0 ? 'a' : 'c'] as Topic[], 300);
  world.store.readTurns = 4;
  const reader = join(world, ['a'], start);
  await turn();
  await turn();
  await change(reader, 'subscribe', ['c'] as Selector[]);
  await world.settle();

  expect(offsetsSeen(reader)).toEqual(world.store.entries.map(({ offset }) => offset));
});

test('what waits for a full link is bounded: the reader falls back to the log and still gets everything', async () => {
  const world = await makeWorld();
  const slow = join(world, ['a']);
  slow.full = true;
  for (let i = 0; i < 40; i++) {
    await world.publish(['a'] as Topic[], 300);
    await turn();
  }
  expect(world.realtime.snapshot().stats.fallenBehind).toBe(1);
  expect(offsetsSeen(slow)).toHaveLength(1);

  await world.settle();
  expect(offsetsSeen(slow)).toEqual(world.store.entries.map(({ offset }) => offset));
  const { live, ring, log } = world.realtime.snapshot().stats.deliveries;
  expect(Math.min(live, ring, log)).toBeGreaterThan(0);
});

test('a bus that loses, repeats and reorders changes nothing: the log is read where it has holes', async () => {
  const bus = new UnreliableBus();
  const world = await makeWorld({ ...TIGHT, ringBytes: 100_000 }, bus);
  const reader = join(world, ['**']);
  for (let i = 0; i < 200; i++) await world.publish(['a'] as Topic[], 10);
  bus.losing = false;
  await world.publish(['a'] as Topic[], 10);
  await world.settle();

  expect(world.errors).toEqual([]);
  expect(offsetsSeen(reader)).toEqual(world.store.entries.map(({ offset }) => offset));
  expect(world.realtime.snapshot().busHoles).toBeGreaterThan(0);
});

test('a publish that is on disk is answered although the bus fails, and readers hear it from the log', async () => {
  const bus = new UnreliableBus();
  const world = await makeWorld(TIGHT, bus);
  const reader = join(world, ['a']);
  bus.failing = true;
  expect(await world.publish(['a'] as Topic[], 10)).toMatchObject({ outcome: 'appended' });
  await expect.poll(() => offsetsSeen(reader), { timeout: 5_000 }).toHaveLength(1);
  expect(world.errors.map(String)).toEqual(['Error: the bus is gone']);
});

test('the last message of a bus is found although nothing follows it', async () => {
  const bus = new UnreliableBus();
  const world = await makeWorld(TIGHT, bus);
  const reader = join(world, ['a']);
  bus.losing = 'all';
  await world.publish(['a'] as Topic[], 10);
  await expect.poll(() => offsetsSeen(reader), { timeout: 5_000 }).toHaveLength(1);
});

test('a cursor from another node that is ahead of this one is served, and one from a lost future is told of a gap', async () => {
  const bus = new UnreliableBus();
  const world = await makeWorld(TIGHT, bus);
  bus.losing = 'all';
  await world.publish(['a'] as Topic[], 10);
  const ahead = world.log.cursorAt(world.log.head);
  const future = world.log.cursorAt(world.log.head + 50);
  const reader = join(world, ['a'], ahead);
  const lost = join(world, ['a'], future);
  bus.losing = false;
  await turn();
  await world.publish(['a'] as Topic[], 10);
  await world.settle();

  expect(offsetsSeen(reader)).toEqual([world.log.head]);
  expect(lost.seen[0]).toMatchObject({ kind: 'gap' });
  expect(offsetsSeen(lost)).toEqual(world.store.entries.map(({ offset }) => offset));
});

test('ephemeral events reach who is connected, and of those that a full link missed the newest per key', async () => {
  const world = await makeWorld();
  const reader = join(world, ['a']);
  const ephemeral = (): Promise<void> =>
    world.bus.publish({
      kind: 'ephemeral',
      entry: { id: 'e', topics: ['a'], publishedAt: 1, body: '"x":1', collapseKey: 'k' },
    });
  await ephemeral();
  await turn();
  expect(reader.seen.filter(({ kind }) => kind === 'ephemeral')).toHaveLength(1);

  reader.full = true;
  await world.publish(['a'] as Topic[], 1);
  await turn();
  for (let i = 0; i < 5; i++) await ephemeral();
  await world.settle();
  expect(reader.seen.filter(({ kind }) => kind === 'ephemeral')).toHaveLength(2);
});

test('an edit at whatever moment of reading a page: nobody is given the old form afterwards', async () => {
  for (let microtasks = 0; microtasks < 16; microtasks++) {
    const world = await makeWorld();
    const start = world.log.cursorAt(world.log.head);
    for (let i = 0; i < 12; i++) await world.publish(['a'] as Topic[], 300);
    const { store } = world;
    const read = store.read.bind(store);
    store.read = async (request) => {
      const result = await read(request);
      store.read = read;
      void soon(microtasks, () => void tellOfEdit(world, 'n0'));
      return result;
    };
    const reader = join(world, ['a'], start);
    await world.settle();
    expect(offsetsSeen(reader)).toEqual(store.entries.map(({ offset }) => offset));
    world.stop();
  }
});

async function soon(microtasks: number, act: () => void): Promise<void> {
  for (let i = 0; i < microtasks; i++) await undefined;
  act();
}

/** Edits, and tells the bus in the same turn. */
async function tellOfEdit({ store, bus }: World, notification: string): Promise<void> {
  const act = { kind: 'edit', notification, edit: { data: { form: 1 } }, at: 1 } as const;
  void store.append([{ id: 'edit', entry: null, act }]);
  const entry = store.entries.at(-1)!;
  await bus.publish({ kind: 'committed', first: entry.offset, last: entry.offset, entries: [entry] });
}

test('a person whose rules are not in memory yet is opened when they are, and hears nothing before', async () => {
  let known = (): void => undefined;
  const held: string[] = [];
  const rules: LiveRules = {
    ...NO_RULES,
    hold: (user) => (held.push(`+${user}`), new Promise((resolve) => (known = resolve))),
    release: (user) => void held.push(`-${user}`),
    mayWithhold: () => true,
    withheld: (_user, _event, topic) => (topic === 'b' ? 'muted.topic' : undefined),
  };
  const world = await makeWorld(TIGHT, undefined, { rules });
  const reader = join(world, ['a', 'b'], undefined, await world.person('u-1', ['a', 'b']));
  const asked = reader.session!.handle({ op: 'unsubscribe', topics: ['z'] as Selector[] }).catch(String);
  await world.publish(['a'] as Topic[], 1);
  expect(reader.seen).toEqual([]);
  known();
  await asked;
  await world.publish(['b'] as Topic[], 1);
  await world.publish(['b', 'a'] as Topic[], 1);
  await world.publish(['a', 'b'] as Topic[], 1);
  await world.settle();
  expect(reader.seen.map(({ kind }) => kind)).toEqual(['ready', 'notification', 'notification']);
  // What is muted by one of its topics is heard by another.
  expect(offsetsSeen(reader)).toEqual([world.log.head - 1, world.log.head]);
  reader.session!.ended();
  expect(held).toEqual(['+u-1', '-u-1']);
});

test('rules that cannot be read end the session, and are let go of', async () => {
  const held: string[] = [];
  const rules: LiveRules = {
    ...NO_RULES,
    hold: () => (held.push('+'), Promise.reject(new Error('the disk is gone'))),
    release: () => void held.push('-'),
  };
  const world = await makeWorld(TIGHT, undefined, { rules });
  const person = await world.person('u-1', ['a']);
  const reader = join(world, ['a'], undefined, person);
  await turn();
  expect(reader.closed).toEqual({ name: 'internal' });
  expect(() => join(world, ['forbidden'], undefined, person)).toThrow('topic.forbidden');
  const poll = world.realtime.read(person, { selectors: ['a' as Selector], limit: 10, waitMs: 0 }, NEVER);
  await expect(poll).rejects.toThrow('the disk is gone');
  expect(held).toEqual(['+', '-', '+', '-']);
  expect(world.errors.map(String)).toEqual(['Error: the disk is gone']);
});

const NEVER = new AbortController().signal;

/** Keeps what it is told. */
class Witness implements DeliveryWitness {
  readonly told: unknown[][] = [];
  sent(user: string, notifications: readonly PersonalNotification[], via: Via): void {
    this.told.push(['sent', user, notifications.map(({ offset }) => offset), via]);
  }
  cameBack(user: string, through: number, via: Via, reads: (topic: string) => boolean): void {
    this.told.push(['cameBack', user, through, via, [reads('users/u-1'), reads('a')]]);
  }
  offered(...told: unknown[]): void {
    this.told.push(['offered', ...told]);
  }
}

test('what names a person is witnessed once per write, whichever topic brought it, and that they came back with a cursor', async () => {
  const witness = new Witness();
  const world = await makeWorld(TIGHT, undefined, { witness });
  const person = await world.person('u-1', ['**']);
  const start = world.log.cursorAt(world.log.head);
  const via = { transport: 'record', device: null };
  const reader = join(world, ['users/u-1', 'a'], undefined, person);
  const service = join(world, ['users/u-1', 'a']);
  void world.publish(['users/u-1', 'a'] as Topic[], 1);
  void world.publish(['a', 'users/u-1'] as Topic[], 1);
  await world.publish(['users/u-1'] as Topic[], 1);
  await world.edit('n2', 1);
  await world.settle();
  expect(offsetsSeen(service)).toEqual([2, 3, 4, 5]);
  expect(witness.told).toEqual([
    ['offered', 2, 2],
    ['offered', 3, 2],
    ['sent', 'u-1', [2, 3, 4], via],
  ]);

  witness.told.length = 0;
  reader.session!.ended();
  const later = new Client();
  later.session = world.realtime.open(later, person, {
    selectors: ['users/u-1' as Selector],
    since: start,
    device: 'phone',
  });
  await world.settle();
  const poll = { selectors: ['users/u-1', '**'] as Selector[], limit: 2, waitMs: 0, device: 'tablet' };
  await world.realtime.read(person, { ...poll, since: world.log.cursorAt(2) }, NEVER);
  await world.realtime.read(person, { ...poll, since: 'earliest' }, NEVER);
  later.session.ended();
  const phone = { transport: 'record', device: 'phone' };
  const tablet = { transport: 'polling', device: 'tablet' };
  expect(witness.told).toEqual([
    ['cameBack', 'u-1', 1, phone, [true, false]],
    ['sent', 'u-1', [2, 3, 4], phone],
    ['cameBack', 'u-1', 2, tablet, [true, true]],
    ['sent', 'u-1', [3, 4], tablet],
    ['sent', 'u-1', [2, 3], tablet],
  ]);
});

test('what a person asks of their inbox is carried out elsewhere; where nothing is kept of people it is refused', async () => {
  const asked: unknown[] = [];
  const commands: PeopleCommands = { handle: async (...all) => (asked.push(all), { count: 1 }) };
  const world = await makeWorld(TIGHT, undefined, { commands });
  const person = await world.person('u-1', []);
  const reader = join(world, ['users/u-1'], undefined, person);
  expect(await reader.session!.handle(parseCommand('summary', {}))).toEqual({ count: 1 });
  expect(asked).toEqual([[person, { op: 'summary' }, { transport: 'record', device: null }]]);

  const bare = join(await makeWorld(), ['a']);
  await expect(bare.session!.handle(parseCommand('follows', {}))).rejects.toThrow('route.unknown');
});

test('a change of the inbox is told with a summary to whoever reads it, and preferences are read again', async () => {
  const changed: string[] = [];
  const rules = { ...NO_RULES, changed: (user: string): void => void changed.push(user) };
  const counted: string[] = [];
  const summaries = { of: async ({ sub }: Subscriber) => (counted.push(sub), '{"unseen":{"count":1}}') };
  const world = await makeWorld(TIGHT, undefined, { rules, summaries });
  const reader = join(world, ['users/u-1'], undefined, await world.person('u-1', []));
  for (const user of ['u-1', 'u-1', 'u-2'])
    await world.log.act({ kind: 'follow', user, at: 1, body: '"change":"followed"', topic: 'a' });
  await world.log.act({ kind: 'follow', user: 'u-1', at: 1, body: '"change":"preferences"', topic: 'a' });
  await world.settle();
  expect(reader.seen.map((item) => ('name' in item ? item.name : item.kind))).toEqual([
    'ready',
    'inbox',
    'ephemeral',
    'inbox',
    'inbox',
  ]);
  expect(counted).toEqual(['u-1']);
  expect(changed).toEqual(['u-1']);
});

test('a poll that reads page after page answers in the newest form, without what has ended or was erased meanwhile', async () => {
  const world = await makeWorld({ ...TIGHT, sharedReach: 0 });
  const now = vi.spyOn(Date, 'now').mockReturnValue(1_000);
  for (let i = 0; i < 12; i++) await world.publish(['a'] as Topic[], 300, i === 1 ? { expiresAt: 1_001 } : {});
  const read = world.store.read.bind(world.store);
  let reads = 0;
  world.store.read = async (request) => {
    if (++reads === 2) {
      now.mockReturnValue(1_001);
      await tellOfEdit(world, 'n0');
    }
    return read(request);
  };
  const want = { selectors: ['a' as Selector], since: 'earliest', limit: 100, waitMs: 0 } as const;
  const { views } = await world.realtime.read(KEY, want, NEVER);
  now.mockRestore();
  expect(views.map(({ event }) => event.offset)).toEqual([2, ...Array.from({ length: 11 }, (_, i) => i + 4)]);
  expect(views[0]?.event.json('a' as Topic)).toContain('"form":1');
});

test('a poll is not woken by what its person does not hear', async () => {
  const rules: LiveRules = { ...NO_RULES, withheld: () => 'muted.category' };
  const world = await makeWorld(TIGHT, undefined, { rules });
  const want = { selectors: ['a' as Selector], limit: 10, waitMs: 60_000 };
  const answer = world.realtime.read(await world.person('u-1', ['a']), want, NEVER);
  await turn();
  await world.publish(['a'] as Topic[], 1, { category: 'ads' });
  await world.publish(['a'] as Topic[], 1);
  const { views } = await answer;
  expect(views.map(({ event }) => event.offset)).toEqual([world.log.head]);
});

test('a summary for which there is no room is made anew when there is: what came meanwhile it would not count', async () => {
  let counted = 0;
  const summaries = { of: async () => (counted++, '{}') };
  const world = await makeWorld(TIGHT, undefined, { summaries });
  const reader = join(world, ['users/u-1'], undefined, await world.person('u-1', []));
  const act = (at: number) =>
    world.log.act({ kind: 'follow', user: 'u-1', at, body: '"change":"followed"', topic: 'a' });
  const kinds = (): string[] => reader.seen.map(({ kind }) => kind).filter((kind) => kind !== 'cursor');
  reader.full = true;
  await world.publish(['users/u-1'] as Topic[], 1);
  await turn();
  await act(1);
  await vi.waitFor(() => expect(counted).toBe(1));
  await world.publish(['users/u-1'] as Topic[], 1);
  await world.settle();
  expect(kinds()).toEqual(['ready', 'notification', 'notification', 'notification']);
  await vi.waitFor(() => expect(kinds().at(-1)).toBe('ephemeral'), 3_000);
  expect([counted, kinds().length]).toEqual([2, 5]);
});
