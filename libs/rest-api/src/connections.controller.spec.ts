import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Realtime } from '#clarion/realtime';
import { restApp, WITH_KEY, type RestApp } from '../test/rest-app.js';

let rest: RestApp;
/** What was asked of the domain, and what was on record by then. */
let asked: unknown[];

const onRecord = async (): Promise<string[]> => {
  const { entries } = await rest.access.auditLog({ kind: 'key', id: 'test', rights: 'all' }, { limit: 10 });
  return entries.map(({ act, target }) => `${act} ${target}`);
};

const realtime: Partial<Realtime> = {
  connections: async (request) => {
    asked.push(request);
    const since = Date.UTC(2026, 10, 20);
    const reading = { topics: [], lag: 2, pendingBytes: 3 };
    return { connections: [{ id: 'n-s1', transport: 'sse', who: 'user:u-1', since, ...reading }], nextPage: 'n-s1' };
  },
  isConnected: async (id) => id === 'n-s1',
  close: async (id) => asked.push([id, await onRecord()]) > 0,
  topics: async (request) => {
    asked.push(request);
    return { topics: [], nextPage: 'b3JkZXJz' };
  },
  closeReaders: async (topic) => asked.push([topic, await onRecord()]),
  count: async (user) => asked.push(user) + 6,
};

beforeAll(async () => {
  rest = await restApp({ realtime });
});
beforeEach(() => {
  asked = [];
});
afterAll(() => rest.app.close());

function ask(method: 'GET' | 'DELETE' | 'POST', url: string, headers: Record<string, string> = WITH_KEY) {
  return rest.app.inject({ method, url, headers });
}

describe('connections', () => {
  it('are listed as the domain has them', async () => {
    const answer = await ask('GET', '/v1/connections?user=u-1&topic=orders/a+b&transport=sse&limit=7&page=n-s0');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      connections: [
        {
          id: 'n-s1',
          transport: 'sse',
          who: 'user:u-1',
          since: '2026-11-20T00:00:00.000Z',
          topics: [],
          lag: 2,
          pendingBytes: 3,
        },
      ],
      nextPage: 'n-s1',
    });
    expect(asked).toEqual([{ user: 'u-1', topic: 'orders/a+b', transport: 'sse', limit: 7, page: 'n-s0' }]);
  });

  it('are closed when that is on record', async () => {
    const answer = await ask('DELETE', '/v1/connections/n-s1');
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
    expect(asked).toEqual([['n-s1', expect.arrayContaining(['connection.closed n-s1'])]]);
  });

  it('that are not there are neither closed nor on record', async () => {
    const answer = await ask('DELETE', '/v1/connections/n-s2');
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'connection.unknown']);
    expect(asked).toEqual([]);
    expect(await onRecord()).not.toContain('connection.closed n-s2');
  });
});

describe('topics', () => {
  it('are listed as the domain has them', async () => {
    const answer = await ask('GET', '/v1/topics?prefix=orders/&limit=5');
    expect(answer.json()).toEqual({ topics: [], nextPage: 'b3JkZXJz' });
    expect(asked).toEqual([{ prefix: 'orders/', limit: 5 }]);
  });

  it('are closed when that is on record', async () => {
    const answer = await ask('DELETE', '/v1/topics?topic=orders/*');
    expect([answer.statusCode, answer.json()]).toEqual([200, { closed: 1 }]);
    expect(asked).toEqual([['orders/*', expect.arrayContaining(['topic.closed orders/*'])]]);
  });
});

describe('a person', () => {
  it('is disconnected: tokens until now are void, and those from then on are good', async () => {
    const { token } = await rest.access.mint({ sub: 'u-1' });
    const answer = await ask('POST', '/v1/users/u-1/disconnect');
    expect([answer.statusCode, answer.json()]).toEqual([200, { disconnected: 7 }]);
    await expect(rest.access.verifyToken(token)).rejects.toThrow('token.invalid');
    expect(await onRecord()).toContain('user.disconnected u-1');
    const { token: later } = await rest.access.mint({ sub: 'u-1' });
    expect(await rest.access.verifyToken(later)).toMatchObject({ sub: 'u-1' });
  });

  it('must have an id that can be one', async () => {
    const answer = await ask('POST', '/v1/users/me/disconnect');
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([422, 'token.subject_invalid']);
  });
});

const ROUTES = [
  ['GET', '/v1/connections'],
  ['DELETE', '/v1/connections/n-s1'],
  ['GET', '/v1/topics'],
  ['DELETE', '/v1/topics?topic=a'],
  ['POST', '/v1/users/u-2/disconnect'],
] as const;

describe('whoever does not administer', () => {
  it.each(ROUTES)('may not %s %s', async (method, url) => {
    const rights = { publish: [], read: [], admin: false };
    const { key } = await rest.access.createKey({ kind: 'key', id: 'test', rights: 'all' }, { name: 'n', rights }, {});
    const { token } = await rest.access.mint({ sub: 'u-2' });
    const callers: Record<string, string>[] = [
      { authorization: `Bearer ${key}` },
      { authorization: `Bearer ${token}` },
      {},
    ];
    const codes = await Promise.all(
      callers.map(async (headers) => (await ask(method, url, headers)).json<{ code: string }>()),
    );
    expect(codes.map(({ code }) => code)).toEqual(['right.missing', 'right.missing', 'credentials.missing']);
    expect(asked).toEqual([]);
  });
});

describe('a bad query', () => {
  it.each([
    ['GET', '/v1/connections?limit=201', '/limit'],
    ['GET', '/v1/connections?limit=0', '/limit'],
    ['GET', '/v1/connections?user=a/b', '/user'],
    ['GET', '/v1/connections?topic=a//b', '/topic'],
    ['GET', '/v1/connections?page=a%2Fb', '/page'],
    ['GET', '/v1/connections?who=u-1', '/who'],
    ['GET', '/v1/topics?limit=1001', '/limit'],
    ['DELETE', '/v1/topics', '/topic'],
    ['DELETE', '/v1/topics?topic=a&prefix=b', '/prefix'],
  ] as const)('%s %s is refused, and points to %s', async (method, url, pointer) => {
    const answer = await ask(method, url);
    expect(answer.json()).toMatchObject({ status: 422, code: 'query.invalid', errors: [{ pointer }] });
    expect(asked).toEqual([]);
  });
});
