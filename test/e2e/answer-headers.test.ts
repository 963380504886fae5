import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { ask, restRoutes, TRANSPORTS, UPGRADE, type Ask } from '../support/doors.js';
import { Http2Client } from '../support/http2-client.js';
import { freePort, startServer, type TestServer } from '../support/server.js';

const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";
const SWAGGER =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const CONSOLE =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types clarion-worker";

/** What every answer says, whoever gives it. */
const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};
/** What no answer says. */
const NEVER = ['server', 'x-powered-by'];
const HSTS = 'max-age=31536000';

const get = (path: string, headers?: Ask['headers']): Ask => ({
  name: `GET ${path}`,
  method: 'GET',
  path,
  ...(headers && { headers }),
});

/** Pages, with the policies that they need in place of the one for everything else. */
const PAGES: readonly (readonly [policy: string, path: string])[] = [
  [CONSOLE, '/'],
  [CONSOLE, '/console/page.js'],
  [CONSOLE, '/console/console.css'],
  [CONSOLE, '/console/clarion.svg'],
  [SWAGGER, '/docs'],
  [SWAGGER, '/docs/open.js'],
  [SWAGGER, '/docs/openapi.json'],
  [SWAGGER, '/docs/asyncapi.json'],
];

/** Answers that are no REST route's: errors of every maker, refusals, files. */
const OTHERS: readonly Ask[] = [
  get('/health/live'),
  get('/health/ready'),
  get('/metrics'),
  get('/none'),
  get('/v1/none'),
  get('/console/none.js'),
  get('/docs/swagger-ui.css'),
  get('/docs/swagger-ui-bundle.js'),
  get('/%zz'),
  get(`/v1/${'x'.repeat(3_000)}`),
  get('/v1/events?topics=open', { accept: 'text/html' }),
  get('/v1/events?topics=open', { accept: 'text/event-stream', origin: 'https://evil.example' }),
  get('/v1/events?topics=%24x', { accept: 'text/event-stream' }),
  { ...get('/health/live'), name: 'HEAD', method: 'HEAD' },
  { ...get('/v1/notifications'), name: 'an unknown method', method: 'PUT' },
  {
    ...get('/v1/notifications', { origin: 'https://app.example', 'access-control-request-method': 'POST' }),
    name: 'preflight',
    method: 'OPTIONS',
  },
  {
    ...get('/v1/notifications', { 'content-type': 'application/json' }),
    name: 'broken JSON',
    method: 'POST',
    body: '{',
  },
  { ...get('/v1/notifications', { 'content-type': 'text/plain' }), name: 'no JSON', method: 'POST', body: '{' },
  get('/socket.io/socket.io.js'),
  get('/socket.io/?EIO=4&transport=none'),
  get('/socket.io/?EIO=4&transport=polling', { origin: 'null' }),
  { ...get('/socket.io/?EIO=4&transport=websocket&sid=none', UPGRADE), name: 'a Socket.IO upgrade of nobody' },
  {
    ...get('/socket.io/?EIO=4&transport=websocket', { ...UPGRADE, origin: 'null' }),
    name: 'a foreign Socket.IO upgrade',
  },
  { ...get('/v1/none', UPGRADE), name: 'an upgrade of nothing' },
  { ...get('/v1/ws', { ...UPGRADE, origin: 'null' }), name: 'a foreign upgrade' },
  { ...get('/v1/ws?access_token=x', UPGRADE), name: 'an upgrade with a bad token' },
  { ...get('/v1/ws', { ...UPGRADE, 'sec-websocket-version': '8' }), name: 'an old upgrade' },
];

