import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DomainError, problemSchema } from '#clarion/protocol';
import { API_KEY, PAGE_ORIGIN, restApp, WITH_KEY, type RestApp } from '../test/rest-app.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const EVIL_ORIGIN = 'https://evil.example';

let rest: RestApp;

beforeAll(async () => {
  rest = await restApp({
    publish: async (_who, { title }) => {
      if (title === 'overloaded' || title === 'draining') throw new DomainError(title);
      if (title === 'bug') throw new TypeError('secret detail of ours');
      if (title === 'no error at all') return Promise.reject('secret text of ours');
      return { id: 'n-1', replayed: false };
    },
  });
});

afterAll(() => rest.app.close());

type Request = Exclude<Parameters<RestApp['app']['inject']>[0], string | undefined>;

async function problemOf(request: Request): Promise<Record<string, unknown> & { headers: Record<string, unknown> }> {
  const answer = await rest.app.inject(request);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  const problem = problemSchema.parse(answer.json());
  expect(problem.status).toBe(answer.statusCode);
  return { ...problem, headers: answer.headers };
}

function publish(title: string): Request {
  return { method: 'POST', url: '/v1/notifications', headers: WITH_KEY, payload: { topic: 'a', title } };
}

describe('every error is a problem document', () => {
  it.each<[string, Request, string]>([
    ['an unknown address', { url: '/nothing' }, 'route.unknown'],
    ['an unknown address of the API', { url: '/v1/nothing?topic=a' }, 'route.unknown'],
    ['an address that cannot be decoded', { url: '/v1/%zz' }, 'request.invalid'],
    [
      'a method that is not there',
      { method: 'PUT', url: '/v1/notifications?x=1', headers: WITH_KEY },
      'method.unsupported',
    ],
    [
      'a body that is not JSON',
      { ...publish(''), headers: { ...WITH_KEY, ...JSON_TYPE }, payload: '{"topic":' },
      'json.invalid',
    ],
    [
      'no body',
      { method: 'POST', url: '/v1/notifications', headers: { ...WITH_KEY, ...JSON_TYPE }, payload: '' },
      'json.invalid',
    ],
    ['no body and no type', { method: 'POST', url: '/v1/notifications', headers: WITH_KEY }, 'body.invalid'],
    [
      'text',
      { ...publish(''), headers: { ...WITH_KEY, 'content-type': 'text/plain' }, payload: '{}' },
      'media_type.unsupported',
    ],
    [
      'a form',
      {
        ...publish(''),
        headers: { ...WITH_KEY, 'content-type': 'application/x-www-form-urlencoded' },
        payload: 'topic=a',
      },
      'media_type.unsupported',
    ],
    [
      'a type that is none',
      { ...publish(''), headers: { ...WITH_KEY, 'content-type': ';;' }, payload: '{}' },
      'media_type.unsupported',
    ],
    ['a body without a type', { ...publish(''), payload: Buffer.from('{}') }, 'media_type.unsupported'],
    [
      '256 KiB and a byte',
      { ...publish(''), headers: { ...WITH_KEY, ...JSON_TYPE }, payload: Buffer.alloc(256 * 1024 + 1, ' ') },
      'body.too_large',
    ],
    [
      '4 MiB and a byte of batch',
      {
        method: 'POST',
        url: '/v1/notifications/batch',
        headers: { ...WITH_KEY, ...JSON_TYPE },
        payload: Buffer.alloc(4 * 1024 * 1024 + 1, ' '),
      },
      'body.too_large',
    ],
    ['more work than it can take', publish('overloaded'), 'overloaded'],
    ['a server that goes away', publish('draining'), 'draining'],
    [
      'bad credentials before a bad body',
      { ...publish(''), headers: { authorization: 'Bearer wrong' } },
      'key.invalid',
    ],
    [
      'no credentials before a bad body',
      { method: 'POST', url: '/v1/notifications', payload: { nonsense: 1 } },
      'credentials.missing',
    ],
  ])('%s', async (_, request, code) => {
    expect(await problemOf(request)).toMatchObject({
      code,
      type: `urn:clarion:problem:${code}`,
      requestId: expect.any(String),
    });
    expect(rest.errors).toEqual([]);
  });

  it('which says how to do better', async () => {
    expect(
      (await problemOf({ method: 'PUT', url: '/v1/notifications' })).headers['allow']?.toString().split(', ').sort(),
    ).toEqual(['GET', 'HEAD', 'POST']);
    expect((await problemOf({ method: 'POST', url: '/v1/tokens', payload: {} })).headers['www-authenticate']).toBe(
      'Bearer',
    );
    expect((await problemOf(publish('overloaded'))).headers['retry-after']).toBe('1');
    expect((await problemOf(publish('draining'))).headers['retry-after']).toBe('5');
  });

  it.each(['bug', 'no error at all'])(
    'of a %s it tells nothing, and logs it once with the request’s id',
    async (title) => {
      const { headers: _, ...problem } = await problemOf(publish(title));
      expect(problem).toEqual({
        type: 'urn:clarion:problem:internal',
        title: 'The server failed',
        status: 500,
        code: 'internal',
        requestId: expect.any(String),
      });
      expect(rest.errors.splice(0)).toEqual([
        expect.stringMatching(new RegExp(`^request ${String(problem['requestId'])} failed: secret`)),
      ]);
    },
  );

  it('takes bodies up to the limit', async () => {
    const payload = JSON.stringify({ topic: 'a', title: 't' }).padEnd(256 * 1024, ' ');
    const answer = await rest.app.inject({
      method: 'POST',
      url: '/v1/notifications',
      headers: { ...WITH_KEY, 'content-type': 'application/json; charset=utf-8' },
      payload,
    });
    expect(answer.statusCode).toBe(202);
  });
});

