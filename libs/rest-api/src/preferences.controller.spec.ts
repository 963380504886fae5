import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Limits } from '#clarion/access';
import { DomainError, type Preferences, type WantedPreferences } from '#clarion/protocol';
import { restApp, WITH_KEY, type RestApp } from '../test/rest-app.js';

const NONE: Preferences = {
  categories: {},
  mutedTopics: [],
  quietHours: null,
  doNotDisturbUntil: null,
  presence: 'visible',
};
const NOTHING_WANTED: WantedPreferences = { ...NONE, categories: {}, mutedTopics: [] };

let rest: RestApp;
let mine: Record<string, string>;
let refusal: DomainError | undefined;
const asked: { user: string; wanted?: WantedPreferences }[] = [];

beforeAll(async () => {
  rest = await restApp({
    preferences: {
      get: async ({ user }) => {
        asked.push({ user });
        return { ...NONE, presence: 'hidden' };
      },
      set: async ({ user }, wanted) => {
        if (refusal !== undefined) throw refusal;
        asked.push({ user, wanted });
        return NONE;
      },
    },
  });
  mine = { authorization: `Bearer ${(await rest.access.mint({ sub: 'u-1' })).token}` };
});

beforeEach(() => {
  asked.length = 0;
  refusal = undefined;
});

afterAll(() => rest.app.close());

function get(url: string, headers: Record<string, string>) {
  return rest.app.inject({ url: `/v1/${url}`, headers });
}

function put(url: string, headers: Record<string, string>, payload: object = {}) {
  return rest.app.inject({ method: 'PUT', url: `/v1/${url}`, headers, payload });
}

