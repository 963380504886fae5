import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { principalId } from '#clarion/access';
import type { HistoryQuery } from '#clarion/protocol';
import { restApp, WITH_KEY, type RestApp } from '../test/rest-app.js';

let rest: RestApp;
const asked: { who: string; query: HistoryQuery }[] = [];

beforeAll(async () => {
  rest = await restApp({
    page: async (who, query) => {
      asked.push({ who: principalId(who), query });
      return query.page === undefined
        ? { notifications: ['{"id":"n-2","title":"\\"x\\""}', '{"id":"n-1"}'], nextPage: 'p-2' }
        : { notifications: [] };
    },
  });
});

beforeEach(() => {
  asked.length = 0;
});

afterAll(() => rest.app.close());

function get(query: string, headers: Record<string, string> = WITH_KEY) {
  return rest.app.inject({ url: `/v1/notifications?${query}`, headers });
}

describe('history', () => {
  it('gives the page as it is, newest first', async () => {
    const answer = await get('topic=orders/42');
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.json()).toEqual({ notifications: [{ id: 'n-2', title: '"x"' }, { id: 'n-1' }], nextPage: 'p-2' });
    expect(asked).toEqual([{ who: expect.stringMatching(/^key:/), query: { topic: 'orders/42', limit: 50 } }]);
  });

  it('passes limit and page on', async () => {
    expect((await get('topic=a&limit=100&page=p-2')).json()).toEqual({ notifications: [] });
    expect(asked[0]?.query).toEqual({ topic: 'a', limit: 100, page: 'p-2' });
  });

  it('reads a space as +', async () => {
    await get('topic=a+b/%2B');
    expect(asked[0]?.query.topic).toBe('a+b/+');
  });

  it('takes a token from the query, and asks as nobody without any', async () => {
    const { token } = await rest.access.mint({ sub: 'u-1' });
    await get(`topic=a&access_token=${token}`, {});
    await get('topic=a', {});
    expect(asked.map(({ who }) => who)).toEqual(['user:u-1', 'anonymous']);
    expect(asked[0]?.query).toEqual({ topic: 'a', limit: 50 });
  });

  it.each([
    ['', '/topic'],
    ['topic=a/*', '/topic'],
    ['topic=a&topic=b', '/topic'],
    ['topic=a%0d%0ab', '/topic'],
    ['topic=a&limit=0', '/limit'],
    ['topic=a&limit=101', '/limit'],
    ['topic=a&limit=x', '/limit'],
    ['topic=a&page=%00', '/page'],
    ['topic=a&surprise=1', '/surprise'],
    ['topic=a&__proto__=1', '/__proto__'],
  ])('refuses ?%s', async (query, pointer) => {
    const answer = await get(query);
    expect(answer.json()).toMatchObject({ status: 422, code: 'query.invalid', errors: [{ pointer }] });
    expect(asked).toEqual([]);
  });

  it.each([
    ['access_token=', 'token.invalid'],
    ['access_token=garbage', 'token.invalid'],
    ['access_token=a&access_token=b', 'token.invalid'],
  ])('refuses ?topic=a&%s', async (query, code) => {
    expect((await get(`topic=a&${query}`, {})).json()).toMatchObject({ status: 401, code });
  });
});
