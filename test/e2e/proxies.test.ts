import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { notificationSchema } from '#clarion/protocol';
import { isProxyMissing, Proxy, type ProxyName } from '../services/proxy.js';
import { EventStream } from '../support/event-stream.js';
import { mintToken, publish } from '../support/rest.js';
import { freePort, startServer, type TestServer } from '../support/server.js';

const isLong = process.env['CLARION_TEST_LONG'] === '1';
/** In full the server is as it comes, and the proxies as impatient as they are found. */
const IDLE_S = isLong ? 30 : 2;
const SETTINGS: Record<string, string> = isLong ? {} : { CLARION_HEARTBEAT_MS: '1200', CLARION_POLL_MAX_WAIT_S: '1' };
const HEARTBEAT_MS = isLong ? 25_000 : 1_200;
const IDLE_TIMES = 6;
const FIRST_BYTE_MS = 1_000;
const TEST_TIMEOUT_MS = (IDLE_TIMES * IDLE_S + 60) * 1_000;
const PROXIES: readonly ProxyName[] = ['nginx', 'haproxy'];

let server: TestServer;
/** Begins an event stream, like one that knows nothing of proxies, and says no more. */
let silent: Server;
let silentPort: number;
let token: string;

beforeAll(async () => {
  server = await startServer({ HOST: '0.0.0.0', ...SETTINGS });
  token = await mintToken(server, { sub: 'u-1', subscribe: ['**'] });
  silent = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {}\n\n');
  });
  silentPort = await freePort();
  silent.listen(silentPort, '127.0.0.1');
  await once(silent, 'listening');
});

afterAll(async () => {
  await server.stop();
  silent.closeAllConnections();
  silent.close();
});

/** Somebody who listens for long: what they have heard of `data.n`, and how often their connection ended. */
interface Listener {
  readonly heard: number[];
  readonly ends: () => number;
  close(): void;
}

const numberSchema = notificationSchema.extend({ data: z.object({ n: z.number() }) });
const numberIn = (notification: unknown): number => numberSchema.parse(notification).data.n;

/** With a promise of the next heartbeat. */
async function overSse(url: string, topic: string): Promise<Listener & { beat(): Promise<void> }> {
  const stream = await EventStream.open(`${url}/v1/events?topics=${topic}&access_token=${token}`);
  await stream.first('ready', 1);
  return {
    get heard() {
      return stream.named('message').map(({ data }) => numberIn(data));
    },
    ends: () => Number(stream.ended),
    close: () => stream.close(),
    beat: () => {
      const before = beats(stream.text);
      return stream.until('heartbeat', () => beats(stream.text) > before || stream.ended, 2 * HEARTBEAT_MS + 5_000);
    },
  };
}

async function overSocketIo(url: string, topic: string, transport: string): Promise<Listener> {
  const socket = io(url, {
    forceNew: true,
    transports: [transport],
    reconnection: false,
    auth: { token, topics: [topic] },
  });
  const heard: number[] = [];
  let ends = 0;
  socket.on('notification', (notification: unknown) => heard.push(numberIn(notification)));
  socket.on('disconnect', () => ends++);
  await new Promise((ready, failed) => socket.once('ready', ready).once('connect_error', failed));
  return { heard, ends: () => ends, close: () => socket.disconnect() };
}

/** Comments without text. */
function beats(text: string): number {
  return text.split(/^:$/m).length;
}

const frameSchema = z.object({ event: z.string(), data: z.unknown() });

async function overWebSocket(url: string, topic: string, since = ''): Promise<Listener & { cursor(): string }> {
  const place = since === '' ? '' : `&since=${since}`;
  const address = `${url.replace('http', 'ws')}/v1/ws?topics=${topic}&access_token=${token}${place}`;
  const socket = new WebSocket(address, 'clarion.v1.json');
  const heard: number[] = [];
  let ends = 0;
  let cursor = since;
  const ready = new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', (message) => {
      const { event, data } = frameSchema.parse(JSON.parse(String(message)));
      if (event === 'notification') heard.push(numberIn(data));
      const fixed = z.object({ cursor: z.string() }).safeParse(data);
      if (fixed.success) cursor = fixed.data.cursor;
      if (event === 'ready') resolve();
    });
  });
  socket.on('close', () => ends++);
  await ready;
  return { heard, ends: () => ends, close: () => socket.terminate(), cursor: () => cursor };
}

const pageSchema = z.object({ events: z.array(z.object({ data: z.unknown() })), cursor: z.string() });

/** One poll. @throws unless it is answered as a poll. */
async function poll(
  url: string,
  topic: string,
  since: string,
  wait?: number,
): Promise<{ heard: number[]; cursor: string }> {
  const place = since === '' ? '' : `&since=${since}`;
  const response = await fetch(`${url}/v1/events?topics=${topic}${place}`, {
    headers: { authorization: `Bearer ${token}`, ...(wait !== undefined && { prefer: `wait=${wait}` }) },
  });
  expect(response.status).toBe(200);
  const { events, cursor } = pageSchema.parse(await response.json());
  return { heard: events.map(({ data }) => numberIn(data)), cursor };
}

/** Asks for more than the server or a proxy would wait, again and again; each answer in time is no end. */
async function overLongPolls(url: string, topic: string): Promise<Listener> {
  const heard: number[] = [];
  let ends = 0;
  let closed = false;
  let { cursor } = await poll(url, topic, '');
  const run = async (): Promise<void> => {
    while (!closed) {
      const page = await poll(url, topic, cursor, 600);
      heard.push(...page.heard);
      cursor = page.cursor;
    }
  };
  run().catch(() => ends++);
  return { heard, ends: () => ends, close: () => (closed = true) };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const late = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > late) throw new Error(`not in time: ${what}`);
    await pause(10);
  }
}

