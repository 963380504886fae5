import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Category } from '#clarion/protocol';
import { CategoryBook } from './category-book.js';
import { PreferenceBook } from './preference-book.js';
import { NO_PREFERENCES, type StoredPreferences } from './preferences.js';

const NOW = Date.parse('2026-01-10T23:00:00Z');

const MUTED: StoredPreferences = { ...NO_PREFERENCES, mutedTopics: { 'rooms/1': 5 } };
const HIDDEN: StoredPreferences = { ...NO_PREFERENCES, presence: 'hidden' };
const WITHOUT_NEWS: StoredPreferences = { ...NO_PREFERENCES, categories: { news: { live: false, since: 5 } } };

/** A store that answers at once, or, while it is held, when the test says so: with what it had when it was asked. */
class Store {
  readonly kept = new Map<string, StoredPreferences>();
  readonly calls: (readonly string[])[] = [];
  asked = 0;
  isSlow = false;
  failure: Error | undefined;
  readonly #under: (() => void)[] = [];

  async preferencesOf(users: readonly string[]): Promise<(StoredPreferences | undefined)[]> {
    this.calls.push(users);
    const found = users.map((user) => this.kept.get(user));
    const { failure } = this;
    if (this.isSlow) await new Promise<void>((resolve) => this.#under.push(resolve));
    if (failure !== undefined) throw failure;
    return found;
  }

  async havePreferences(): Promise<boolean> {
    this.asked++;
    return this.kept.size > 0;
  }

  /** Answers the call at this place of those that wait. */
  async answer(place = 0): Promise<void> {
    this.#under.splice(place, 1)[0]?.();
    await setImmediate();
  }
}

let store: Store;
let errors: unknown[];
let book: PreferenceBook;

async function opened(maxOthers?: number, categories: Category[] = []): Promise<void> {
  const declared = new CategoryBook({
    categories: async () => categories,
    putCategory: async () => undefined,
    deleteCategory: async () => undefined,
  });
  await declared.open();
  book = new PreferenceBook(store, declared, (error) => errors.push(error), maxOthers);
  await book.open();
}

function room(user: string): string | undefined {
  return book.withheld(user, {}, 'rooms/1', NOW);
}

beforeEach(() => {
  store = new Store();
  errors = [];
});

afterEach(() => {
  book.close();
  vi.useRealTimers();
});

describe('while nobody has ever chosen anything', () => {
  it('nothing is read, and everything reaches everybody', async () => {
    await opened();
    expect(book.hold('u-1')).toBeUndefined();
    expect([room('u-1'), book.mayWithhold('u-1'), book.isHidden('u-1'), book.isHidden('u-2')]).toEqual([
      undefined,
      false,
      false,
      false,
    ]);
    expect(await book.preferencesOf('u-2')).toEqual(NO_PREFERENCES);
    expect(await book.mutedTopics('u-2')).toEqual([]);
    expect([store.asked, store.calls]).toEqual([1, []]);
  });

  it('the first who does is heard of, connected before or not', async () => {
    await opened();
    book.hold('u-1');
    store.kept.set('u-1', MUTED).set('u-2', HIDDEN);
    book.changed('u-1');
    book.changed('u-2');
    await setImmediate();
    expect([room('u-1'), book.mayWithhold('u-1')]).toEqual(['muted.topic', true]);
    expect(await book.preferencesOf('u-2')).toEqual(HIDDEN);
  });
});

describe('who is connected', () => {
  beforeEach(async () => {
    store.kept.set('u-1', MUTED).set('u-2', HIDDEN);
    await opened();
  });

  it('is read, all of one turn in one call, each once', async () => {
    const users = ['u-1', 'u-2', 'u-3', 'u-1'];
    await Promise.all(users.map((user) => book.hold(user)));
    expect(store.calls).toEqual([['u-1', 'u-2', 'u-3']]);
    expect(users.map(room)).toEqual(['muted.topic', undefined, undefined, 'muted.topic']);
    expect(users.map((user) => book.mayWithhold(user))).toEqual([true, false, false, true]);
    expect(users.map((user) => book.isHidden(user))).toEqual([false, true, false, false]);
  });

  it('is read in calls of at most 1,000', async () => {
    await Promise.all(Array.from({ length: 2_500 }, (_, i) => book.hold(`m-${i}`)));
    expect(store.calls.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
  });

  it('is there at once the next time, also after a reconnect', async () => {
    await book.hold('u-1');
    expect(book.hold('u-1')).toBeUndefined();
    book.release('u-1');
    book.release('u-1');
    expect(book.hold('u-1')).toBeUndefined();
    expect([room('u-1'), store.calls.length]).toEqual(['muted.topic', 1]);
  });

  it('stays until the last connection has gone', async () => {
    await opened(0);
    await book.hold('u-1');
    book.hold('u-1');
    book.release('u-1');
    expect(room('u-1')).toBe('muted.topic');
    book.release('u-1');
    expect(() => room('u-1')).toThrow('not held');
    expect(book.isHidden('u-1')).toBe(true);
    await book.hold('u-1');
    expect(store.calls.length).toBe(2);
  });

  it('is not let in when it cannot be read, and may come again', async () => {
    store.failure = new Error('disk');
    const holds = [book.hold('u-1'), book.hold('u-1')];
    for (const held of holds) await expect(held).rejects.toThrow('disk');
    expect(() => room('u-1')).toThrow('not held');
    expect([book.mayWithhold('u-1'), book.isHidden('u-1')]).toEqual([true, true]);
    store.failure = undefined;
    await book.hold('u-1');
    expect(room('u-1')).toBe('muted.topic');
    for (let i = 0; i < 3; i++) book.release('u-1');
  });

  it('hears the new choice as soon as it was read, and those who want to know are told', async () => {
    await book.hold('u-1');
    const heard: string[] = [];
    const stop = book.onChanged((user) => heard.push(user));
    store.kept.set('u-1', HIDDEN);
    book.changed('u-1');
    book.changed('u-of-elsewhere');
    expect(room('u-1')).toBe('muted.topic');
    await setImmediate();
    expect([room('u-1'), book.isHidden('u-1'), heard]).toEqual([undefined, true, ['u-1']]);
    stop();
    book.changed('u-1');
    await setImmediate();
    expect(heard).toEqual(['u-1']);
  });

  it('keeps the newest, in whichever order answers come', async () => {
    await book.hold('u-1');
    store.isSlow = true;
    book.changed('u-1');
    await setImmediate();
    store.kept.set('u-1', HIDDEN);
    book.changed('u-1');
    await setImmediate();
    await store.answer(1);
    expect(book.isHidden('u-1')).toBe(true);
    await store.answer(0);
    expect([book.isHidden('u-1'), room('u-1')]).toEqual([true, undefined]);
  });

  it('is not remembered as it was when it goes while it is read anew', async () => {
    await book.hold('u-1');
    store.isSlow = true;
    store.kept.set('u-1', HIDDEN);
    book.changed('u-1');
    book.release('u-1');
    await setImmediate();
    await store.answer();
    store.isSlow = false;
    await book.hold('u-1');
    expect(book.isHidden('u-1')).toBe(true);
  });

  it('keeps what was chosen before when it cannot be read anew, and it is tried again', async () => {
    await book.hold('u-1');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    store.failure = new Error('disk');
    store.kept.set('u-1', HIDDEN);
    book.changed('u-1');
    await setImmediate();
    expect([errors.length, room('u-1')]).toEqual([1, 'muted.topic']);
    vi.advanceTimersByTime(1_000);
    await setImmediate();
    expect([errors.length, room('u-1')]).toEqual([2, 'muted.topic']);
    store.failure = undefined;
    vi.advanceTimersByTime(1_000);
    await setImmediate();
    expect([errors.length, room('u-1'), book.isHidden('u-1')]).toEqual([2, undefined, true]);
    vi.advanceTimersByTime(60_000);
    await setImmediate();
    expect(store.calls.length).toBe(4);
  });
});

describe('who has chosen on this node', () => {
  beforeEach(() => opened());

  it('has it before the answer, connected or not', async () => {
    book.hold('u-1');
    store.kept.set('u-1', MUTED).set('u-2', HIDDEN);
    expect(await book.refresh('u-1')).toEqual(MUTED);
    expect(room('u-1')).toBe('muted.topic');
    expect(await book.refresh('u-2')).toEqual(HIDDEN);
    expect(book.isHidden('u-2')).toBe(true);
  });

  it('is answered with what they chose, not with what it was, as soon as it is heard of', async () => {
    await book.hold('u-1');
    store.kept.set('u-1', HIDDEN);
    book.changed('u-1');
    expect(await book.preferencesOf('u-1')).toEqual(HIDDEN);
  });

  it('is told when it could not be read, and then it is tried again', async () => {
    book.hold('u-1');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    store.kept.set('u-1', MUTED);
    store.failure = new Error('disk');
    await expect(book.refresh('u-1')).rejects.toThrow('disk');
    store.failure = undefined;
    vi.advanceTimersByTime(1_000);
    await setImmediate();
    expect(room('u-1')).toBe('muted.topic');
  });
});

describe('who is not connected', () => {
  beforeEach(() => {
    store.kept.set('u-1', MUTED).set('u-2', HIDDEN).set('u-3', WITHOUT_NEWS);
  });

  it('is read once, and then remembered until they choose anew', async () => {
    await opened();
    expect(await book.preferencesOf('u-1')).toEqual(MUTED);
    expect(await book.preferencesOf('u-1')).toEqual(MUTED);
    expect(store.calls).toEqual([['u-1']]);
    store.kept.set('u-1', HIDDEN);
    book.changed('u-1');
    expect(await book.preferencesOf('u-1')).toEqual(HIDDEN);
    expect(store.calls.length).toBe(2);
  });

  it('is not remembered as it was when they choose while it is read', async () => {
    await opened();
    store.isSlow = true;
    const asked = book.preferencesOf('u-1');
    await setImmediate();
    store.kept.set('u-1', HIDDEN);
    book.changed('u-1');
    await store.answer();
    expect(await asked).toEqual(MUTED);
    store.isSlow = false;
    expect(await book.preferencesOf('u-1')).toEqual(HIDDEN);
  });

  it('is forgotten for others who were asked for since', async () => {
    await opened(2);
    for (const user of ['u-1', 'u-2', 'u-1', 'u-3', 'u-1', 'u-2']) await book.preferencesOf(user);
    expect(store.calls).toEqual([['u-1'], ['u-2'], ['u-3'], ['u-2']]);
  });

  it('is judged as who is connected', async () => {
    const news: Category = {
      id: 'news',
      title: 'News',
      defaults: { live: true, inbox: false, push: true },
      locked: ['inbox'],
    };
    const alerts: Category = { ...news, id: 'alerts', defaults: { live: true, inbox: true, push: true } };
    await opened(undefined, [news, alerts]);
    const question = { channel: 'live', event: {}, topic: 'rooms/1', now: NOW } as const;
    expect((await book.judgeOf('u-1'))(question)).toEqual({ cause: 'muted.topic', topic: 'rooms/1', since: 5 });
    expect((await book.judgeOf('u-3'))({ ...question, category: 'news' })).toMatchObject({ cause: 'muted.category' });
    expect((await book.judgeOf('u-3'))({ ...question, category: 'deleted' })).toBeUndefined();
    expect(await book.hiddenCategories('u-1')).toEqual(['news']);
    expect([await book.mutedTopics('u-1'), await book.mutedTopics('u-2')]).toEqual([['rooms/1'], []]);
    await book.hold('u-3');
    expect(book.withheld('u-3', { category: 'news' }, 'rooms/1', NOW)).toBe('muted.category');
    expect(book.withheld('u-3', { category: 'alerts' }, 'rooms/1', NOW)).toBeUndefined();
  });
});

it('quiet hours concern what comes by one’s own topic, and nobody else’s', async () => {
  store.kept.set('u-1', { ...NO_PREFERENCES, quietHours: { from: '22:00', to: '07:00', timeZone: 'UTC' } });
  await opened();
  await book.hold('u-1');
  expect(book.mayWithhold('u-1')).toBe(true);
  expect(book.withheld('u-1', {}, 'users/u-1', NOW)).toBe('quiet.hours');
  expect(book.withheld('u-1', { urgent: true }, 'users/u-1', NOW)).toBeUndefined();
  expect(book.withheld('u-1', {}, 'users/u-2', NOW)).toBeUndefined();
  expect(book.withheld('u-1', {}, 'users/u-1', NOW + 12 * 3_600_000)).toBeUndefined();
});
