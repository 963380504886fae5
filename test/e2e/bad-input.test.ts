import { deepStrictEqual, strictEqual } from 'node:assert';
import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema } from '#clarion/protocol';
import { mintToken, publish, request } from '../support/rest.js';
import { API_KEY, startServer, TOKEN_SECRET, type TestServer } from '../support/server.js';

const WITH_KEY = { authorization: `Bearer ${API_KEY}` };
const JSON_TYPE = { 'content-type': 'application/json' };
const SAFE = 'safe/1';
/** No answer to bad input takes longer, on a busy machine: far above what is right, far below what an attack is after. */
const BOUND_MS = 5_000;

let server: TestServer;
let stored: unknown;

beforeAll(async () => {
  server = await startServer({ CLARION_ALLOWED_ORIGINS: 'https://app.example', CLARION_ANONYMOUS_TOPICS: 'open/*' });
  await publish(server, { topic: SAFE, title: 'kept', body: 'a\r\nb\0c', data: { deep: [1, { two: null }] } });
  stored = await history(SAFE);
});

afterAll(() => server.stop());

/** Whatever was sent: the server goes on, and what is stored is as it was. */
afterEach(async () => {
  deepStrictEqual(await history(SAFE), stored);
  strictEqual((await fetch(`${server.url}/health/ready`)).status, 200);
});

async function history(topic: string): Promise<unknown> {
  return (await request(server, 'GET', `/v1/notifications?topic=${topic}`)).body;
}

interface Answered {
  readonly code: string;
  readonly pointers: string[] | undefined;
}

/** Sends bytes as they are. */
async function send(
  path: string,
  body: string | Buffer | undefined,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const started = performance.now();
  const method = body === undefined ? 'GET' : 'POST';
  const response = await fetch(server.url + path, { method, headers, ...(body !== undefined && { body }) });
  const problem = problemSchema.parse(await response.json());
  expect(performance.now() - started).toBeLessThan(BOUND_MS);
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(response.status).toBe(problem.status);
  expect(problem.requestId).toBe(response.headers.get('x-request-id'));
  return { code: problem.code, pointers: problem.errors?.map(({ pointer }) => pointer) };
}

function post(body: unknown): Promise<Answered> {
  return send('/v1/notifications', JSON.stringify(body), { ...WITH_KEY, ...JSON_TYPE });
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `u-${i}`);
}

describe('a publish that does not fit', () => {
  it.each<[string, unknown, string, string[]]>([
    ['an unknown field', { topic: SAFE, title: 't', surprise: 1 }, 'body.invalid', ['/surprise']],
    ['a wrong type', { topic: SAFE, title: { $gt: '' } }, 'body.invalid', ['/title']],
    ['a bad topic', { topic: 'safe/1 2', title: 't' }, 'body.invalid', ['/topic']],
    ['line breaks in a topic', { topic: 'safe/1\r\nevent: bye', title: 't' }, 'body.invalid', ['/topic']],
    ['NUL in a topic', { topics: [SAFE, 'safe/\0'], title: 't' }, 'body.invalid', ['/topics/1']],
    ['a wildcard', { topic: 'safe/*', title: 't' }, 'body.invalid', ['/topic']],
    ['no audience', { title: 't' }, 'body.invalid', ['']],
    ['nothing to say', { topic: SAFE }, 'body.invalid', ['']],
    ['1,001 addressees', { users: names(1_001), title: 't' }, 'body.invalid', ['/users']],
    ['1,001 addressees in two fields', { topic: SAFE, users: names(1_000), title: 't' }, 'body.invalid', ['']],
    ['a script for a link', { topic: SAFE, title: 't', url: 'javascript:alert(1)' }, 'body.invalid', ['/url']],
    [
      'a field that is not built',
      { topic: SAFE, title: 't', deliverAt: '2027-01-01T00:00:00Z' },
      'field.unsupported',
      ['/deliverAt'],
    ],
    ['a list', [{ topic: SAFE, title: 't' }], 'body.invalid', ['']],
    ['null', null, 'body.invalid', ['']],
  ])('%s', async (_, body, code, pointers) => {
    expect(await post(body)).toEqual({ code, pointers });
  });

  it('reserved topics, and "me", are nobody’s to publish to', async () => {
    expect(await post({ topics: [SAFE, '$sys/load'], title: 't' })).toMatchObject({ code: 'topic.forbidden' });
    expect(await post({ topics: [SAFE, 'users/me'], title: 't' })).toMatchObject({ code: 'topic.forbidden' });
  });

  it('another body under the same idempotency key', async () => {
    await publish(server, { topic: 'keys/1', title: 'one', idempotencyKey: 'k-1' });
    expect(await post({ topic: 'keys/1', title: 'two', idempotencyKey: 'k-1' })).toMatchObject({
      code: 'idempotency.mismatch',
    });
  });
});

