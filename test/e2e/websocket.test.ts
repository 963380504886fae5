import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { SignJWT } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  ERRORS,
  mayComeBack,
  problemSchema,
  replySchema,
  WEB_SOCKET_PROTOCOL,
  type ErrorCode,
} from '#clarion/protocol';
import { mintToken, publish, readMetric } from '../support/rest.js';
import { API_KEY, startServer, TOKEN_SECRET, type TestServer } from '../support/server.js';
import { JsonSocket, refusedHandshake } from '../support/web-socket.js';

const ORIGIN = 'https://app.example';
const AUTH_TIMEOUT_MS = 1_000;

let server: TestServer;
let token: string;
const open = new Set<JsonSocket>();

beforeAll(async () => {
  server = await startServer({
    CLARION_ALLOWED_ORIGINS: ORIGIN,
    CLARION_ANONYMOUS_TOPICS: 'open/*',
    CLARION_WEBSOCKET_AUTH_TIMEOUT_MS: String(AUTH_TIMEOUT_MS),
    CLARION_WEBSOCKET_MAX_UNAUTHENTICATED: '4',
  });
  token = await mintToken(server, { sub: 'u-1', subscribe: ['orders/*'] });
});

afterAll(() => server.stop());

afterEach(() => {
  for (const one of open) one.close();
  open.clear();
});

function client(query = '', options = {}, protocols?: string[], to: TestServer = server): JsonSocket {
  const made = new JsonSocket(`${to.url}/v1/ws${query}`, options, protocols);
  open.add(made);
  return made;
}

const bearer = (credential: string) => ({ headers: { authorization: `Bearer ${credential}` } });