/** Publishes `data.n`, and returns its cursor. */
async function tell(topic: string, n: number): Promise<string> {
  return (await publish(server, { topic, data: { n } })).cursor;
}

describe.each(PROXIES)('behind %s', (name) => {
  const skip = isProxyMissing(name);
  let proxy: Proxy;

  beforeAll(async () => {
    if (!skip) proxy = await Proxy.start(name, { nodes: nodesAt(server.port), idleS: IDLE_S });
  });
  afterAll(() => proxy?.stop());

  it.skipIf(skip)(
    'no connection dies within six idle time-outs, and each hears what comes then',
    async () => {
      const topic = `idle/${name}`;
      const sse = await overSse(proxy.url, topic);
      const listeners: Record<string, Listener> = {
        sse,
        'Socket.IO over WebSocket': await overSocketIo(proxy.url, topic, 'websocket'),
        'Socket.IO over polling': await overSocketIo(proxy.url, topic, 'polling'),
        WebSocket: await overWebSocket(proxy.url, topic),
        'long poll': await overLongPolls(proxy.url, topic),
      };
      const ends = performance.now() + IDLE_TIMES * IDLE_S * 1_000;
      const told: number[] = [];
      while (performance.now() < ends) {
        // Something happens just after a heartbeat, and then nothing for two: none may be spared because of it.
        await sse.beat();
        told.push(told.length + 1);
        await tell(topic, told.length);
        await pause(HEARTBEAT_MS * 2.2);
      }
      for (const [transport, listener] of Object.entries(listeners)) {
        await until(`${transport} hears all`, () => listener.heard.length >= told.length || listener.ends() > 0);
        expect({ transport, ends: listener.ends(), heard: listener.heard }).toEqual({
          transport,
          ends: 0,
          heard: told,
        });
        listener.close();
      }
    },
    TEST_TIMEOUT_MS,
  );

  it.skipIf(skip)('the first byte of an event stream comes in under a second', async () => {
    const from = performance.now();
    const stream = await EventStream.open(`${proxy.url}/v1/events?topics=first&access_token=${token}`);
    await stream.until('first byte', () => stream.text.length > 0);
    expect(performance.now() - from).toBeLessThan(FIRST_BYTE_MS);
    stream.close();
  });

  it.skipIf(skip)(
    'what says nothing of buffering is held back, and what says nothing at all is cut: the proxy is a hostile one',
    async () => {
      const node = `127.0.0.1:${silentPort}`;
      const strict = await Proxy.start(name, { nodes: [node, node], idleS: IDLE_S });
      try {
        const from = performance.now();
        const stream = await EventStream.open(`${strict.url}/v1/events`);
        await stream.until('first byte', () => stream.text.length > 0, IDLE_S * 3_000);
        // HAProxy buffers no answers.
        if (name === 'nginx') expect(performance.now() - from).toBeGreaterThan(FIRST_BYTE_MS);
        await stream.until('end', () => stream.ended, IDLE_S * 3_000);
        expect(performance.now() - from).toBeGreaterThan(IDLE_S * 900);
      } finally {
        await strict.stop();
      }
    },
    TEST_TIMEOUT_MS,
  );

  it.skipIf(skip)(
    'any node continues where another stopped, without stickiness; a polling Socket.IO client stays with one',
    async () => {
      const topic = `nodes/${name}`;
      const heard: Record<string, number[]> = { polls: [], sse: [], webSocket: [] };
      let cursor = await tell(topic, 0);
      const cursors = { polls: cursor, sse: cursor, webSocket: cursor };
      for (let n = 1; n <= 6; n++) {
        cursor = await tell(topic, n);
        const page = await poll(proxy.url, topic, cursors.polls);
        heard['polls']?.push(...page.heard);
        cursors.polls = page.cursor;

        const stream = await EventStream.open(
          `${proxy.url}/v1/events?topics=${topic}&access_token=${token}&since=${cursors.sse}`,
        );
        const [event] = await stream.first('message', 1);
        heard['sse']?.push(numberIn(event?.data));
        cursors.sse = event?.id ?? '';
        stream.close();

        const socket = await overWebSocket(proxy.url, topic, cursors.webSocket);
        await until('the notification', () => socket.heard.length > 0);
        heard['webSocket']?.push(...socket.heard);
        cursors.webSocket = socket.cursor();
        socket.close();
      }
      const all = [1, 2, 3, 4, 5, 6];
      expect(heard).toEqual({ polls: all, sse: all, webSocket: all });

      const sticky = await overSocketIo(proxy.url, topic, 'polling');
      await tell(topic, 7);
      await until('the notification', () => sticky.heard.length > 0);
      sticky.close();

      const nodesOf = async (path: string) =>
        new Set((await proxy.requests()).filter((request) => request.path === path).map(({ node }) => node)).size;
      await expect.poll(() => nodesOf('/v1/events')).toBe(2);
      await expect.poll(() => nodesOf('/v1/ws')).toBe(2);
      expect(await nodesOf('/socket.io/')).toBe(1);
    },
    TEST_TIMEOUT_MS,
  );
});

/** Two addresses of one process stand for two nodes. */
function nodesAt(port: number): [string, string] {
  return [`127.0.0.1:${port}`, `127.0.0.2:${port}`];
}
