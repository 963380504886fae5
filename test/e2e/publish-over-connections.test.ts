import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  MAX_PUBLISH_BYTES,
  problemSchema,
  type Problem,
  publishReplySchema,
  type PublishReply,
} from '#clarion/protocol';
import { z } from 'zod';
import { mintToken, publish, request } from '../support/rest.js';
import { API_KEY, startServer, type TestServer } from '../support/server.js';
import { JsonSocket } from '../support/web-socket.js';

const KEY = { authorization: `Bearer ${API_KEY}` };
const TOPIC = 'kept/1';

let server: TestServer;
const ends: (() => void)[] = [];

beforeAll(async () => {
  server = await startServer({ CLARION_ANONYMOUS_TOPICS: 'open/*' });
});
afterAll(() => server.stop());
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A WebSocket that only speaks, as a service opens it. */
async function service(query = '?topics=', headers: Record<string, string> = KEY): Promise<JsonSocket> {
  const made = new JsonSocket(`${server.url}/v1/ws${query}`, { headers });
  ends.push(() => made.close());
  await made.heard('ready');
  return made;
}

async function socketIo(auth: object = { topics: '' }, extraHeaders: Record<string, string> = KEY): Promise<Socket> {
  const socket = io(server.url, { transports: ['websocket'], reconnection: false, forceNew: true, auth, extraHeaders });
  ends.push(() => socket.disconnect());
  await new Promise((ready) => socket.once('ready', ready));
  return socket;
}

const refusalSchema = z.object({ error: problemSchema });
const replySchema = z.object({ event: z.literal('reply'), id: z.unknown(), ok: z.boolean() });

function answerIn(message: unknown): PublishReply {
  return z.strictObject(publishReplySchema.shape).parse(z.object({ data: z.unknown() }).parse(message).data);
}

/** The members of an object in JSON, to be put among others. */
function members(json: string): string {
  return json.trim().slice(1, -1);
}

interface Ways {
  readonly rest: (json: string) => Promise<unknown>;
  readonly webSocket: (json: string) => Promise<unknown>;
  readonly socketIo: (json: string) => Promise<unknown>;
}

/** One body over each transport, and the problem that each tells, without what differs by nature. */
async function ways(): Promise<Ways> {
  const ws = await service();
  const sio = await socketIo();
  let id = 0;
  return {
    rest: async (body) => {
      const init = { method: 'POST', body, headers: { ...KEY, 'content-type': 'application/json' } };
      return withoutId(problemSchema.parse(await (await fetch(`${server.url}/v1/notifications`, init)).json()));
    },
    webSocket: async (body) => {
      const reply = await ws.ask(++id, `{"op":"publish","id":${id},${members(body)}}`);
      expect(reply).toMatchObject({ event: 'reply', ok: false });
      return withoutId(refusalSchema.parse(reply).error);
    },
    socketIo: async (body) => withoutId(refusalSchema.parse(await sio.emitWithAck('publish', JSON.parse(body))).error),
  };
}

/** What is the same wherever it is said; each refusal has an id of its own. */
function withoutId({ requestId, ...problem }: Problem): Problem {
  expect(requestId).toMatch(/^[\da-f-]{36}$/);
  return problem;
}

