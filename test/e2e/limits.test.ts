import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { problemSchema } from '#clarion/protocol';
import { z } from 'zod';
import { EventStream } from '../support/event-stream.js';
import { mintToken, request } from '../support/rest.js';
import { API_KEY, startServer, type TestServer } from '../support/server.js';
import { deafSubscription } from '../support/subscription.js';
import { JsonSocket, refusedHandshake } from '../support/web-socket.js';

const KEY = { authorization: `Bearer ${API_KEY}` };
/** In the documentation's networks (RFC 5737, RFC 3849): nobody's. */
const SOMEBODY = '192.0.2.1';
const NEIGHBOUR = '2001:db8:1:2::1';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** What one transport says to a client, in words that can be compared. */
interface Verdict {
  readonly code: string;
  readonly retryAfterMs?: number | undefined;
  /** Of an HTTP answer. */
  readonly headers?: unknown;
}
const WELCOME: Verdict = { code: 'welcome' };

const headersOf = (headers: Record<string, unknown>): unknown => ({
  'retry-after': headers['retry-after'],
  ratelimit: headers['ratelimit'],
  'ratelimit-policy': headers['ratelimit-policy'],
});

function verdictOf(problem: unknown, headers?: Record<string, unknown>): Verdict {
  const { code, retryAfterMs } = problemSchema.parse(problem);
  return { code, retryAfterMs, ...(headers !== undefined && { headers: headersOf(headers) }) };
}

interface Visit {
  readonly server: TestServer;
  readonly token?: string;
  /** As the client (or a proxy) claims in `X-Forwarded-For`. */
  readonly from?: string;
}

const forwarded = ({ from }: Visit): Record<string, string> => (from === undefined ? {} : { 'x-forwarded-for': from });
const queryOf = ({ token }: Visit): string => (token === undefined ? 'topics=open/1' : `access_token=${token}`);

async function overSse(visit: Visit): Promise<Verdict> {
  const stream = await EventStream.open(`${visit.server.url}/v1/events?${queryOf(visit)}`, forwarded(visit));
  ends.push(() => stream.close());
  if (stream.status !== 200) return verdictOf(await stream.json(), stream.headers);
  await stream.first('ready', 1);
  return WELCOME;
}

async function overWebSocket(visit: Visit): Promise<Verdict> {
  const url = `${visit.server.url}/v1/ws?${queryOf(visit)}`;
  const socket = new JsonSocket(url, { headers: forwarded(visit) });
  ends.push(() => socket.close());
  const opened = await Promise.race([once(socket.socket, 'open').then(() => true), socket.closed.then(() => false)]);
  if (opened) return socket.heard('ready').then(() => WELCOME);
  const { body, headers } = await refusedHandshake(url, { headers: forwarded(visit) });
  return verdictOf(body, headers);
}

/** Refused before its credentials a client meets a connection error; afterwards its connection is closed, so that it comes back. */
async function overSocketIo(visit: Visit, transport: 'polling' | 'websocket'): Promise<Verdict> {
  const socket = io(visit.server.url, {
    transports: [transport],
    reconnection: false,
    forceNew: true,
    auth: visit.token === undefined ? { topics: 'open/1' } : { token: visit.token },
    extraHeaders: forwarded(visit),
  });
  ends.push(() => socket.disconnect());
  return new Promise((resolve) => {
    socket.once('ready', () => resolve(WELCOME));
    socket.once('connect_error', (error) => resolve({ code: Object(Object(error).data).code ?? 'refused' }));
    socket.io.once('close', () => resolve({ code: 'closed' }));
  });
}

