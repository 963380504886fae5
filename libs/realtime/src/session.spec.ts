import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InProcessEventBus, type EntryTraits } from '#clarion/event-bus';
import type { DeliveryWitness, LiveRules } from '#clarion/notifications';
import type { Cursor, Selector, Topic } from '#clarion/protocol';
import { expectedOf, offsetOf, type Mute } from '../test/expectation.js';
import { change, Client, held, makeWorld, offsetsSeen, TIGHT, type World } from '../test/session-world.js';

/** Every selector and topic that the walks use; `b/*` and `**` overlap the others. */
const SELECTORS = ['a', 'b/x', 'b/y', 'b/*', '**', 'c'] as Selector[];
const TOPICS = ['a', 'b/x', 'b/y', 'c', 'd'] as Topic[];

/** Somebody's own topic, alone or among others. */
const AUDIENCES = [['users/u-1'], ['users/u-1', 'a'], ['b/x', 'users/u-1']] as Topic[][];
/** Of the four clients the last is a person. */
const which = fc.nat(3);

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      topics: fc.oneof(
        { weight: 3, arbitrary: fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 3 }) },
        { weight: 1, arbitrary: fc.constantFrom(...AUDIENCES) },
      ),
      bytes: fc.integer({ min: 1, max: 700 }),
      times: fc.integer({ min: 1, max: 6 }),
      ttl: fc.option(fc.integer({ min: 1, max: 20 }), { freq: 4, nil: undefined }),
      category: fc.option(fc.constantFrom('ads', 'news'), { freq: 3, nil: undefined }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('edit' as const),
      back: fc.nat(8),
      bytes: fc.integer({ min: 1, max: 700 }),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('retract' as const), back: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('erase' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 15 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ephemeral' as const), topic: fc.constantFrom(...TOPICS) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('full' as const), client: which }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drain' as const), client: which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      client: fc.nat(2),
      topics: fc.uniqueArray(fc.constantFrom(...SELECTORS), { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('unsubscribe' as const),
      client: fc.nat(2),
      topics: fc.uniqueArray(fc.constantFrom(...SELECTORS), { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reconnect' as const), client: which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('prune' as const), keep: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const), turns: fc.integer({ min: 1, max: 4 }) }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const clock = { now: 0 };
beforeEach(() => {
  clock.now = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => clock.now);
});
afterEach(() => void vi.restoreAllMocks());

/** The person's rules: nothing of the category `ads`, nothing that the topic `c` brings. Known only a moment after they are asked for. */
const RULES: LiveRules = {
  hold: () => Promise.resolve(),
  release: () => undefined,
  changed: () => undefined,
  mayWithhold: () => true,
  revision: 0,
  withheld: (_user, { category }, topic) =>
    topic === 'c' ? 'muted.topic' : category === 'ads' ? 'muted.category' : undefined,
};
const isMuted: Mute = ({ who }, { category, kind }, topic) =>
  who.kind === 'subscriber' && kind !== 'inbox' && RULES.withheld(who.sub, { category }, topic, 0) !== undefined;

async function take(world: World, action: Step): Promise<void> {
  switch (action.do) {
    case 'publish':
      for (let i = 0; i < action.times; i++) void world.publish(action.topics, action.bytes, traitsOf(action));
      return;
    case 'edit':
      for (let i = 0; i < action.times; i++) void world.edit(recent(world, action.back), action.bytes);
      return;
    case 'retract':
      void world.retract(recent(world, action.back));
      return;
    case 'erase':
      void world.erase('u-1');
      return;
    case 'pass':
      clock.now += action.ms;
      return;
    case 'ephemeral':
      return world.bus.publish({
        kind: 'ephemeral',
        entry: { id: 'e', topics: [action.topic], publishedAt: 1, body: '"ephemeral":true', collapseKey: 'k' },
      });
    case 'full':
      return fill(world, world.clients[action.client]!);
    case 'drain':
      return world.clients[action.client]!.drain();
    case 'subscribe':
    case 'unsubscribe':
      return change(world.clients[action.client]!, action.do, action.topics);
    case 'reconnect':
      return reconnect(world, world.clients[action.client]!);
    case 'prune':
      return world.log.prune(
        { resumeMaxAgeMs: 0, resumeMaxBytes: 0, historyMaxAgeMs: 0, historyMaxPerTopic: 0 },
        world.log.head - action.keep,
      );
    case 'turn':
      for (let i = 0; i < action.turns; i++) await new Promise((resolve) => setImmediate(resolve));
  }
}

function traitsOf({ ttl, category }: Extract<Step, { do: 'publish' }>): EntryTraits {
  return { ...(ttl !== undefined && { expiresAt: clock.now + ttl }), ...(category !== undefined && { category }) };
}

/** One of the last that were published, whether or not it is on disk yet. */
function recent({ ids }: World, back: number): string {
  return ids.at(-1 - back) ?? 'unheard-of';
}

/** A link is full from its next write on: it is given one. */
async function fill(world: World, client: Client): Promise<void> {
  client.full = true;
  await world.publish(['a', 'b/x', 'c'] as Topic[], 1);
  await new Promise((resolve) => setImmediate(resolve));
}

/** As a client does that lost its connection: only its last cursor and its selectors come along. */
function reconnect(world: World, client: Client): void {
  client.session!.ended();
  client.full = false;
  const cursor = cursorOfLast(world, client);
  client.seen.push({ kind: 'unsubscribed', topics: [], cursor });
  world.open(client, held.get(client)!, cursor);
  client.seen.push({ kind: 'subscribed', topics: held.get(client)!, cursor });
}

function cursorOfLast(world: World, client: Client): Cursor {
  const last = client.seen.findLast(
    (item) => item.kind !== 'ephemeral' && item.kind !== 'subscribed' && item.kind !== 'unsubscribed',
  );
  if (last === undefined) throw new Error('a session that said nothing');
  return last.kind === 'notification' ? world.log.cursorAt(last.offset) : (last as { cursor: Cursor }).cursor;
}

test('sessions give every client exactly what its selectors match, in order, once and never in an old form, whatever happens meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0, 4_096),
      async (steps, readTurns, sharedReach) => {
        const { world, sent } = await begin(sharedReach);
        world.store.readTurns = readTurns;
        for (const action of steps) await take(world, action);
        await world.settle();

        expect(world.errors).toEqual([]);
        for (const reader of world.clients) expectAllOf(world, reader);
        for (const reader of world.clients) expectRisingCursors(world, reader);
        expect(sent).toEqual(personalOf(world.clients[3]!));
        world.stop();
      },
    ),
    { numRuns: 600 },
  );
}, 120_000);

async function begin(sharedReach: number): Promise<{ world: World; sent: number[] }> {
  const sent: number[] = [];
  const witness: DeliveryWitness = {
    sent: (_user, notifications) => void sent.push(...notifications.map(({ offset }) => offset)),
    cameBack: () => undefined,
    offered: () => undefined,
  };
  const world = await makeWorld({ ...TIGHT, sharedReach }, new InProcessEventBus(), { rules: RULES, witness });
  const person = await world.person('u-1', ['a', 'c']);
  for (const selectors of [['a'], ['b/*', 'c'], ['**'], ['users/u-1', 'a', 'c']] as Selector[][]) {
    const reader = new Client();
    if (world.clients.push(reader) === 4) reader.who = person;
    held.set(reader, selectors);
    const cursor = world.log.cursorAt(world.log.head);
    world.open(reader, selectors, undefined);
    reader.seen.push({ kind: 'subscribed', topics: selectors, cursor });
  }
  await new Promise((resolve) => setImmediate(resolve));
  return { world, sent };
}

/** All that concerns it; of what ended meanwhile some, and of what was erased. */
function expectAllOf(world: World, reader: Client): void {
  const { must, may } = expectedOf(world, reader, isMuted);
  const got = offsetsSeen(reader);
  const erased = new Set(got.filter((offset) => isErased(world, reader, offset)));
  const due = [...must, ...may.filter((offset) => got.includes(offset))].sort((a, b) => a - b);
  expect(got.filter((offset) => !erased.has(offset))).toEqual(due.filter((offset) => !erased.has(offset)));
  expect(got).toEqual([...new Set(got)].sort((a, b) => a - b));
}

/** Whether the topic by which the reader saw it is its own no longer. */
function isErased(world: World, reader: Client, offset: number): boolean {
  const seen = reader.seen.find((item) => item.kind === 'notification' && item.offset === offset);
  const entry = world.store.entries.find((other) => other.offset === offset);
  return seen !== undefined && 'topic' in seen && entry?.topics.includes(seen.topic) !== true;
}

/** The notifications that the person's own topic brought. */
function personalOf(reader: Client): number[] {
  return reader.seen.flatMap((item) =>
    item.kind === 'notification' && item.name === 'notification' && item.topic === 'users/u-1' ? [item.offset] : [],
  );
}

/** After each `ready` a client's place only moves forward, and never to where it is already. */
function expectRisingCursors(world: World, client: Client): void {
  let place = -1;
  for (const item of client.seen) {
    if (item.kind === 'gap') place = -1;
    if (item.kind === 'ready') place = offsetOf(world, item.cursor);
    if (item.kind !== 'notification' && item.kind !== 'cursor') continue;
    const next = item.kind === 'notification' ? item.offset : offsetOf(world, item.cursor);
    expect(next).toBeGreaterThan(place);
    place = next;
  }
}