describe('a service with an API key in the handshake', () => {
  it('publishes over a WebSocket what others hear and history keeps', async () => {
    const reader = await service('?topics=kept/ws');
    const writer = await service();
    const { id, cursor } = answerIn(
      await writer.ask(1, { op: 'publish', id: 1, topic: 'kept/ws', title: 'Shipped ✓', data: { a: [1] } }),
    );
    expect(await reader.heard('notification')).toMatchObject({
      data: { id, cursor, topic: 'kept/ws', title: 'Shipped ✓', data: { a: [1] } },
    });
    const { body } = await request(server, 'GET', '/v1/notifications?topic=kept/ws');
    expect(body).toMatchObject({ notifications: [{ id, cursor }] });
    const ephemeral = await writer.ask('e', {
      op: 'publish',
      id: 'e',
      topic: 'kept/ws',
      type: 'tick',
      ephemeral: true,
    });
    expect(Object.keys(answerIn(ephemeral))).toEqual(['id']);
    await reader.heard(({ data }) => Object(data)['type'] === 'tick');
    expect(writer.messages.map(({ event }) => event)).not.toContain('notification');
  });

  it('publishes over Socket.IO, by the stock client, also without an acknowledgement', async () => {
    const reader = await service('?topics=kept/sio');
    const writer = await socketIo();
    const answer: unknown = await writer.emitWithAck('publish', { topic: 'kept/sio', title: 'one' });
    const { id, cursor } = z.strictObject(publishReplySchema.shape).parse(answer);
    expect(await reader.heard('notification')).toMatchObject({ data: { id, cursor, title: 'one' } });
    writer.emit('publish', { topic: 'kept/sio', title: 'two' });
    writer.emit('publish', { topic: 'kept/sio', title: 'refused', surprise: 1 });
    writer.emit('publish');
    await reader.heard(({ data }) => Object(data)['title'] === 'two');
    const binary: unknown = await writer.emitWithAck('publish', { topic: 'kept/sio', data: Buffer.from('x') });
    expect(refusalSchema.parse(binary).error.code).toBe('json.invalid');
  });

  it('has a thousand publishes under way at once, which are heard in their order', async () => {
    const reader = await service('?topics=kept/many');
    const [ws, sio] = [await service(), await socketIo()];
    const numbers = Array.from({ length: 1_000 }, (_, n) => n);
    for (const n of numbers) ws.say({ op: 'publish', id: n, topic: 'kept/many', data: { n } });
    await reader.heard(({ data }) => Object(Object(data)['data'])['n'] === 999);
    await ws.heard(({ id }) => id === 999);
    await Promise.all(numbers.map((n) => sio.emitWithAck('publish', { topic: 'kept/many', data: { n: n + 1_000 } })));
    await reader.heard(({ data }) => Object(Object(data)['data'])['n'] === 1_999);
    const heard = reader.messages.filter(({ event }) => event === 'notification');
    expect(heard.map(({ data }) => Object(Object(data)['data'])['n'])).toEqual([
      ...numbers,
      ...numbers.map((n) => n + 1_000),
    ]);
    const replies = ws.messages.filter(({ event }) => event === 'reply').map((reply) => replySchema.parse(reply));
    expect(replies.every(({ ok }) => ok)).toBe(true);
    expect(new Set(replies.map(({ id }) => id))).toEqual(new Set(numbers));
  });

  it('over Socket.IO is refused what is more at once', async () => {
    const sio = await socketIo();
    const answers: unknown[] = await Promise.all(
      Array.from({ length: 3_000 }, () => sio.emitWithAck('publish', { topic: 'kept/more', title: 't' })),
    );
    const refused = answers.flatMap((answer) => refusalSchema.safeParse(answer).data?.error.code ?? []);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(1_000);
    expect([...new Set(refused)].filter((code) => code !== 'rate.limited')).toEqual([]);
    expect(await sio.emitWithAck('publish', { topic: 'kept/more', title: 't' })).toHaveProperty('cursor');
  });

  it('subscribes and hears what it publishes right after that, without waiting', async () => {
    const writer = await service();
    writer.say({ op: 'subscribe', id: 1, topics: ['kept/own'] });
    writer.say({ op: 'publish', id: 2, topic: 'kept/own', title: 'own', ephemeral: true });
    expect(await writer.heard('notification')).toMatchObject({ data: { title: 'own' } });
  });

  it('gets the same answer to the same idempotency key over any transport', async () => {
    const [ws, sio] = [await service(), await socketIo()];
    const draft = { topic: 'kept/keys', title: 'once', idempotencyKey: 'same' };
    const { id, cursor } = await publish(server, draft);
    expect(answerIn(await ws.ask(1, { op: 'publish', id: 1, ...draft }))).toEqual({ id, cursor, replayed: true });
    expect(await sio.emitWithAck('publish', draft)).toEqual({ id, cursor, replayed: true });
    const first = answerIn(await ws.ask(2, { op: 'publish', id: 2, ...draft, idempotencyKey: 'other' }));
    expect(await publish(server, { ...draft, idempotencyKey: 'other' })).toEqual(first);
    const another = await ws.ask(3, { op: 'publish', id: 3, ...draft, title: 'twice' });
    expect(refusalSchema.parse(another).error.code).toBe('idempotency.mismatch');
  });
});

describe('who may', () => {
  it('no API key in a message: those belong in headers, which no page can set', async () => {
    const ws = await new JsonSocket(`${server.url}/v1/ws`).opened();
    ws.say({ op: 'auth', id: 1, token: API_KEY });
    expect(await ws.closed).toEqual({ code: 4401, reason: 'token.invalid' });
    const socket = io(server.url, {
      transports: ['websocket'],
      reconnection: false,
      auth: { token: API_KEY, topics: '' },
    });
    ends.push(() => socket.disconnect());
    const [error]: unknown[] = await new Promise((refused) => socket.once('connect_error', (...why) => refused(why)));
    expect(error).toMatchObject({ data: { code: 'token.invalid' } });
  });

  it('a person whose token grants it, as soon as that is known', async () => {
    const token = await mintToken(server, { sub: 'u-1', publish: ['kept/*'] });
    const ws = await new JsonSocket(`${server.url}/v1/ws`).opened();
    ends.push(() => ws.close());
    ws.say({ op: 'auth', id: 1, token });
    const draft = { op: 'publish', title: 't' };
    expect(await ws.ask(2, { ...draft, id: 2, topic: TOPIC })).toMatchObject({ ok: true });
    expect(refusalSchema.parse(await ws.ask(3, { ...draft, id: 3, topic: 'other/1' })).error.code).toBe(
      'topic.forbidden',
    );
  });

  it('nobody before saying who it is', async () => {
    const ws = await new JsonSocket(`${server.url}/v1/ws`).opened();
    ws.say({ op: 'publish', id: 1, topic: 'open/1', title: 't' });
    expect(await ws.closed).toEqual({ code: 4401, reason: 'credentials.missing' });
  });
});

