import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintedTokenSchema } from '#clarion/protocol';
import { restApp, WITH_KEY, type RestApp } from '../test/rest-app.js';

let rest: RestApp;

beforeAll(async () => {
  rest = await restApp();
});

afterAll(() => rest.app.close());

function post(payload: object, headers: Record<string, string> = WITH_KEY) {
  return rest.app.inject({ method: 'POST', url: '/v1/tokens', headers, payload });
}

describe('tokens', () => {
  it('are good until the time that is told', async () => {
    const answer = await post({ sub: 'u-1', subscribe: ['orders/*'], ttl: 60 });
    expect(answer.statusCode).toBe(201);
    const { token, expiresAt } = mintedTokenSchema.parse(answer.json());
    const who = await rest.access.verifyToken(token);
    expect(who).toMatchObject({
      sub: 'u-1',
      subscribe: [{ selector: 'orders/*', historyFrom: 0 }],
      expiresAt: Date.parse(expiresAt),
    });
  });

  it('are not minted by subscribers or nobody', async () => {
    const { token } = await rest.access.mint({ sub: 'u-1', publish: [] });
    expect((await post({ sub: 'u-2' }, { authorization: `Bearer ${token}` })).json()).toMatchObject({
      status: 403,
      code: 'right.missing',
    });
    expect((await post({ sub: 'u-2' }, {})).json()).toMatchObject({ status: 401, code: 'credentials.missing' });
  });

  it.each<[object, string, string[] | undefined]>([
    [{}, 'body.invalid', ['/sub']],
    [{ sub: 5 }, 'body.invalid', ['/sub']],
    [{ sub: 'u-1', role: 'admin' }, 'body.invalid', ['/role']],
    [{ sub: 'u-1', ttl: 0 }, 'body.invalid', ['/ttl']],
    [{ sub: 'u-1', ttl: 1e9 }, 'body.invalid', ['/ttl']],
    [{ sub: 'u-1', publish: ['a b'] }, 'body.invalid', ['/publish/0']],
    [{ sub: 'u-1', subscribe: [{ selector: 'a' }] }, 'body.invalid', ['/subscribe/0']],
    [{ sub: 'u/1' }, 'token.subject_invalid', undefined],
    [{ sub: 'me' }, 'token.subject_invalid', undefined],
    [{ sub: 'u-1', subscribe: ['$sys/**'] }, 'topic.forbidden', undefined],
  ])('refuses %j', async (body, code, pointers) => {
    const problem = (await post(body)).json<{ code: string; errors?: { pointer: string }[] }>();
    expect(problem.code).toBe(code);
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
  });
});