describe('what is no request', () => {
  beforeAll(() => rest.app.listen(0, '127.0.0.1'));

  async function answerTo(bytes: string): Promise<string> {
    const { port } = new URL(await rest.app.getUrl());
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(bytes);
    return text(socket);
  }

  it.each([
    [
      'a malformed length',
      `POST /v1/notifications HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n`,
      'request.invalid',
    ],
    [
      'two lengths',
      `POST /v1/notifications HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`,
      'request.invalid',
    ],
    [
      'length and chunks',
      `POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      'request.invalid',
    ],
    ['not HTTP', 'hello\r\n\r\n', 'request.invalid'],
    ['NUL in a header', `GET /v1/notifications HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n`, 'request.invalid'],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 'header.too_large'],
  ])('gets a problem all the same, and no more: %s', async (_, bytes, code) => {
    const answer = await answerTo(bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer).toContain('content-type: application/problem+json\r\n');
    expect(problemSchema.parse(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))))).toMatchObject({ code });
  });
});

describe('origins', () => {
  it.each([PAGE_ORIGIN, undefined])('answers %s', async (origin) => {
    const answer = await rest.app.inject({
      url: '/v1/notifications?topic=a',
      headers: { ...WITH_KEY, ...(origin !== undefined && { origin }) },
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({ vary: 'Origin', 'cache-control': 'no-store' });
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
  });

  it.each([
    ['/v1/notifications?topic=a', EVIL_ORIGIN],
    ['/v1/notifications?topic=a', 'null'],
    ['/v1/nothing', EVIL_ORIGIN],
    ['/%761/notifications?topic=a', EVIL_ORIGIN],
    ['/v1/%6eotifications?topic=a', EVIL_ORIGIN],
  ])('refuses at %s: %s', async (url, origin) => {
    const { headers, ...problem } = await problemOf({ url, headers: { ...WITH_KEY, origin } });
    expect(problem).toMatchObject({ code: 'origin.forbidden' });
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('answers the preflight of an allowed page', async () => {
    const headers = {
      origin: PAGE_ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'idempotency-key',
    };
    const answer = await rest.app.inject({ method: 'OPTIONS', url: '/v1/notifications', headers });
    expect(answer.statusCode).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': PAGE_ORIGIN,
      'access-control-allow-methods': expect.stringContaining('POST'),
    });
    const allowed = answer.headers['access-control-allow-headers'];
    expect(String(allowed).split(', ')).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'idempotency-key', 'last-event-id', 'prefer']),
    );
  });

  it('refuses the preflight of another', async () => {
    const { code, headers } = await problemOf({
      method: 'OPTIONS',
      url: '/v1/notifications',
      headers: { origin: EVIL_ORIGIN, 'access-control-request-method': 'POST' },
    });
    expect(code).toBe('origin.forbidden');
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('lets allowed pages read problems', async () => {
    const { headers } = await problemOf({
      url: '/v1/notifications',
      headers: { origin: PAGE_ORIGIN, authorization: `Bearer ${API_KEY}x` },
    });
    expect(headers['access-control-allow-origin']).toBe(PAGE_ORIGIN);
  });
});
