import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EventStream } from '../support/event-stream.js';
import { mintToken, publish, request } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';
import { deafSubscription } from '../support/subscription.js';
import { JsonSocket } from '../support/web-socket.js';

/** What the issue allows between an acknowledgement and the answer of who waits for it. */
const SOON_MS = 1_000;

let server: TestServer;
const open: { close(): void }[] = [];

beforeAll(async () => {
  server = await startServer();
});

afterEach(() => open.splice(0).forEach((one) => one.close()));

afterAll(() => server.stop());

function as(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

/** A client of the person that acknowledges what it gets, in the manner of its transport; resolves with when it did. */
type Acknowledger = (token: string) => Promise<{ ackedAt: Promise<number> }>;

const overSocketIo: Acknowledger = async (token) => {
  const listener = new SocketListener(server.url, { token });
  open.push(listener);
  await listener.first('ready');
  const acked = listener.first('notification').then(async ([event]) => {
    const at = performance.now();
    expect(await listener.ask('ack', { ids: [Object(event?.args[0]).id] })).toEqual({ acked: 1 });
    return at;
  });
  return { ackedAt: acked };
};

const overWebSocket: Acknowledger = async (token) => {
  const socket = new JsonSocket(`${server.url}/v1/ws?access_token=${token}`);
  open.push(socket);
  await socket.heard('ready');
  const acked = socket.heard('notification').then(async ({ data }) => {
    const at = performance.now();
    expect(await socket.ask(1, { op: 'ack', id: 1, ids: [Object(data).id] })).toMatchObject({ data: { acked: 1 } });
    return at;
  });
  return { ackedAt: acked };
};

async function receiptOf(id: string): Promise<unknown> {
  const { body } = await request(server, 'GET', `/v1/notifications/${id}/receipts`);
  return Object(body).recipients[0];
}

async function ackOverRest(token: string, id: string): Promise<number> {
  const at = performance.now();
  expect((await request(server, 'POST', '/v1/me/acks', { ids: [id] }, as(token))).body).toEqual({ acked: 1 });
  return at;
}

const overSse: Acknowledger = async (token) => {
  const stream = await EventStream.open(`${server.url}/v1/events`, as(token));
  open.push(stream);
  await stream.first('ready', 1);
  return { ackedAt: stream.first('message', 1).then(([event]) => ackOverRest(token, Object(event?.data).id)) };
};

const overPoll: Acknowledger = async (token) => {
  const { body } = await request(server, 'GET', '/v1/events', undefined, as(token));
  const next = request(server, 'GET', `/v1/events?wait=20&since=${Object(body).cursor}`, undefined, as(token));
  return { ackedAt: next.then((answer) => ackOverRest(token, Object(answer.body).events[0].data.id)) };
};

it.each([100, 250])('%i notifications that come at once may be acknowledged one by one', async (count) => {
  const token = await mintToken(server, { sub: `u-at-once-${count}` });
  const sio = new SocketListener(server.url, { token });
  const ws = new JsonSocket(`${server.url}/v1/ws?access_token=${token}`);
  open.push(sio, ws);
  await Promise.all([sio.first('ready'), ws.heard('ready')]);
  const sent = await Promise.all(
    Array.from({ length: count }, () => publish(server, { user: `u-at-once-${count}`, title: 't' })),
  );
  const acked = await Promise.all(
    sent.map(({ id }, i) => (i % 2 === 0 ? sio.ask('ack', { ids: [id] }) : ws.ask(i, { op: 'ack', id: i, ids: [id] }))),
  );
  expect(acked.filter((one) => JSON.stringify(one).includes('"acked":1'))).toHaveLength(count);
});

it('what names a person and comes to them by another of its topics is sent and received', async () => {
  const draft = { user: 'u-by-topic', topics: ['orders/7'], title: 't' };
  const token = await mintToken(server, { sub: 'u-by-topic', subscribe: ['orders/*'] });
  const stream = await EventStream.open(`${server.url}/v1/events?topics=orders/7,users/me`, as(token));
  open.push(stream);
  await stream.first('ready', 1);
  const byStream = await publish(server, draft);
  const [heard] = await stream.first('message', 1);
  stream.close();
  const again = await EventStream.open(`${server.url}/v1/events?topics=orders/7,users/me`, {
    ...as(token),
    'Last-Event-ID': heard!.id!,
  });
  open.push(again);
  await again.first('ready', 1);
  again.close();
  const sse = expect.objectContaining({ transport: 'sse' });
  expect(await receiptOf(byStream.id)).toMatchObject({ sent: sse, received: sse });

  const byPoll = await publish(server, draft);
  const poll = async (since: string): Promise<string> =>
    Object(
      (await request(server, 'GET', `/v1/events?topics=orders/7,users/me&since=${since}`, undefined, as(token))).body,
    ).cursor;
  await poll(await poll(heard!.id!));
  const polled = expect.objectContaining({ transport: 'polling' });
  expect(await receiptOf(byPoll.id)).toMatchObject({ sent: polled, received: polled });
});

const LAST_WORDS = 8;

type LastWords = (token: string, commands: [string, object][]) => Promise<void>;

function saidOverSocketIo(after: 'connect' | 'ready'): LastWords {
  return async (token, commands) => {
    const sio = new SocketListener(server.url, { token });
    await sio.first(after);
    for (const [name, body] of commands) sio.socket.emit(name, body);
    sio.close();
  };
}

it.each<[string, LastWords]>([
  ['Socket.IO', saidOverSocketIo('ready')],
  ['Socket.IO, before it has begun to read', saidOverSocketIo('connect')],
  [
    'WebSocket',
    async (token, commands) => {
      const ws = new JsonSocket(`${server.url}/v1/ws?access_token=${token}`);
      await ws.heard('ready');
      commands.forEach(([op, body], id) => ws.say({ op, id, ...body }));
      ws.close();
    },
  ],
])('what a client says last, before it goes, is carried out: %s', async (over, sayAndGo) => {
  for (let i = 0; i < LAST_WORDS; i++) {
    const user = `u-last-words-${over.replaceAll(/\W/g, '')}-${i}`;
    const token = await mintToken(server, { sub: user, subscribe: ['last/words'], publish: ['last/words'] });
    const { id } = await publish(server, { user, title: 't' });
    await sayAndGo(token, [
      ['ack', { ids: [id] }],
      ['mark', { state: 'read', ids: [id] }],
      ['follow', { topic: 'last/words' }],
      ['publish', { topic: 'last/words', title: user }],
    ]);
    await expect
      .poll(() => receiptOf(id))
      .toMatchObject({
        acked: { at: expect.any(String) },
        read: { at: expect.any(String) },
      });
    const at = async (path: string): Promise<string> => JSON.stringify((await request(server, 'GET', path)).body);
    await expect.poll(() => at(`/v1/users/${user}/follows`)).toContain('last/words');
    await expect.poll(() => at('/v1/notifications?topic=last/words')).toContain(user);
  }
});

it('what a client publishes with its token, before it goes, is published', async () => {
  const token = await mintToken(server, { sub: 'u-in-one-go', publish: ['last/go'] });
  for (let i = 0; i < LAST_WORDS; i++) {
    const ws = await new JsonSocket(`${server.url}/v1/ws`).opened();
    ws.say({ op: 'auth', id: 0, token });
    ws.say({ op: 'publish', id: 1, topic: 'last/go', title: `go-${i}` });
    ws.close();
    const said = async (): Promise<string> =>
      JSON.stringify((await request(server, 'GET', '/v1/notifications?topic=last/go')).body);
    await expect.poll(said).toContain(`go-${i}`);
  }
});

describe('a publish that waits', () => {
  it('does not wait for somebody who is erased', async () => {
    const [acker, erased] = ['u-wait-acks', 'u-wait-erased'];
    const { ackedAt } = await overWebSocket(await mintToken(server, { sub: acker }));
    const draft = { users: [acker, erased], title: 't' };
    const answer = request(server, 'POST', '/v1/notifications?wait=acked&timeout=30', draft);
    await ackedAt;
    await request(server, 'DELETE', `/v1/users/${erased}`);
    const at = performance.now();
    expect(Object((await answer).body).recipients).toMatchObject([{ user: acker, acked: { transport: 'websocket' } }]);
    expect(performance.now() - at).toBeLessThan(SOON_MS);
  });

  it.each<[string, (user: string) => Promise<unknown>]>([
    ['the only recipient is erased', () => request(server, 'DELETE', '/v1/users/u-wait-only')],
    ['the author is disconnected for good', (author) => request(server, 'POST', `/v1/users/${author}/disconnect`)],
  ])('is answered with what was published although %s', async (what, meanwhile) => {
    const author = `u-author-${what.length}`;
    const token = await mintToken(server, { sub: author, publish: ['users/u-wait-only'] });
    const draft = { user: 'u-wait-only', title: 't' };
    const answer = request(server, 'POST', '/v1/notifications?wait=acked&timeout=2', draft, as(token));
    const reader = await EventStream.open(
      `${server.url}/v1/events?since=earliest`,
      as(await mintToken(server, { sub: 'u-wait-only' })),
    );
    open.push(reader);
    await reader.first('message', 1);
    await meanwhile(author);
    const { status, body } = await answer;
    expect([status, Object.keys(Object(body))]).toEqual([201, ['id', 'cursor', 'recipients', 'topics']]);
  });

  it('holds no place for those who have gone', async () => {
    const token = await mintToken(server, { sub: 'u-impatient', publish: ['users/u-never'] });
    const waitAs = (timeout: number, signal?: AbortSignal): Promise<Response> =>
      fetch(`${server.url}/v1/notifications?wait=acked&timeout=${timeout}`, {
        method: 'POST',
        headers: { ...as(token), 'content-type': 'application/json' },
        body: JSON.stringify({ user: 'u-never', title: 't' }),
        ...(signal !== undefined && { signal }),
      });
    for (let i = 0; i < 60; i++) {
      const impatience = new AbortController();
      const waiting = waitAs(60, impatience.signal).catch(() => undefined);
      // Before anything was looked at, before the commit, or after it.
      setTimeout(() => impatience.abort(), i % 5);
      await waiting;
    }
    await expect.poll(async () => (await waitAs(1)).status, { timeout: 10_000 }).toBe(201);
  });

  it.each<[string, Acknowledger]>([
    ['Socket.IO', overSocketIo],
    ['WebSocket', overWebSocket],
    ['SSE and REST', overSse],
    ['polls and REST', overPoll],
  ])('is answered within a second of the acknowledgement over %s', async (transport, acknowledger) => {
    const user = `u-${transport.replaceAll(/\W/g, '')}`;
    const { ackedAt } = await acknowledger(await mintToken(server, { sub: user }));
    const answer = await request(server, 'POST', '/v1/notifications?wait=acked&timeout=20', { user, title: 't' });
    expect(performance.now() - (await ackedAt)).toBeLessThan(SOON_MS);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      recipients: [{ user, stored: {}, sent: {}, received: {}, acked: {} }],
      topics: { sent: 0, acked: 0 },
    });
    expect(Object(answer.body).recipients[0]).not.toHaveProperty('cause');
  });

  it('tells the truth when the time is over', async () => {
    const ready = await mintToken(server, { sub: 'u-present' });
    const { ackedAt } = await overSocketIo(ready);
    const silent = await EventStream.open(`${server.url}/v1/events`, as(await mintToken(server, { sub: 'u-silent' })));
    open.push(silent);
    await silent.first('ready', 1);
    const began = performance.now();
    const answer = await request(server, 'POST', '/v1/notifications?wait=acked&timeout=1', {
      users: ['u-present', 'u-silent', 'u-absent'],
      title: 't',
    });
    expect(performance.now() - began).toBeGreaterThan(950);
    await ackedAt;
    const { recipients } = Object(answer.body);
    expect(recipients).toMatchObject([
      { user: 'u-present', acked: {} },
      { user: 'u-silent', sent: { transport: 'sse' }, cause: 'delivered.sent' },
      { user: 'u-absent', cause: 'connection.none' },
    ]);
    expect(recipients[1]).not.toHaveProperty('acked');
    expect(recipients[2]).not.toHaveProperty('sent');
  });

  it('is answered as it stands when the server goes away', async () => {
    const other = await startServer();
    try {
      const waiting = request(other, 'POST', '/v1/notifications?wait=acked&timeout=60', { user: 'u-1', title: 't' });
      const seen = await EventStream.open(
        `${other.url}/v1/events?since=earliest`,
        as(await mintToken(other, { sub: 'u-1' })),
      );
      await seen.first('message', 1);
      seen.close();
      const began = performance.now();
      const exit = other.kill('SIGTERM');
      expect((await waiting).status).toBe(201);
      expect(await exit).toMatchObject({ code: 0 });
      expect(performance.now() - began).toBeLessThan(6_000);
    } finally {
      await other.stop();
    }
  });

  it.each([
    ['?wait=acked', { topic: 'news/1', title: 't' }],
    ['?wait=acked', { user: 'u-1', title: 't', ephemeral: true }],
    ['?wait=read', { user: 'u-1', title: 't' }],
    ['?wait=acked&timeout=61', { user: 'u-1', title: 't' }],
    ['?wait=acked&timeout=0', { user: 'u-1', title: 't' }],
    ['?surprise=1', { user: 'u-1', title: 't' }],
  ])('%s with %j is refused, and publishes nothing', async (query, draft) => {
    const path = '/v1/notifications?topic=users/u-1&limit=1';
    const before = (await request(server, 'GET', path)).body;
    const answer = await request(server, 'POST', `/v1/notifications${query}`, draft);
    expect(answer).toMatchObject({ status: 422, body: { code: 'query.invalid' } });
    expect((await request(server, 'GET', path)).body).toEqual(before);
  });
});

