import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Subscriber } from '#clarion/access';
import { userOfTopic, type Topic } from '#clarion/protocol';
import type { LogEvent } from './log-event.js';
import { SummaryFeed } from './summary-feed.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Somebody who reads this topic of their own. */
function readerOf(topic: Topic): Subscriber {
  return {
    kind: 'subscriber',
    sub: userOfTopic(topic) ?? '',
    subscribe: [],
    publish: [],
    presence: [],
    expiresAt: 1e15,
  };
}

function makeFeed(
  of: (who: Subscriber) => Promise<string> = async () => '{}',
  settled: () => Promise<void> = () => Promise.resolve(),
) {
  const told: LogEvent[] = [];
  const errors: unknown[] = [];
  const readers = new Set(['users/u-1', 'users/u-2']);
  const feed = new SummaryFeed(
    { of },
    (topic) => (readers.has(topic) ? readerOf(topic) : undefined),
    settled,
    (event) => told.push(event),
    (error) => errors.push(error),
  );
  return { feed, told, errors, readers };
}

test('the first change is told at once, what follows within a second together, and nothing after silence', async () => {
  const { feed, told } = makeFeed();
  feed.changed('u-1');
  await vi.advanceTimersByTimeAsync(0);
  expect(told.map(({ name, topics, offset }) => [name, topics, offset])).toEqual([
    ['summary', ['users/u-1'], undefined],
  ]);
  expect(told[0]?.json('users/u-1' as Topic)).toBe('{}');
  for (let i = 0; i < 9; i++) {
    feed.changed('u-1');
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(told).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(400);
  expect(told).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toHaveLength(2);
  expect(vi.getTimerCount()).toBe(0);
});

test('nobody is told whom nobody reads, and each person is told for themselves', async () => {
  const { feed, told, readers } = makeFeed();
  feed.changed('u-3');
  feed.changed('u-1');
  feed.changed('u-2');
  feed.changed('u-1');
  await vi.advanceTimersByTimeAsync(0);
  expect(told.map(({ topics }) => topics[0])).toEqual(['users/u-1', 'users/u-2']);
  readers.clear();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toHaveLength(2);
});

test('a summary that takes long is not asked for twice at a time, and one that fails is tried again with the next change', async () => {
  const answers: { resolve(json: string): void; reject(error: unknown): void }[] = [];
  const { feed, told, errors } = makeFeed(() => new Promise((resolve, reject) => answers.push({ resolve, reject })));
  feed.changed('u-1');
  await vi.advanceTimersByTimeAsync(5_000);
  feed.changed('u-1');
  expect(answers).toHaveLength(1);
  answers[0]?.reject(new Error('busy'));
  await vi.advanceTimersByTimeAsync(1_500);
  expect(errors).toHaveLength(1);
  expect(answers).toHaveLength(2);
  answers[1]?.resolve('{}');
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toHaveLength(1);
});

test('nothing is told, and no timer runs, once it was stopped', async () => {
  const { feed, told } = makeFeed();
  feed.changed('u-1');
  feed.stop();
  feed.changed('u-2');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a summary comes after all that it counts, and another after what was heard before it', async () => {
  let delivered = (): void => undefined;
  const { feed, told } = makeFeed(undefined, () => new Promise((resolve) => (delivered = resolve)));
  feed.heard(readerOf('users/u-1' as Topic));
  feed.changed('u-1');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told).toHaveLength(0);
  feed.heard(readerOf('users/u-2' as Topic));
  feed.heard(readerOf('users/u-1' as Topic));
  delivered();
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2_000);
  delivered();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toHaveLength(2);
});