/** A poll that waits, which holds a place as long as it does. */
async function overLongPoll(visit: Visit): Promise<Verdict> {
  const before = await connections(visit.server);
  const call = httpRequest(`${visit.server.url}/v1/events?wait=5&${queryOf(visit)}`, {
    agent: false,
    headers: { accept: 'application/json', ...forwarded(visit) },
  });
  ends.push(() => call.destroy());
  call.on('error', () => undefined); // of those that are given up
  call.end();
  const waits = until(async () => (await connections(visit.server)) > before && WELCOME);
  const answered = once(call, 'response').then(async ([response]) => {
    let text = '';
    for await (const piece of response) text += String(piece);
    return verdictOf(JSON.parse(text), response.headers);
  });
  return Promise.race([answered, waits]);
}

async function until<T>(look: () => Promise<T | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== false) return found;
  }
}

async function connections({ url }: TestServer): Promise<number> {
  const text = await (await fetch(`${url}/metrics`, { headers: KEY })).text();
  return Number(/^clarion_connections (\d+)$/m.exec(text)?.[1]);
}

/** Resolves when the server knows that everybody has gone. */
async function allGone(server: TestServer): Promise<void> {
  for (const end of ends.splice(0)) end();
  await until(async () => (await connections(server)) === 0);
}

const DOORS: readonly [string, (visit: Visit) => Promise<Verdict>][] = [
  ['SSE', overSse],
  ['WebSocket', overWebSocket],
  ['Socket.IO, WebSocket', (visit) => overSocketIo(visit, 'websocket')],
  ['Socket.IO, polling', (visit) => overSocketIo(visit, 'polling')],
  ['long poll', overLongPoll],
];

describe('connections', () => {
  let server: TestServer;
  let token: string;
  let other: string;
  beforeAll(async () => {
    server = await startServer({
      CLARION_ANONYMOUS_TOPICS: 'open/*',
      CLARION_TRUST_PROXY: 'true',
      CLARION_MAX_CONNECTIONS: '3',
      CLARION_MAX_CONNECTIONS_PER_USER: '1',
      CLARION_MAX_CONNECTIONS_PER_ADDRESS: '2',
    });
    token = await mintToken(server, { sub: 'u-1' });
    other = await mintToken(server, { sub: 'u-2' });
  });
  afterAll(() => server.stop());
  afterEach(() => allGone(server));

  it.each(DOORS)('of a user are limited over %s, whatever they connected over before', async (_, visit) => {
    expect(await overSse({ server, token })).toEqual(WELCOME);
    expect((await visit({ server, token })).code).toMatch(/^rate\.limited$|^closed$/);
    expect(await overWebSocket({ server, token: other })).toEqual(WELCOME);
  });

  it.each(DOORS)('over %s hold a place as long as they last, and no longer', async (_, visit) => {
    expect(await visit({ server, token })).toEqual(WELCOME);
    expect(await connections(server)).toBe(1);
    expect((await overSse({ server, token })).code).toBe('rate.limited');
    await allGone(server);
    expect(await overSse({ server, token })).toEqual(WELCOME);
  });

  it.each(DOORS)('of an address are limited over %s, IPv6 by /64', async (_, visit) => {
    await overSse({ server, from: NEIGHBOUR });
    await overWebSocket({ server, from: '2001:db8:1:2:aaaa::2' });
    expect((await visit({ server, from: '2001:db8:1:2:ffff::3' })).code).toMatch(/^rate\.limited$|^refused$/);
    expect(await overSse({ server, from: SOMEBODY })).toEqual(WELCOME);
  });

  it.each(DOORS)('in all are limited over %s', async (_, visit) => {
    for (const from of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) await overSse({ server, from });
    expect((await visit({ server, from: SOMEBODY.replace('.1', '.9') })).code).toMatch(/^overloaded$|^refused$/);
  });

  it('that are refused say which limit it was, and when to come back', async () => {
    await overSse({ server, token });
    const limit = {
      'retry-after': '5',
      ratelimit: '"user-connections";r=0;t=5',
      'ratelimit-policy': '"user-connections";q=1',
    };
    for (const visit of [overSse, overWebSocket])
      expect(await visit({ server, token })).toEqual({ code: 'rate.limited', retryAfterMs: 5_000, headers: limit });
  });

  it('of Socket.IO are refused in the words of HTTP where there are any', async () => {
    for (const from of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) await overSse({ server, from });
    const answer = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(problemSchema.parse(await answer.json()).code).toBe('overloaded');
    const upgrade = `${server.url}/socket.io/?EIO=4&transport=websocket`;
    expect(await refusedHandshake(upgrade, {}, [])).toMatchObject({ status: 503, body: { code: 'overloaded' } });
  });

  it('count for a WebSocket from its opening, and for its user from its token on', async () => {
    const socket = await new JsonSocket(`${server.url}/v1/ws`).opened();
    ends.push(() => socket.close());
    expect(await connections(server)).toBe(1);
    await socket.ask(1, { op: 'auth', id: 1, token });
    expect((await overSse({ server, token })).code).toBe('rate.limited');
    const second = await new JsonSocket(`${server.url}/v1/ws`).opened();
    second.say({ op: 'auth', id: 1, token });
    expect(await second.closed).toEqual({ code: 4529, reason: 'rate.limited' });
    expect(second.messages).toMatchObject([{ event: 'reply', ok: false, error: { retryAfterMs: 5_000 } }]);
  });
});