describe('one’s own preferences', () => {
  it('are those of the token’s person', async () => {
    const answer = await get('me/preferences', mine);
    expect([answer.statusCode, answer.json()]).toEqual([200, { ...NONE, presence: 'hidden' }]);
    expect(asked).toEqual([{ user: 'u-1' }]);
  });

  it('are replaced by what is wanted, whole', async () => {
    const answer = await put('me/preferences', mine);
    expect([answer.statusCode, answer.json()]).toEqual([200, NONE]);
    const wanted = {
      categories: { news: { live: false } },
      mutedTopics: ['rooms/1'],
      quietHours: { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin', days: [1, 7] },
      doNotDisturbUntil: '2030-01-01T00:00:00+01:00',
      presence: 'hidden',
    };
    await put('me/preferences', mine, wanted);
    expect(asked).toEqual([
      { user: 'u-1', wanted: NOTHING_WANTED },
      { user: 'u-1', wanted },
    ]);
  });

  it.each([
    [WITH_KEY, 403, 'right.missing'],
    [{}, 401, 'credentials.missing'],
    [{ authorization: 'Bearer a.b.c' }, 401, 'token.invalid'],
  ])('of %j there are none', async (headers, status, code) => {
    expect((await get('me/preferences', headers)).json()).toMatchObject({ status, code });
    // That is said before anything about the body.
    expect((await put('me/preferences', headers, { presence: 'maybe' })).json()).toMatchObject({ status, code });
    expect(asked).toEqual([]);
  });
});

describe('a person’s preferences', () => {
  it('are there for a service that mints for them', async () => {
    expect((await get('users/u-7/preferences', WITH_KEY)).statusCode).toBe(200);
    expect((await put('users/u-7/preferences', WITH_KEY, { presence: 'hidden' })).statusCode).toBe(200);
    expect(asked).toEqual([{ user: 'u-7' }, { user: 'u-7', wanted: { ...NOTHING_WANTED, presence: 'hidden' } }]);
  });

  it('are not there for people, themselves not excepted, for other services, and for nobody', async () => {
    const payload = { name: 'team 7', rights: { mint: { users: ['t-7.*'] }, admin: true } };
    const made = await rest.app.inject({ method: 'POST', url: '/v1/keys', headers: WITH_KEY, payload });
    const team = { authorization: `Bearer ${made.json<{ key: string }>().key}` };
    expect((await get('users/t-7.a/preferences', team)).statusCode).toBe(200);
    asked.length = 0;
    for (const [url, headers, code] of [
      ['users/u-1/preferences', mine, 'right.missing'],
      ['users/u-1/preferences', team, 'right.missing'],
      ['users/u-1/preferences', {}, 'credentials.missing'],
      ['users/me/preferences', WITH_KEY, 'token.subject_invalid'],
      ['users/a%20b/preferences', WITH_KEY, 'token.subject_invalid'],
    ] as const) {
      expect((await get(url, headers)).json()).toMatchObject({ code });
      expect((await put(url, headers)).json()).toMatchObject({ code });
    }
    expect(asked).toEqual([]);
  });
});

describe('what cannot be wanted', () => {
  it.each<[object, string]>([
    [{ surprise: 1 }, '/surprise'],
    [{ categories: { 'A B': {} } }, '/categories/A B'],
    [{ categories: { news: { mail: true } } }, '/categories/news/mail'],
    [{ categories: { news: { live: 'no' } } }, '/categories/news/live'],
    [{ mutedTopics: ['rooms/*'] }, '/mutedTopics/0'],
    [{ quietHours: { from: '24:00', to: '07:00', timeZone: 'UTC' } }, '/quietHours/from'],
    [{ quietHours: { from: '22:00', to: '7:00', timeZone: 'UTC' } }, '/quietHours/to'],
    [{ quietHours: { from: '22:00', to: '07:00', timeZone: 'Mars/Olympus' } }, '/quietHours/timeZone'],
    [{ quietHours: { from: '22:00', to: '07:00', timeZone: '' } }, '/quietHours/timeZone'],
    [{ quietHours: { from: '22:00', to: '07:00' } }, '/quietHours/timeZone'],
    [{ quietHours: { from: '22:00', to: '07:00', timeZone: 'UTC', days: [0] } }, '/quietHours/days/0'],
    [{ quietHours: { from: '22:00', to: '07:00', timeZone: 'UTC', days: [] } }, '/quietHours/days'],
    [{ doNotDisturbUntil: 'tomorrow' }, '/doNotDisturbUntil'],
    [{ presence: 'maybe' }, '/presence'],
  ])('%j is refused', async (payload, pointer) => {
    for (const [url, headers] of [
      ['me/preferences', mine],
      ['users/u-7/preferences', WITH_KEY],
    ] as const)
      expect((await put(url, headers, payload)).json()).toMatchObject({
        status: 422,
        code: 'body.invalid',
        errors: [{ pointer }],
      });
    expect(asked).toEqual([]);
  });

  it('is told as the domain says it', async () => {
    refusal = new DomainError('category.locked', undefined, [{ pointer: '/categories/alerts/live', detail: 'x' }]);
    const answer = await put('me/preferences', mine, { categories: { alerts: { live: false } } });
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      status: 422,
      code: 'category.locked',
      errors: [{ pointer: '/categories/alerts/live' }],
    });
  });
});

it('who asks too much is told to wait, as for history', async () => {
  const limits = rest.app.get(Limits);
  const taken = vi.spyOn(limits, 'takeCommand');
  await get('me/preferences', mine);
  expect(taken).toHaveBeenLastCalledWith(expect.objectContaining({ sub: 'u-1' }), '127.0.0.1');
  taken.mockImplementation(() => {
    throw new DomainError('rate.limited', undefined, undefined, { retryAfterMs: 1_000 });
  });
  asked.length = 0;
  for (const [url, headers] of [
    ['me/preferences', mine],
    ['users/u-7/preferences', WITH_KEY],
  ] as const) {
    expect((await get(url, headers)).json()).toMatchObject({ status: 429, code: 'rate.limited' });
    expect((await put(url, headers)).json()).toMatchObject({ status: 429, code: 'rate.limited' });
  }
  expect(asked).toEqual([]);
  taken.mockRestore();
});
