import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InProcessEventBus } from '#clarion/event-bus';
import { anEntry, aShow } from '../../test/push-doubles.js';
import { outboxWorld, type OutboxWorld } from '../../test/push-outbox-world.js';
import { PushAlarm } from './push-alarm.js';
import { PushLoop } from './push-loop.js';
import { PushPlanner } from './push-planner.js';

const NOW = 1_000_000;

let bus: InProcessEventBus;
let alarm: PushAlarm;
let loop: PushLoop;
let world: OutboxWorld;
let asked: string[];
/** When there is something to do, as the store has it. */
let moments: number[];
let failures: Error[];
let errors: unknown[];

beforeEach(async () => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date', 'setTimeout', 'clearTimeout'] });
  [asked, moments, failures, errors] = [[], [], [], []];
  bus = new InProcessEventBus();
  alarm = new PushAlarm();
  world = outboxWorld();
  const planned = {
    due: async () => {
      asked.push('due');
      return [];
    },
    candidates: () => Promise.reject(new Error('nothing is due')),
    plan: () => Promise.reject(new Error('nothing is due')),
    planTakeBacks: async () => 0,
  };
  const store = {
    nextAt: async (after: number) => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      asked.push('next');
      return moments.filter((at) => at > after).sort((one, other) => one - other)[0];
    },
    releaseAll: async () => void asked.push('release'),
    waiting: async () => ({ due: 4, pushes: 5 }),
  };
  const planner = new PushPlanner(planned, world.access, { get: () => undefined }, 1_000, world.stats);
  loop = new PushLoop(store, planner, world.outbox, alarm, bus, world.stats, (error) => void errors.push(error));
  await loop.start();
});

afterEach(async () => {
  await loop.stop();
  vi.useRealTimers();
});

/** What the store is asked in so many milliseconds. */
async function askedWithin(ms: number): Promise<string[]> {
  asked.length = 0;
  await vi.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  return [...asked];
}

it('frees first what an earlier process had claimed', () => {
  expect(asked).toEqual(['release']);
});

describe('while nothing waits', () => {
  it('asks once in half a minute', async () => {
    expect(await askedWithin(10)).toEqual(['next']);
    expect(await askedWithin(29_980)).toEqual([]);
    expect(await askedWithin(60_000)).toEqual(['next', 'next']);
  });

  it('asks once more for a publish when that is due, however many there are', async () => {
    await askedWithin(10);
    for (let i = 0; i < 1_000; i++) alarm.set(Date.now() + 10_000 + i);
    expect(await askedWithin(9_999)).toEqual([]);
    expect(await askedWithin(1)).toEqual(['next']);
    expect(await askedWithin(10_000)).toEqual([]);
  });

  it('asks a hundred times a second at most', async () => {
    const until = Date.now() + 1_000;
    while (Date.now() < until) {
      alarm.set(Date.now());
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(asked.length).toBeLessThanOrEqual(102);
  });
});

describe('what waits', () => {
  it('is done when it is due', async () => {
    moments = [NOW + 5_000];
    expect(await askedWithin(4_999)).toEqual(['next']);
    expect(await askedWithin(1)).toEqual(['next', 'due', 'next']);
  });

  it('for a host that hangs is not asked for again and again, and hides nothing', async () => {
    moments = [NOW, NOW + 5_000];
    world.store.add(aShow(1));
    expect(await askedWithin(10)).toEqual(['next', 'due', 'next']);
    expect(await askedWithin(4_989)).toEqual([]);
    expect(await askedWithin(1)).toEqual(['next', 'due', 'next']);
  });

  it('is counted now and then', async () => {
    await askedWithin(10);
    expect(world.stats.waiting).toEqual({ due: 4, pushes: 5 });
  });
});

describe('the bus', () => {
  it.each([
    ['a mark', 'inbox', true],
    ['a retraction', 'retracted', true],
    ['an edit', 'updated', false],
    ['a notification', undefined, false],
  ] as const)('%s: what it may take back is looked for two seconds later', async (_what, kind, isHeard) => {
    await askedWithin(10);
    const entries = [anEntry(kind === undefined ? {} : { kind })];
    await bus.publish({ kind: 'committed', first: 7, last: 7, entries });
    expect(await askedWithin(1_999)).toEqual([]);
    expect(await askedWithin(1)).toEqual(isHeard ? ['next'] : []);
  });
});

it('a store that fails is left alone, longer each time', async () => {
  failures = Array.from({ length: 4 }, (_, i) => new Error(`disk ${i}`));
  expect(await askedWithin(10 + 1_000 + 2_000 + 4_000 + 7_900)).toEqual([]);
  expect(errors).toHaveLength(4);
  expect(await askedWithin(200)).toEqual(['next']);
});

it('asks nothing after its end', async () => {
  await loop.stop();
  alarm.set(Date.now());
  expect(await askedWithin(100_000)).toEqual([]);
});
