import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { EventStream } from '../support/event-stream.js';
import { mintToken, request } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';
import { JsonSocket } from '../support/web-socket.js';

const LINGER_MS = 600;
/** Beside the linger: one timer serves all, and turns of a busy machine. */
const LATE_MS = 5_000;

let server: TestServer;
const open: { close(): void }[] = [];
const children: ChildProcess[] = [];
beforeAll(async () => {
  server = await startServer({ CLARION_PRESENCE_LINGER_MS: String(LINGER_MS) });
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => server.stop());

let rooms = 0;
const nextRoom = () => `room/${++rooms}`;

interface Change {
  readonly topic: string;
  readonly user: string;
  readonly change: string;
  readonly at: string;
}

/** Somebody who watches, whatever the transport. */
interface Watcher {
  ask(topic: string, watch?: boolean): Promise<unknown>;
  changes(): Change[];
  auth(token: string): Promise<unknown>;
  /** Something that is answered: what was written before it has come. */
  settle(): Promise<unknown>;
}

async function watcherToken(presence = ['room/*']): Promise<string> {
  return mintToken(server, { sub: 'watcher', subscribe: ['room/*'], presence });
}

async function overSocketIo(): Promise<Watcher> {
  const listener = new SocketListener(server.url, { token: await watcherToken(), topics: [] });
  open.push(listener);
  await listener.first('ready');
  return {
    ask: (topic, watch) => listener.ask('presence', { topic, ...(watch !== undefined && { watch }) }),
    changes: () => listener.named('presence').map(({ args }) => args[0] as Change),
    auth: (token) => listener.ask('auth', { token }),
    settle: () => listener.ask('unsubscribe', { topics: ['users/me'] }),
  };
}

async function overWebSocket(): Promise<Watcher> {
  const socket = new JsonSocket(`${server.url}/v1/ws?topics=&access_token=${await watcherToken()}`);
  open.push(socket);
  await socket.heard('ready');
  let id = 0;
  const ask = async (op: string, body: object): Promise<unknown> => {
    const reply = await socket.ask(++id, { op, id, ...body });
    return reply['ok'] === true ? reply['data'] : { error: reply['error'] };
  };
  return {
    ask: (topic, watch) => ask('presence', { topic, ...(watch !== undefined && { watch }) }),
    changes: () => socket.messages.filter(({ event }) => event === 'presence').map(({ data }) => data as Change),
    auth: (token) => ask('auth', { token }),
    settle: () => ask('ping', {}),
  };
}

async function page(user: string, topic: string, device?: string): Promise<EventStream> {
  const token = await mintToken(server, { sub: user, subscribe: [topic] });
  const name = device === undefined ? '' : `&device=${device}`;
  const stream = await EventStream.open(`${server.url}/v1/events?topics=${topic}${name}&access_token=${token}`);
  open.push(stream);
  await stream.first('ready', 1);
  return stream;
}

const told = (watcher: Watcher) => watcher.changes().map(({ user, change }) => `${user} ${change}`);

async function untilTold(watcher: Watcher, ...changes: string[]): Promise<void> {
  await expect.poll(() => told(watcher), { timeout: LINGER_MS + LATE_MS, interval: 20 }).toEqual(changes);
}

/** Nothing is announced by when everything that could be would have been. */
async function quietly(watcher: Watcher): Promise<string[]> {
  // There is no event for "nothing happened".
  await pause(LINGER_MS + 1_200);
  await watcher.settle();
  return told(watcher);
}

describe.each([
  ['Socket.IO', overSocketIo],
  ['WebSocket', overWebSocket],
])('a watcher over %s', (_transport, openWatcher) => {
  test('sees who is there, by which devices, and hears who comes and goes', async () => {
    const room = nextRoom();
    await page('ann', room, 'laptop');
    const watcher = await openWatcher();
    const since = expect.stringMatching(/^\d{4}-.*Z$/);
    expect(await watcher.ask(room, true)).toEqual({
      topic: room,
      present: [{ user: 'ann', devices: [{ id: 'laptop', transport: 'sse', since }] }],
    });
    const ben = await page('ben', room);
    await untilTold(watcher, 'ben joined');
    ben.close();
    await untilTold(watcher, 'ben joined', 'ben left');
    expect(watcher.changes()[0]).toEqual({ topic: room, user: 'ben', change: 'joined', at: since });
  });

  test('hears nothing of a page that is loaded anew, nor of a second device', async () => {
    const room = nextRoom();
    const watcher = await openWatcher();
    await watcher.ask(room, true);
    const first = await page('ann', room, 'laptop');
    await untilTold(watcher, 'ann joined');
    first.close();
    const again = await page('ann', room, 'laptop');
    const phone = await page('ann', room, 'phone');
    again.close();
    expect(await quietly(watcher)).toEqual(['ann joined']);
    phone.close();
    await untilTold(watcher, 'ann joined', 'ann left');
  });

  test('hears that a client is gone that was killed', async () => {
    const room = nextRoom();
    const watcher = await openWatcher();
    await watcher.ask(room, true);
    const token = await mintToken(server, { sub: 'ann', subscribe: [room] });
    const url = `${server.url}/v1/events?topics=${room}&access_token=${token}`;
    const script = `fetch(${JSON.stringify(url)}, { headers: { accept: 'text/event-stream' } }).then((r) => r.text())`;
    const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
    children.push(child);
    await untilTold(watcher, 'ann joined');
    const end = once(child, 'exit');
    child.kill('SIGKILL');
    await end;
    const killedAt = Date.now();
    await untilTold(watcher, 'ann joined', 'ann left');
    expect(Date.parse(watcher.changes()[1]!.at) - killedAt).toBeGreaterThan(LINGER_MS - 100);
  });

  test('hears nothing after it ceased to watch, or lost the right to', async () => {
    const [one, other] = [nextRoom(), nextRoom()];
    const watcher = await openWatcher();
    for (const room of [one, other]) await watcher.ask(room, true);
    await watcher.ask(one, false);
    await watcher.auth(await watcherToken(['elsewhere']));
    await page('ann', one);
    await page('ann', other);
    await watcher.settle();
    expect(told(watcher)).toEqual([]);
    expect(await watcher.ask(other, true)).toMatchObject({ error: { code: 'topic.forbidden' } });
  });

  test('is told when it asks for what is no topic', async () => {
    const watcher = await openWatcher();
    for (const topic of ['room/*', '', 7 as never])
      expect(await watcher.ask(topic, true)).toMatchObject({ error: { code: 'body.invalid' } });
    expect(await watcher.ask('room/1', 'yes' as never)).toMatchObject({ error: { code: 'body.invalid' } });
  });
});

test('people over two-way transports are there, too, by the names of their devices', async () => {
  const room = nextRoom();
  const token = await mintToken(server, { sub: 'ann', subscribe: [room] });
  const listener = new SocketListener(server.url, { token, topics: [room], device: 'tablet' });
  open.push(listener);
  await listener.first('ready');
  const inUrl = new JsonSocket(`${server.url}/v1/ws?topics=${room}&device=tv&access_token=${token}`);
  open.push(inUrl);
  await inUrl.heard('ready');
  const later = await new JsonSocket(`${server.url}/v1/ws`).opened();
  open.push(later);
  await later.ask(1, { op: 'auth', id: 1, token });
  await later.ask(2, { op: 'subscribe', id: 2, topics: [room], device: 'watch' });
  const { body } = await request(server, 'GET', `/v1/presence?topic=${room}`);
  const [ann] = Object(body).present;
  expect(ann.devices.map(({ id, transport }: Record<string, string>) => `${id} ${transport}`)).toEqual([
    'tablet socketio',
    'tv websocket',
    'watch websocket',
  ]);
  const { body: list } = await request(server, 'GET', '/v1/connections?user=ann');
  expect(Object(list).connections.map(({ device }: { device?: string }) => device)).toEqual(['tablet', 'tv', 'watch']);
});

test('a name that is none is refused on every transport', async () => {
  const token = await mintToken(server, { sub: 'ann' });
  const bearer = { Authorization: `Bearer ${token}` };
  const codeOf = (problem: unknown) => Object(problem).code;
  const poll = await request(server, 'GET', '/v1/events?device=my%20phone', undefined, bearer);
  const stream = await EventStream.open(`${server.url}/v1/events?device=${'x'.repeat(65)}`, bearer);
  const listener = new SocketListener(server.url, { token, device: 'my phone' });
  const number = new SocketListener(server.url, { token, device: 7 });
  open.push(stream, listener, number);
  const socket = await new JsonSocket(`${server.url}/v1/ws`).opened();
  open.push(socket);
  await socket.ask(1, { op: 'auth', id: 1, token });
  const reply = await socket.ask(2, { op: 'subscribe', id: 2, device: 'my phone' });
  expect([
    codeOf(poll.body),
    codeOf(await stream.json()),
    codeOf((await listener.first('connect_error'))[0]!.args[0]),
    codeOf((await number.first('connect_error'))[0]!.args[0]),
    codeOf(reply['error']),
  ]).toEqual(['query.invalid', 'query.invalid', 'query.invalid', 'body.invalid', 'query.invalid']);
});

test('whether a person is there, and when they were last', async () => {
  const presence = async () => (await request(server, 'GET', '/v1/users/zoe/presence')).body;
  expect(await presence()).toEqual({ online: false, devices: [] });
  const before = Date.now();
  const [phone, laptop] = [await page('zoe', 'users/me', 'phone'), await page('zoe', 'users/me', 'laptop')];
  expect(await presence()).toMatchObject({ online: true, devices: [{ id: 'phone' }, { id: 'laptop' }] });
  phone.close();
  await expect.poll(presence).toMatchObject({ online: true, devices: [{ id: 'laptop' }] });
  expect(await presence()).not.toHaveProperty('lastSeenAt');
  laptop.close();
  await expect.poll(presence).toEqual({ online: false, devices: [], lastSeenAt: expect.any(String) });
  expect(Date.parse(Object(await presence()).lastSeenAt)).toBeGreaterThanOrEqual(before);
});

test('after a crash somebody was last there when they came', async () => {
  const crashing = await startServer();
  try {
    const seen = async (): Promise<unknown> =>
      Object((await request(crashing, 'GET', '/v1/users/yan/export')).body).lastSeenAt;
    const stream = await EventStream.open(`${crashing.url}/v1/events`, {
      Authorization: `Bearer ${await mintToken(crashing, { sub: 'yan' })}`,
    });
    open.push(stream);
    await expect.poll(seen, { timeout: 5_000 }).toEqual(expect.any(String));
    const came = await seen();
    await crashing.kill('SIGKILL');
    await crashing.restart();
    expect(Object((await request(crashing, 'GET', '/v1/users/yan/presence')).body)).toEqual({
      online: false,
      devices: [],
      lastSeenAt: came,
    });
  } finally {
    await crashing.stop();
  }
});
