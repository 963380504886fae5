import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wantedPreferencesSchema, type WantedPreferences } from '#clarion/protocol';
import { NO_PREFERENCES, preferencesAsTold, revisePreferences, type StoredPreferences } from './preferences.js';

function wanted(some: unknown): WantedPreferences {
  return wantedPreferencesSchema.parse(some);
}

const quietHours = { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin' };

describe('what is chosen', () => {
  it('is kept with the time at which it was', () => {
    const chosen = wanted({
      categories: { news: { live: false, push: true } },
      mutedTopics: ['rooms/1'],
      quietHours,
      doNotDisturbUntil: '2026-01-01T12:00:00+01:00',
      presence: 'hidden',
    });
    expect(revisePreferences(NO_PREFERENCES, chosen, 5)).toEqual({
      categories: { news: { live: false, push: true, since: 5 } },
      mutedTopics: { 'rooms/1': 5 },
      quietHours,
      quietSince: 5,
      doNotDisturbUntil: Date.parse('2026-01-01T11:00:00Z'),
      doNotDisturbSince: 5,
      presence: 'hidden',
    });
  });

  it('is as old as it has been so, and of what is over there is no age', () => {
    const first = revisePreferences(
      NO_PREFERENCES,
      wanted({ quietHours, doNotDisturbUntil: '2026-01-01T12:00:00Z' }),
      5,
    );
    const same = revisePreferences(first, wanted({ quietHours, doNotDisturbUntil: '2026-01-01T13:00:00Z' }), 9);
    expect(same).toMatchObject({ quietSince: 5, doNotDisturbSince: 9 });
    const none = revisePreferences(same, wanted({}), 12);
    expect(none).not.toHaveProperty('quietSince');
    expect(none).not.toHaveProperty('doNotDisturbSince');
  });

  it('keeps its time as long as it is the same, whatever else is chosen', () => {
    const first = revisePreferences(
      NO_PREFERENCES,
      wanted({ categories: { news: { live: false }, offers: { inbox: false } }, mutedTopics: ['a', 'b'] }),
      5,
    );
    const second = revisePreferences(
      first,
      wanted({
        categories: { news: { live: false }, offers: { inbox: false, push: false } },
        mutedTopics: ['b', 'c'],
        presence: 'hidden',
      }),
      9,
    );
    expect(second.categories).toEqual({
      news: { live: false, since: 5 },
      offers: { inbox: false, push: false, since: 9 },
    });
    expect(second.mutedTopics).toEqual({ b: 5, c: 9 });
  });

  it('of a category keeps its time for `live`, whatever is chosen for other channels, and nobody is told that', () => {
    const choose = (before: StoredPreferences, choice: object, now: number): StoredPreferences =>
      revisePreferences(before, wanted({ categories: { news: choice } }), now);
    const first = choose(NO_PREFERENCES, { live: false }, 5);
    const second = choose(first, { live: false, push: false }, 9);
    const third = choose(second, { live: false, push: true }, 12);
    expect(third.categories).toEqual({ news: { live: false, push: true, since: 12, liveSince: 5 } });
    expect(preferencesAsTold(third).categories).toEqual({
      news: { live: false, push: true, since: '1970-01-01T00:00:00.012Z' },
    });
    expect(choose(third, { live: true, push: true }, 15).categories).toEqual({
      news: { live: true, push: true, since: 15 },
    });
  });

  it('is forgotten when it is not chosen again, and then begins anew', () => {
    const first = revisePreferences(
      NO_PREFERENCES,
      wanted({ categories: { news: { live: false } }, mutedTopics: ['a'] }),
      5,
    );
    const none = revisePreferences(first, wanted({}), 6);
    expect(none).toEqual(NO_PREFERENCES);
    const again = revisePreferences(none, wanted({ categories: { news: { live: false } }, mutedTopics: ['a'] }), 7);
    expect([again.categories['news']?.since, again.mutedTopics['a']]).toEqual([7, 7]);
  });

  it('of a category in which nothing is chosen is nothing', () => {
    expect(revisePreferences(NO_PREFERENCES, wanted({ categories: { news: {} } }), 5)).toBe(NO_PREFERENCES);
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'of a topic %s, a name that every object knows, is like any other',
    (topic) => {
      const revised = revisePreferences(NO_PREFERENCES, wanted({ mutedTopics: [topic] }), 5);
      expect(Object.entries(revised.mutedTopics)).toEqual([[topic, 5]]);
      const kept: StoredPreferences = JSON.parse(JSON.stringify(revised));
      expect(revisePreferences(kept, wanted({ mutedTopics: [topic] }), 9)).toBe(kept);
    },
  );

  it('of a category `constructor` is like any other', () => {
    const revised = revisePreferences(NO_PREFERENCES, wanted({ categories: { constructor: { live: true } } }), 5);
    expect(revised.categories['constructor']).toEqual({ live: true, since: 5 });
  });
});

const id = fc.constantFrom('news', 'offers', 'alerts', 'constructor');
const choice = fc.record({ live: fc.boolean(), inbox: fc.boolean(), push: fc.boolean() }, { requiredKeys: [] });
const arbitraryWanted = fc
  .record({
    categories: fc.dictionary(id, choice),
    mutedTopics: fc.array(fc.constantFrom('a', 'b', 'c/d', 'toString')),
    quietHours: fc.constantFrom(null, quietHours, { ...quietHours, days: [1, 2] }),
    doNotDisturbUntil: fc.constantFrom(null, '2026-01-01T11:00:00Z'),
    presence: fc.constantFrom('visible' as const, 'hidden' as const),
  })
  .map(wanted);

describe('any preferences', () => {
  it('are the very same object when the same is wanted again, as it comes back from the store, too', () => {
    fc.assert(
      fc.property(arbitraryWanted, (preferences) => {
        const once = revisePreferences(NO_PREFERENCES, preferences, 5);
        expect(revisePreferences(once, preferences, 9)).toBe(once);
        const stored: StoredPreferences = JSON.parse(JSON.stringify(once));
        expect(revisePreferences(stored, preferences, 9)).toBe(stored);
      }),
    );
  });

  it('say what was wanted, whatever was before', () => {
    fc.assert(
      fc.property(arbitraryWanted, arbitraryWanted, (first, second) => {
        const before = revisePreferences(NO_PREFERENCES, first, 5);
        const after = revisePreferences(before, second, 9);
        const fresh = revisePreferences(NO_PREFERENCES, second, 9);
        expect(withoutTimes(after)).toEqual(withoutTimes(fresh));
      }),
    );
  });
});

function withoutTimes(preferences: StoredPreferences): unknown {
  return {
    ...preferences,
    ...(preferences.quietSince !== undefined && { quietSince: 0 }),
    ...(preferences.doNotDisturbSince !== undefined && { doNotDisturbSince: 0 }),
    categories: Object.fromEntries(
      Object.entries(preferences.categories).map(([name, chosen]) => [name, { ...chosen, since: 0, liveSince: 0 }]),
    ),
    mutedTopics: Object.keys(preferences.mutedTopics).toSorted(),
  };
}
