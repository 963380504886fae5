import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CategoryBook } from '#clarion/notifications';
import { auditLogSchema, categoryListSchema, MAX_CATEGORIES, type Category } from '#clarion/protocol';
import { restApp, WITH_KEY, type RestApp } from '../test/rest-app.js';

const ON = { live: true, inbox: true, push: true };

let rest: RestApp;
const kept = new Map<string, Category>();

beforeAll(async () => {
  const categories = new CategoryBook({
    categories: async () => [],
    putCategory: async (category) => void kept.set(category.id, category),
    deleteCategory: async (id) => void kept.delete(id),
  });
  rest = await restApp({ categories });
});

beforeEach(async () => {
  for (const id of kept.keys()) await ask('DELETE', `/${id}`);
});

afterAll(() => rest.app.close());

function ask(method: 'GET' | 'PUT' | 'DELETE', url = '', payload?: object, headers: Record<string, string> = WITH_KEY) {
  return rest.app.inject({
    method,
    url: `/v1/categories${url}`,
    headers,
    ...(payload !== undefined && { payload }),
  });
}

describe('a category', () => {
  it('is declared with a title alone, and then is on by every channel', async () => {
    const answer = await ask('PUT', '/news', { title: 'News' });
    const news = { id: 'news', title: 'News', defaults: ON, locked: [] };
    expect([answer.statusCode, answer.json()]).toEqual([200, news]);
    expect(kept.get('news')).toEqual(news);
    expect((await ask('GET')).json()).toEqual({ categories: [news] });
  });

  it('is replaced as a whole', async () => {
    await ask('PUT', '/news', { title: 'News', description: 'All', defaults: { push: false }, locked: ['inbox'] });
    expect(kept.get('news')).toEqual({
      id: 'news',
      title: 'News',
      description: 'All',
      defaults: { ...ON, push: false },
      locked: ['inbox'],
    });
    await ask('PUT', '/news', { title: 'Novelties' });
    expect(kept.get('news')).toEqual({ id: 'news', title: 'Novelties', defaults: ON, locked: [] });
  });

  it.each([{ when: 'always' }, { when: 'never' }, { when: 'ifNotAcked' }, { when: 'ifNotAcked', afterS: 0 }])(
    'says when it is pushed: %j',
    async (push) => {
      expect((await ask('PUT', '/news', { title: 'News', push })).json()).toMatchObject({ id: 'news', push });
      expect(kept.get('news')).toMatchObject({ push });
    },
  );

  it('is gone when it was deleted, and unknown to those who ask again', async () => {
    await ask('PUT', '/news', { title: 'News' });
    expect((await ask('DELETE', '/news')).statusCode).toBe(204);
    expect(kept.size).toBe(0);
    expect((await ask('DELETE', '/news')).json()).toMatchObject({ status: 422, code: 'category.unknown' });
  });

  it('is in the audit log with what was done to it, and a refusal is not', async () => {
    await ask('PUT', '/alerts', { title: 'Alerts' });
    await ask('DELETE', '/alerts');
    await ask('DELETE', '/alerts');
    await ask('PUT', '/alerts', { title: '' });
    const answer = await rest.app.inject({ url: '/v1/audit?limit=2', headers: WITH_KEY });
    expect(auditLogSchema.parse(answer.json()).entries).toMatchObject([
      { act: 'category.deleted', target: 'alerts', address: '127.0.0.1', requestId: expect.stringMatching(/./) },
      { act: 'category.put', target: 'alerts' },
    ]);
  });

  it('is one too many beyond the limit', async () => {
    for (let i = 0; i < MAX_CATEGORIES; i++) await ask('PUT', `/c-${i}`, { title: 't' });
    expect((await ask('PUT', '/one-more', { title: 't' })).json()).toMatchObject({ status: 422, code: 'body.invalid' });
    expect((await ask('PUT', '/c-0', { title: 'again' })).statusCode).toBe(200);
    expect(categoryListSchema.parse((await ask('GET')).json()).categories.length).toBe(MAX_CATEGORIES);
  });
});

describe('categories', () => {
  it('are listed, by id, for whoever brings credentials', async () => {
    for (const id of ['offers', 'alerts', 'news']) await ask('PUT', `/${id}`, { title: id });
    const { token } = await rest.access.mint({ sub: 'u-1' });
    for (const headers of [WITH_KEY, { authorization: `Bearer ${token}` }]) {
      const { categories } = categoryListSchema.parse((await ask('GET', '', undefined, headers)).json());
      expect(categories.map(({ id }) => id)).toEqual(['alerts', 'news', 'offers']);
    }
    expect((await ask('GET', '', undefined, {})).json()).toMatchObject({ status: 401, code: 'credentials.missing' });
  });

  it('are changed by those who administer alone', async () => {
    const { token } = await rest.access.mint({ sub: 'u-1' });
    const payload = { name: 'n', rights: { publish: ['**'], mint: { users: ['*'] } } };
    const made = await rest.app.inject({ method: 'POST', url: '/v1/keys', headers: WITH_KEY, payload });
    for (const [bearer, code] of [
      [token, 'right.missing'],
      [made.json<{ key: string }>().key, 'right.missing'],
      [undefined, 'credentials.missing'],
    ] as const) {
      const headers: Record<string, string> = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
      // That is said before anything about what they ask.
      expect((await ask('PUT', '/News!', {}, headers)).json()).toMatchObject({ code });
      expect((await ask('DELETE', '/nothing', undefined, headers)).json()).toMatchObject({ code });
    }
    expect(kept.size).toBe(0);
  });
});

it.each<[string, object, string]>([
  ['News', { title: 't' }, '/id'],
  ['a%20b', { title: 't' }, '/id'],
  ['.a', { title: 't' }, '/id'],
  ['a'.repeat(65), { title: 't' }, '/id'],
  ['news', {}, '/title'],
  ['news', { title: '' }, '/title'],
  ['news', { title: 't', id: 'news' }, '/id'],
  ['news', { title: 't', defaults: { mail: true } }, '/defaults/mail'],
  ['news', { title: 't', defaults: { live: 1 } }, '/defaults/live'],
  ['news', { title: 't', locked: ['mail'] }, '/locked/0'],
  ['news', { title: 't', push: 'always' }, '/push'],
  ['news', { title: 't', push: {} }, '/push/when'],
  ['news', { title: 't', push: { when: 'sometimes' } }, '/push/when'],
  ['news', { title: 't', push: { when: 'ifNotAcked', afterS: -1 } }, '/push/afterS'],
  ['news', { title: 't', push: { when: 'ifNotAcked', afterS: 0.5 } }, '/push/afterS'],
  ['news', { title: 't', push: { when: 'ifNotAcked', afterS: 86_401 } }, '/push/afterS'],
  ['news', { title: 't', push: { when: 'ifNotAcked', afterS: '5' } }, '/push/afterS'],
  ['news', { title: 't', push: { when: 'always', afterS: 5 } }, '/push/afterS'],
  ['news', { title: 't', push: { when: 'never', afterS: 0 } }, '/push/afterS'],
  ['news', { title: 't', push: { when: 'always', after: 5 } }, '/push/after'],
])('%s with %j is refused', async (id, payload, pointer) => {
  expect((await ask('PUT', `/${id}`, payload)).json()).toMatchObject({
    status: 422,
    code: 'body.invalid',
    errors: [{ pointer }],
  });
  expect(kept.size).toBe(0);
});
