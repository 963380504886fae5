import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { Access, type Principal } from '#clarion/access';
import { InProcessEventBus, type BusMessage, type EventBus } from '#clarion/event-bus';
import { NotificationLog, TopicHistories } from '#clarion/notifications';
import {
  matches,
  type ControlEvent,
  type Cursor,
  type Selector,
  type Subscription,
  type Topic,
} from '#clarion/protocol';
import type { Batch, CloseReason, Codec, Link, Session } from './gateway.js';
import type { LogEvent } from './log-event.js';
import { MemoryStore } from '../test/memory-store.js';
import { realtimeConfigSchema } from './realtime.config.js';
import { Realtime } from './realtime.js';

/** Every selector and topic that the walks use; `b/*` and `**` overlap the others. */
const SELECTORS = ['a', 'b/x', 'b/y', 'b/*', '**', 'c'] as Selector[];
const TOPICS = ['a', 'b/x', 'b/y', 'c', 'd'] as Topic[];
const KEY: Principal = { kind: 'key', id: 'k' };

/** What one client saw, in order. */
type Seen =
  | { kind: 'notification'; offset: number; topic: Topic }
  | { kind: 'ready' | 'cursor' | 'gap'; cursor: Cursor }
  | { kind: 'subscribed' | 'unsubscribed'; topics: Selector[]; cursor: Cursor }
  | { kind: 'ephemeral'; topic: Topic };

const codec: Codec<readonly Seen[]> = {
  name: 'record',
  encode: (event: LogEvent, topic) =>
    event.offset === undefined
      ? [{ kind: 'ephemeral', topic }]
      : [{ kind: 'notification', offset: event.offset, topic }],
  join: (frames) => frames.flat(),
  control: ({ name, data }: ControlEvent) => (name === 'bye' ? [] : [{ kind: name, cursor: data.cursor }]),
};

/** A client whose link takes as much as the test says. */
class Client implements Link<readonly Seen[]> {
  readonly codec = codec;
  readonly seen: Seen[] = [];
  full = false;
  session: Session | undefined;
  closed: CloseReason | undefined;

  write(batch: Batch<readonly Seen[]>): boolean {
    expect(this.closed).toBeUndefined();
    this.seen.push(...batch.joined());
    return !this.full;
  }

  close(reason: CloseReason): void {
    this.closed = reason;
  }

  drain(): void {
    this.full = false;
    this.session?.writable();
  }

  get lastCursor(): Cursor | undefined {
    return this.seen.findLast((item) => 'cursor' in item)?.cursor;
  }
}

interface Limits {
  readonly ringBytes: number;
  readonly sessionBufferBytes: number;
  readonly sharedReach: number;
}

const TIGHT: Limits = { ringBytes: 3_000, sessionBufferBytes: 1_024, sharedReach: 4_096 };

class World {
  readonly store = new MemoryStore();
  readonly clients: Client[] = [];
  readonly access = new Access({
    apiKey: 'k'.repeat(16),
    tokenSecret: 's'.repeat(32),
    tokenIssuer: undefined,
    tokenAudience: undefined,
    anonymousTopics: [],
    allowedOrigins: [],
  });
  readonly log: NotificationLog;
  readonly errors: unknown[] = [];
  realtime: Realtime;

  constructor(
    readonly bus: EventBus,
    private readonly limits: Limits,
  ) {
    this.log = new NotificationLog(
      this.store,
      bus,
      { maxBatch: 10, maxWaiting: 1_000, maxWaitingBytes: 1e9 },
      (error) => this.errors.push(error),
    );
    this.realtime = this.makeRealtime();
  }

  async start(): Promise<this> {
    await this.log.open();
    await this.realtime.start();
    return this;
  }

  private makeRealtime(): Realtime {
    const config = { ...realtimeConfigSchema.parse({}), ...this.limits, pageCacheBytes: 2_000, headCheckMs: 50 };
    const histories = new TopicHistories(this.log, this.access);
    return new Realtime(this.log, this.bus, this.access, histories, config, (error) => this.errors.push(error));
  }

  publish(topics: readonly Topic[], bytes: number): Promise<unknown> {
    const entry = { topics, publishedAt: 1, body: `"data":"${'x'.repeat(bytes)}"` };
    return this.log.append({ id: 'n', entry });
  }

  open(client: Client, selectors: readonly Selector[], since: Cursor | undefined): void {
    client.session = this.realtime.open(client, KEY, { selectors, ...(since !== undefined && { since }) });
  }

  /** Lets every link drain until nothing moves. */
  async settle(): Promise<void> {
    for (let quiet = 0, before = ''; quiet < 8;) {
      for (const client of this.clients) client.drain();
      await new Promise((resolve) => setImmediate(resolve));
      const now = `${this.clients.map(({ seen }) => seen.length).join()},${this.log.waiting},${this.realtime.snapshot().head}`;
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  }

  stop(): void {
    for (const client of this.clients) client.session?.ended();
    this.realtime.stop();
  }
}

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.stop();
});

async function makeWorld(limits: Limits = TIGHT, bus: EventBus = new InProcessEventBus()): Promise<World> {
  const world = new World(bus, limits);
  worlds.push(world);
  return world.start();
}

