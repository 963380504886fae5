import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mintToken, publishBatch, readMetric } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { STAYS, type Stay } from '../support/stays.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { shortOrLong, tell } from './lengths.js';

const HOPS = shortOrLong(30, 100);
const PUBLISHES = shortOrLong(9_000, 100_000);
const KILLS = shortOrLong(3, 10);
const BATCH = 25;
/** About how long one hop takes, in which its share is published. */
const HOP_MS = 250;
const SOURCES = ['live', 'ring', 'log'] as const;

/** Numbers that look random and are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

let server: TestServer;
let proxy: TcpProxy;
beforeAll(async () => {
  // Memory is small, so that a client that was away a moment is served from the log too.
  server = await startServer({ CLARION_RING_BYTES: '15000', CLARION_HEARTBEAT_MS: '1000' });
  proxy = await TcpProxy.listen(server.port);
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
});

test('one client walks over all transports with only its last cursor, and nothing is lost, repeated or out of order', async () => {
  const seed = Number(process.env['CLARION_TEST_SEED'] ?? Date.now() % 1_000_000);
  tell('hops begin', { CLARION_TEST_SEED: seed });
  const random = randomFrom(seed);
  // Each transport once, then whichever: left to chance alone, one in forty short walks would miss one.
  const everyOne = shuffled(Object.entries(STAYS), random);
  const token = await mintToken(server, { sub: 'walker', subscribe: ['hop/**'], ttl: 3_600 });
  const walk: Walk = { hop: 0, isOver: false, published: 0, isPublished: false };
  const published = publish(walk).finally(() => (walk.isPublished = true));
  const keys: string[] = [];
  const told = { gap: 0, served: { live: 0, ring: 0, log: 0 } };
  const visits: Record<string, number> = {};
  let since: string | undefined = await headOf(token);
  let resets = 0;

  const collect = (stay: Stay): void => {
    for (const { name, data } of stay.told) {
      if (name === 'notification') keys.push(data.data!.key!);
      if (name === 'gap') told.gap++;
      since = data.cursor ?? since;
    }
  };
  for (; walk.hop < HOPS; walk.hop++) {
    const [name, open] = everyOne[walk.hop] ?? pick(Object.entries(STAYS), random);
    visits[name] = (visits[name] ?? 0) + 1;
    const stay = open({ url: proxy.url, token, topics: ['hop/**'], since });
    await sleep(50 + random() * 200);
    // On a slow machine most of it would be published when the walk is over: nothing of that is live.
    while (!walk.isPublished && walk.published / PUBLISHES < (walk.hop - 1) / HOPS) await sleep(2);
    if (walk.hop % Math.floor(HOPS / KILLS) === 1) await kill(told.served);
    else if (random() < 0.9) resets += await resetInFlight(random);
    stay.leave();
    collect(stay);
    proxy.cutAll();
    await sleep(random() * 60);
  }
  walk.isOver = true;
  await published;

  const last = STAYS['sse']!({ url: proxy.url, token, topics: ['hop/**'], since });
  await expect
    .poll(() => keys.length + last.told.filter(({ name }) => name === 'notification').length, { timeout: 60_000 })
    .toBe(PUBLISHES);
  last.leave();
  collect(last);
  await count(told.served);

  tell('hops', { seed, hops: HOPS, publishes: PUBLISHES, kills: KILLS, resets, visits, ...told });
  expect(firstWrong(keys)).toBeUndefined();
  expect(keys).toHaveLength(PUBLISHES);
  expect(told.gap).toBe(0);
  expect(resets).toBeGreaterThanOrEqual(HOPS / 2);
  expect(Object.keys(visits)).toHaveLength(Object.keys(STAYS).length);
  const all = SOURCES.reduce((sum, source) => sum + told.served[source], 0);
  for (const source of SOURCES) expect([source, told.served[source] / all > 0.1]).toEqual([source, true]);
}, 600_000);

/** The first place at which the keys are not the next number. */
function firstWrong(keys: readonly string[]): string | undefined {
  const at = keys.findIndex((key, i) => key !== `k${i}`);
  return at === -1 ? undefined : `at ${at}: ${keys.slice(Math.max(0, at - 2), at + 3).join()}`;
}

async function headOf(token: string): Promise<string> {
  const response = await fetch(`${server.url}/v1/events?topics=hop/**`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await response.json()) as { cursor: string }).cursor;
}

/** How far the client has walked, and what it walks beside: neither runs away from the other. */
interface Walk {
  hop: number;
  isOver: boolean;
  published: number;
  isPublished: boolean;
}

/** Publishes all the time, spread over all hops; a batch whose answer was lost is sent again with its keys. */
async function publish(walk: Walk): Promise<void> {
  const pauseMs = (HOP_MS * HOPS * BATCH) / PUBLISHES;
  for (let from = 0; from < PUBLISHES; from += BATCH) {
    // At a pace that leaves no hop in silence, and never more than a hop ahead.
    await sleep(pauseMs);
    while (!walk.isOver && from / PUBLISHES > (walk.hop + 1) / HOPS) await sleep(2);
    const batch = Array.from({ length: BATCH }, (_, i) => ({
      topics: [`hop/${(from + i) % 7}`],
      type: 'hop',
      data: { key: `k${from + i}`, pad: 'x'.repeat(100) },
      idempotencyKey: `hop-${from + i}`,
    }));
    await untilPublished(batch);
    walk.published = from + BATCH;
  }
}

async function untilPublished(batch: readonly object[]): Promise<void> {
  for (;;) {
    try {
      await publishBatch(server, batch);
      return;
    } catch (error) {
      // Only a broken connection leaves the outcome open.
      if (!(error instanceof TypeError)) throw error;
      await sleep(20);
    }
  }
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((one) => [random(), one] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, one]) => one);
}

function pick<T>(all: readonly T[], random: () => number): T {
  return all[Math.floor(random() * all.length)]!;
}

/** Resets the connection after some bytes of what is on its way. Returns 1 if that happened within what the server wrote. */
async function resetInFlight(random: () => number): Promise<number> {
  const before = proxy.cuts;
  await Promise.race([proxy.cutAfter(200 + random() * 8_000), sleep(600)]);
  return proxy.cuts > before ? 1 : 0;
}

async function kill(served: Record<(typeof SOURCES)[number], number>): Promise<void> {
  await count(served);
  await server.kill();
  await server.restart();
}

/** Adds what this process has delivered so far; a kill would forget it. */
async function count(served: Record<(typeof SOURCES)[number], number>): Promise<void> {
  const deliveries = await readMetric(server, 'clarion_deliveries_total');
  for (const source of SOURCES) served[source] += deliveries[`source="${source}"`] ?? 0;
}
