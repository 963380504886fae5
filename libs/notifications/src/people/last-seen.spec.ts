import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryPeopleStore } from '../../../../test/support/memory-people-store.js';
import { LastSeen } from './last-seen.js';

let store: MemoryPeopleStore;
let errors: unknown[];
let lastSeen: LastSeen;
beforeEach(() => {
  vi.useFakeTimers();
  store = new MemoryPeopleStore();
  errors = [];
  lastSeen = new LastSeen(store, (error) => errors.push(error));
});
afterEach(() => {
  vi.useRealTimers();
});

test('is known at once, and written for all together within a second', async () => {
  for (let i = 1; i <= 5; i++) lastSeen.note(`u-${i}`, i);
  lastSeen.note('u-1', 9);
  expect([await lastSeen.of('u-1'), await lastSeen.of('nobody'), store.writes]).toEqual([9, undefined, []]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([store.writes, store.times.get('u-1')]).toEqual([[5], 9]);
  expect(await lastSeen.of('u-1')).toBe(9);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([store.writes, vi.getTimerCount()]).toEqual([[5], 0]);
});

test('never goes back', async () => {
  store.times.set('u-1', 50);
  lastSeen.note('u-1', 9);
  expect(await lastSeen.of('u-1')).toBe(50);
});

test('is written in pieces when many go at once, once a second', async () => {
  for (let i = 0; i < 25_000; i++) lastSeen.note(`u-${i}`, i);
  await vi.advanceTimersByTimeAsync(3_000);
  expect([store.writes, store.times.size]).toEqual([[10_000, 10_000, 5_000], 25_000]);
});

test('is written, too, when it was noted during a write', async () => {
  let release = (): void => undefined;
  const slow = vi.spyOn(store, 'touch').mockImplementationOnce(() => new Promise((resolve) => (release = resolve)));
  lastSeen.note('u-1', 1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(slow).toHaveBeenCalledOnce();
  lastSeen.note('u-1', 2);
  lastSeen.note('u-2', 2);
  release();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([...store.times]).toEqual([
    ['u-1', 2],
    ['u-2', 2],
  ]);
});

test('is bounded: those who went first are forgotten', async () => {
  for (let i = 0; i < 100_001; i++) lastSeen.note(`u-${i}`, i);
  expect([await lastSeen.of('u-0'), await lastSeen.of('u-1')]).toEqual([undefined, 1]);
});

test('is tried again after a failure, when somebody else goes', async () => {
  store.failing = true;
  lastSeen.note('u-1', 1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([errors.length, await lastSeen.of('u-1')]).toEqual([1, 1]);
  store.failing = false;
  lastSeen.note('u-2', 2);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([...store.times]).toEqual([
    ['u-1', 1],
    ['u-2', 2],
  ]);
});

test('is written at the end, and nothing afterwards', async () => {
  for (let i = 0; i < 12_000; i++) lastSeen.note(`u-${i}`, i);
  await lastSeen.close();
  expect(store.times.size).toBe(12_000);
  lastSeen.note('late', 1);
  await vi.advanceTimersByTimeAsync(5_000);
  expect([store.times.size, vi.getTimerCount()]).toEqual([12_000, 0]);
});

test('a store that fails does not hold up the end', async () => {
  store.failing = true;
  lastSeen.note('u-1', 1);
  await lastSeen.close();
  expect(errors).toHaveLength(1);
});

test('of somebody who is erased is not written', async () => {
  lastSeen.note('u-1', 1);
  lastSeen.forget('u-1');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await lastSeen.of('u-1')).toBeUndefined();
});

test('without a store it lives in memory', async () => {
  const own = new LastSeen(undefined, (error) => errors.push(error));
  own.note('u-1', 1);
  expect([await own.of('u-1'), vi.getTimerCount()]).toEqual([1, 0]);
  await own.close();
});