/** What a client must have seen, by the plainest possible reading of the promise. */
function expected(world: World, client: Client): number[] {
  const at = (cursor: Cursor): number => {
    const found = world.log.locate(cursor);
    return 'offset' in found ? found.offset : offsetBelowFloor(world, cursor);
  };
  const active = new Map<Selector, number>();
  const due = new Set<number>();
  const collect = (selector: Selector, from: number, upTo: number): void => {
    for (const { offset, topics } of world.store.entries)
      if (offset > from && offset <= upTo && topics.some((topic) => matches(selector, topic as Topic))) due.add(offset);
  };
  for (const item of client.seen) {
    if (item.kind === 'gap') {
      const upTo = at(item.cursor);
      const lostFrom = Math.max(
        0,
        ...client.seen
          .slice(0, client.seen.indexOf(item))
          .map((seen) => (seen.kind === 'notification' ? seen.offset : 0)),
      );
      gaps(client).push([lostFrom, upTo]);
    }
    if (item.kind === 'subscribed')
      for (const topic of item.topics) if (!active.has(topic)) active.set(topic, at(item.cursor));
    if (item.kind === 'unsubscribed')
      for (const [topic, from] of [...active])
        if (!item.topics.includes(topic)) {
          collect(topic, from, at(item.cursor));
          active.delete(topic);
        }
  }
  for (const [topic, from] of active) collect(topic, from, Infinity);
  const lost = gaps(client);
  return [...due]
    .filter((offset) => !lost.some(([from, upTo]) => offset > from && offset <= upTo))
    .sort((a, b) => a - b);
}

const gapsOf = new WeakMap<Client, [number, number][]>();
function gaps(client: Client): [number, number][] {
  let list = gapsOf.get(client);
  if (list === undefined) gapsOf.set(client, (list = []));
  return list;
}

/** Places that retention has passed cannot be located any more; the test knows all cursors there are. */
function offsetBelowFloor(world: World, cursor: Cursor): number {
  for (let offset = 0; offset <= world.log.head; offset++) if (world.log.cursorAt(offset) === cursor) return offset;
  throw new Error('a cursor that this log never gave out');
}

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      topics: fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 3 }),
      bytes: fc.integer({ min: 1, max: 700 }),
      times: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ephemeral' as const), topic: fc.constantFrom(...TOPICS) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('full' as const), client: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drain' as const), client: fc.nat(2) }) },
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
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reconnect' as const), client: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('prune' as const), keep: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const), turns: fc.integer({ min: 1, max: 4 }) }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Selectors that each client holds now, by name: a new session is opened with all of them. */
const held = new WeakMap<Client, Selector[]>();

async function take(world: World, action: Step): Promise<void> {
  switch (action.do) {
    case 'publish':
      for (let i = 0; i < action.times; i++) void world.publish(action.topics, action.bytes);
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

/** A link is full from its next write on: it is given one. */
async function fill(world: World, client: Client): Promise<void> {
  client.full = true;
  await world.publish(['a', 'b/x', 'c'] as Topic[], 1);
  await new Promise((resolve) => setImmediate(resolve));
}

async function change(client: Client, op: 'subscribe' | 'unsubscribe', topics: Selector[]): Promise<void> {
  const reply = (await client.session!.handle({ op, topics })) as Subscription;
  client.seen.push({ kind: `${op}d`, topics: reply.topics, cursor: reply.cursor });
  held.set(client, reply.topics);
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

test('sessions give every client exactly what its selectors match, in order and once, whatever happens meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0, 4_096),
      async (steps, readTurns, sharedReach) => {
        const world = await makeWorld({ ...TIGHT, sharedReach });
        world.store.readTurns = readTurns;
        for (const selectors of [['a'], ['b/*', 'c'], ['**']] as Selector[][]) {
          const client = new Client();
          world.clients.push(client);
          held.set(client, selectors);
          world.open(client, selectors, undefined);
          client.seen.push({ kind: 'subscribed', topics: selectors, cursor: client.lastCursor! });
        }
        for (const action of steps) await take(world, action);
        await world.settle();

        expect(world.errors).toEqual([]);
        for (const client of world.clients) {
          const got = client.seen.flatMap((item) => (item.kind === 'notification' ? [item.offset] : []));
          expect(got).toEqual(expected(world, client));
        }
        for (const client of world.clients) expectRisingCursors(world, client);
        world.stop();
      },
    ),
    { numRuns: 400 },
  );
}, 60_000);

/** After each `ready` a client's place only moves forward, and never to where it is already. */
function expectRisingCursors(world: World, client: Client): void {
  let place = -1;
  for (const item of client.seen) {
    if (item.kind === 'gap') place = -1;
    if (item.kind === 'ready') place = offsetBelowFloor(world, item.cursor);
    if (item.kind !== 'notification' && item.kind !== 'cursor') continue;
    const next = item.kind === 'notification' ? item.offset : offsetBelowFloor(world, item.cursor);
    expect(next).toBeGreaterThan(place);
    place = next;
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function join(world: World, selectors: string[], since?: Cursor): Client {
  const client = new Client();
  world.clients.push(client);
  world.open(client, selectors as Selector[], since);
  return client;
}

const offsetsSeen = (client: Client): number[] =>
  client.seen.flatMap((item) => (item.kind === 'notification' ? [item.offset] : []));

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

/** Loses every third message, gives every fifth twice and every seventh too late. */
class UnreliableBus extends InProcessEventBus {
  losing: boolean | 'all' = true;
  failing = false;
  #count = 0;
  #late: BusMessage | undefined;

  override async publish(message: BusMessage): Promise<void> {
    const count = ++this.#count;
    if (this.failing) throw new Error('the bus is gone');
    if (this.losing === 'all' || (this.losing && count % 3 === 0)) return;
    if (this.losing && count % 7 === 0) {
      this.#late = message;
      return;
    }
    await super.publish(message);
    if (count % 5 === 0) await super.publish(message);
    if (this.#late !== undefined) await super.publish(this.#late);
    this.#late = undefined;
  }
}
