import { EventSource } from 'eventsource';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mintToken, publish, publishBatch, request, type Answer } from '../support/rest.js';
import { EventStream } from '../support/event-stream.js';
import { SocketListener } from '../support/socket-listener.js';
import { startServer, type TestServer } from '../support/server.js';
import { JsonSocket, refusedHandshake } from '../support/web-socket.js';

/** How soon a withdrawn right has its effect. */
const PROMPT_MS = 2_000;
const OTHERS = 20;

let server: TestServer;
const ends: (() => void)[] = [];

beforeAll(async () => {
  server = await startServer();
  await crowd.gather();
}, 60_000);
afterAll(async () => {
  crowd.leave();
  await server.stop();
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** Everybody else: readers on all transports, who are sent notifications all the time and must not notice anything. */
const crowd = {
  streams: [] as EventStream[],
  sockets: [] as JsonSocket[],
  listeners: [] as SocketListener[],
  published: [] as string[],
  isOver: false,
  publishing: Promise.resolve(),

  async gather(): Promise<void> {
    const token = await mintToken(server, { sub: 'u-other', subscribe: ['crowd'] });
    const topics = ['crowd'];
    for (let i = 0; i < OTHERS; i++) {
      this.listeners.push(
        new SocketListener(server.url, { token, topics }, { transports: [i % 2 ? 'polling' : 'websocket'] }),
      );
      this.sockets.push(new JsonSocket(`${server.url}/v1/ws?topics=crowd&access_token=${token}`));
      this.streams.push(await EventStream.open(`${server.url}/v1/events?topics=crowd&access_token=${token}`));
    }
    await Promise.all([
      ...this.listeners.map((one) => one.first('ready')),
      ...this.sockets.map((one) => one.heard('ready')),
      ...this.streams.map((one) => one.first('ready', 1)),
    ]);
    this.publishing = this.publish();
  },

  async publish(): Promise<void> {
    while (!this.isOver) {
      const results = await publishBatch(
        server,
        Array.from({ length: 10 }, () => ({ topic: 'crowd', type: 't' })),
      );
      this.published.push(...results.map(({ id }) => id));
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  },

  /** What each of them heard when publishing is over. */
  async heard(): Promise<unknown[][]> {
    this.isOver = true;
    await this.publishing;
    const count = this.published.length;
    return Promise.all([
      ...this.listeners.map(async (one) => (await one.first('notification', count)).map(({ args }) => idIn(args[0]))),
      ...this.streams.map(async (one) => (await one.first('message', count)).map(({ data }) => idIn(data))),
      ...this.sockets.map(async (one) => {
        await one.heard(
          (message) => message.event === 'notification' && idIn(message['data']) === this.published.at(-1),
        );
        return one.messages.filter(({ event }) => event === 'notification').map(({ data }) => idIn(data));
      }),
    ]);
  },

  leave(): void {
    this.isOver = true;
    for (const one of [...this.listeners, ...this.sockets, ...this.streams]) one.close();
  },
};

const idSchema = z.looseObject({ id: z.string() });
const idIn = (data: unknown): string => idSchema.parse(data).id;

function listener(auth: Record<string, unknown>, options: object = {}): SocketListener {
  const made = new SocketListener(server.url, auth, { reconnection: true, reconnectionDelay: 20, ...options });
  ends.push(() => made.close());
  return made;
}

function webSocket(query: string, headers: Record<string, string> = {}): JsonSocket {
  const made = new JsonSocket(`${server.url}/v1/ws${query}`, { headers });
  ends.push(() => made.close());
  return made;
}

async function stream(topics: string, token: string): Promise<EventStream> {
  const made = await EventStream.open(`${server.url}/v1/events?topics=${topics}`, { Authorization: `Bearer ${token}` });
  ends.push(() => made.close());
  return made;
}

function poll(topics: string, token: string, waitS: number): Promise<Answer> {
  return request(server, 'GET', `/v1/events?topics=${topics}&wait=${waitS}`, undefined, {
    Authorization: `Bearer ${token}`,
  });
}

/** Milliseconds from now until each has happened, by its name. */
async function timed(ended: Readonly<Record<string, Promise<unknown>>>): Promise<Record<string, number>> {
  const from = performance.now();
  const times = Object.entries(ended).map(async ([name, end]) => {
    await end;
    return [name, Math.round(performance.now() - from)] as const;
  });
  return Object.fromEntries(await Promise.all(times));
}

const connectionsSchema = z.object({
  connections: z.array(
    z.strictObject({
      id: z.string(),
      transport: z.string(),
      who: z.string().optional(),
      since: z.iso.datetime(),
      address: z.string(),
      topics: z.array(z.string()),
      lag: z.number(),
      pendingBytes: z.number(),
      bytesSent: z.number().optional(),
      bytesReceived: z.number().optional(),
    }),
  ),
});
type Listed = z.infer<typeof connectionsSchema>['connections'][number];

async function listed(filter: string): Promise<Listed[]> {
  const { body } = await request(server, 'GET', `/v1/connections?${filter}`);
  return connectionsSchema.parse(body).connections;
}

/** Resolves when so many are listed. */
async function untilListed(filter: string, count: number): Promise<Listed[]> {
  await expect.poll(async () => (await listed(filter)).length).toBe(count);
  return listed(filter);
}

const BYE = { reason: 'access.revoked', reconnect: false };

describe('a person who is disconnected', () => {
  it('is gone from every transport within two seconds, comes back nowhere with the old token, and at once with a new one', async () => {
    const claims = { sub: 'u-lost', subscribe: ['lost'] };
    const token = await mintToken(server, claims);
    const io = listener({ token, topics: ['lost'] });
    const ioPolling = listener({ token, topics: ['lost'] }, { transports: ['polling'] });
    const events = await stream('lost', token);
    const source = new EventSource(`${server.url}/v1/events?topics=lost&access_token=${token}`);
    ends.push(() => source.close());
    const refusedSource = new Promise<number | undefined>((resolve) => {
      source.addEventListener('error', ({ code }) => {
        if (source.readyState === EventSource.CLOSED) resolve(code);
      });
    });
    const reading = webSocket(`?topics=lost&access_token=${token}`);
    const known = await webSocket('').opened();
    expect(await known.ask(1, { op: 'auth', id: 1, token })).toMatchObject({ ok: true });
    const waiting = poll('lost', token, 25);
    await Promise.all([io.first('ready'), ioPolling.first('ready'), reading.heard('ready'), events.first('ready', 1)]);
    await untilListed('user=u-lost', 7);

    const disconnected = request(server, 'POST', '/v1/users/u-lost/disconnect');
    const times = await timed({
      'Socket.IO over WebSocket': io.first('disconnect'),
      'Socket.IO over polling': ioPolling.first('disconnect'),
      'Server-Sent Events': events.until('the end', () => events.ended),
      WebSocket: reading.closed,
      'WebSocket that reads nothing': known.closed,
      'long poll': waiting,
      answer: disconnected,
    });
    expect((await disconnected).body).toEqual({ disconnected: 7 });
    expect(Object.entries(times).filter(([, ms]) => ms > PROMPT_MS)).toEqual([]);

    for (const one of [io, ioPolling]) {
      expect(one.named('bye').map(({ args }) => args)).toEqual([[BYE]]);
      expect(one.named('disconnect').map(({ args }) => args)).toEqual([['io server disconnect']]);
      expect(one.socket.active).toBe(false);
    }
    expect(events.events.at(-1)).toMatchObject({ event: 'bye', data: BYE });
    expect(await refusedSource).toBe(401);
    for (const one of [reading, known]) {
      expect(one.messages.at(-1)).toEqual({ event: 'bye', data: BYE });
      expect(await one.closed).toEqual({ code: 4403, reason: 'access.revoked' });
    }
    expect(await waiting).toMatchObject({ status: 401, body: { code: 'token.invalid' } });
    expect(await listed('user=u-lost')).toEqual([]);

    const refused = listener({ token, topics: ['lost'] });
    expect((await refused.first('connect_error'))[0]?.args).toMatchObject([{ code: 'token.invalid' }]);
    expect((await stream('lost', token)).status).toBe(401);
    expect(await poll('lost', token, 0)).toMatchObject({ status: 401 });
    expect(await refusedHandshake(`${server.url}/v1/ws?access_token=${token}`)).toMatchObject({ status: 401 });

    const fresh = await mintToken(server, claims);
    const back = listener({ token: fresh, topics: ['lost'] });
    const socket = webSocket(`?topics=lost&access_token=${fresh}`);
    const again = await stream('lost', fresh);
    const waitingAgain = poll('lost', fresh, 25);
    await Promise.all([back.first('ready'), socket.heard('ready'), again.first('ready', 1)]);
    await untilListed('user=u-lost', 4);
    const { id } = await publish(server, { topic: 'lost', type: 'after' });
    expect(idIn((await back.first('notification'))[0]?.args[0])).toBe(id);
    expect(idIn((await again.first('message', 1))[0]?.data)).toBe(id);
    expect(await socket.heard('notification')).toMatchObject({ data: { id } });
    expect(await waitingAgain).toMatchObject({ status: 200, body: { events: [{ data: { id } }] } });
  });
});

describe('a key that is deleted', () => {
  const keySchema = z.object({ id: z.string(), key: z.string() });
  async function makeKey(rights: object): Promise<z.infer<typeof keySchema>> {
    return keySchema.parse((await request(server, 'POST', '/v1/keys', { name: 'test', rights })).body);
  }

  it('ends what it has open: what was accepted is answered, and nothing more is accepted', async () => {
    const { id, key } = await makeKey({ publish: ['keyed/*'], read: ['keyed/*'] });
    const headers = { authorization: `Bearer ${key}` };
    const reader = await stream('keyed/1', await mintToken(server, { sub: 'u-reader', subscribe: ['keyed/1'] }));
    const own = await stream('keyed/1', key);
    const socket = webSocket('?topics=', headers);
    const io = listener({ topics: '' }, { extraHeaders: headers });
    await Promise.all([socket.heard('ready'), io.first('ready'), reader.first('ready', 1), own.first('ready', 1)]);

    let isOver = false;
    const acknowledged: unknown[] = [];
    const speaking = (async () => {
      for (let n = 0; !isOver; n++) {
        socket.say({ op: 'publish', id: n, topic: 'keyed/1', type: 'ws' });
        io.socket.emit('publish', { topic: 'keyed/1', type: 'io' }, (reply: unknown) => acknowledged.push(reply));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    await reader.first('message', 50);
    const deleted = request(server, 'DELETE', `/v1/keys/${id}`);
    const times = await timed({
      WebSocket: socket.closed,
      'Socket.IO': io.first('disconnect'),
      stream: own.until('the end', () => own.ended),
      answer: deleted,
    });
    isOver = true;
    await speaking;
    expect((await deleted).status).toBe(204);
    expect(Object.entries(times).filter(([, ms]) => ms > PROMPT_MS)).toEqual([]);
    expect(await socket.closed).toEqual({ code: 4403, reason: 'access.revoked' });
    expect(io.named('bye')[0]?.args).toEqual([BYE]);
    expect(own.events.at(-1)).toMatchObject({ event: 'bye', data: BYE });

    // Whatever was accepted from either lies before this one.
    const { id: last } = await publish(server, { topic: 'keyed/1', type: 'last' });
    await reader.until('the last', () => reader.named('message').some(({ data }) => idIn(data) === last));
    const accepted = reader
      .named('message')
      .map(({ data }) => idIn(data))
      .filter((one) => one !== last);
    const replies = socket.messages.filter(({ event, ok }) => event === 'reply' && ok === true);
    const answered = [
      ...replies.map(({ data }) => idIn(data)),
      ...acknowledged.flatMap((reply) => idSchema.safeParse(reply).data?.id ?? []),
    ];
    expect(answered.toSorted()).toEqual(accepted.toSorted());
    expect(await poll('keyed/1', key, 0)).toMatchObject({ status: 401, body: { code: 'key.invalid' } });
  });

  it('has no say before: another secret for it ends nothing', async () => {
    const { id, key } = await makeKey({ publish: [], read: ['keyed/*'] });
    const own = await stream('keyed/2', key);
    await own.first('ready', 1);
    expect((await request(server, 'POST', `/v1/keys/${id}/rotate`, { overlapS: 0 })).status).toBe(201);
    const { id: sent } = await publish(server, { topic: 'keyed/2', type: 't' });
    expect(idIn((await own.first('message', 1))[0]?.data)).toBe(sent);
  });
});

describe('a renewed token that grants less', () => {
  const claims = { sub: 'u-shrunk', subscribe: ['shrunk/a', 'shrunk/b'] };
  const TOPICS = ['shrunk/a', 'shrunk/b'];

  async function flood<T>(during: () => Promise<T>): Promise<T> {
    let isOver = false;
    const flooding = (async () => {
      while (!isOver) {
        const both = TOPICS.flatMap((topic) => Array.from({ length: 20 }, () => ({ topic, type: 't' })));
        await publishBatch(server, both);
      }
    })();
    try {
      return await during();
    } finally {
      isOver = true;
      await flooding;
    }
  }
  const topicIn = (data: unknown): string => z.looseObject({ topic: z.string() }).parse(data).topic;

  it.each(['websocket', 'polling'])('shows nothing more of what was lost, over Socket.IO by %s', async (transport) => {
    const reader = listener({ token: await mintToken(server, claims), topics: TOPICS }, { transports: [transport] });
    await reader.first('ready');
    const less = await mintToken(server, { ...claims, subscribe: ['shrunk/a'] });
    const renewed = await flood(async () => {
      await reader.first('notification', 100);
      let count = 0;
      await new Promise<void>((resolve) => {
        reader.socket.emit('auth', { token: less }, () => {
          count = reader.named('notification').length;
          resolve();
        });
      });
      await reader.first('notification', count + 100);
      return count;
    });
    const topics = reader.named('notification').map(({ args }) => topicIn(args[0]));
    expect(new Set(topics.slice(0, renewed))).toEqual(new Set(TOPICS));
    expect(new Set(topics.slice(renewed))).toEqual(new Set(['shrunk/a']));
  });

  it('shows nothing more of what was lost, over WebSocket', async () => {
    const token = await mintToken(server, claims);
    const reader = webSocket(`?topics=${TOPICS.join()}&access_token=${token}`);
    const less = await mintToken(server, { ...claims, subscribe: ['shrunk/a'] });
    await reader.heard('ready');
    await flood(async () => {
      await reader.heard('notification');
      await reader.ask(1, { op: 'auth', id: 1, token: less });
      const { id } = await publish(server, { topic: 'shrunk/a', type: 'last' });
      await reader.heard(({ event, data }) => event === 'notification' && idIn(data) === id);
    });
    const { messages } = reader;
    const renewed = messages.findIndex(({ event }) => event === 'reply');
    const topics = (from: number, to?: number): Set<string> =>
      new Set(messages.slice(from, to).flatMap(({ event, data }) => (event === 'notification' ? [topicIn(data)] : [])));
    expect(topics(0, renewed)).toEqual(new Set(TOPICS));
    expect(topics(renewed)).toEqual(new Set(['shrunk/a']));
  });
});

describe('an operator', () => {
  it('sees every connection and closes it; who comes back has missed nothing', async () => {
    const token = await mintToken(server, { sub: 'u-seen', subscribe: ['seen/*'] });
    const io = listener({ token, topics: ['seen/1'] });
    const socket = webSocket(`?topics=seen/*&access_token=${token}`);
    const stranger = await webSocket('').opened();
    const waiting = poll('seen/1', token, 25);
    await Promise.all([io.first('ready'), socket.heard('ready')]);

    const seen = await untilListed('user=u-seen', 3);
    expect(seen.map(({ transport, who, topics, address }) => ({ transport, who, topics, address }))).toEqual(
      expect.arrayContaining([
        { transport: 'socketio', who: 'user:u-seen', topics: ['seen/1'], address: '127.0.0.1' },
        { transport: 'websocket', who: 'user:u-seen', topics: ['seen/*'], address: '127.0.0.1' },
        { transport: 'polling', who: 'user:u-seen', topics: ['seen/1'], address: '127.0.0.1' },
      ]),
    );
    for (const { bytesSent = 0, bytesReceived = 0 } of seen.filter(({ transport }) => transport !== 'polling')) {
      expect(bytesSent).toBeGreaterThan(100);
      expect(bytesReceived).toBeGreaterThan(100);
    }
    expect(await listed('user=u-seen&transport=socketio')).toHaveLength(1);
    const unknown = (await listed('transport=websocket&limit=200')).filter(({ who }) => who === undefined);
    expect(unknown).toHaveLength(1);

    for (const { id } of [...seen, ...unknown])
      expect((await request(server, 'DELETE', `/v1/connections/${id}`)).status).toBe(204);
    const { id } = await publish(server, { topic: 'seen/1', type: 'meanwhile' });
    expect(idIn((await io.first('notification'))[0]?.args[0])).toBe(id);
    expect(io.named('connect')).toHaveLength(2);
    expect(io.named('bye')[0]?.args).toMatchObject([{ reason: 'closed.by_operator', reconnect: true }]);
    for (const one of [socket, stranger])
      expect(await one.closed).toEqual({ code: 4500, reason: 'closed.by_operator' });
    expect(await waiting).toMatchObject({ status: 200, body: { events: [] } });
    expect(await request(server, 'DELETE', `/v1/connections/${seen[0]?.id}`)).toMatchObject({
      status: 404,
      body: { code: 'connection.unknown' },
    });
  });

  it('sees what is read, and closes those who read a topic', async () => {
    const token = await mintToken(server, { sub: 'u-topics', subscribe: ['topics/**'] });
    const exact = [1, 2, 3].map(() => webSocket(`?topics=topics/1&access_token=${token}`));
    const wild = webSocket(`?topics=topics/*&access_token=${token}`);
    await Promise.all([...exact, wild].map((one) => one.heard('ready')));
    expect((await request(server, 'GET', '/v1/topics?prefix=topics/')).body).toEqual({
      topics: [
        { topic: 'topics/*', connections: 1 },
        { topic: 'topics/1', connections: 3 },
      ],
    });
    expect((await request(server, 'DELETE', '/v1/topics?topic=topics/1')).body).toEqual({ closed: 3 });
    for (const one of exact) expect(await one.closed).toMatchObject({ code: 4500 });
    const { id } = await publish(server, { topic: 'topics/1', type: 't' });
    expect(await wild.heard('notification')).toMatchObject({ data: { id } });
  });

  it('is on record', async () => {
    const { body } = await request(server, 'GET', '/v1/audit?limit=100');
    const { entries } = z
      .object({ entries: z.array(z.looseObject({ act: z.string(), target: z.string() })) })
      .parse(body);
    const acts = entries.map(({ act, target }) => `${act} ${target}`);
    expect(acts).toContain('user.disconnected u-lost');
    expect(acts).toContain('topic.closed topics/1');
    expect(acts.filter((act) => act.startsWith('connection.closed '))).toHaveLength(4);
  });
});

it('nobody else noticed anything', async () => {
  const heard = await crowd.heard();
  expect(heard).toHaveLength(3 * OTHERS);
  expect(crowd.published.length).toBeGreaterThan(100);
  for (const ids of heard) expect(ids).toEqual(crowd.published);
  for (const one of crowd.listeners) expect(one.named('connect')).toHaveLength(1);
});
