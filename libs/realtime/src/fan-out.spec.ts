import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import type { Selector, Topic } from '#clarion/protocol';
import { expected } from '../test/expectation.js';
import { change, Client, held, makeWorld, offsetsSeen, turn, type World } from '../test/session-world.js';
import { FanOut } from './fan-out.js';
import type { Batch, Codec } from './gateway.js';
import { InterestIndex } from './interest-index.js';
import { LogEvent } from './log-event.js';
import { Subscription } from './subscription.js';

afterEach(() => void vi.restoreAllMocks());

type Frames = Parameters<Client['write']>[0] extends Batch<infer F> ? F : never;

/** Enough writers for several slices of a round. */
const CLIENTS = 100;
const TOPICS = ['a', 'b', 'c', 'd/1', 'd/2'] as Topic[];
const SELECTORS = [...TOPICS, 'd/*'] as Selector[];
const LIMITS = { ringBytes: 1_000_000, sessionBufferBytes: 100_000, sharedReach: 4_096 };

/** Remembers which object it was given for which events. */
class Watcher extends Client {
  override readonly codec: Codec<Frames>;
  readonly #joinedFor: Map<string, Frames>;
  behind = false;

  constructor(codec: Codec<Frames>, joinedFor: Map<string, Frames>) {
    super();
    this.codec = codec;
    this.#joinedFor = joinedFor;
  }

  override write(batch: Batch<Frames>): boolean {
    const joined = batch.joined();
    const isShared = joined.every(({ kind }) => kind === 'notification');
    if (isShared && !this.behind) {
      const key = JSON.stringify(joined);
      expect(this.#joinedFor.get(key) ?? joined).toBe(joined);
      this.#joinedFor.set(key, joined);
    }
    return super.write(batch);
  }
}

const client = fc.nat(CLIENTS - 1);
const selectors = fc.uniqueArray(fc.constantFrom(...SELECTORS), { minLength: 1, maxLength: 3 });
const calmStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      topics: fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 2 }),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const), turns: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('subscribe' as const), client, topics: selectors }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), client, topics: selectors }) },
);
const wildStep = fc.oneof(
  { weight: 6, arbitrary: calmStep },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('full' as const), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const), client }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reopen' as const), client }) },
);
type Step = typeof wildStep extends fc.Arbitrary<infer T> ? T : never;

async function take(world: World, watchers: readonly Watcher[], step: Step): Promise<void> {
  switch (step.do) {
    case 'publish':
      for (let i = 0; i < step.times; i++) void world.publish(step.topics, 1);
      return;
    case 'turn':
      for (let i = 0; i < step.turns; i++) await turn();
      return;
    case 'subscribe':
    case 'unsubscribe':
      return change(watchers[step.client]!, step.do, step.topics);
    case 'full':
      watchers[step.client]!.behind = true;
      watchers[step.client]!.full = true;
      return;
    case 'drain':
      return watchers[step.client]!.drain();
    case 'reopen':
      return reopen(world, watchers[step.client]!);
  }
}

/** Comes back with its place in the log, is behind by what it missed meanwhile, and turns live when it has that. */
function reopen(world: World, watcher: Watcher): void {
  watcher.session!.ended();
  watcher.behind = true;
  watcher.full = false;
  const last = watcher.seen.findLast((item) => item.kind === 'notification' || 'cursor' in item)!;
  const cursor = 'cursor' in last ? last.cursor : world.log.cursorAt('offset' in last ? last.offset : 0);
  const topics = held.get(watcher)!;
  watcher.seen.push({ kind: 'unsubscribed', topics: [], cursor });
  world.open(watcher, topics, cursor);
  watcher.seen.push({ kind: 'subscribed', topics, cursor });
}

/** A clock that runs ahead at each look: rounds of a hundred writes are cut into slices anywhere. */
function hurry(leaps: readonly number[]): void {
  let now = performance.now();
  let looks = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += leaps[looks++ % leaps.length]!));
}

interface Outcome {
  /** Of each reader, in its order. */
  readonly seen: readonly number[][];
  readonly due: readonly number[][];
  readonly encoded: readonly string[];
  readonly errors: readonly unknown[];
}

async function walk(steps: readonly Step[], wanted: readonly Selector[][], leaps: readonly number[]): Promise<Outcome> {
  const world = await makeWorld(LIMITS);
  const encoded: string[] = [];
  const joinedFor = new Map<string, Frames>();
  const plain = new Client().codec;
  const codec: Codec<Frames> = {
    ...plain,
    encode: (event, topic) => (encoded.push(`${event.offset}@${topic}`), plain.encode(event, topic)),
  };
  const watchers = Array.from({ length: CLIENTS }, () => new Watcher(codec, joinedFor));
  watchers.forEach((watcher, i) => {
    const topics = wanted[i % wanted.length]!;
    world.clients.push(watcher);
    held.set(watcher, topics);
    world.open(watcher, topics, undefined);
    watcher.seen.push({ kind: 'subscribed', topics, cursor: watcher.lastCursor! });
  });
  hurry(leaps);
  for (const step of steps) await take(world, watchers, step);
  await world.settle();
  vi.restoreAllMocks();
  const seen = watchers.map(offsetsSeen);
  const due = watchers.map((watcher) => expected(world, watcher));
  world.stop();
  return { seen, due, encoded, errors: world.errors };
}