describe('bytes that are no JSON of ours', () => {
  const invalidUtf8 = Buffer.concat([
    Buffer.from(`{"topic":"${SAFE}","title":"`),
    Buffer.from([0xff, 0xc0, 0xaf]),
    Buffer.from('"}'),
  ]);

  it.each<[string, string | Buffer, Record<string, string>, string]>([
    ['half a document', `{"topic":"${SAFE}","title":`, JSON_TYPE, 'json.invalid'],
    ['nothing', '', JSON_TYPE, 'json.invalid'],
    [
      '10,000 lists deep',
      `{"topic":"${SAFE}","data":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      JSON_TYPE,
      'json.invalid',
    ],
    [
      '10,000 objects deep',
      `{"topic":"${SAFE}","data":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`,
      JSON_TYPE,
      'json.invalid',
    ],
    ['invalid UTF-8', invalidUtf8, JSON_TYPE, 'json.invalid'],
    ['__proto__', `{"topic":"${SAFE}","title":"t","__proto__":{"ephemeral":true}}`, JSON_TYPE, 'json.invalid'],
    ['__proto__ in data', `{"topic":"${SAFE}","data":{"__proto__":{"polluted":1}}}`, JSON_TYPE, 'json.invalid'],
    [
      'constructor.prototype',
      `{"topic":"${SAFE}","data":{"constructor":{"prototype":{"polluted":1}}}}`,
      JSON_TYPE,
      'json.invalid',
    ],
    ['over 256 KiB', JSON.stringify({ topic: SAFE, data: 'x'.repeat(256 * 1024) }), JSON_TYPE, 'body.too_large'],
    ['a form', 'topic=a', { 'content-type': 'application/x-www-form-urlencoded' }, 'media_type.unsupported'],
    ['text', `{"topic":"${SAFE}","title":"t"}`, { 'content-type': 'text/plain' }, 'media_type.unsupported'],
    ['no type', Buffer.from(`{"topic":"${SAFE}","title":"t"}`), {}, 'media_type.unsupported'],
  ])('%s', async (_, body, headers, code) => {
    expect(await send('/v1/notifications', body, { ...WITH_KEY, ...headers })).toMatchObject({ code });
  });

  it('over 4 MiB of batch, also when its length is not told', async () => {
    const chunk = new Uint8Array(64 * 1024).fill(0x20);
    let left = 70;
    const body = new ReadableStream({
      pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
    });
    const init = { method: 'POST', body, duplex: 'half' as const, headers: { ...WITH_KEY, ...JSON_TYPE } };
    const outcome = await fetch(`${server.url}/v1/notifications/batch`, init).then(
      async (response) => problemSchema.parse(await response.json()).code,
      // The answer may come while the client still sends, which `fetch` takes for a broken connection
      (error: unknown) => (error instanceof TypeError ? 'connection cut' : String(error)),
    );
    expect(['body.too_large', 'connection cut']).toContain(outcome);
  });

  it('in any number, does not fill the memory', async () => {
    const hostile = `{"notifications":[${'['.repeat(4 * 1024 * 1024 - 100)}`;
    const before = await residentBytes();
    for (let i = 0; i < 20; i++)
      expect(await send('/v1/notifications/batch', hostile, { ...WITH_KEY, ...JSON_TYPE })).toMatchObject({
        code: 'json.invalid',
      });
    expect((await residentBytes()) - before).toBeLessThan(200 * 1024 * 1024);
  });
});

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

describe('credentials', () => {
  const soon = Math.floor(Date.now() / 1_000) + 3_600;
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });

  function signed(claims: JWTPayload, alg = 'HS256', secret = TOKEN_SECRET): Promise<string> {
    return new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
  }

  const tokens: [string, () => Promise<string> | string, string][] = [
    ['garbage', () => 'a.b.c', 'token.invalid'],
    ['unsigned', () => new UnsecuredJWT({ sub: 'u-1', exp: soon }).encode(), 'token.invalid'],
    ['signed by another', () => signed({ sub: 'u-1', exp: soon }, 'HS256', 'x'.repeat(64)), 'token.invalid'],
    ['HS512', () => signed({ sub: 'u-1', exp: soon }, 'HS512', TOKEN_SECRET.repeat(2)), 'token.invalid'],
    [
      'RS256',
      () => new SignJWT({ sub: 'u-1', exp: soon }).setProtectedHeader({ alg: 'RS256' }).sign(privateKey),
      'token.invalid',
    ],
    ['expired', () => signed({ sub: 'u-1', exp: soon - 7_200 }), 'token.expired'],
    [
      'expired and signed by another',
      () => signed({ sub: 'u-1', exp: soon - 7_200 }, 'HS256', 'x'.repeat(64)),
      'token.invalid',
    ],
    ['without an end', () => signed({ sub: 'u-1' }), 'token.invalid'],
    ['nobody’s', () => signed({ exp: soon }), 'token.invalid'],
    ['of a subject that is no segment', () => signed({ sub: 'a/b', exp: soon }), 'token.subject_invalid'],
    ['of a wildcard', () => signed({ sub: '**', exp: soon }), 'token.subject_invalid'],
    [
      'with grants that are none',
      () => signed({ sub: 'u-1', exp: soon, clarion: { subscribe: '**' } }),
      'token.invalid',
    ],
    ['too long', () => signed({ sub: 'u-1', exp: soon, padding: 'x'.repeat(9_000) }), 'token.invalid'],
  ];

  it.each(tokens)('a token that is %s, in the header and in the query', async (_, make, code) => {
    const token = await make();
    const path = `/v1/notifications?topic=${SAFE}`;
    expect(await send(path, undefined, { authorization: `Bearer ${token}` })).toEqual({ code, pointers: undefined });
    expect(await send(`${path}&access_token=${token}`, undefined)).toEqual({ code, pointers: undefined });
    expect(server.logs.filter((line) => line.includes(token))).toEqual([]);
  });

  it.each<[string, Record<string, string>, string]>([
    ['none', {}, 'credentials.missing'],
    ['another key', { authorization: 'Bearer another-key-0123456789' }, 'key.invalid'],
    ['a key and more', { authorization: `Bearer ${API_KEY}x` }, 'key.invalid'],
    ['another scheme', { authorization: `Basic ${Buffer.from(`x:${API_KEY}`).toString('base64')}` }, 'token.invalid'],
  ])('%s', async (_, headers, code) => {
    expect(await send(`/v1/notifications?topic=${SAFE}`, undefined, headers)).toMatchObject({ code });
    expect(
      await send('/v1/notifications', JSON.stringify({ topic: SAFE, title: 't' }), { ...JSON_TYPE, ...headers }),
    ).toMatchObject({ code });
  });

  it('a key in the address', async () => {
    expect(await send(`/v1/notifications?topic=${SAFE}&access_token=${API_KEY}`, undefined)).toMatchObject({
      code: 'token.invalid',
    });
  });
});

describe('rights', () => {
  async function as(claims: { subscribe?: unknown[]; publish?: string[] }): Promise<Record<string, string>> {
    return { authorization: `Bearer ${await mintToken(server, { sub: 'u-1', ...claims })}` };
  }

  it('subscribe ["**"] reads no person’s topic but one’s own', async () => {
    await publish(server, { user: 'u-2', title: 'private' });
    const headers = await as({ subscribe: ['**'] });
    expect(await send('/v1/notifications?topic=users/u-2', undefined, headers)).toMatchObject({
      code: 'topic.forbidden',
    });
    expect(await send('/v1/notifications?topic=$sys/load', undefined, headers)).toMatchObject({
      code: 'topic.forbidden',
    });
    expect(
      (
        await request(server, 'GET', '/v1/notifications?topic=users/me', undefined, {
          Authorization: headers['authorization'] ?? '',
        })
      ).body,
    ).toEqual({ notifications: [] });
    expect((await fetch(`${server.url}/v1/notifications?topic=${SAFE}`, { headers })).status).toBe(200);
  });

  it('another person’s topic, and what was not granted', async () => {
    const headers = await as({ subscribe: ['orders/*'] });
    expect(await send('/v1/notifications?topic=users/u-2', undefined, headers)).toMatchObject({
      code: 'topic.forbidden',
    });
    expect(await send(`/v1/notifications?topic=${SAFE}`, undefined, headers)).toMatchObject({
      code: 'topic.forbidden',
    });
  });

  it('nothing older than the grant', async () => {
    await publish(server, { topic: 'dated/1', title: 'old' });
    const read = async (historyFrom: number): Promise<unknown> =>
      (
        await fetch(`${server.url}/v1/notifications?topic=dated/1`, {
          headers: await as({ subscribe: [{ selector: 'dated/*', historyFrom: new Date(historyFrom).toISOString() }] }),
        })
      ).json();
    expect(await read(Date.now() + 60_000)).toEqual({ notifications: [] });
    expect(await read(0)).toMatchObject({ notifications: [{ title: 'old' }] });
  });

  it('publishing without the right', async () => {
    const body = JSON.stringify({ topics: ['chat/1', SAFE], title: 't' });
    expect(await send('/v1/notifications', body, { ...JSON_TYPE, ...(await as({ subscribe: ['**'] })) })).toMatchObject(
      { code: 'topic.forbidden' },
    );
    expect(
      await send('/v1/notifications', body, { ...JSON_TYPE, ...(await as({ publish: ['chat/*'] })) }),
    ).toMatchObject({ code: 'topic.forbidden' });
    expect(await send('/v1/notifications', JSON.stringify({ topic: 'open/1', title: 't' }), JSON_TYPE)).toMatchObject({
      code: 'credentials.missing',
    });
    expect(await history('chat/1')).toEqual({ notifications: [] });
  });

  it('minting without a key', async () => {
    expect(
      await send('/v1/tokens', JSON.stringify({ sub: 'admin' }), { ...JSON_TYPE, ...(await as({ publish: ['**'] })) }),
    ).toMatchObject({ code: 'right.missing' });
    expect(await send('/v1/tokens', JSON.stringify({ sub: 'u/1' }), { ...JSON_TYPE, ...WITH_KEY })).toMatchObject({
      code: 'token.subject_invalid',
    });
  });
});

describe('queries and addresses', () => {
  it.each(['dryRun=true', 'wait=acked', 'x=1'])('a batch is not asked for %s', async (query) => {
    const body = JSON.stringify({ notifications: [{ topic: 'chat/1', title: 'x' }] });
    const answer = await send(`/v1/notifications/batch?${query}`, body, { ...JSON_TYPE, ...WITH_KEY });
    expect(answer).toMatchObject({ code: 'query.invalid' });
    expect(await history('chat/1')).toEqual({ notifications: [] });
  });

  it.each([
    ['/v1/notifications', 'query.invalid', ['/topic']],
    ['/v1/notifications?topic=a/**', 'query.invalid', ['/topic']],
    ['/v1/notifications?topic=a&limit=1000', 'query.invalid', ['/limit']],
    ['/v1/notifications?topic=a&page=garbage', 'query.invalid', ['/page']],
    ['/v1/notifications?topic=a&page=%00', 'query.invalid', ['/page']],
    [`/v1/notifications?topic=a&page=${'A'.repeat(22)}`, 'query.invalid', ['/page']],
    ['/v1/%ff', 'request.invalid', undefined],
    ['/v1/nothing', 'route.unknown', undefined],
  ])('%s', async (path, code, pointers) => {
    expect(await send(path, undefined, WITH_KEY)).toEqual({ code, pointers });
  });
});

describe('origins', () => {
  it.each(['https://evil.example', 'https://app.example.evil.example', 'http://app.example', 'null'])(
    '%s may do nothing',
    async (origin) => {
      for (const path of [`/v1/notifications?topic=${SAFE}`, '/v1/events?topics=open/1', '/%761/notifications?topic=a'])
        expect(await send(path, undefined, { ...WITH_KEY, origin, accept: 'text/event-stream' })).toMatchObject({
          code: 'origin.forbidden',
        });
      for (const path of ['/v1/notifications', '/v1/notifications/batch', '/v1/tokens'])
        expect(
          await send(path, JSON.stringify({ topic: SAFE, title: 't' }), { ...WITH_KEY, ...JSON_TYPE, origin }),
        ).toMatchObject({ code: 'origin.forbidden' });
    },
  );
});