describe('receipts', () => {
  it('are durable from the acknowledgement on, and count readers of topics without listing them', async () => {
    const subscribe = ['news/*'];
    const [named, reader] = await Promise.all([
      mintToken(server, { sub: 'u-named', subscribe }),
      mintToken(server, { sub: 'u-reader', subscribe }),
    ]);
    const streams = await Promise.all(
      [named, reader].map((token) => EventStream.open(`${server.url}/v1/events?topics=users/me,news/1`, as(token))),
    );
    open.push(...streams);
    await Promise.all(streams.map((stream) => stream.first('ready', 1)));
    const { id } = await publish(server, { topic: 'news/1', user: 'u-named', title: 't' });
    await Promise.all(streams.map((stream) => stream.first('message', 1)));
    for (const token of [named, reader]) await ackOverRest(token, id);
    await server.kill('SIGKILL');
    await server.restart();
    const { body } = await request(server, 'GET', `/v1/notifications/${id}/receipts`);
    expect(body).toMatchObject({ id, recipients: [{ user: 'u-named', acked: {} }], topics: { acked: 1 } });
    expect(JSON.stringify(body)).not.toContain('u-reader');
  });

  it('pass nobody over when somebody is erased between two pages', async () => {
    const users = Array.from({ length: 6 }, (_, n) => `u-paged-${n}`);
    const { id } = await publish(server, { users, title: 't' });
    const first = Object((await request(server, 'GET', `/v1/notifications/${id}/receipts?limit=2`)).body);
    await request(server, 'DELETE', `/v1/users/${users[0]}`);
    const path = `/v1/notifications/${id}/receipts?page=${first.nextPage}`;
    const second = Object((await request(server, 'GET', path)).body);
    expect(second.recipients.map(({ user }: { user: string }) => user)).toEqual(users.slice(2));
  });

  it('come in pages', async () => {
    const users = Array.from({ length: 5 }, (_, n) => `u-page-${n}`);
    const { id } = await publish(server, { users, title: 't' });
    const listed: string[] = [];
    let page = '';
    do {
      const { body } = await request(server, 'GET', `/v1/notifications/${id}/receipts?limit=2${page}`);
      listed.push(...Object(body).recipients.map(({ user }: { user: string }) => user));
      page = Object(body).nextPage === undefined ? '' : `&page=${Object(body).nextPage}`;
    } while (page !== '');
    expect(listed).toEqual(users);
  });

  it('an acknowledgement of what one cannot have got acknowledges nothing', async () => {
    const token = await mintToken(server, { sub: 'u-thief' });
    const own = await publish(server, { user: 'u-thief', title: 't' });
    const foreign = await publish(server, { user: 'u-other', title: 't' });
    for (const ids of [
      [own.id, foreign.id],
      [own.id, 'no-such-id'],
    ])
      expect(await request(server, 'POST', '/v1/me/acks', { ids }, as(token))).toMatchObject({
        status: 404,
        body: { code: 'notification.unknown' },
      });
    const { body } = await request(server, 'GET', `/v1/notifications/${own.id}/receipts`);
    expect(Object(body).recipients[0]).not.toHaveProperty('acked');
  });
});

