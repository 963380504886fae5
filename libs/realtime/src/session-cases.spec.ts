import { expect, test } from 'vitest';
import type { Selector, Topic } from '#clarion/protocol';
import { change, join, makeWorld, offsetsSeen, TIGHT, turn, UnreliableBus } from '../test/session-world.js';

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
