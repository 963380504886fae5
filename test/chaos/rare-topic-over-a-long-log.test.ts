import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AppendRequest } from '#clarion/notifications';
import { SqliteStore } from '#clarion/store-sqlite';
import { probed, readProcess } from '../support/process-probe.js';
import { Publisher } from '../support/publisher.js';
import { connectEventSource, connectSocketIo, type RecordingClient } from '../support/recording-clients.js';
import { mintToken } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { isLong, shortOrLong, tell } from './lengths.js';

const FOREIGN_EVENTS = shortOrLong(100_000, 1_000_000);
/** More than a pattern is resolved to, so that it must be looked for in the log itself. */
const FOREIGN_TOPICS = 5_000;
const PER_APPEND = 1_000;
const RARE = 3;
/** Generous: whether the event loop was stopped, not whether this machine is fast. */
const MAX_LOOP_DELAY_MS = shortOrLong(1_000, 500);
/** Of others while somebody resumes, by the median; judged in the long form, on a machine that does nothing else. */
const MAX_SLOWDOWN = shortOrLong(Infinity, 10);
const PATIENCE_MS = shortOrLong(60_000, 600_000);

let directory: string;
let server: TestServer | undefined;
const clients: RecordingClient[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clarion-rare-'));
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await server?.stop();
  await rm(directory, { recursive: true });
});

it(
  'a reader of a rare topic resumes over a great many foreign events without being cut, and without stopping others',
  async () => {
    const { env, options, socket } = probed(directory);
    // The token outlives the restart, the epoch of the cursor does not end it.
    const first = await startServer(env, options);
    const token = await mintToken(first, { sub: 'u-1', subscribe: ['*/rare', 'quiet/rare', '*/*/never', 'live/1'] });
    const past = new Publisher({ name: 'past', url: first.url, apiKey: first.apiKey });
    const since = (await past.publish({ topics: ['quiet/rare'] })).acknowledged?.cursor ?? '';
    await first.kill('SIGTERM');
    await seed(join(directory, 'data', 'clarion.db'));

    const target = (server = await startServer(
      { ...env, CLARION_SSE_RETRY_MS: '50' },
      { ...options, port: first.port },
    ));
    const live = connectSocketIo({ client: 'live', url: target.url, token, selectors: ['live/1'] }, ['websocket']);
    clients.push(live);
    await live.log.until('ready', () => live.log.count('ready') === 1);
    const publisher = new Publisher({ name: 'live', url: target.url, apiKey: target.apiKey });
    const before = await latencies(publisher, live, 50);
    await readProcess(socket);

    const resuming = resumeAll(target.url, token, since);
    clients.push(...resuming);
    let arrived = 0;
    const arrival = allAtHead(resuming, target).then(() => arrived++);
    const during: number[] = [];
    while (arrived === 0) during.push(...(await latencies(publisher, live, 1)));
    await arrival;
    const { maxLoopDelayMs } = await readProcess(socket);
    tell('rare topic', {
      foreignEvents: FOREIGN_EVENTS,
      medianMs: { before: median(before), during: median(during) },
      publishedMeanwhile: during.length,
      maxLoopDelayMs,
    });

    for (const { log } of resuming) {
      expect(`${log.client}: ${log.count('opened')} opened`).toBe(`${log.client}: 1 opened`);
      expect(log.count('gap')).toBe(0);
      expect(log.count('cursor')).toBeGreaterThan(0);
      const heard = log.heard.flatMap((one) => ('key' in one ? [one.key] : []));
      const rare = Array.from({ length: log.client.includes('never') ? 0 : RARE }, (_, index) => `rare#${index + 1}`);
      expect(heard).toEqual([...rare, 'last#1']);
    }
    expect(live.log.count('notification')).toBe(before.length + during.length);
    expect(maxLoopDelayMs).toBeLessThan(MAX_LOOP_DELAY_MS);
    expect(median(during) / median(before)).toBeLessThan(MAX_SLOWDOWN);
  },
  isLong ? 900_000 : 120_000,
);

/** Foreign events, and a few rare ones at the beginning, in the middle and at the end, written by the store itself. */
async function seed(file: string): Promise<void> {
  const store = new SqliteStore({ file });
  await store.open();
  const rareAt = new Set([1, FOREIGN_EVENTS / 2, FOREIGN_EVENTS - 1]);
  let rare = 0;
  for (let from = 0; from < FOREIGN_EVENTS; from += PER_APPEND) {
    const batch = Array.from({ length: PER_APPEND }, (_, index): AppendRequest => {
      const at = from + index;
      return rareAt.has(at)
        ? entry('quiet/rare', `rare#${++rare}`)
        : entry(`noise/${at % FOREIGN_TOPICS}`, `noise#${at}`);
    });
    await store.append(batch);
  }
  await store.close();
}

function entry(topic: string, key: string): AppendRequest {
  const publishedAt = Date.now();
  const body = JSON.stringify({
    type: 'seeded',
    data: { key },
    publishedAt: new Date(publishedAt).toISOString(),
  }).slice(1, -1);
  return { id: randomUUID(), entry: { topics: [topic], publishedAt, body } };
}

/** By an exact topic, by a pattern that needs looking for, and by one that nothing ever matches; on both transports. */
function resumeAll(url: string, token: string, since: string): RecordingClient[] {
  const wanted = [
    ['exact', 'quiet/rare'],
    ['pattern', '*/rare'],
    ['never', '*/*/never'],
  ] as const;
  return wanted.flatMap(([name, selector]) => [
    connectEventSource({ client: `${name}, eventsource`, url, token, since, selectors: [selector] }),
    connectSocketIo({ client: `${name}, socket.io`, url, token, since, selectors: [selector] }, ['websocket']),
  ]);
}

/** Each hears its new cursor though nothing concerns it, and what is published then only when it has read all that came before. */
async function allAtHead(resuming: readonly RecordingClient[], target: TestServer): Promise<void> {
  for (const { log } of resuming) await log.until('a cursor event', () => log.count('cursor') > 0, PATIENCE_MS);
  const last = new Publisher({ name: 'last', url: target.url, apiKey: target.apiKey });
  await last.publish({ topics: ['quiet/rare', 'deep/down/never'] });
  for (const { log } of resuming)
    await log.until(
      'what is published now',
      () => log.heard.some((heard) => 'key' in heard && heard.key === 'last#1'),
      PATIENCE_MS,
    );
}

/** Milliseconds from publishing to hearing, one after another. */
async function latencies(publisher: Publisher, { log }: RecordingClient, count: number): Promise<number[]> {
  const measured: number[] = [];
  for (let i = 0; i < count; i++) {
    const heardBefore = log.count('notification');
    const from = performance.now();
    await publisher.publish({ topics: ['live/1'] });
    await log.until('its notification', () => log.count('notification') > heardBefore);
    measured.push(performance.now() - from);
    await sleep(2);
  }
  return measured;
}

function median(values: readonly number[]): number {
  return Number((values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0).toFixed(2));
}
