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

test('there is no timer while there are no members, and a late comer is ended in time all the same', () => {
  const ended: number[] = [];
  const deadlines = new Deadlines<string>(() => ended.push(Date.now()));
  const turns: string[] = [];
  const wheel = new Wheel<string>(1_000, (member) => turns.push(member));
  expect(vi.getTimerCount()).toBe(0);
  wheel.add('gone');
  deadlines.set('gone', Date.now() + 500);
  expect(vi.getTimerCount()).toBe(2);
  wheel.delete('gone');
  deadlines.delete('gone');
  expect(vi.getTimerCount()).toBe(0);

  vi.advanceTimersByTime(3_600_000);
  const due = Date.now() + 500;
  deadlines.set('late', due);
  wheel.add('late');
  vi.advanceTimersByTime(1_010);
  expect(ended[0]).toBeGreaterThanOrEqual(due);
  expect(ended[0]).toBeLessThanOrEqual(due + 500);
  expect(turns).toEqual(['late']);
  expect(vi.getTimerCount()).toBe(1);
  deadlines.stop();
  wheel.stop();
  wheel.add('after the end');
  expect(vi.getTimerCount()).toBe(0);
});

test('a wheel leaves nobody out when members go in their turn or in any order', () => {
  const turns = new Map<number, number>();
  const wheel = new Wheel<number>(640, (member) => {
    turns.set(member, (turns.get(member) ?? 0) + 1);
    if (member % 3 === 0) wheel.delete(member);
  });
  for (let member = 0; member < 1_000; member++) wheel.add(member);
  for (let member = 0; member < 1_000; member += 7) wheel.delete(member);
  vi.advanceTimersByTime(645);
  wheel.stop();
  const expected = Array.from({ length: 1_000 }, (_, member) => member).filter((member) => member % 7 !== 0);
  expect([...turns.keys()].sort((a, b) => a - b)).toEqual(expected);
  expect([...wheel]).toEqual(expected.filter((member) => member % 3 !== 0));
});
