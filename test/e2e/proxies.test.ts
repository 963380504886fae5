import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  byPoll,
  overLongPolls,
  overSocketIo,
  overSse,
  overWebSocket,
  until,
  type Listener,
  type SseListener,
  type Wish,
} from '../services/listeners.js';
import { isProxyMissing, Proxy, type ProxyName } from '../services/proxy.js';
import { EventStream } from '../support/event-stream.js';
import { mintToken, publish } from '../support/rest.js';
import { freePort, startServer, type TestServer } from '../support/server.js';

const isLong = process.env['CLARION_TEST_LONG'] === '1';
/** In full the server is as it comes, and the proxies as impatient as they are found. */
const IDLE_S = isLong ? 30 : 3;
/** Shorter than the idle time-out, and longer than half of it: no proxy bears a silence of two heartbeats. */
const HEARTBEAT_MS = isLong ? 25_000 : 1_800;
const SETTINGS: Record<string, string> = isLong
  ? {}
  : { CLARION_HEARTBEAT_MS: String(HEARTBEAT_MS), CLARION_POLL_MAX_WAIT_S: '2' };
const IDLE_TIMES = 6;
const FIRST_BYTE_MS = 1_000;
const TEST_TIMEOUT_MS = ((IDLE_TIMES + 3) * IDLE_S + 60) * 1_000;

/** With what each of them does. */
const PROXIES: readonly { readonly name: ProxyName; readonly upgrades: boolean; readonly buffers: boolean }[] = [
  { name: 'nginx', upgrades: true, buffers: false },
  { name: 'haproxy', upgrades: true, buffers: false },
  { name: 'careless nginx', upgrades: false, buffers: true },
];

let server: TestServer;
/** Begins an event stream, like one that knows nothing of proxies, and says no more. */
let silent: Server;
let silentNode: string;
let token: string;

beforeAll(async () => {
  server = await startServer({ HOST: '0.0.0.0', ...SETTINGS });
  token = await mintToken(server, { sub: 'u-1', subscribe: ['**'] });
  silent = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {}\n\n');
  });
  const port = await freePort();
  silentNode = `127.0.0.1:${port}`;
  silent.listen(port, '127.0.0.1');
  await once(silent, 'listening');
});

afterAll(async () => {
  await server.stop();
  silent.closeAllConnections();
  silent.close();
});

/** Two addresses of one process stand for two nodes. */
function startProxy(name: ProxyName): Promise<Proxy> {
  const nodes = [`127.0.0.1:${server.port}`, `127.0.0.2:${server.port}`] as const;
  return Proxy.start(name, { nodes, idleS: IDLE_S });
}

/** Publishes `data.n`, and returns its cursor. */
async function tell(topic: string, n: number): Promise<string> {
  return (await publish(server, { topic, data: { n } })).cursor;
}

/** One of each transport that this proxy lets through. */
async function everyTransport(wish: Wish, upgrades: boolean): Promise<Record<string, Listener> & { sse: SseListener }> {
  return {
    sse: await overSse(wish),
    'Socket.IO over polling': await overSocketIo(wish, 'polling'),
    'long polls': await overLongPolls(wish),
    ...(upgrades && {
      'Socket.IO over WebSocket': await overSocketIo(wish, 'websocket'),
      WebSocket: await overWebSocket(wish),
    }),
  };
}

/**
 * For six idle time-outs: something happens just after a heartbeat, of one stream after the other, and then nothing for two
 * heartbeats, none of which may be spared because of it.
 */
async function tellNowAndThen(topic: string, streams: readonly SseListener[]): Promise<number[]> {
  const told: number[] = [];
  const end = performance.now() + IDLE_TIMES * IDLE_S * 1_000;
  while (performance.now() < end) {
    await streams[told.length % streams.length]?.beat(2 * HEARTBEAT_MS + 5_000);
    told.push(told.length + 1);
    await tell(topic, told.length);
    await pause(HEARTBEAT_MS * 2.1);
  }
  return told;
}

const present = PROXIES.filter(({ name }) => !isProxyMissing(name));

