import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { notificationSchema, readySchema } from '#clarion/protocol';
import { EventStream } from '../support/event-stream.js';
import { mintToken, publish, request } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';

const WIDE = ['wide/**', 'open/*', 'a', 'b'];

let server: TestServer;
let token: string;
const open: { close(): void }[] = [];

beforeAll(async () => {
  server = await startServer({ CLARION_ANONYMOUS_TOPICS: 'public/*', CLARION_SSE_RETRY_MS: '70' });
  token = await mintToken(server, { sub: 'u-1', subscribe: WIDE });
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
afterAll(() => server.stop());

/** An SSE stream; without `topics` none are named. */
async function stream(query: Record<string, string>, headers?: Record<string, string>): Promise<EventStream> {
  const url = new URL('/v1/events', server.url);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const made = await EventStream.open(url, headers ?? { Authorization: `Bearer ${token}` });
  open.push(made);
  return made;
}

function socket(
  auth: Record<string, unknown>,
  options?: ConstructorParameters<typeof SocketListener>[2],
): SocketListener {
  const made = new SocketListener(server.url, { token, ...auth }, options);
  open.push(made);
  return made;
}

/** Events but for `cursor`, which may come at any time between others. */
function names(events: readonly { name: string }[]): string[] {
  return events.map(({ name }) => name).filter((name) => name !== 'cursor');
}

describe('a notification that is published over REST', () => {
  const draft = {
    topic: 'wide/orders/42',
    type: 'order.shipped',
    title: 'Shipped — „schön“ 🚚',
    body: 'two\nlines',
    url: '/orders/42',
    icon: 'https://example.com/i.png',
    data: { nested: [1, null, 'x'], empty: {} },
  };

  it.for([
    ['WebSocket', { transports: ['websocket'] }],
    ['polling', { transports: ['polling'] }],
    ['polling upgraded to WebSocket', { transports: ['polling', 'websocket'] }],
  ] as const)('is heard over Socket.IO: %s', async ([, { transports }]) => {
    const listener = socket({ topics: ['wide/orders/*'] }, { transports: [...transports] });
    const [ready] = await listener.first('ready');
    const { id, cursor } = await publish(server, draft);
    const [heard] = await listener.first('notification');
    expect(names(listener.events)).toEqual(['connect', 'ready', 'notification']);
    const { cursor: from, topics } = readySchema.parse(ready?.args[0]);
    expect(ready?.args).toEqual([expect.objectContaining({ topics: ['wide/orders/*'] }), from]);
    expect(topics).toEqual(['wide/orders/*']);
    expect(heard?.args).toEqual([{ id, cursor, ...draft, publishedAt: expect.any(String) }, cursor]);
    notificationSchema.parse(heard?.args[0]);
  });

  it('is heard by a Socket.IO client while it upgrades, once', async () => {
    const listener = socket({ topics: ['wide/up'] }, { transports: ['polling', 'websocket'] });
    await listener.first('ready');
    const { engine } = listener.socket.io;
    const upgraded = new Promise<void>((resolve) => {
      if (engine.transport.name === 'websocket') resolve();
      else engine.once('upgrade', () => resolve());
    });
    const ids: string[] = [];
    for (let i = 0; i < 50; i++) ids.push((await publish(server, { topic: 'wide/up', data: i })).id);
    await upgraded;
    const heard = await listener.first('notification', 50);
    expect(heard.map(({ args }) => notificationSchema.parse(args[0]).id)).toEqual(ids);
    expect(engine.transport.name).toBe('websocket');
  });

  it('is heard over SSE, as a message without a name whose id is the cursor', async () => {
    const events = await stream({ topics: 'wide/orders/*' });
    expect(events.status).toBe(200);
    expect(events.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': expect.stringContaining('no-store'),
    });
    const [ready] = await events.first('ready', 1);
    const { id, cursor } = await publish(server, draft);
    const [heard] = await events.first('message', 1);
    expect(events.events.filter(({ event }) => event !== 'cursor').map(({ event }) => event)).toEqual([
      'ready',
      'message',
    ]);
    expect(ready?.id).toBe(readySchema.parse(ready?.data).cursor);
    expect(heard).toMatchObject({ id: cursor, data: { id, cursor, ...draft } });
    expect(heard?.raw.split('\n')).toEqual([`id: ${cursor}`, expect.stringMatching(/^data: /)]);
    expect(events.text).toMatch(/^retry: 70\n\n/);
  });

  it('shows each reader the first topic by which it may see it, and nobody the others', async () => {
    const readers = {
      a: await stream({ topics: 'a' }),
      b: await stream({ topics: 'b' }),
      both: await stream({ topics: 'b,a' }),
      own: await stream({ topics: 'users/me' }),
    };
    const sockets = socket({ topics: ['b', 'users/me', 'a'] });
    await sockets.first('ready');
    for (const reader of Object.values(readers)) await reader.first('ready', 1);
    await publish(server, { topics: ['a', 'b', 'secret/c'], users: ['u-9', 'u-1'], type: 't' });
    const seen: Record<string, unknown> = {};
    for (const [name, reader] of Object.entries(readers)) {
      const [heard] = await reader.first('message', 1);
      seen[name] = notificationSchema.parse(heard?.data).topic;
      expect(heard?.raw).not.toMatch(/secret|u-9|topics/);
    }
    expect(seen).toEqual({ a: 'a', b: 'b', both: 'a', own: 'users/u-1' });
    expect((await sockets.first('notification'))[0]?.args[0]).toMatchObject({ topic: 'a' });
  });

  it('arrives once though several selectors and topics match it', async () => {
    const selectors = ['wide/*', 'wide/**', 'wide/1', 'wide/2'];
    const listener = socket({ topics: selectors });
    const events = await stream({ topics: selectors.join() });
    await listener.first('ready');
    await events.first('ready', 1);
    const first = await publish(server, { topics: ['wide/1', 'wide/2'], type: 't' });
    const second = await publish(server, { topic: 'wide/2', type: 't' });
    await listener.first('notification', 2);
    await events.first('message', 2);
    const ids = [first.id, second.id];
    expect(listener.named('notification').map(({ args }) => notificationSchema.parse(args[0]).id)).toEqual(ids);
    expect(events.named('message').map(({ data }) => notificationSchema.parse(data).id)).toEqual(ids);
  });
});

describe('an ephemeral notification', () => {
  it('is heard by those who are connected, has no cursor, and is not there for later', async () => {
    const listener = socket({ topics: ['wide/tick'] });
    const events = await stream({ topics: 'wide/tick' });
    await listener.first('ready');
    const [ready] = await events.first('ready', 1);
    const answer = await request(server, 'POST', '/v1/notifications', { topic: 'wide/tick', data: 1, ephemeral: true });
    expect(answer).toMatchObject({ status: 202, body: { id: expect.any(String) } });
    expect(answer.body).not.toHaveProperty('cursor');
    const durable = await publish(server, { topic: 'wide/tick', data: 2 });
    const heard = await listener.first('notification', 2);
    expect(heard[0]?.args).toHaveLength(1);
    expect(heard[0]?.args[0]).toMatchObject({ data: 1, ephemeral: true });
    expect(heard[0]?.args[0]).not.toHaveProperty('cursor');
    const [tick] = await events.first('message', 2);
    expect(tick).toMatchObject({ id: undefined, data: { data: 1 } });
    const later = await stream({ topics: 'wide/tick', since: readySchema.parse(ready?.data).cursor });
    expect((await later.first('message', 1)).map(({ data }) => notificationSchema.parse(data).id)).toEqual([
      durable.id,
    ]);
  });
});

describe('topics', () => {
  it('are the own one when none are named', async () => {
    const events = await stream({});
    const listener = socket({});
    expect((await events.first('ready', 1))[0]?.data).toMatchObject({ topics: ['users/u-1'] });
    expect((await listener.first('ready'))[0]?.args[0]).toMatchObject({
      topics: ['users/u-1'],
      expiresAt: expect.any(String),
    });
    await publish(server, { user: 'u-2', type: 'not yours' });
    const { id } = await publish(server, { user: 'u-1', type: 'yours' });
    expect((await listener.first('notification'))[0]?.args[0]).toMatchObject({ id, topic: 'users/u-1' });
    expect((await events.first('message', 1))[0]?.data).toMatchObject({ id, topic: 'users/u-1' });
  });

  it('are none when an empty list is named', async () => {
    expect((await (await stream({ topics: '' })).first('ready', 1))[0]?.data).toMatchObject({ topics: [] });
    expect((await socket({ topics: [] }).first('ready'))[0]?.args[0]).toMatchObject({ topics: [] });
  });

  it.for([
    ["another person's", 'users/u-2'],
    ['one without a grant', 'elsewhere'],
    ['a pattern wider than the grant', 'open/**'],
    ['everything', '**'],
    ['people by a pattern', 'users/*'],
    ['a reserved one', '$clarion'],
  ] as const)('refuse the whole request when one is forbidden: %s', async ([, topic]) => {
    const refused = await stream({ topics: `a,${topic}` });
    expect(refused.status).toBe(403);
    expect(refused.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(await refused.json()).toMatchObject({ code: 'topic.forbidden', status: 403 });
    const listener = socket({ topics: ['a', topic] });
    const [error] = await listener.first('connect_error');
    expect(error?.args[0]).toMatchObject({ code: 'topic.forbidden', status: 403 });
    expect(listener.socket.active).toBe(false);
  });

  it('need a token, but for those that are open to everybody', async () => {
    const anonymous = await stream({ topics: 'public/1' }, {});
    await anonymous.first('ready', 1);
    const { id } = await publish(server, { topic: 'public/1', type: 't' });
    expect((await anonymous.first('message', 1))[0]?.data).toMatchObject({ id });
    for (const query of [{ topics: 'public/1,a' }, {}]) {
      const refused = await stream(query as Record<string, string>, {});
      expect([refused.status, await refused.json()]).toEqual([
        401,
        expect.objectContaining({ code: 'credentials.missing' }),
      ]);
    }
    const listener = socket({ token: undefined, topics: ['a'] });
    expect((await listener.first('connect_error'))[0]?.args[0]).toMatchObject({ code: 'credentials.missing' });
  });

  it('may be granted to everything without reaching people', async () => {
    const all = await mintToken(server, { sub: 'u-all', subscribe: ['**'] });
    const listener = new SocketListener(server.url, { token: all, topics: ['**'] });
    open.push(listener);
    await listener.first('ready');
    await publish(server, { user: 'u-1', type: 'private' });
    await publish(server, { topic: 'anything/at/all', type: 'public' });
    expect((await listener.first('notification'))[0]?.args[0]).toMatchObject({ type: 'public' });
    const person = new SocketListener(server.url, { token: all, topics: ['users/u-1'] });
    open.push(person);
    expect((await person.first('connect_error'))[0]?.args[0]).toMatchObject({ code: 'topic.forbidden' });
  });

  it('come and go while connected, at the cursor that the acknowledgement names', async () => {
    const listener = socket({ topics: ['a'] });
    await listener.first('ready');
    await publish(server, { topic: 'open/1', type: 'before' });
    const last = await publish(server, { topic: 'a', type: 'seen' });
    await listener.first('notification');
    expect(await listener.ask('subscribe', { topics: ['open/1', 'users/me'] })).toEqual({
      topics: ['a', 'open/1', 'users/u-1'],
      cursor: last.cursor,
    });
    const { id, cursor } = await publish(server, { topic: 'open/1', type: 'after' });
    expect((await listener.first('notification', 2))[1]?.args[0]).toMatchObject({ id });
    expect(await listener.ask('unsubscribe', { topics: ['a', 'open/1'] })).toEqual({ topics: ['users/u-1'], cursor });
    await publish(server, { topics: ['a', 'open/1'], type: 'no more' });
    const own = await publish(server, { user: 'u-1', type: 'still' });
    expect((await listener.first('notification', 3))[2]?.args[0]).toMatchObject({ id: own.id });
    expect(await listener.ask('subscribe', { topics: ['elsewhere', 'a'] })).toMatchObject({
      error: { code: 'topic.forbidden' },
    });
    expect(await listener.ask('unsubscribe', { topics: ['users/me'] })).toMatchObject({ topics: [] });
  });
});

describe('the place to begin', () => {
  it('is now, a cursor, or the earliest that is kept', async () => {
    const topic = 'wide/place';
    const published = [];
    for (let i = 0; i < 5; i++) published.push(await publish(server, { topic, data: i }));
    const ids = published.map(({ id }) => id);
    const third = published[2]?.cursor ?? '';
    const from = async (query: Record<string, string>, headers: Record<string, string> = {}, count = 0) => {
      const events = await stream({ topics: topic, ...query }, { Authorization: `Bearer ${token}`, ...headers });
      return (await events.first('message', count)).map(({ data }) => notificationSchema.parse(data).id);
    };
    expect(await from({ since: 'earliest' }, {}, 5)).toEqual(ids);
    expect(await from({ since: third }, {}, 2)).toEqual(ids.slice(3));
    expect(await from({ since: 'earliest' }, { 'Last-Event-ID': third }, 2)).toEqual(ids.slice(3));
    expect(await from({ since: third }, { 'Last-Event-ID': '' }, 2)).toEqual(ids.slice(3));
    const listener = socket({ topics: [topic], since: third });
    expect((await listener.first('notification', 2)).map(({ args }) => notificationSchema.parse(args[0]).id)).toEqual(
      ids.slice(3),
    );
    const earliest = socket({ topics: [topic], since: 'earliest' });
    expect((await earliest.first('notification', 5)).map(({ args }) => notificationSchema.parse(args[0]).id)).toEqual(
      ids,
    );
    const now = await stream({ topics: topic });
    await now.first('ready', 1);
    const next = await publish(server, { topic, data: 'next' });
    expect((await now.first('message', 1))[0]?.data).toMatchObject({ id: next.id });
  });

  it.for(['no cursor', 'é', 'x'.repeat(65), ''])('is refused when it cannot be a cursor: %j', async (since) => {
    const refused = await stream({ topics: 'a', since });
    expect([refused.status, await refused.json()]).toEqual([400, expect.objectContaining({ code: 'cursor.invalid' })]);
    expect((await socket({ topics: ['a'], since }).first('connect_error'))[0]?.args[0]).toMatchObject({
      code: 'cursor.invalid',
    });
  });

  it('gives gap first when it is well-formed but nowhere, then begins at the oldest', async () => {
    const topic = 'wide/gap';
    const { id } = await publish(server, { topic, type: 't' });
    const events = await stream({ topics: topic, since: 'AAAAAAAAAAAAAAAAAAAAAA' });
    await events.first('message', 1);
    expect(events.events.map(({ event }) => event).slice(0, 3)).toEqual(['gap', 'ready', 'message']);
    expect(events.events[0]).toMatchObject({
      id: expect.stringMatching(/./),
      data: { reason: 'unknown', cursor: events.events[0]?.id },
    });
    expect(events.events[2]?.data).toMatchObject({ id });
    const listener = socket({ topics: [topic], since: 'AAAAAAAAAAAAAAAAAAAAAA' });
    await listener.first('notification');
    expect(names(listener.events)).toEqual(['connect', 'gap', 'ready', 'notification']);
    expect(listener.named('gap')[0]?.args).toEqual([
      { reason: 'unknown', cursor: listener.named('gap')[0]?.args[1] },
      expect.any(String),
    ]);
  });
});

describe('a token that expires while connected', () => {
  it('ends the connection with bye, for good', async () => {
    const brief = await mintToken(server, { sub: 'u-1', ttl: 1 });
    const events = await stream({}, { Authorization: `Bearer ${brief}` });
    const listener = new SocketListener(server.url, { token: brief }, { reconnection: true });
    open.push(listener);
    const [bye] = await events.first('bye', 1);
    expect(bye).toMatchObject({ id: undefined, data: { reason: 'token.expired', reconnect: false } });
    await events.until('end of the stream', () => events.ended);
    const [disconnect] = await listener.first('disconnect');
    expect(listener.named('bye')[0]?.args).toEqual([{ reason: 'token.expired', reconnect: false }]);
    expect(disconnect?.args).toEqual(['io server disconnect']);
    expect(listener.socket.active).toBe(false);
  });

  it('does not when it was renewed in time, by a token of the same person', async () => {
    const brief = await mintToken(server, { sub: 'u-1', ttl: 2 });
    const listener = new SocketListener(server.url, { token: brief });
    open.push(listener);
    await listener.first('ready');
    const others = await mintToken(server, { sub: 'u-2', ttl: 60 });
    expect(await listener.ask('auth', { token: others })).toMatchObject({ error: { status: expect.any(Number) } });
    expect(await listener.ask('auth', { token })).not.toHaveProperty('error');
    const other = await stream({}, { Authorization: `Bearer ${brief}` });
    await other.first('bye', 1);
    const { id } = await publish(server, { user: 'u-1', type: 'still here' });
    expect((await listener.first('notification'))[0]?.args[0]).toMatchObject({ id });
    expect(names(listener.events)).not.toContain('bye');
  });
});