describe('who has published something to others', () => {
  it('learns when, and neither by what nor why not', async () => {
    const author = await mintToken(server, { sub: 'u-author', publish: ['users/u-heard', 'users/u-unheard'] });
    const stream = await EventStream.open(`${server.url}/v1/events`, as(await mintToken(server, { sub: 'u-heard' })));
    open.push(stream);
    await stream.first('ready', 1);
    const draft = { users: ['u-heard', 'u-unheard'], title: 't' };
    const { id } = Object((await request(server, 'POST', '/v1/notifications', draft, as(author))).body);
    await stream.first('message', 1);
    const { body } = await request(server, 'GET', `/v1/notifications/${id}/receipts`, undefined, as(author));
    const at = expect.any(String);
    expect(Object(body).recipients).toEqual([
      { user: 'u-heard', stored: { at }, sent: { at } },
      { user: 'u-unheard', stored: { at } },
    ]);
  });

  it('learns which actions were chosen, and neither by what device', async () => {
    const author = await mintToken(server, { sub: 'u-author', publish: ['users/u-chooser'] });
    const draft = { user: 'u-chooser', title: 't', actions: [{ id: 'go', title: 'Go' }] };
    const { id } = Object((await request(server, 'POST', '/v1/notifications', draft, as(author))).body);
    const chooser = as(await mintToken(server, { sub: 'u-chooser' }));
    expect((await request(server, 'POST', '/v1/me/choices', { id, action: 'go' }, chooser)).status).toBe(200);
    const at = expect.any(String);
    const receipts = async (headers?: Record<string, string>): Promise<unknown> =>
      Object((await request(server, 'GET', `/v1/notifications/${id}/receipts`, undefined, headers)).body).recipients;
    expect(await receipts(as(author))).toEqual([
      { user: 'u-chooser', stored: { at }, received: { at }, acked: { at }, acted: [{ action: 'go', at }] },
    ]);
    expect(await receipts()).toMatchObject([{ acked: {}, acted: [{ action: 'go', at, transport: 'rest' }] }]);
  });

  it('may take it back twice, and not edit it then', async () => {
    const author = await mintToken(server, { sub: 'u-author', publish: ['news/*'] });
    const { id } = Object(
      (await request(server, 'POST', '/v1/notifications', { topic: 'news/5', title: 't' }, as(author))).body,
    );
    const path = `/v1/notifications/${id}`;
    expect(Object((await request(server, 'DELETE', path, undefined, as(author))).body)).toHaveProperty('cursor');
    expect(await request(server, 'DELETE', path, undefined, as(author))).toMatchObject({ status: 200, body: { id } });
    expect(await request(server, 'PATCH', path, { title: 'x' }, as(author))).toMatchObject({ status: 409 });
  });

  it('replaces nothing in inboxes but their own', async () => {
    const [author, reader] = await Promise.all([
      mintToken(server, { sub: 'u-author', publish: ['news/*'] }),
      mintToken(server, { sub: 'u-collapse', subscribe: ['news/*'] }),
    ]);
    await request(server, 'PUT', '/v1/me/follows?topic=news/6', undefined, as(reader));
    await publish(server, { topic: 'news/6', title: 'of the service', collapseKey: 'k' });
    for (const title of ['first', 'second'])
      await request(server, 'POST', '/v1/notifications', { topic: 'news/6', title, collapseKey: 'k' }, as(author));
    const { items } = Object((await request(server, 'GET', '/v1/me/inbox', undefined, as(reader))).body);
    expect(items.map((item: { notification: { title: string } }) => item.notification.title)).toEqual([
      'second',
      'of the service',
    ]);
  });
});

