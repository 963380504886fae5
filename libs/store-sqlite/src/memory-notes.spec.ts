import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RememberedRow } from './inbox-memory.js';
import { MemoryNotes } from './memory-notes.js';
import type { StoreThreads } from './store-threads.js';

/** A writer that answers when it is told to, and what it was given. */
let written: (readonly RememberedRow[])[];
let answers: (() => void)[];
let notes: MemoryNotes;

beforeEach(() => {
  vi.useFakeTimers();
  [written, answers] = [[], []];
  const call = (_name: string, rows: readonly RememberedRow[]): Promise<void> => {
    written.push(rows);
    return new Promise((answer) => answers.push(answer));
  };
  const threads: Partial<StoreThreads> = { withWriter: (use) => use({ call } as never) };
  notes = new MemoryNotes(threads as StoreThreads);
});

afterEach(() => {
  vi.useRealTimers();
});

function row(user: string, head = 1): RememberedRow {
  const rest = { consistsOf: 'x', removals: 0, lifts: 0, countedAt: 1, endsAt: 2, unread: '[]', unseen: '[]' };
  return { user, head, ...rest };
}

function add(from: number, to: number): void {
  for (let i = from; i < to; i++) notes.add(row(`u-${i}`));
}

async function goOn(): Promise<void> {
  for (const one of answers.splice(0)) one();
  await vi.advanceTimersByTimeAsync(250);
}

test('one write after the other, of so many, and of each person the latest', async () => {
  notes.add(row('u-1'));
  add(0, 100);
  notes.add(row('u-0', 2));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(written.map((rows) => rows.length)).toEqual([64]);
  expect(written[0]?.[0]?.user).toBe('u-1');
  await goOn();
  expect(written.map((rows) => rows.length)).toEqual([64, 36]);
  expect(written[1]?.at(-1)).toEqual(row('u-0', 2));
  await goOn();
  expect(written).toHaveLength(2);
});

test('while nothing can be written the first are forgotten', async () => {
  add(0, 1);
  await vi.advanceTimersByTimeAsync(250);
  add(1, 5_000);
  const flushed = notes.flush();
  for (const one of answers.splice(0)) one();
  await flushed;
  const users = written.flat().map(({ user }) => user);
  expect(users.slice(0, 2)).toEqual(['u-0', 'u-4000']);
  expect(users).toHaveLength(1_001);
});

test('a writer that fails is no fault of whoever asked', async () => {
  notes = new MemoryNotes({
    withWriter: () => Promise.reject(new Error('full')),
  } as Partial<StoreThreads> as StoreThreads);
  add(0, 3);
  await expect(notes.flush()).resolves.toBeUndefined();
});