/** Bytes that never become a request. */
const BROKEN: readonly (readonly [what: string, bytes: string])[] = [
  ['no HTTP', 'HELO there\r\n\r\n'],
  ['headers too large', `GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clarion-headers-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe.each([
  ['plain', false],
  ['over TLS', true],
])('%s', (_, secure) => {
  let server: TestServer;
  beforeAll(async () => {
    const { cert, key } = makeCertificate(directory);
    server = await startServer({
      CLARION_PAGE: 'true',
      CLARION_DOCS: 'true',
      CLARION_ANONYMOUS_TOPICS: 'open',
      CLARION_ALLOWED_ORIGINS: 'https://app.example',
      ...(secure ? { CLARION_TLS_CERT: cert, CLARION_TLS_KEY: key } : {}),
    });
  });
  afterAll(() => server?.stop());

  const expected = (policy: string, always: object = ALWAYS) => ({
    ...always,
    'content-security-policy': policy,
    'strict-transport-security': secure ? HSTS : undefined,
  });

  it('every route, transport, error and refusal says what browsers must not do with it', async () => {
    const asks = [...(await restRoutes(server.url)), ...TRANSPORTS, ...OTHERS];
    const told = await Promise.all(asks.map(async (one) => ({ one, ...(await ask(server.url, one)) })));
    // A connection that became a WebSocket is no document of anybody's.
    const answers = told.filter(({ status }) => status !== 101);
    expect(told.length - answers.length).toBe(2);
    for (const { one, headers } of answers) {
      const { 'strict-transport-security': hsts, ...rest } = headers;
      expect([one.name, { hsts, ...rest }]).toMatchObject([
        one.name,
        { ...ALWAYS, 'content-security-policy': NO_PAGE },
      ]);
      expect([one.name, hsts]).toEqual([one.name, secure ? HSTS : undefined]);
      expect([one.name, NEVER.filter((name) => name in headers)]).toEqual([one.name, []]);
    }
  });

  it.each(PAGES)('allows with %s nothing but its own files: %s', async (policy, path) => {
    const { status, headers } = await ask(server.url, get(path));
    expect(status).toBe(200);
    expect(headers).toMatchObject({ ...ALWAYS, 'content-security-policy': policy });
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(headers['strict-transport-security']).toBe(secure ? HSTS : undefined);
    expect(policy).not.toContain('unsafe');
  });

  it.each(BROKEN)('answers bytes that are no request in the same way: %s', async (_what, bytes) => {
    const socket = secure
      ? connectTls({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false })
      : connect(server.port, '127.0.0.1');
    socket.write(bytes);
    const answer = (await text(socket)).toLowerCase();
    for (const [name, value] of Object.entries(expected(NO_PAGE)))
      expect([name, answer.includes(`\r\n${name}: ${String(value).toLowerCase()}\r\n`)]).toEqual([
        name,
        value !== undefined,
      ]);
  });
});

it('over HTTP/2 answers and streams say the same, and nothing of connections', async () => {
  const { cert, key } = makeCertificate(directory, 'http2');
  const server = await startServer({
    CLARION_TLS_CERT: cert,
    CLARION_TLS_KEY: key,
    CLARION_ANONYMOUS_TOPICS: 'open',
  });
  const client = await Http2Client.connect(server.url);
  try {
    for (const path of ['/health/live', '/v1/none', '/socket.io/?EIO=4&transport=polling', '/v1/events?topics=open']) {
      const { headers } = await client.request('GET', path);
      expect(headers).toMatchObject({ ...ALWAYS, 'strict-transport-security': HSTS });
    }
    const stream = client.session.request({ ':path': '/v1/events?topics=open', accept: 'text/event-stream' });
    const [head] = await once(stream, 'response');
    expect(head).toMatchObject({ ...ALWAYS, 'content-type': 'text/event-stream', 'strict-transport-security': HSTS });
    expect(head).not.toHaveProperty('connection');
    expect(server.logs.filter((line) => line.includes('Warning'))).toEqual([]);
  } finally {
    client.close();
    await server.stop();
  }
});

it('metrics on a port of their own say the same', async () => {
  const port = await freePort();
  const server = await startServer({ CLARION_METRICS_PORT: String(port) });
  try {
    for (const path of ['/metrics', '/none'])
      expect((await ask(`http://127.0.0.1:${port}`, get(path))).headers).toMatchObject({
        ...ALWAYS,
        'content-security-policy': NO_PAGE,
      });
  } finally {
    await server.stop();
  }
});