function signed(claims: Record<string, unknown>, expiresInMs: number): Promise<string> {
  return new SignJWT({ clarion: { subscribe: ['orders/*'] }, exp: (Date.now() + expiresInMs) / 1_000, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('u-1')
    .sign(new TextEncoder().encode(TOKEN_SECRET));
}

function codeIn(message: unknown): string | undefined {
  const reply = replySchema.parse(message);
  return reply.ok ? undefined : reply.error.code;
}

/** Closed for this error: the code of the catalogue, named in the reason. */
function closedFor(code: ErrorCode): { code: number; reason: string } {
  return { code: ERRORS[code].closeCode, reason: code };
}

describe('whoever says everything in the request', () => {
  it('is ready at once, with the token in a header or in the address', async () => {
    for (const [query, options] of [
      ['?topics=orders/1,orders/2', bearer(token)],
      [`?topic=orders/1&topic=orders/2&access_token=${token}`, {}],
      ['?topics=orders/1,orders/2', bearer(API_KEY)],
    ] as const) {
      const reader = await client(query, options).opened();
      expect(reader.socket.protocol).toBe(WEB_SOCKET_PROTOCOL);
      await reader.heard('ready');
      expect(reader.messages).toMatchObject([{ event: 'ready', data: { topics: ['orders/1', 'orders/2'] } }]);
      const { id, cursor } = await publish(server, { topic: 'orders/2', title: 'Shipped ✓' });
      const { data } = await reader.heard('notification');
      expect(data).toMatchObject({ id, cursor, topic: 'orders/2', title: 'Shipped ✓' });
    }
  });

  it('reads its own topic when it names none, and needs no sub-protocol', async () => {
    const reader = await client('', bearer(token), []).opened();
    expect(reader.socket.protocol).toBe('');
    expect(await reader.heard('ready')).toMatchObject({ data: { topics: ['users/u-1'] } });
  });

  it('resumes after its cursor', async () => {
    const { cursor } = await publish(server, { topic: 'orders/since', title: 'seen' });
    await publish(server, { topic: 'orders/since', title: 'missed' });
    const reader = client(`?topics=orders/since&since=${cursor}`, bearer(token));
    expect(await reader.heard('notification')).toMatchObject({ data: { title: 'missed' } });
    expect(reader.messages.map(({ event }) => event)).toEqual(['ready', 'notification']);
  });

  it('needs no token for what is open to everybody', async () => {
    const reader = client('?topics=open/1');
    await reader.heard('ready');
    await publish(server, { topic: 'open/1', title: 'for all' });
    expect(await reader.heard('notification')).toMatchObject({ data: { title: 'for all' } });
  });
});

describe('whoever says it in messages', () => {
  it('authenticates, subscribes, and is ready after the reply', async () => {
    const { cursor } = await publish(server, { topic: 'orders/m', title: 'seen' });
    await publish(server, { topic: 'orders/m', title: 'missed' });
    const reader = await client().opened();
    const auth = await reader.ask(1, { op: 'auth', id: 1, token });
    expect(auth).toEqual({ event: 'reply', id: 1, ok: true, data: { expiresAt: expect.any(String) } });
    const reply = await reader.ask('s', { op: 'subscribe', id: 's', topics: ['orders/m'], since: cursor });
    expect(reply).toEqual({ event: 'reply', id: 's', ok: true, data: { topics: ['orders/m'], cursor } });
    await reader.heard('notification');
    expect(reader.messages.map(({ event }) => event)).toEqual(['reply', 'reply', 'ready', 'notification']);
    expect(reader.messages[2]).toMatchObject({ data: { topics: ['orders/m'], cursor } });
  });

  it('may send both at once, and gets reply, gap and ready in this order when its place is lost', async () => {
    const reader = await client().opened();
    reader.say({ op: 'auth', id: 1, token });
    reader.say({ op: 'subscribe', id: 2, topics: ['orders/g'], since: 'nobodyknowsthis' });
    reader.say({ op: 'ping', id: 3 });
    await reader.heard(({ id }) => id === 3);
    expect(reader.messages.slice(0, 5).map(({ event, id }) => id ?? event)).toEqual([1, 2, 'gap', 'ready', 3]);
    expect(reader.messages[2]).toMatchObject({ data: { reason: 'unknown' } });
  });

  it('reads its own topic when it names none, and nothing when it names nothing', async () => {
    for (const [wanted, topics] of [
      [{}, ['users/u-1']],
      [{ topics: [] }, []],
    ] as const) {
      const reader = await client().opened();
      await reader.ask(1, { op: 'auth', id: 1, token });
      expect(await reader.ask(2, { op: 'subscribe', id: 2, ...wanted })).toMatchObject({ data: { topics } });
    }
  });

  it('may try again once it is known', async () => {
    const reader = await client().opened();
    await reader.ask(1, { op: 'auth', id: 1, token });
    for (const [id, request, code] of [
      [2, { op: 'subscribe', topics: ['invoices/1'] }, 'topic.forbidden'],
      [3, { op: 'subscribe', topics: ['orders/1'], since: 'no cursor!' }, 'cursor.invalid'],
      [4, { op: 'subscribe', topics: ['a//b'] }, 'query.invalid'],
      [5, { op: 'subscribe', topics: 'orders/1' }, 'body.invalid'],
      [6, { op: 'history', topic: 'orders/1' }, 'request.invalid'],
      [7, { op: 'ack', cursor: 'x' }, 'body.invalid'],
    ] as const)
      expect([id, codeIn(await reader.ask(id, { id, ...request }))]).toEqual([id, code]);
    expect(await reader.ask(8, { op: 'ping', id: 8 })).toEqual({ event: 'reply', id: 8, ok: true });
    await reader.ask(9, { op: 'subscribe', id: 9, topics: ['orders/1'] });
    await reader.heard('ready');
  });

  it.each<[string, unknown, ErrorCode]>([
    ['a wrong token', { op: 'auth', id: 'x', token: 'a.b.c' }, 'token.invalid'],
    ['another message first', { op: 'subscribe', id: 'x', topics: ['open/1'] }, 'credentials.missing'],
    ['auth without a token', { op: 'auth', id: 'x' }, 'body.invalid'],
    ['no JSON', '{"op":', 'json.invalid'],
  ])('has one try to say who it is: %s', async (_, message, code) => {
    const reader = await client().opened();
    reader.say(message);
    expect(codeIn(await reader.heard('reply'))).toBe(code);
    expect(await reader.closed).toEqual(closedFor(code));
  });

  it('and a token that has expired is said to be so', async () => {
    const reader = await client().opened();
    reader.say({ op: 'auth', id: 1, token: await signed({}, -60_000) });
    expect(codeIn(await reader.heard('reply'))).toBe('token.expired');
    expect(await reader.closed).toEqual(closedFor('token.expired'));
  });

  it('has a time for it, and may come back after that', async () => {
    const from = performance.now();
    const reader = await client().opened();
    const { code, reason } = await reader.closed;
    expect({ code, reason }).toEqual(closedFor('request.timeout'));
    expect(mayComeBack(code)).toBe(true);
    expect(performance.now() - from).toBeGreaterThan(AUTH_TIMEOUT_MS - 50);
    expect(codeIn(reader.messages[0])).toBe('request.timeout');
  });

  it('is one of a bounded number until it is known', async () => {
    const waiting = await Promise.all(Array.from({ length: 4 }, () => client().opened()));
    const { status, headers, body } = await refusedHandshake(`${server.url}/v1/ws`);
    expect([status, headers['retry-after'], problemSchema.parse(body).code]).toEqual([503, '1', 'overloaded']);
    await waiting[0]?.ask(1, { op: 'auth', id: 1, token });
    await client('?topics=open/1').heard('ready'); // they do not count
    const next = await client().opened();
    expect(await next.ask(1, { op: 'auth', id: 1, token })).toMatchObject({ ok: true });
    await Promise.all(waiting.slice(1).map(({ closed }) => closed));
  });
});

describe('an open session', () => {
  async function reader(): Promise<JsonSocket> {
    const made = client('?topics=orders/1', bearer(token));
    await made.heard('ready');
    return made;
  }

  it('changes what it reads, pages through history, and is answered in the order of its requests', async () => {
    const session = await reader();
    const { id } = await publish(server, { topic: 'orders/h', title: 'old' });
    session.say({ op: 'subscribe', id: 1, topics: ['orders/h'] });
    session.say({ op: 'history', id: 2, topic: 'orders/h', limit: 1 });
    session.say({ op: 'unsubscribe', id: 3, topics: ['orders/1'] });
    session.say({ op: 'ping', id: 4 });
    await session.heard((message) => message['id'] === 4);
    const replies = session.messages.filter(({ event }) => event === 'reply');
    expect(replies).toMatchObject([
      { id: 1, ok: true, data: { topics: ['orders/1', 'orders/h'], cursor: expect.any(String) } },
      { id: 2, ok: true, data: { notifications: [{ id, title: 'old' }] } },
      { id: 3, ok: true, data: { topics: ['orders/h'] } },
      { id: 4, ok: true },
    ]);
  });

  it.each<[string, string, string | number | null, ErrorCode]>([
    ['no JSON', 'hello', null, 'json.invalid'],
    ['nothing', '', null, 'json.invalid'],
    ['a list', '[]', null, 'body.invalid'],
    ['no id', '{"op":"ping"}', null, 'body.invalid'],
    ['an id of another kind', '{"op":"ping","id":{"a":1}}', null, 'body.invalid'],
    ['a long id', JSON.stringify({ op: 'ping', id: 'x'.repeat(65) }), null, 'body.invalid'],
    ['no operation', '{"id":7}', 7, 'body.invalid'],
    ['an unknown operation', '{"op":"ack","id":7}', 7, 'body.invalid'],
    ['a name of every object', '{"op":"constructor","id":7}', 7, 'body.invalid'],
    ['a stray member', '{"op":"subscribe","id":7,"topics":["orders/2"],"since":"earliest"}', 7, 'body.invalid'],
    ['a stray member of ping', '{"op":"ping","id":7,"x":1}', 7, 'body.invalid'],
    ['a prototype', '{"op":"ping","id":7,"__proto__":{"a":1}}', 7, 'json.invalid'],
    [
      '10,000 lists deep',
      `{"op":"subscribe","id":7,"topics":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      7,
      'json.invalid',
    ],
    ['a forbidden topic', '{"op":"subscribe","id":7,"topics":["users/u-2"]}', 7, 'topic.forbidden'],
  ])('answers %s with an error and lives on', async (_, message, id, code) => {
    const session = await reader();
    expect(codeIn(await session.ask(id, message))).toBe(code);
    expect(await session.ask('after', { op: 'ping', id: 'after' })).toMatchObject({ ok: true });
  });

  it('speaks text alone', async () => {
    const session = await reader();
    session.say(Buffer.from('{"op":"ping","id":1}'));
    expect(await session.closed).toEqual({ code: 1003, reason: 'media_type.unsupported' });
  });

  it('ends with its token, after a bye, unless a new one came', async () => {
    const short = await signed({}, 1_200);
    const [renewed, ending] = [client('?topics=orders/1', bearer(short)), client('?topics=orders/1', bearer(short))];
    await Promise.all([renewed.heard('ready'), ending.heard('ready')]);
    const reply = await renewed.ask(1, { op: 'auth', id: 1, token });
    expect(reply).toMatchObject({ ok: true, data: { topics: ['orders/1'] } });
    expect(await ending.closed).toEqual({ code: 4401, reason: 'token.expired' });
    expect(ending.messages.at(-1)).toEqual({ event: 'bye', data: { reason: 'token.expired', reconnect: false } });
    expect(mayComeBack(4401)).toBe(false);
    await publish(server, { topic: 'orders/1', title: 'still here' });
    await renewed.heard('notification');
  });

  it('ends with its token before it has subscribed, too', async () => {
    const session = await client().opened();
    await session.ask(1, { op: 'auth', id: 1, token: await signed({}, 500) });
    expect(await session.closed).toEqual({ code: 4401, reason: 'token.expired' });
    expect(session.messages.at(-1)).toMatchObject({ event: 'bye' });
  });
});

describe('a handshake that cannot be', () => {
  const cases: [string, string, object, string[] | undefined, ErrorCode][] = [
    ['a foreign origin', '?topics=open/1', { origin: 'https://evil.example' }, undefined, 'origin.forbidden'],
    ['an origin of nothing', '', { origin: 'null' }, undefined, 'origin.forbidden'],
    ['other sub-protocols alone', '?topics=open/1', {}, ['graphql-ws', 'mqtt'], 'request.invalid'],
    ['an old version', '?topics=open/1', { protocolVersion: 8, origin: ORIGIN }, undefined, 'request.invalid'],
    ['nobody', '?topics=orders/1', {}, undefined, 'credentials.missing'],
    ['no token at all', '?since=earliest', {}, undefined, 'credentials.missing'],
    ['a wrong token', '?access_token=a.b.c', {}, undefined, 'token.invalid'],
    ['a wrong key', '', bearer('no-such-key-0123456789'), undefined, 'key.invalid'],
    ['bad topics', '?topics=a//b', {}, undefined, 'query.invalid'],
    ['a bad cursor', '?topics=open/1&since=no%20cursor', {}, undefined, 'cursor.invalid'],
  ];

  it.each(cases)('%s', async (_, query, options, protocols, code) => {
    const { status, headers, body } = await refusedHandshake(`${server.url}/v1/ws${query}`, options, protocols);
    const problem = problemSchema.parse(body);
    expect(problem.code).toBe(code);
    expect(status).toBe(ERRORS[code].status);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
    expect(headers['sec-websocket-version']).toBe(status === 400 && code === 'request.invalid' ? '13' : undefined);
  });

  it('a topic that the token does not grant', async () => {
    const { status, body } = await refusedHandshake(`${server.url}/v1/ws?topics=invoices/1`, bearer(token));
    expect([status, problemSchema.parse(body).code]).toEqual([403, 'topic.forbidden']);
  });

  it('a path that nobody serves', async () => {
    const { status, body } = await refusedHandshake(`${server.url}/v1/wss`);
    expect([status, problemSchema.parse(body).code]).toEqual([404, 'route.unknown']);
  });

  it('ours among several sub-protocols, from an allowed page, can be', async () => {
    const reader = await client('?topics=open/1', { origin: ORIGIN }, ['mqtt', WEB_SOCKET_PROTOCOL]).opened();
    expect(reader.socket.protocol).toBe(WEB_SOCKET_PROTOCOL);
    await reader.heard('ready');
  });
});

describe('a server that goes away', () => {
  it('says bye to readers and to those it has yet to know, and closes with 1001', async () => {
    const own = await startServer({ CLARION_ANONYMOUS_TOPICS: 'open/*' });
    try {
      const readers = Array.from({ length: 3 }, () => client('?topics=open/1', {}, undefined, own));
      await Promise.all(readers.map((reader) => reader.heard('ready')));
      const stranger = await client('', {}, undefined, own).opened();
      const exit = own.kill('SIGTERM');
      for (const one of [...readers, stranger]) {
        expect(await one.closed).toEqual({ code: 1001, reason: 'server.draining' });
        const bye = { reason: 'server.draining', reconnect: true, retryAfterMs: expect.any(Number) };
        expect(one.messages.at(-1)).toEqual({ event: 'bye', data: bye });
      }
      expect((await exit).code).toBe(0);
    } finally {
      await own.stop();
    }
  });
});

/** Runs in a process of its own, since on Node 20 the global is behind a flag. Prints each message, and the close. */
const STANDARD_CLIENT = `
  const socket = new WebSocket(process.argv[1], 'clarion.v1.json');
  socket.onopen = () => {
    socket.send(JSON.stringify({ op: 'auth', id: 1, token: process.argv[2] }));
    socket.send(JSON.stringify({ op: 'subscribe', id: 2, topics: ['orders/*'], since: process.argv[3] }));
  };
  socket.onmessage = ({ data }) => {
    const { event, id, data: { title } = {} } = JSON.parse(data);
    console.log(event, id ?? title ?? '');
    if (event === 'notification') socket.close(1000, 'enough');
  };
  socket.onclose = ({ code, wasClean }) => console.log('close', code, wasClean);
`;

it("works with Node's own WebSocket", async () => {
  const { cursor } = await publish(server, { topic: 'orders/node', title: 'seen' });
  await publish(server, { topic: 'orders/node', title: 'missed' });
  const flag = 'WebSocket' in globalThis ? [] : ['--experimental-websocket'];
  const url = `${server.url.replace('http', 'ws')}/v1/ws`;
  const child = spawn(process.execPath, [...flag, '-e', STANDARD_CLIENT, url, token, cursor]);
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  expect(
    output
      .trim()
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual(['reply 1', 'reply 2', 'ready', 'notification missed', 'close 1000 true']);
});

it('what comes of a client that has gone before it was begun opens nothing', async () => {
  const sessions = async (): Promise<number> =>
    (await readMetric(server, 'clarion_sessions'))['transport="websocket"'] ?? 0;
  for (let i = 0; i < 10; i++) {
    const socket = await client().opened();
    await socket.ask(0, { op: 'auth', id: 0, token });
    for (let id = 1; id <= 100; id++) socket.say({ op: 'auth', id, token });
    socket.say({ op: 'subscribe', id: 101, topics: ['orders/1'] });
    socket.close();
    await socket.closed;
  }
  // Begun in its turn: what came before it was begun before.
  const last = client('', bearer(token));
  await last.heard('ready');
  last.close();
  await expect.poll(sessions).toBe(0);
});