const wants = fc.array(selectors, { minLength: 1, maxLength: 6 });
const leaps = fc.array(fc.constantFrom(0, 0, 3, 9), { minLength: 3, maxLength: 7 });

test('readers of any of many topics get their events in log order, each once, encoded once, and the same buffer for the same events', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(calmStep, { minLength: 5, maxLength: 40 }), wants, leaps, async (...way) => {
      const { seen, due, encoded, errors } = await walk(...way);
      expect(seen).toEqual(due);
      expect(new Set(encoded).size).toBe(encoded.length);
      expect(errors).toEqual([]);
    }),
    { numRuns: 100 },
  );
}, 60_000);

test('also while others fall behind, come back, and turn live in the middle of a round', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(wildStep, { minLength: 5, maxLength: 40 }), wants, leaps, async (...way) => {
      const { seen, due, errors } = await walk(...way);
      expect(seen).toEqual(due);
      expect(errors).toEqual([]);
    }),
    {
      numRuns: 100,
    },
  );
}, 60_000);

/** A round of writers whose writes take `ms` each, by the clock that the test moves. */
function writersOf(
  fanOut: FanOut,
  count: number,
  written: string[],
  name: string,
  ms: number,
  clock: { now: number },
): void {
  for (let i = 0; i < count; i++)
    fanOut.flushLater({
      flush: () => {
        clock.now += ms;
        written.push(name);
      },
    });
}

function fakeClock(): { now: number } {
  const clock = { now: 1_000 };
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  return clock;
}

test('many writes leave room for other work after a few milliseconds, and nobody writes twice before all have written', async () => {
  const clock = fakeClock();
  let rounds = 0;
  const fanOut = new FanOut(new InterestIndex(), 0, () => rounds++);
  const written: string[] = [];
  writersOf(fanOut, 200, written, 'first', 1, clock);
  await turn();
  expect(written).toHaveLength(32);
  writersOf(fanOut, 1, written, 'second', 1, clock);
  for (let i = 0; i < 20; i++) await turn();
  expect(written).toEqual([...Array.from({ length: 200 }, () => 'first'), 'second']);
  expect(rounds).toBe(2);
});

test('a writer that throws keeps nobody else from writing', async () => {
  fakeClock();
  const fanOut = new FanOut(new InterestIndex(), 0, () => undefined);
  const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
  const written: string[] = [];
  fanOut.flushLater({
    flush: () => {
      throw new Error('broken link');
    },
  });
  fanOut.flushLater({ flush: () => written.push('other') });
  expect(String(await thrown)).toBe('Error: broken link');
  await turn();
  expect(written).toEqual(['other']);
});

test('after a short round the next one waits as long as that took; what comes after longer silence does not', async () => {
  const clock = fakeClock();
  const fanOut = new FanOut(new InterestIndex(), 40, () => undefined);
  const written: string[] = [];
  writersOf(fanOut, 1, written, 'first', 35, clock);
  await turn();
  expect(written).toEqual(['first']);
  clock.now += 5;
  const started = process.hrtime.bigint();
  writersOf(fanOut, 1, written, 'second', 35, clock);
  await turn();
  expect(written).toEqual(['first']);
  await vi.waitUntil(() => written.length === 2);
  expect(Number(process.hrtime.bigint() - started) / 1e6).toBeGreaterThan(25);
  clock.now += 35;
  writersOf(fanOut, 1, written, 'third', 0, clock);
  await turn();
  expect(written).toEqual(['first', 'second', 'third']);
  fanOut.stop();
});

test('nothing waits after a round in which as much could gather', async () => {
  const clock = fakeClock();
  const fanOut = new FanOut(new InterestIndex(), 40, () => undefined);
  const written: string[] = [];
  writersOf(fanOut, 1, written, 'first', 80, clock);
  await turn();
  writersOf(fanOut, 1, written, 'second', 0, clock);
  await turn();
  expect(written).toEqual(['first', 'second']);
});

test('nothing waits after a round of large writes', async () => {
  const clock = fakeClock();
  const index = new InterestIndex();
  const fanOut = new FanOut(index, 40, () => undefined);
  const written: number[] = [];
  let offered = 0;
  const flush = (): void => {
    clock.now += 35;
    written.push(offered);
    offered = 0;
  };
  const reader = { offer: (): void => void (++offered === 1 && fanOut.flushLater({ flush })) };
  index.add(new Subscription(reader, 'a' as Topic, 0));
  const publish = (count: number): void => {
    for (let i = 0; i < count; i++)
      fanOut.deliver(LogEvent.ephemeral({ id: `${i}`, topics: ['a'], publishedAt: 1, body: '' }));
  };
  publish(8);
  await turn();
  publish(7);
  await turn();
  expect(written).toEqual([8, 7]);
  publish(1);
  await turn();
  expect(written).toEqual([8, 7]);
  fanOut.stop();
});