it.skipIf(present.length === 0)(
  'no connection dies within six idle time-outs of any proxy, and each hears what comes then',
  async () => {
    const topic = 'idle';
    const proxies = await Promise.all(present.map(({ name }) => startProxy(name)));
    try {
      const listeners = await Promise.all(
        proxies.map(({ url }, i) => everyTransport({ url, token, topic }, present[i]?.upgrades === true)),
      );
      const streams = listeners.map(({ sse }) => sse);
      const told = await tellNowAndThen(topic, streams);
      const all = listeners.flatMap((transports, i) =>
        Object.entries(transports).map(([name, listener]) => ({ who: `${name}, ${present[i]?.name}`, listener })),
      );
      for (const { who, listener } of all) {
        await until(`${who}: all or end`, () => listener.heard.length >= told.length || listener.ended);
        expect({ who, ended: listener.ended, heard: listener.heard }).toEqual({ who, ended: false, heard: told });
        listener.close();
      }
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    }
  },
  TEST_TIMEOUT_MS,
);

describe.each(PROXIES)('behind $name', ({ name, buffers }) => {
  const skip = isProxyMissing(name);

  it.skipIf(skip)('the first byte of an event stream comes in under a second', async () => {
    const proxy = await startProxy(name);
    try {
      const from = performance.now();
      const stream = await EventStream.open(`${proxy.url}/v1/events?topics=first&access_token=${token}`);
      await stream.until('first byte', () => stream.text.length > 0);
      expect(performance.now() - from).toBeLessThan(FIRST_BYTE_MS);
      stream.close();
    } finally {
      await proxy.stop();
    }
  });

  it.skipIf(skip)(
    'a stream that knows nothing of proxies is cut when it is silent, and held back where the proxy buffers',
    async () => {
      const proxy = await Proxy.start(name, { nodes: [silentNode, silentNode], idleS: IDLE_S });
      try {
        const from = performance.now();
        const stream = await EventStream.open(`${proxy.url}/v1/events`);
        await stream.until('byte or end', () => stream.text.length > 0 || stream.ended, IDLE_S * 3_000);
        expect(performance.now() - from > FIRST_BYTE_MS).toBe(buffers);
        await stream.until('end', () => stream.ended, IDLE_S * 3_000);
        expect(performance.now() - from).toBeGreaterThan(IDLE_S * 900);
      } finally {
        await proxy.stop();
      }
    },
    TEST_TIMEOUT_MS,
  );
});

/** Whoever comes back again and again, and brings only the last cursor. @returns what they heard. */
async function comeAndGo(listen: (wish: Wish) => Promise<Listener>, url: string, topic: string): Promise<number[]> {
  const heard: number[] = [];
  let since = await tell(topic, 0);
  for (let n = 1; n <= 6; n++) {
    await tell(topic, n);
    const listener = await listen({ url, token, topic, since });
    await until(`${n}`, () => listener.heard.length > 0);
    heard.push(...listener.heard);
    since = listener.cursor;
    listener.close();
  }
  return heard;
}

describe.each(PROXIES.filter(({ upgrades }) => upgrades))('two nodes behind $name', ({ name }) => {
  const skip = isProxyMissing(name);

  it.skipIf(skip)(
    'any node continues where another stopped; a Socket.IO client that polls stays with one',
    async () => {
      const proxy = await startProxy(name);
      const nodesOf = async (path: string): Promise<number> =>
        new Set((await proxy.requests()).flatMap((request) => (request.path === path ? [request.node] : []))).size;
      try {
        for (const [i, listen] of [byPoll, overSse, overWebSocket].entries())
          expect(await comeAndGo(listen, proxy.url, `${name}/${i}`)).toEqual([1, 2, 3, 4, 5, 6]);
        const polling = await overSocketIo({ url: proxy.url, token, topic: name }, 'polling');
        await tell(name, 1);
        await until('the notification', () => polling.heard.length > 0);
        polling.close();
        // Proxies log a request once it has ended.
        await expect.poll(() => nodesOf('/v1/events')).toBe(2);
        await expect.poll(() => nodesOf('/v1/ws')).toBe(2);
        await expect.poll(() => nodesOf('/socket.io/')).toBe(1);
      } finally {
        await proxy.stop();
      }
    },
  );
});