describe('a dry run', () => {
  it('refuses what a publish refuses', async () => {
    const draft = { user: 'u-1', title: 't', category: 'nowhere' };
    const answer = await request(server, 'POST', '/v1/notifications?dryRun=true', draft);
    expect(answer).toMatchObject({ status: 422, body: { code: 'category.unknown' } });
  });

  it('says who would get it, and publishes nothing', async () => {
    const token = await mintToken(server, { sub: 'u-dry', subscribe: ['news/*'] });
    const stream = await EventStream.open(`${server.url}/v1/events?topics=users/me,news/9`, as(token));
    open.push(stream);
    await stream.first('ready', 1);
    await request(server, 'PUT', '/v1/me/follows?topic=news/9', undefined, as(token));
    await request(server, 'PUT', '/v1/me/devices/phone', { subscription: deafSubscription() }, as(token));
    const draft = { users: ['u-dry', 'u-nobody'], topic: 'news/9', title: 't' };
    const answer = await request(server, 'POST', '/v1/notifications?dryRun=true', draft);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        recipients: [
          {
            user: 'u-dry',
            live: { reaches: true, connections: 1 },
            inbox: { reaches: true },
            push: { reaches: true, devices: 1, at: expect.any(String) },
          },
          {
            user: 'u-nobody',
            live: { reaches: false, connections: 0, cause: 'connection.none' },
            inbox: { reaches: true },
            push: { reaches: false, devices: 0, cause: 'device.none' },
          },
        ],
        topics: [{ topic: 'news/9', connections: 1, followers: 1 }],
      },
    });
    await publish(server, { user: 'u-dry', title: 'real' });
    expect((await stream.first('message', 1)).map(({ data }) => Object(data).title)).toEqual(['real']);
  });
});
