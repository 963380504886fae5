import { beforeEach, describe, expect, it } from 'vitest';
import {
  preferencesSchema,
  wantedPreferencesSchema,
  type Category,
  type Channel,
  type WantedPreferences,
} from '#clarion/protocol';
import type { LogAct, PreferencesAct } from './acts.js';
import { CategoryBook } from './category-book.js';
import { PreferenceBook } from './preference-book.js';
import { NO_PREFERENCES, revisePreferences, type StoredPreferences } from './preferences.js';
import { Preferences } from './preferences-service.js';

const ON = { live: true, inbox: true, push: true };
const ME = { user: 'u-1' };

let acts: PreferencesAct[];
let kept: Map<string, StoredPreferences>;
let categories: CategoryBook;
let book: PreferenceBook;
let preferences: Preferences;

function declare(id: string, locked: Channel[] = [], defaults: Category['defaults'] = ON): Promise<void> {
  return categories.put({ id, title: id, defaults, locked });
}

/** As the writer carries it out. */
async function act(done: LogAct): Promise<{ outcome: 'acted'; entry: null }> {
  if (done.kind !== 'preferences') throw new Error(`not expected: ${done.kind}`);
  acts.push(done);
  kept.set(done.user, revisePreferences(kept.get(done.user) ?? NO_PREFERENCES, done.wanted, done.at));
  return { outcome: 'acted', entry: null };
}

beforeEach(async () => {
  acts = [];
  kept = new Map();
  categories = new CategoryBook({
    categories: async () => [],
    putCategory: async () => undefined,
    deleteCategory: async () => undefined,
  });
  const store = {
    preferencesOf: async (users: readonly string[]) => users.map((user) => kept.get(user)),
    havePreferences: async () => kept.size > 0,
  };
  book = new PreferenceBook(store, categories, () => undefined);
  await book.open();
  preferences = new Preferences({ act }, book, categories);
  await declare('news');
  await declare('alerts', ['live', 'push']);
});

function wanted(some: object): WantedPreferences {
  return wantedPreferencesSchema.parse(some);
}

describe('preferences', () => {
  it('of who has never chosen are none', async () => {
    expect(preferencesSchema.parse(await preferences.get(ME))).toEqual({
      categories: {},
      mutedTopics: [],
      quietHours: null,
      doNotDisturbUntil: null,
      presence: 'visible',
    });
  });

  it('are told as they were chosen, with their times, and again when they are asked for', async () => {
    const quietHours = { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin', days: [1, 2] };
    const before = Date.now();
    const shown = await preferences.set(
      ME,
      wanted({
        categories: { news: { live: false, push: true } },
        mutedTopics: ['rooms/1', 'users/me'],
        quietHours,
        doNotDisturbUntil: '2030-01-01T01:00:00+01:00',
        presence: 'hidden',
      }),
    );
    const since = new Date(acts[0]?.at ?? 0).toISOString();
    expect(acts[0]?.at).toBeGreaterThanOrEqual(before);
    expect(preferencesSchema.parse(shown)).toEqual({
      categories: { news: { live: false, push: true, since } },
      mutedTopics: [
        { topic: 'rooms/1', since },
        { topic: 'users/u-1', since },
      ],
      quietHours,
      doNotDisturbUntil: '2030-01-01T00:00:00.000Z',
      presence: 'hidden',
    });
    expect(await preferences.get(ME)).toEqual(shown);
    expect(await preferences.get({ user: 'u-2' })).toMatchObject({ mutedTopics: [] });
  });

  it('hold on this node before the answer', async () => {
    expect(book.hold('u-1')).toBeUndefined();
    await preferences.set(ME, wanted({ mutedTopics: ['rooms/1'] }));
    expect(book.withheld('u-1', {}, 'rooms/1', 0)).toBe('muted.topic');
  });

  it('are written with the words by which the person’s devices hear of it', async () => {
    await preferences.set(ME, wanted({}));
    const [written] = acts;
    expect(written).toMatchObject({ kind: 'preferences', user: 'u-1' });
    expect(written?.body).toMatch(/^"change":"preferences",/);
    expect(JSON.parse(`{${written?.body}}`)).toEqual({
      change: 'preferences',
      at: new Date(written?.at ?? 0).toISOString(),
    });
  });
});

describe('a choice that cannot be made', () => {
  it.each<[string, object, string, string[]]>([
    ['of a category that is not declared', { olds: { live: true } }, 'category.unknown', ['/categories/olds']],
    ['of one that every object knows', { constructor: {} }, 'category.unknown', ['/categories/constructor']],
    [
      'of several, among good ones',
      { news: { live: false }, olds: {}, older: { inbox: true } },
      'category.unknown',
      ['/categories/olds', '/categories/older'],
    ],
    ['in a locked channel', { alerts: { live: false } }, 'category.locked', ['/categories/alerts/live']],
    [
      'in several',
      { alerts: { live: false, inbox: false, push: false } },
      'category.locked',
      ['/categories/alerts/live', '/categories/alerts/push'],
    ],
  ])('%s is refused, and nothing is written', async (_, categoriesWanted, code, pointers) => {
    const set = preferences.set(ME, wanted({ categories: categoriesWanted }));
    await expect(set).rejects.toMatchObject({ code, errors: pointers.map((pointer) => ({ pointer })) });
    expect(acts).toEqual([]);
  });

  it('names at most 20 places', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`c-${i}`, {}]));
    const set = preferences.set(ME, wanted({ categories: many }));
    await expect(set).rejects.toMatchObject({ errors: { length: 20 } });
  });
});

describe('the default of a locked channel', () => {
  it('may be chosen', async () => {
    await declare('off', ['push'], { ...ON, push: false });
    const shown = await preferences.set(
      ME,
      wanted({ categories: { alerts: { live: true, inbox: false }, off: { push: false } } }),
    );
    expect(shown.categories).toMatchObject({ alerts: { live: true, inbox: false }, off: { push: false } });
  });
});

describe('what was chosen before the operator changed the categories', () => {
  beforeEach(async () => {
    await preferences.set(ME, wanted({ categories: { news: { live: false, push: true }, alerts: { inbox: false } } }));
  });

  it('is not shown of what was deleted, and comes back with it', async () => {
    await categories.delete('news');
    expect(Object.keys((await preferences.get(ME)).categories)).toEqual(['alerts']);
    await declare('news');
    expect(Object.keys((await preferences.get(ME)).categories)).toEqual(['news', 'alerts']);
  });

  it('is shown as far as it holds, so that what was got can be put', async () => {
    await declare('news', ['live']);
    await declare('alerts', ['inbox']);
    const { categories: shown } = await preferences.get(ME);
    expect(shown).toEqual({ news: { push: true, since: expect.any(String) } });
    const { since: _since, ...choice } = shown['news'] ?? { since: '' };
    await expect(preferences.set(ME, wanted({ categories: { news: choice } }))).resolves.toBeDefined();
  });
});
