import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintToken, publish } from '../support/rest.js';
import { API_KEY, startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';
import { JsonSocket, refusedHandshake } from '../support/web-socket.js';

/** Stands in what others were sent, and is nobody else's to see. */
const OTHERS = 'what-was-said-to-somebody-else';
/** Stands in queries and tokens that are wrong. */
const MINE = 'credential-that-is-not-for-print';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What tells more of the server than what a client did wrong. */
const LEAKS: readonly RegExp[] = [
  /\n\s+at\s|\bat \S+ \(/,
  /\.(?:[cm]?js|ts)\b|node_modules|node:/,
  /(?:^|[\s"'(])\/(?:home|root|tmp|work|usr|var|opt|proc|etc)\//,
  /\b(?:SELECT|INSERT|DELETE FROM|PRAGMA|SQLITE\w*|sqlite|libsql|constraint)\b/,
  /\b(?:fastify|nest(?:js)?|express|zod|jose|pino|engine\.io|undici|llhttp|HPE_\w+|FST_\w+|ERR_[A-Z_]+|ERR_JW\w+|JW[ST]\w+Error)\b/i,
  /\b(?:TypeError|SyntaxError|RangeError|ReferenceError|ZodError|DomainError|StoreError)\b/,
  /\bv?\d+\.\d+\.\d+\b(?!\.)/,
  /^(?:server|x-powered-by):/im,
];

/** All that a client was told. */
interface Told {
  /** Head and body of an answer, or a message. */
  readonly text: string;
  /** The id that the answer has. */
  readonly id: string;
  /** The problem's code, or what stands in its place. */
  readonly code: string;
}

type Force = () => Promise<Told>;
type Row = readonly [name: string, force: Force];

let server: TestServer;
let token: string;
const ids: string[] = [];

beforeAll(async () => {
  server = await startServer({
    CLARION_LOG_LEVEL: 'debug',
    CLARION_ANONYMOUS_TOPICS: 'open/*',
    CLARION_ALLOWED_ORIGINS: 'https://app.example',
    CLARION_LIMIT_FAILED_LOGINS: '0',
    CLARION_LIMIT_HANDSHAKES: '0',
    CLARION_WEBSOCKET_AUTH_TIMEOUT_MS: '1000',
    NODE_ENV: 'development',
  });
  await publish(server, { user: 'u-2', title: OTHERS });
  await publish(server, { topic: 'private/1', title: OTHERS, idempotencyKey: 'taken' });
  token = await mintToken(server, { sub: 'u-1', subscribe: ['mine/*'], publish: ['mine/*'] });
});
afterAll(() => server.stop());

const KEY = { authorization: `Bearer ${API_KEY}` };
const JSON_TYPE = { 'content-type': 'application/json' };
const as = (credential: string) => ({ authorization: `Bearer ${credential}` });

/** An answer in words, whatever it is. */
function told(head: string, headers: Record<string, unknown>, body: string): Told {
  const problem = /json/.test(String(headers['content-type'])) ? Object(JSON.parse(body)) : {};
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  const named = problem.requestId ?? headers['x-request-id'];
  return { text: `${head}\n${lines.join('\n')}\n\n${body}`, id: String(named), code: String(problem.code ?? head) };
}

async function http(
  method: string,
  path: string,
  headers: Record<string, string> = KEY,
  body?: string | Buffer,
): Promise<Told> {
  const sent = httpRequest(server.url + path, { method, headers, agent: false });
  sent.end(body);
  const [response] = await once(sent, 'response');
  const answer = await text(response);
  expect(response.statusCode).toBeGreaterThanOrEqual(400);
  return told(`${response.statusCode} ${response.statusMessage}`, response.headers, answer);
}

/** Bytes on a connection, and all that comes back until its end. */
async function raw(bytes: string | Buffer): Promise<Told> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.write(bytes);
  const [head = '', body = ''] = (await text(socket)).split(/\r\n\r\n(.*)/s);
  const [status = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => line.split(/: (.*)/s)).map(([name = '', value]) => [name, value]),
  );
  return told(status, headers, body.slice(0, Number(headers['content-length'])));
}

const post = (body: unknown, headers: Record<string, string> = KEY, path = '/v1/notifications') =>
  http(
    'POST',
    path,
    { ...JSON_TYPE, ...headers },
    typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  );

/** A refused upgrade. */
async function upgrade(path: string, headers: Record<string, string> = {}, protocols?: string[]): Promise<Told> {
  const refused = await refusedHandshake(server.url + path, { headers }, protocols);
  return told(`${refused.status}`, refused.headers, JSON.stringify(refused.body));
}

function problemIn(message: unknown): Told {
  const { error } = Object(message);
  return { text: JSON.stringify(message), id: String(Object(error).requestId), code: String(Object(error).code) };
}

/** What a client that reads is answered over WebSocket. */
async function overWebSocket(request: unknown, path = '/v1/ws?topics=mine/1', credential = token): Promise<Told> {
  const socket = new JsonSocket(server.url + path, { headers: as(credential) });
  await socket.heard('ready');
  socket.say(request);
  const reply = await socket.heard('reply');
  socket.close();
  return problemIn(reply);
}

/** What a client is answered that has not said who it is. */
async function stranger(request: unknown): Promise<Told> {
  const socket = await new JsonSocket(`${server.url}/v1/ws`).opened();
  socket.say(request);
  const reply = await socket.heard('reply');
  socket.close();
  return problemIn(reply);
}

async function handshake(wish: Record<string, unknown>): Promise<Told> {
  const listener = new SocketListener(server.url, wish);
  const [event] = await listener.first('connect_error');
  listener.close();
  return problemIn({ error: event?.args[0] });
}

async function overSocketIo(command: string, body: unknown): Promise<Told> {
  const listener = new SocketListener(server.url, { token, topics: ['mine/1'] });
  await listener.first('ready');
  const answer = await listener.ask(command, body);
  listener.close();
  return problemIn(answer);
}

const named = <T>(values: readonly T[], name: (value: T) => string, force: (value: T) => Promise<Told>): Row[] =>
  values.map((value) => [name(value), () => force(value)]);

const short = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 60);

const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const BAD_JSON: readonly (string | Buffer)[] = [
  ...['', ' ', '{', '}', '[', '{"topic":', '{"topic":"a",}', "{'topic':'a'}", '{topic:"a"}', '[1,2', '{"a":1}{"b":2}'],
  ...['nul', 'undefined', 'NaN', 'Infinity', '-', '01', '1.', '.1', '1e', '0x10', '"', '"\\u12"', '"\\x41"', '"a\nb"'],
  ...['{"a":1 /* c */}', '{"topic":"a","title":"t","__proto__":{"x":1}}', `{"topic":"a","data":${deep(10_000)}}`],
  ...['{"data":{"constructor":{"prototype":{}}},"topic":"a"}', '\ufeff\ufeff{}', '{"topic":"a"\u0000}'],
  Buffer.from([0x7b, 0xff, 0x7d]),
  Buffer.from([0xc0, 0xaf]),
  Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  Buffer.from([0xf4, 0x90, 0x80, 0x80]),
];
const BAD_PUBLISHES: readonly unknown[] = [
  ...[
    null,
    1,
    'text',
    true,
    [],
    {},
    { topic: 'mine/1' },
    { title: 't' },
    { topic: '', title: 't' },
    { topic: 7, title: 't' },
  ],
  ...[
    '/a',
    'a/',
    'a//b',
    'a b',
    'a/*',
    '**',
    'ä',
    'a\u0000',
    'a'.repeat(256),
    'a\r\nb',
    '%2e%2e',
    'a/{{7*7}}',
    "a';--",
  ].map((topic) => ({ topic, title: 't' })),
  ...[
    { topics: [] },
    { topics: 'a' },
    { topics: Array.from({ length: 1_001 }, (_, i) => `t/${i}`) },
    { users: ['a/b'] },
    { user: '**' },
  ].map((audience) => ({ ...audience, title: 't' })),
  ...[
    { title: 7 },
    { title: 't', ttl: -1 },
    { title: 't', ttl: 1e300 },
    { title: 't', priority: 'highest' },
    { title: 't', nothing: 1 },
  ].map((fields) => ({ topic: 'mine/1', ...fields })),
  { topic: 'mine/1', title: 't', deliverAt: 'yesterday' },
  { topic: 'mine/1', title: 't', idempotencyKey: 'x'.repeat(10_000) },
  { topic: '$sys/a', title: 't' },
  { topic: 'users/me', title: 't' },
];
const BAD_QUERIES: readonly string[] = [
  ...['', '?topic=', '?topic=a/**', '?topic=a&topic=b', '?topic=a&limit=0', '?topic=a&limit=x', '?topic=a&limit=1e9'],
  ...['?topic=a&page=x', `?topic=a&page=${'A'.repeat(22)}`, '?topic=a&page=%00', '?topic=a&nothing=1'],
  ...["?topic=a'--", '?topic[]=a', '?topic[__proto__]=a', '?topic=%ff', '?topic=users/me', '?topic=$sys'],
].map((query) => `/v1/notifications${query}`);
const BAD_READS: readonly string[] = [
  ...[
    '?topics=a//b',
    '?topics=$sys/a',
    '?topics=users/me',
    '?topics=a&since=x y',
    '?topics=a&since=%00',
    '?topics=a&wait=-1',
  ],
  ...['?topics=a&limit=0', '?topics=a&limit=5000', `?topics=${'a,'.repeat(200)}a`],
].map((query) => `/v1/events${query}`);
const BAD_TOKENS: readonly string[] = [
  ...[
    MINE,
    `${MINE}.${MINE}.${MINE}`,
    '..',
    'e30.e30.',
    'x'.repeat(9_000),
    `Bearer ${MINE}`,
    '"',
    'eyJhbGciOiJub25lIn0.e30.',
  ],
  ...[
    'eyJhbGciOiJIUzI1NiJ9.e30.AAAA',
    'eyJhbGciOiJSUzI1NiJ9.e30.AAAA',
    'bm90IGpzb24.bm90IGpzb24.AAAA',
    'ck_unknown_secret',
  ],
];
const ROUTES: readonly (readonly [string, readonly string[]])[] = [
  ['/v1/notifications', ['PUT', 'PATCH', 'DELETE']],
  ['/v1/notifications/batch', ['GET', 'PUT', 'DELETE']],
  ['/v1/tokens', ['GET', 'PUT', 'DELETE']],
  ['/v1/events', ['POST', 'PUT', 'DELETE']],
  ['/v1/keys', ['PUT', 'PATCH', 'DELETE']],
  ['/v1/keys/x', ['POST', 'PUT']],
  ['/v1/keys/x/rotate', ['GET', 'DELETE']],
  ['/v1/audit', ['POST', 'DELETE']],
  ['/v1/connections', ['POST', 'DELETE']],
  ['/v1/topics', ['POST', 'PUT']],
  ['/v1/users/u-1/disconnect', ['GET', 'PUT']],
  ['/v1/ws', ['POST']],
  ['/health/live', ['POST']],
  ['/metrics', ['POST']],
];
const NOWHERE: readonly string[] = [
  ...[
    '/v1',
    '/v1/',
    '/v1/nothing',
    '/v2/notifications',
    '/.env',
    '/.git/config',
    '/v1/../../etc/passwd',
    '/%2e%2e/etc/passwd',
  ],
  ...[
    '/v1/%ff',
    '/v1/%',
    '/v1/notifications%00',
    '/docs/../package.json',
    '/docs/nothing.js',
    '/console/%2e%2e/%2e%2e/package.json',
  ],
  ...['//v1/notifications', '/v1/users/u-1', '/v1/keys/x/y', '/wp-login.php', `/${'a'.repeat(5_000)}`],
];

const REST: readonly Row[] = [
  ...named(
    BAD_JSON,
    (body) => `JSON ${short(body.toString('latin1'))}`,
    (body) => post(body),
  ),
  ...named(
    BAD_PUBLISHES,
    (body) => `publish ${short(body)}`,
    (body) => post(body),
  ),
  ...named(
    [
      1,
      {},
      { notifications: [] },
      { notifications: 7 },
      { notifications: Array(1_001).fill({ topic: 'a', title: 't' }) },
    ],
    (body) => `batch ${short(body)}`,
    (body) => post(body, KEY, '/v1/notifications/batch'),
  ),
  ...named(
    [
      {},
      { sub: '' },
      { sub: 'a/b' },
      { sub: 'u', ttl: 0 },
      { sub: 'u', ttl: 1e12 },
      { sub: 'u', subscribe: ['$a'] },
      { sub: 'u', subscribe: 'a' },
      { sub: 'u', x: 1 },
      { sub: 'u', subscribe: Array.from({ length: 100 }, (_, i) => `${'a'.repeat(200)}/${i}`) },
    ],
    (body) => `token ${short(body)}`,
    (body) => post(body, KEY, '/v1/tokens'),
  ),
  ...named(
    [
      {},
      { name: '' },
      { name: 'n', rights: 7 },
      { name: 'n', rights: { publish: ['$sys'] } },
      { name: 'n', rights: {}, expiresAt: 'x' },
      { name: 'n', rights: {}, expiresAt: '2001-01-01T00:00:00.000Z' },
      { name: 'n\u0000', rights: {} },
      { name: 'n', rights: { all: true } },
    ],
    (body) => `key ${short(body)}`,
    (body) => post(body, KEY, '/v1/keys'),
  ),
  ...named(
    BAD_QUERIES,
    (path) => `GET ${path}`,
    (path) => http('GET', encodeSpaces(path)),
  ),
  ...named(
    BAD_READS,
    (path) => `poll ${short(path)}`,
    (path) => http('GET', encodeSpaces(path)),
  ),
  ...named(
    BAD_READS.filter((path) => !/wait|limit/.test(path)),
    (path) => `stream ${short(path)}`,
    (path) => http('GET', encodeSpaces(path), { ...KEY, accept: 'text/event-stream' }),
  ),
  ...named(
    NOWHERE,
    (path) => `GET ${short(path)}`,
    (path) => http('GET', path),
  ),
  ...ROUTES.flatMap(([path, methods]) => methods.map((method): Row => [`${method} ${path}`, () => http(method, path)])),
  ...named(
    BAD_TOKENS,
    (bad) => `history with ${short(bad)}`,
    (bad) => http('GET', '/v1/notifications?topic=a', as(bad)),
  ),
  ...named(
    BAD_TOKENS,
    (bad) => `publish with ${short(bad)}`,
    (bad) => post({ topic: 'a', title: 't' }, as(bad)),
  ),
  ...named(
    BAD_TOKENS,
    (bad) => `in the query ${short(bad)}`,
    (bad) => http('GET', `/v1/events?topics=a&access_token=${encodeURIComponent(bad)}`, {}),
  ),
  ...named(
    ['Basic dTpw', 'Bearer', 'Digest x', 'Negotiate'],
    (value) => `authorization ${value}`,
    (value) => http('GET', '/v1/notifications?topic=a', { authorization: value }),
  ),
  ...named(
    ['/v1/keys', '/v1/audit', '/v1/connections', '/v1/topics', '/metrics'],
    (path) => `a person's GET ${path}`,
    (path) => http('GET', path, as(token)),
  ),
  ...named(
    [
      '/v1/keys',
      '/v1/audit',
      '/v1/connections',
      '/v1/topics',
      '/metrics',
      '/v1/notifications?topic=a',
      '/v1/events?topics=a',
    ],
    (path) => `nobody's GET ${path}`,
    (path) => http('GET', path, {}),
  ),
  ...named(
    ['?limit=0', '?limit=x', '?page=!', '?nothing=1'],
    (query) => `lists ${query}`,
    (query) => http('GET', `/v1/connections${query}`),
  ),
  ...named(
    ['?limit=0', '?page=a%20b', '?before=1'],
    (query) => `audit ${query}`,
    (query) => http('GET', `/v1/audit${query}`),
  ),
  ['a key that there is not', () => http('GET', '/v1/keys/nothing')],
  ['deleting a key that there is not', () => http('DELETE', '/v1/keys/nothing')],
  ['rotating a key that there is not', () => post({}, KEY, '/v1/keys/nothing/rotate')],
  ['closing a connection that there is not', () => http('DELETE', '/v1/connections/nothing')],
  ['closing no topic', () => http('DELETE', '/v1/topics')],
  ['disconnecting nobody', () => http('POST', '/v1/users/a%2fb/disconnect')],
  ['somebody else’s history', () => http('GET', '/v1/notifications?topic=users/u-2', as(token))],
  [
    'somebody else’s stream',
    () => http('GET', '/v1/events?topics=users/u-2', { ...as(token), accept: 'text/event-stream' }),
  ],
  ['a private history', () => http('GET', '/v1/notifications?topic=private/1', as(token))],
  ['somebody else’s token', () => post({ sub: 'u-2' }, as(token), '/v1/tokens')],
  ['a used idempotency key', () => post({ topic: 'private/1', title: 'other', idempotencyKey: 'taken' })],
  [
    'an idempotency key in two places',
    () => post({ topic: 'private/1', title: 't', idempotencyKey: 'a' }, { ...KEY, 'idempotency-key': 'b' }),
  ],
  [
    'an idempotency key of bytes',
    () => post({ topic: 'private/1', title: 't' }, { ...KEY, 'idempotency-key': '\u00ff' }),
  ],
  ['a foreign origin', () => post({ topic: 'a', title: 't' }, { ...KEY, origin: 'https://evil.example' })],
  [
    'a foreign preflight',
    () =>
      http('OPTIONS', '/v1/notifications', { origin: 'https://evil.example', 'access-control-request-method': 'POST' }),
  ],
  ['too much', () => post({ topic: 'a', data: 'x'.repeat(270_000) })],
  ...named(
    ['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'x', ''],
    (type) => `of type ${type}`,
    (type) => http('POST', '/v1/notifications', { ...KEY, 'content-type': type }, '{"topic":"a","title":"t"}'),
  ),
  ...named(
    ['gzip', 'br', 'deflate', 'x'],
    (coding) => `coded as ${coding}`,
    (coding) =>
      http(
        'POST',
        '/v1/notifications',
        { ...KEY, ...JSON_TYPE, 'content-encoding': coding },
        gzipSync('{"topic":"a","title":"t"}'),
      ),
  ),
  [
    'a bad Last-Event-ID',
    () => http('GET', '/v1/events?topics=a', { ...KEY, accept: 'text/event-stream', 'last-event-id': 'x y' }),
  ],
];

function encodeSpaces(path: string): string {
  return path.replaceAll(' ', '%20');
}

const request = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`;
const BYTES: readonly Row[] = named(
  [
    'nonsense\r\n\r\n',
    '\u0000\u0001\u0002\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    request('GET / HTTP/9.9', 'Host: x'),
    request('GET / HTTP/1.1', 'Connection: close'),
    request('get / HTTP/1.1', 'Host: x'),
    request('BREW / HTTP/1.1', 'Host: x'),
    request('GET / HTTP/1.1', 'Host : x'),
    request('GET / HTTP/1.1', 'Host: x', 'No colon'),
    request('GET / HTTP/1.1', 'Host: x', ' folded: 1'),
    request('GET / HTTP/1.1', 'Host: x', 'A: \u0000'),
    request('GET / HTTP/1.1', 'Host: x', `A: ${'a'.repeat(40_000)}`),
    request('GET / HTTP/1.1', 'Host: x', ...Array.from({ length: 3_000 }, (_, i) => `X-${i}: 1234567890`)),
    request(`GET /${'a'.repeat(40_000)} HTTP/1.1`, 'Host: x'),
    request('POST /v1/notifications HTTP/1.1', 'Host: x', 'Content-Length: -1'),
    request('POST /v1/notifications HTTP/1.1', 'Host: x', 'Content-Length: 1e3'),
    request('POST /v1/notifications HTTP/1.1', 'Host: x', 'Content-Length: 5', 'Content-Length: 6'),
    request('POST /v1/notifications HTTP/1.1', 'Host: x', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
    request('POST /v1/notifications HTTP/1.1', 'Host: x', 'Transfer-Encoding: gzip'),
    `${request('POST /v1/notifications HTTP/1.1', 'Host: x', 'Connection: close', ...auth(), 'Transfer-Encoding: chunked')}zz\r\n`,
    `${request('POST /v1/notifications HTTP/1.1', 'Host: x', 'Connection: close', ...auth(), 'Transfer-Encoding: chunked')}ffffffffffffffffff\r\n`,
    request('TRACE /v1/notifications HTTP/1.1', 'Host: x', 'Connection: close'),
    request('GET /v1/keys HTTP/1.1', 'Host: x', 'Connection: close', 'Expect: 200-ok'),
    request('GET http://evil.example/v1/keys HTTP/1.1', 'Host: x', 'Connection: close'),
    request('GET /v1/nothing HTTP/1.0'),
  ],
  (bytes) => `bytes ${JSON.stringify(bytes).slice(0, 80)}`,
  (bytes) => raw(Buffer.from(bytes, 'latin1')),
);

function auth(): string[] {
  return [`Authorization: Bearer ${API_KEY}`, 'Content-Type: application/json'];
}

const UPGRADES: readonly Row[] = [
  ...named(
    ['/v1/nothing', '/', '/v1/notifications', '/docs', '/v1/wsx', '/v1/ws/'],
    (path) => `to ${path}`,
    (path) => upgrade(path),
  ),
  ...named(
    BAD_TOKENS,
    (bad) => `with ${short(bad)}`,
    (bad) => upgrade('/v1/ws?topics=a', as(bad)),
  ),
  ...named(
    [
      'topics=a//b',
      'topics=a&since=x%20y',
      'topics=a&nothing=1',
      'topics=private/1',
      'topics=users/u-2',
      'topics=$a',
      `topics=a&access_token=${MINE}`,
    ],
    (query) => `for ${query}`,
    (query) => upgrade(`/v1/ws?${query}`, query.includes('access_token') ? {} : as(token)),
  ),
  ['from elsewhere', () => upgrade('/v1/ws?topics=open/1', { origin: 'https://evil.example' })],
  ['from a sandbox', () => upgrade('/v1/ws?topics=open/1', { origin: 'null' })],
  [
    'of another version',
    () =>
      raw(
        request(
          'GET /v1/ws?topics=open/1 HTTP/1.1',
          'Host: x',
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 99',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ),
      ),
  ],
  ['of another protocol', () => upgrade('/v1/ws?topics=open/1', {}, ['mqtt'])],
  [
    'without a key',
    () =>
      raw(
        request(
          'GET /v1/ws?topics=open/1 HTTP/1.1',
          'Host: x',
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
        ),
      ),
  ],
  [
    'to something else',
    () => raw(request('GET /v1/ws?topics=open/1 HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: h2c')),
  ],
  ...named(
    [
      'EIO=4&transport=websocket&sid=unknown',
      'EIO=4&transport=pigeon',
      'EIO=2&transport=websocket',
      'transport=__proto__',
    ],
    (query) => `Socket.IO ${query}`,
    (query) => raw(socketIoUpgrade(query)),
  ),
  ['Socket.IO from elsewhere', () => raw(socketIoUpgrade('EIO=4&transport=websocket', 'Origin: https://evil.example'))],
  ...named(
    [
      'EIO=4&transport=polling&sid=unknown',
      'EIO=4&transport=pigeon',
      'EIO=9&transport=polling',
      'EIO=4&transport=websocket',
      '',
    ],
    (query) => `Socket.IO polls ${query}`,
    (query) => http('GET', `/socket.io/?${query}`, {}),
  ),
  ['Socket.IO polls by PUT', () => http('PUT', '/socket.io/?EIO=4&transport=polling', {})],
  [
    'Socket.IO polls from elsewhere',
    () => http('GET', '/socket.io/?EIO=4&transport=polling', { origin: 'https://evil.example' }),
  ],
];

function socketIoUpgrade(query: string, ...headers: string[]): string {
  return request(
    `GET /socket.io/?${query} HTTP/1.1`,
    'Host: x',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  );
}

const COMMANDS: readonly (readonly [string, unknown])[] = [
  ...[
    undefined,
    null,
    7,
    'a',
    [],
    {},
    { topics: 7 },
    { topics: [] },
    { topics: ['a//b'] },
    { topics: ['users/u-2'] },
    { topics: ['private/1'] },
    { topics: ['$a'] },
    { topics: ['mine/1'], nothing: 1 },
    { topics: Array.from({ length: 200 }, (_, i) => `mine/${i}`) },
  ].map((body) => ['subscribe', body] as const),
  ...[{}, { topics: 'a' }, { topics: ['**//'] }].map((body) => ['unsubscribe', body] as const),
  ...[
    {},
    { topic: 'a/**' },
    { topic: 'users/u-2' },
    { topic: 'private/1' },
    { topic: 'mine/1', limit: 0 },
    { topic: 'mine/1', page: 'x' },
  ].map((body) => ['history', body] as const),
  ...[{}, { token: 7 }, { token: '' }, { token: MINE }, { token: 'eyJhbGciOiJub25lIn0.e30.' }].map(
    (body) => ['auth', body] as const,
  ),
  ...[
    {},
    { topic: 'mine/1' },
    { topic: 'private/1', title: 't' },
    { user: 'u-2', title: 't' },
    { topic: 'mine/1', title: 7 },
    { topic: '$a', title: 't' },
  ].map((body) => ['publish', body] as const),
  ['ack', {}],
  ['nothing', {}],
];
const isSayable = ([op, body]: readonly [string, unknown]) => op !== 'auth' || body !== undefined;

const MESSAGES: readonly Row[] = [
  ...named(
    COMMANDS.filter(([, body]) => typeof body === 'object' && body !== null && !Array.isArray(body)),
    ([op, body]) => `WebSocket ${op} ${short(body)}`,
    ([op, body]) => overWebSocket({ op, id: 1, ...Object(body) }),
  ),
  ...named(
    [
      '',
      '{',
      'null',
      '[]',
      '7',
      '"x"',
      '{}',
      '{"op":"ping"}',
      '{"op":7,"id":1}',
      '{"op":"ping","id":{}}',
      '{"op":"__proto__","id":1}',
      '{"op":"constructor","id":1}',
      `{"op":"ping","id":"${'x'.repeat(1_000)}"}`,
      '{"op":"ping","id":1,"x":1}',
      '{"op":"ping","id":1,"__proto__":{}}',
      `{"op":"history","id":1,"topic":${deep(1_000)}}`,
    ],
    (message) => `WebSocket message ${short(message)}`,
    (message) => overWebSocket(message),
  ),
  ...named(
    [
      '',
      '{}',
      '{"op":"subscribe","id":1,"topics":["open/1"]}',
      '{"op":"publish","id":1,"topic":"a","title":"t"}',
      '{"op":"auth","id":1}',
      `{"op":"auth","id":1,"token":"${MINE}"}`,
      '{"op":"auth","id":1,"token":7}',
    ],
    (message) => `a stranger’s ${short(message)}`,
    (message) => stranger(message),
  ),
  ['a stranger’s silence', () => stranger(' ')],
  ...named(
    COMMANDS.filter(isSayable).filter(([op]) => op !== 'nothing' && op !== 'ack'),
    ([op, body]) => `Socket.IO ${op} ${short(body ?? 'without a body')}`,
    ([op, body]) => overSocketIo(op, body),
  ),
  ...named<Record<string, unknown>>(
    [
      { topics: 7 },
      { topics: [['a']] },
      { topics: ['private/1'], token: 'T' },
      { topics: ['users/u-2'], token: 'T' },
      { topics: ['a'] },
      { token: MINE },
      { token: 7 },
      { token: '' },
      { token: 'T', topics: ['mine/1'], since: 7 },
      { token: 'T', topics: ['mine/1'], since: 'x y' },
      { token: 'T', topics: ['mine/1'], offset: {} },
      { token: 'T', topics: ['$a'] },
    ],
    (wish) => `Socket.IO handshake ${short(wish)}`,
    (wish) => handshake(wish['token'] === 'T' ? { ...wish, token } : wish),
  ),
];

describe.each([
  ['REST, polls and streams', REST],
  ['bytes that are no request', BYTES],
  ['upgrades and handshakes', UPGRADES],
  ['messages', MESSAGES],
])('%s', { timeout: 5_000 }, (_, rows) => {
  it.concurrent.each(rows)('%s', async (_name, force) => {
    const { text: all, id, code } = await force();
    for (const leak of LEAKS) expect(all).not.toMatch(leak);
    for (const secret of [OTHERS, MINE, API_KEY, token, server.dataDir]) expect(all).not.toContain(secret);
    expect(code).not.toMatch(/^(?:undefined|internal|5\d\d)/);
    expect(id).toMatch(UUID);
    ids.push(id);
  });
});

it('makes 200 kinds of errors, and the log has the id of each', async () => {
  expect(new Set(ids).size).toBeGreaterThanOrEqual(200);
  expect(ids).toHaveLength(REST.length + BYTES.length + UPGRADES.length + MESSAGES.length);
  const unlogged = () => ids.filter((id) => !server.logs.some((line) => line.includes(id)));
  await expect.poll(unlogged, { timeout: 5_000 }).toEqual([]);
});