describe('without a trusted proxy', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({
      CLARION_ANONYMOUS_TOPICS: 'open/*',
      CLARION_MAX_CONNECTIONS_PER_ADDRESS: '1',
      CLARION_LIMIT_FAILED_LOGINS: '3/3600',
    });
  });
  afterAll(() => server.stop());

  it.each(DOORS)('X-Forwarded-For means nothing over %s', async (_, visit) => {
    expect(await overSse({ server, from: SOMEBODY })).toEqual(WELCOME);
    expect((await visit({ server, from: NEIGHBOUR })).code).toMatch(/^rate\.limited$|^refused$/);
    await allGone(server);
  });

  it('failed logins are 429 whatever address they claim, and what is valid passes', async () => {
    const token = await mintToken(server, { sub: 'u-1' });
    const expired = await mintToken(server, { sub: 'u-1', ttl: 1 });
    const codes: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      const headers = { Authorization: `Bearer wrong-key-${i}`, 'x-forwarded-for': `192.0.2.${i}` };
      const {
        status,
        body,
        headers: said,
      } = await request(server, 'GET', '/v1/notifications?topic=a', undefined, headers);
      codes.push([status, problemSchema.parse(body).code, said.get('ratelimit-policy')]);
    }
    const invalid = [401, 'key.invalid', null];
    const limited = [429, 'rate.limited', '"failed-logins";q=3;w=3600'];
    expect(codes).toEqual([invalid, invalid, invalid, limited, limited]);
    const forged = `${token.slice(0, -6)}AAAAAA`;
    for (const [name, visit] of DOORS)
      expect([name, (await visit({ server, token: forged })).code]).toEqual([
        name,
        expect.stringMatching(/^rate\.limited$|^closed$/),
      ]);
    await allGone(server);
    expect(await overWebSocket({ server, token })).toEqual(WELCOME);
    expect((await request(server, 'GET', '/v1/notifications?topic=a')).status).toBe(200);
    await until(async () => (await overSse({ server, token: expired })).code === 'token.expired');
  });
});

describe('handshakes of an address', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({
      CLARION_ANONYMOUS_TOPICS: 'open/*',
      CLARION_TRUST_PROXY: '127.0.0.1',
      CLARION_LIMIT_HANDSHAKES: '2/3600',
    });
  });
  afterAll(() => server.stop());

  it.each(DOORS.slice(0, -1))('are limited over %s', async (name, visit) => {
    const from = `192.0.2.${10 + DOORS.findIndex(([door]) => door === name)}`;
    expect([await overSse({ server, from }), await visit({ server, from })]).toEqual([WELCOME, WELCOME]);
    expect((await visit({ server, from })).code).toMatch(/^rate\.limited$|^refused$/);
    expect((await overSse({ server, from })).headers).toMatchObject({ 'ratelimit-policy': '"handshakes";q=2;w=3600' });
  });
});