describe('what is refused over HTTP is refused over a kept connection with the same problem', () => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  const users = JSON.stringify(Array.from({ length: 1_001 }, (_, i) => `u-${i}`));

  it.each<[string, string]>([
    ['an unknown field', `{"topic":"${TOPIC}","title":"t","surprise":1}`],
    ['a wrong type', `{"topic":"${TOPIC}","title":{"$gt":""}}`],
    ['a bad topic', '{"topic":"kept/1 2","title":"t"}'],
    ['line breaks in a topic', '{"topic":"kept/1\\r\\nevent: bye","title":"t"}'],
    ['NUL in a topic', `{"topics":["${TOPIC}","kept/\\u0000"],"title":"t"}`],
    ['a wildcard', '{"topic":"kept/*","title":"t"}'],
    ['no audience', '{"title":"t"}'],
    ['nothing to say', `{"topic":"${TOPIC}"}`],
    ['1,001 addressees', `{"users":${users},"title":"t"}`],
    ['a script for a link', `{"topic":"${TOPIC}","title":"t","url":"javascript:alert(1)"}`],
    ['a field that is not built', `{"topic":"${TOPIC}","title":"t","deliverAt":"2027-01-01T00:00:00Z"}`],
    ['no time at all', `{"topic":"${TOPIC}","title":"t","ttl":0}`],
    ['a category that nobody has declared', `{"topic":"${TOPIC}","title":"t","category":"nowhere"}`],
    ['a forged sender', `{"topic":"${TOPIC}","title":"t","from":{"user":"u-1"}}`],
    ['a bad idempotency key', `{"topic":"${TOPIC}","title":"t","idempotencyKey":"a b"}`],
    ['a reserved topic', `{"topics":["${TOPIC}","$sys/load"],"title":"t"}`],
    ['nobody’s own topic', `{"topics":["${TOPIC}","users/me"],"title":"t"}`],
    ['65 levels of lists', `{"topic":"${TOPIC}","data":${deep(64)}}`],
  ])('%s', async (_, body) => {
    const { rest, webSocket, socketIo: stock } = await ways();
    const problem = await rest(body);
    expect(await webSocket(body)).toEqual(problem);
    expect(await stock(body)).toEqual(problem);
  });

  it.each<[string, string]>([
    ['__proto__', `{"topic":"${TOPIC}","title":"t","__proto__":{"ephemeral":true}}`],
    ['__proto__ in data', `{"topic":"${TOPIC}","data":{"__proto__":{"polluted":1}}}`],
    ['constructor.prototype', `{"topic":"${TOPIC}","data":{"constructor":{"prototype":{"polluted":1}}}}`],
  ])('%s, with the same code', async (_, body) => {
    const { rest, webSocket, socketIo: stock } = await ways();
    for (const way of [rest, webSocket, stock])
      expect(await way(body)).toMatchObject({ code: 'json.invalid', status: 400 });
  });

  it('nothing of it was published, and 64 levels are no fault', async () => {
    const { body } = await request(server, 'GET', `/v1/notifications?topic=${TOPIC}`);
    const { notifications } = z.object({ notifications: z.array(z.object({ title: z.string() })) }).parse(body);
    expect(notifications).toHaveLength(1); // by the person above
    const writer = await service();
    const draft = `{"op":"publish","id":1,"topic":"kept/deep","data":${deep(63)}}`;
    expect(await writer.ask(1, draft)).toMatchObject({ ok: true });
  });
});

describe('how large', () => {
  const message = (bytes: number, id: number): string => {
    const frame = JSON.stringify({ op: 'publish', id, topic: 'kept/large', data: '' });
    return frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`);
  };

  it('as over HTTP, for those whose handshake shows that they may publish', async () => {
    const token = await mintToken(server, { sub: 'u-1', publish: ['kept/*'] });
    for (const headers of [KEY, { authorization: `Bearer ${token}` }]) {
      const writer = await service('?topics=', headers);
      expect(await writer.ask(1, message(MAX_PUBLISH_BYTES, 1))).toMatchObject({ ok: true });
      const refused = refusalSchema.parse(await writer.ask(2, message(MAX_PUBLISH_BYTES + 1, 2))).error;
      expect([refused.code, refused.status]).toEqual(['body.too_large', 413]);
      expect(await writer.ask(3, message(1_000, 3))).toMatchObject({ ok: true });
      writer.say(message(2 * MAX_PUBLISH_BYTES, 4));
      expect(await writer.closed).toMatchObject({ code: 1009 });
    }
  });

  it('as any message, for all others', async () => {
    const token = await mintToken(server, { sub: 'u-1' });
    const reader = await service('?topics=', { authorization: `Bearer ${token}` });
    reader.say(message(70_000, 1));
    expect(await reader.closed).toMatchObject({ code: 1009 });
  });

  it('as any message over Socket.IO', async () => {
    const writer = await socketIo();
    expect(await writer.emitWithAck('publish', { topic: 'kept/large', data: 'x'.repeat(60_000) })).toHaveProperty('id');
    const ended = new Promise((end) => writer.once('disconnect', end));
    writer.emit('publish', { topic: 'kept/large', data: 'x'.repeat(70_000) });
    await ended;
  });
});
