import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { aCandidate, aDevice, anEntry } from '../../test/push-doubles.js';
import { outboxWorld } from '../../test/push-outbox-world.js';
import { PushPlanner, type PlannerStore } from './push-planner.js';
import { PushStats } from './push-stats.js';
import type { CandidatePage, DecidedPage, DuePush, PushMark } from './push-store.js';

const NOW = 100_000;
const MAX_AGE = 50_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW }));
afterEach(() => void vi.useRealTimers());

/** Due notifications of so many pages, each of one person. */
class MemoryDue implements PlannerStore {
  readonly calls: string[] = [];
  readonly planned: DecidedPage[] = [];
  readonly marks = new Map<number, { dueAt: number; mark: number }>();
  readonly failing = new Set<number>();
  people = 0;

  constructor(
    private readonly pages: Readonly<Record<number, number>>,
    private readonly more: Parameters<typeof anEntry>[0] = {},
  ) {
    for (const offset of Object.keys(pages)) this.marks.set(Number(offset), { dueAt: NOW - 1_000, mark: 0 });
  }

  async due(now: number, limit: number): Promise<DuePush[]> {
    return [...this.marks]
      .filter(([, { dueAt }]) => dueAt <= now)
      .map(([offset, { dueAt, mark }]) => ({ offset, dueAt, mark: markOf(mark) }))
      .slice(0, limit);
  }

  async candidates(offset: number, mark: PushMark): Promise<CandidatePage> {
    this.calls.push(`${offset}:${mark}`);
    if (this.failing.has(offset)) throw new Error(`no page of ${offset}`);
    const page = Number(mark);
    const user = `u-${offset}-${page}`;
    const devices = [aDevice(user, 'phone'), aDevice(user, 'laptop')];
    const isLast = page + 1 >= (this.pages[offset] ?? 0);
    return {
      entry: anEntry({ offset, ...this.more }),
      candidates: [aCandidate(user, { devices })],
      next: isLast ? null : markOf(page + 1),
    };
  }

  async plan(decided: DecidedPage): Promise<boolean> {
    const due = this.marks.get(decided.offset);
    if (due === undefined || markOf(due.mark) !== decided.from) return false;
    this.planned.push(decided);
    if (decided.next === null) this.marks.delete(decided.offset);
    else due.mark = Number(decided.next);
    return true;
  }

  async planTakeBacks(_now: number, limit: number): Promise<number> {
    this.calls.push('take back');
    const some = Math.min(this.people, limit);
    this.people -= some;
    return some;
  }
}

function markOf(page: number): PushMark {
  return String(page) as PushMark;
}

function plannerOf(store: PlannerStore): { planner: PushPlanner; stats: PushStats } {
  const stats = new PushStats();
  return { planner: new PushPlanner(store, outboxWorld().access, { get: () => undefined }, MAX_AGE, stats), stats };
}

describe('what is due', () => {
  it('is decided page by page, in turns: many followers hold nobody up', async () => {
    const store = new MemoryDue({ 1: 4, 2: 1, 3: 2 });
    const { planner, stats } = plannerOf(store);
    await planner.run();
    expect(store.calls).toEqual(['1:0', '2:0', '3:0', '1:1', '3:1', '1:2', '1:3', 'take back']);
    expect(store.marks.size).toBe(0);
    expect(stats.decisions).toEqual({ pushed: 14 });
  });

  it('is one push for each device, with a ticket of its own, until it is too old', async () => {
    const store = new MemoryDue({ 1: 2 });
    await plannerOf(store).planner.run();
    const pushes = store.planned.flatMap((page) => page.pushes);
    expect(pushes).toMatchObject([
      { user: 'u-1-0', device: 'phone', topic: 'users/u-1-0', until: NOW + MAX_AGE },
      { user: 'u-1-0', device: 'laptop', topic: 'users/u-1-0', until: NOW + MAX_AGE },
      { user: 'u-1-1', device: 'phone', topic: 'users/u-1-1', until: NOW + MAX_AGE },
      { user: 'u-1-1', device: 'laptop', topic: 'users/u-1-1', until: NOW + MAX_AGE },
    ]);
    expect(new Set(pushes.map(({ ticket }) => ticket)).size).toBe(4);
    for (const { ticket } of pushes) expect(ticket).toMatch(/^[\w-]{22}$/);
  });

  it('is tried no longer than it is good for', async () => {
    const store = new MemoryDue({ 1: 1 }, { expiresAt: NOW + 5_000 });
    await plannerOf(store).planner.run();
    expect(store.planned[0]?.pushes.map(({ until }) => until)).toEqual([NOW + 5_000, NOW + 5_000]);
  });

  it('that came meanwhile has its turn in the next round', async () => {
    const store = new MemoryDue({ 1: 3, 2: 1 });
    store.marks.get(2)!.dueAt = NOW + 1;
    await plannerOf(store).planner.run(() => vi.setSystemTime(NOW + 1));
    expect(store.calls).toEqual(['1:0', '1:1', '2:0', '1:2', 'take back']);
  });

  it('and fails is left for the next run, and holds up nothing', async () => {
    const store = new MemoryDue({ 1: 1, 2: 2 });
    store.failing.add(1);
    const { planner } = plannerOf(store);
    await expect(planner.run()).rejects.toThrow('no page of 1');
    expect(store.calls).toEqual(['1:0', '2:0', '2:1', 'take back']);
    store.failing.clear();
    await planner.run();
    expect(store.marks.size).toBe(0);
  });
});

describe('of what concerns nobody any more', () => {
  it.each([
    ['retracted', { kind: 'retracted' }],
    ['expired', { expiresAt: NOW }],
  ] as const)('%s: one page is asked for, and no push is planned', async (_what, more) => {
    const store = new MemoryDue({ 1: 1_000 }, more);
    await plannerOf(store).planner.run();
    expect(store.calls).toEqual(['1:0', 'take back']);
    expect(store.planned).toMatchObject([{ next: null, pushes: [] }]);
  });

  it('due too long ago: the server was away', async () => {
    const store = new MemoryDue({ 1: 1_000 });
    store.marks.get(1)!.dueAt = NOW - MAX_AGE - 1;
    await plannerOf(store).planner.run();
    expect(store.planned).toMatchObject([{ next: null, pushes: [] }]);
  });
});

it('takes back until nobody is left', async () => {
  const store = new MemoryDue({});
  store.people = 401;
  let rounds = 0;
  await plannerOf(store).planner.run(() => void rounds++);
  expect([store.calls.length, store.people, rounds]).toEqual([3, 0, 3]);
});

it('what is decided by somebody else meanwhile is not counted', async () => {
  const store = new MemoryDue({ 1: 1 });
  const { planner, stats } = plannerOf(store);
  store.plan = async ({ offset }) => {
    store.marks.delete(offset);
    return false;
  };
  await planner.run();
  expect(stats.decisions).toEqual({ pushed: 0 });
});