describe('publishes and commands', () => {
  let server: TestServer;
  const refusal = z.object({ error: problemSchema });
  beforeAll(async () => {
    server = await startServer({
      CLARION_LIMIT_KEY_PUBLISHES: '4/3600',
      CLARION_LIMIT_USER_PUBLISHES: '2/3600',
      CLARION_LIMIT_USER_COMMANDS: '2/3600',
      CLARION_MAX_SELECTORS: '2',
    });
  });
  afterAll(() => server.stop());

  const publisher = (sub: string): Promise<string> => mintToken(server, { sub, publish: ['a/*'], subscribe: ['a/*'] });
  const draft = { topic: 'a/1', title: 't' };

  async function socketIo(token: string): Promise<Socket> {
    const socket = io(server.url, { transports: ['websocket'], reconnection: false, forceNew: true, auth: { token } });
    ends.push(() => socket.disconnect());
    await new Promise((ready) => socket.once('ready', ready));
    return socket;
  }

  async function webSocket(token: string): Promise<JsonSocket> {
    const socket = new JsonSocket(`${server.url}/v1/ws?access_token=${token}`);
    ends.push(() => socket.close());
    await socket.heard('ready');
    return socket;
  }

  it('of a user are counted together, whatever they come over', async () => {
    const token = await publisher('u-1');
    const own = { Authorization: `Bearer ${token}` };
    const [ws, sio] = [await webSocket(token), await socketIo(token)];
    expect(await ws.ask(1, { op: 'publish', id: 1, ...draft })).toMatchObject({ ok: true });
    expect(await sio.emitWithAck('publish', draft)).toMatchObject({ id: expect.any(String) });
    const rest = await request(server, 'POST', '/v1/notifications', draft, own);
    expect(rest.status).toBe(429);
    expect(headersOf(Object.fromEntries(rest.headers))).toEqual({
      'retry-after': expect.stringMatching(/^1[78]\d\d$/),
      ratelimit: expect.stringMatching(/^"user-publishes";r=0;t=1[78]\d\d$/),
      'ratelimit-policy': '"user-publishes";q=2;w=3600',
    });
    const overWs = refusal.parse(await ws.ask(2, { op: 'publish', id: 2, ...draft }));
    const overSio = refusal.parse(await sio.emitWithAck('publish', draft));
    for (const { error } of [overWs, overSio])
      expect(error).toMatchObject({ code: 'rate.limited', status: 429, retryAfterMs: expect.any(Number) });
    const batch = await request(server, 'POST', '/v1/notifications/batch', { notifications: [draft] }, own);
    expect(batch.body).toMatchObject({ results: [{ status: 429, error: { code: 'rate.limited' } }] });
  });

  it('that are pipelined over a WebSocket are answered each', async () => {
    const ws = await webSocket(await publisher('u-2'));
    for (let id = 1; id <= 20; id++) ws.say({ op: 'publish', id, ...draft });
    for (let id = 1; id <= 20; id++) await ws.heard((message) => message['id'] === id);
    const replies = ws.messages.filter(({ event }) => event === 'reply');
    const accepted = replies.filter((reply) => reply['ok'] === true);
    expect(accepted.map((reply) => reply['id'])).toEqual([1, 2]);
    const refused = replies.flatMap((reply) => refusal.safeParse(reply).data?.error.code ?? []);
    expect(refused).toEqual(Array.from({ length: 18 }, () => 'rate.limited'));
  });

  it('of a key are counted item by item, and other keys and readers are not concerned', async () => {
    const items = Array.from({ length: 6 }, () => draft);
    const { body } = await request(server, 'POST', '/v1/notifications/batch', { notifications: items });
    const { results } = z.object({ results: z.array(z.object({ status: z.number() })) }).parse(body);
    expect(results.map(({ status }) => status)).toEqual([201, 201, 201, 201, 429, 429]);
    expect((await request(server, 'POST', '/v1/notifications', draft)).status).toBe(429);
    expect((await request(server, 'GET', '/v1/notifications?topic=a/1')).status).toBe(200);
  });

  it('commands of a user are counted over WebSocket, Socket.IO, history and polls', async () => {
    for (const [name, ask] of await ways()) {
      const token = await publisher(`c-${name}`);
      const asked = await ask(token);
      expect([name, await asked(), await asked()]).toEqual([name, 'done', 'done']);
      expect([name, await asked()]).toEqual([name, 'rate.limited']);
    }
  });

  it('what needs no credentials is counted by address, whatever is brought', async () => {
    const Authorization = `Bearer ${await publisher('c-reports')}`;
    const report = { ticket: 'A'.repeat(22), event: 'shown' };
    const renewal = { ticket: 'A'.repeat(22), subscription: deafSubscription() };
    const asked = [
      await request(server, 'GET', '/v1/push/key', undefined, { Authorization }),
      await request(server, 'POST', '/v1/push/reports', report, { Authorization: '' }),
      await request(server, 'POST', '/v1/push/reports', report, { Authorization }),
      await request(server, 'POST', '/v1/push/subscriptions', renewal, { Authorization }),
    ];
    expect(asked.map(({ status }) => status)).toEqual([200, 404, 429, 429]);
    expect((await request(server, 'GET', '/v1/events', undefined, { Authorization })).status).toBe(200);
  });

  it('selectors of a reader are limited over every transport, also those that come later', async () => {
    const token = await publisher('s-1');
    const query = `topics=a/1,a/2,a/3&access_token=${token}`;
    const stream = await EventStream.open(`${server.url}/v1/events?${query}`);
    const poll = await fetch(`${server.url}/v1/events?${query}`);
    const upgrade = await refusedHandshake(`${server.url}/v1/ws?${query}`);
    const auth = { token, topics: ['a/1', 'a/2', 'a/3'] };
    const sio = io(server.url, { transports: ['websocket'], reconnection: false, forceNew: true, auth });
    ends.push(() => sio.disconnect());
    const error: unknown = await new Promise((resolve) => sio.once('connect_error', resolve));
    for (const problem of [await stream.json(), await poll.json(), upgrade.body, Object(error).data])
      expect(problem).toMatchObject({ code: 'body.invalid', errors: [{ pointer: '/topics' }] });
    const socket = await webSocket(token);
    const more = { op: 'subscribe', id: 1, topics: ['a/1', 'a/2'] };
    expect(await socket.ask(1, more)).toMatchObject({ ok: false, error: { code: 'body.invalid' } });
  });

  /** A command over each transport, and what it is answered. */
  async function ways(): Promise<[string, (token: string) => Promise<() => Promise<string>>][]> {
    const codeIn = (answer: unknown): string => refusal.safeParse(answer).data?.error.code ?? 'done';
    const get = (path: string) => async (token: string) => async () => {
      const { status, body } = await request(server, 'GET', path, undefined, { Authorization: `Bearer ${token}` });
      return status === 200 ? 'done' : problemSchema.parse(body).code;
    };
    let id = 0;
    return [
      [
        'websocket',
        async (token) => {
          const socket = await webSocket(token);
          return async () => codeIn(await socket.ask(++id, { op: 'ping', id }));
        },
      ],
      [
        'socketio',
        async (token) => {
          const socket = await socketIo(token);
          return async () => codeIn(await socket.emitWithAck('subscribe', { topics: ['a/1'] }));
        },
      ],
      ['history', get('/v1/notifications?topic=a/1')],
      ['poll', get('/v1/events?topics=a/1')],
    ];
  }
});
