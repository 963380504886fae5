import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditLogSchema, createdKeySchema, keyListSchema } from '#clarion/protocol';
import { restApp, WITH_KEY, type RestApp } from '../test/rest-app.js';

let rest: RestApp;

beforeAll(async () => {
  rest = await restApp();
});

afterAll(() => rest.app.close());

interface Asked {
  readonly method?: 'GET' | 'POST' | 'DELETE' | 'PUT';
  readonly url?: string;
  readonly payload?: object;
  readonly headers?: Record<string, string>;
}

function ask({ method = 'GET', url = '', payload, headers = WITH_KEY }: Asked) {
  return rest.app.inject({ method, url: `/v1/keys${url}`, headers, ...(payload !== undefined && { payload }) });
}

async function created(rights: object, more: object = {}) {
  const answer = await ask({ method: 'POST', payload: { name: 'a service', rights, ...more } });
  expect(answer.statusCode).toBe(201);
  return createdKeySchema.parse(answer.json());
}

function bearing(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

describe('a key', () => {
  it('is shown once, with a readable prefix, and then never again', async () => {
    const { key, ...info } = await created({ publish: ['orders/**'] }, { expiresAt: '2099-01-01T00:00:00Z' });
    expect(key).toMatch(new RegExp(`^ck_${info.id}_[A-Za-z0-9_-]{43}$`));
    expect(info).toMatchObject({
      name: 'a service',
      rights: { publish: ['orders/**'], read: [], admin: false },
      expiresAt: '2099-01-01T00:00:00.000Z',
    });
    const secret = key.slice(key.lastIndexOf(info.id) + info.id.length + 1);
    for (const url of ['', `/${info.id}`]) {
      const { body } = await ask({ url });
      expect(body).toContain(info.id);
      expect(body).not.toContain(secret);
    }
    expect((await ask({ url: `/${info.id}` })).json()).toEqual(info);
  });

  it('is rotated with no body at all, and then has a day', async () => {
    const { id, key } = await created({});
    const answer = await ask({ method: 'POST', url: `/${id}/rotate` });
    expect(answer.statusCode).toBe(201);
    const rotated = createdKeySchema.parse(answer.json());
    expect(rotated.key).not.toBe(key);
    const lastsS = (Date.parse(rotated.previousUntil ?? '') - Date.now()) / 1_000;
    expect(Math.round(lastsS / 60)).toBe(24 * 60);
    expect(rest.access.keyHolder(`Bearer ${key}`)).toEqual(rest.access.keyHolder(`Bearer ${rotated.key}`));
  });

  it('is gone when it was deleted, and unknown to those who ask again', async () => {
    const { id, key } = await created({ admin: true });
    expect((await ask({ method: 'DELETE', url: `/${id}` })).statusCode).toBe(204);
    expect((await ask({ headers: bearing(key) })).json()).toMatchObject({ status: 401, code: 'key.invalid' });
    for (const asked of [{ url: `/${id}` }, { url: `/${id}`, method: 'DELETE' }] as const)
      expect((await ask(asked)).json()).toMatchObject({ status: 404, code: 'key.unknown' });
    expect((await ask({ url: `/${id}/rotate`, method: 'POST' })).json()).toMatchObject({ code: 'key.unknown' });
  });
});

describe('the list of keys', () => {
  it('comes in pages without repeats or holes, newest first', async () => {
    for (let i = 0; i < 5; i++) await created({});
    const ids: string[] = [];
    let page = '';
    do {
      const answer = keyListSchema.parse((await ask({ url: `?limit=2${page}` })).json());
      expect(answer.keys.length).toBeLessThanOrEqual(2);
      ids.push(...answer.keys.map(({ id }) => id));
      page = answer.nextPage === undefined ? '' : `&page=${answer.nextPage}`;
    } while (page !== '');
    const all = keyListSchema.parse((await ask({ url: '?limit=100' })).json());
    expect(ids).toEqual(all.keys.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    const times = all.keys.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it.each(['?limit=0', '?limit=101', '?page=x', '?page=1-Z', '?surprise=1'])('refuses %s', async (url) => {
    expect((await ask({ url })).json()).toMatchObject({ status: 422, code: 'query.invalid' });
  });
});

describe('the audit log', () => {
  const audit = (query = '', headers: Record<string, string> = WITH_KEY) =>
    rest.app.inject({ url: `/v1/audit${query}`, headers });

  it('has every act, newest first, in pages, with whose request it was', async () => {
    const { id } = await created({});
    await ask({ method: 'POST', url: `/${id}/rotate`, payload: { overlapS: 0 } });
    await ask({ method: 'DELETE', url: `/${id}` });
    const first = auditLogSchema.parse((await audit('?limit=2')).json());
    expect(first.entries).toMatchObject([
      { act: 'key.deleted', target: id, address: '127.0.0.1', requestId: expect.stringMatching(/./) },
      { act: 'key.rotated', target: id },
    ]);
    const next = auditLogSchema.parse((await audit(`?limit=1&page=${first.nextPage}`)).json());
    expect(next.entries).toMatchObject([{ act: 'key.created', target: id, detail: 'a service' }]);
    expect(next.entries[0]?.who).toMatch(/^key:[0-9a-f]{16}$/);
  });

  it('is for administrators', async () => {
    const { key } = await created({ publish: ['**'], read: ['**'] });
    expect((await audit('', bearing(key))).json()).toMatchObject({ status: 403, code: 'right.missing' });
    expect((await audit('', {})).json()).toMatchObject({ status: 401, code: 'credentials.missing' });
    expect((await audit('?page=-1')).json()).toMatchObject({ status: 422, code: 'query.invalid' });
  });
});

it.each<[object, string, string[] | undefined]>([
  [{}, 'body.invalid', ['/name', '/rights']],
  [{ name: ' ', rights: {} }, 'body.invalid', ['/name']],
  [{ name: 'a\nb', rights: {} }, 'body.invalid', ['/name']],
  [{ name: 'a', rights: { publish: ['a b'] } }, 'body.invalid', ['/rights/publish/0']],
  [{ name: 'a', rights: { publish: Array(101).fill('a') } }, 'body.invalid', ['/rights/publish']],
  [{ name: 'a', rights: { mint: { users: [] } } }, 'body.invalid', ['/rights/mint/users']],
  [{ name: 'a', rights: { mint: { users: ['*a'] } } }, 'body.invalid', ['/rights/mint/users/0']],
  [{ name: 'a', rights: { mint: { users: ['a/b'] } } }, 'body.invalid', ['/rights/mint/users/0']],
  [{ name: 'a', rights: { root: true } }, 'body.invalid', ['/rights/root']],
  [{ name: 'a', rights: {}, key: 'mine' }, 'body.invalid', ['/key']],
  [{ name: 'a', rights: {}, expiresAt: 'soon' }, 'body.invalid', ['/expiresAt']],
  [{ name: 'a', rights: {}, expiresAt: '2020-01-01T00:00:00Z' }, 'body.invalid', ['/expiresAt']],
  [{ name: 'a', rights: { read: ['$sys/**'] } }, 'topic.forbidden', undefined],
])('refuses %j', async (payload, code, pointers) => {
  const problem = (await ask({ method: 'POST', payload })).json<{ code: string; errors?: { pointer: string }[] }>();
  expect(problem.code).toBe(code);
  expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
});

it.each<[object]>([[{ overlapS: -1 }], [{ overlapS: 1.5 }], [{ overlapS: 1e9 }], [{ overlap: 1 }], [[]]])(
  'refuses to rotate for %j',
  async (payload) => {
    const { id } = await created({});
    expect((await ask({ method: 'POST', url: `/${id}/rotate`, payload })).json()).toMatchObject({
      code: 'body.invalid',
    });
  },
);

it('says what a key’s address can do', async () => {
  const answer = await ask({ method: 'PUT', url: '/0123', payload: {} });
  expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'GET, HEAD, DELETE']);
});
