import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines } from './deadlines.js';
import { Wheel } from './wheel.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('members end at their deadline, at most half a second late, and not when it was moved or taken away', () => {
  const ended: [string, number][] = [];
  const start = Date.now();
  const deadlines = new Deadlines<string>((member) => ended.push([member, Date.now() - start]));
  deadlines.set('soon', start + 1_000);
  deadlines.set('moved', start + 1_000);
  deadlines.set('moved', start + 3_000);
  deadlines.set('gone', start + 1_000);
  deadlines.delete('gone');
  deadlines.set('past', start - 10_000);
  vi.advanceTimersByTime(5_000);
  deadlines.stop();

  expect(ended.map(([member]) => member)).toEqual(['past', 'soon', 'moved']);
  for (const [member, at] of ended) {
    const due = { past: 0, soon: 1_000, moved: 3_000 }[member]!;
    expect(at).toBeGreaterThanOrEqual(due);
    expect(at).toBeLessThanOrEqual(due + 500);
  }
});

test('every member has its turn once per period, and the turns are spread over it', () => {
  const turns = new Map<number, number[]>();
  const start = Date.now();
  const wheel = new Wheel<number>(1_000, (member) =>
    turns.set(member, [...(turns.get(member) ?? []), Date.now() - start]),
  );
  for (let member = 0; member < 100; member++) wheel.add(member);
  vi.advanceTimersByTime(4_010);
  wheel.stop();

  expect(turns.size).toBe(100);
  for (const [first, ...times] of turns.values()) {
    expect(first).toBeLessThanOrEqual(1_000);
    const since = times.map((time, i) => time - (times[i - 1] ?? first!));
    expect(Math.min(...since)).toBeGreaterThan(950);
    expect(Math.max(...since)).toBeLessThanOrEqual(1_000);
  }
  expect(new Set([...turns.values()].map(([first]) => first)).size).toBeGreaterThan(20);
});
