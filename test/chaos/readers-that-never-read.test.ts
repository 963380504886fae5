import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { check, summarise } from '../support/checker.js';
import { probed, readProcess } from '../support/process-probe.js';
import {
  connectEventSource,
  connectSocketIo,
  type ConnectOptions,
  type RecordingClient,
} from '../support/recording-clients.js';
import type { PublishRecord } from '../support/records.js';
import { mintToken, publishBatch, readMetric } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { isLong, shortOrLong, tell } from './lengths.js';

const STALLED = shortOrLong(30, 100);
const MEBIBYTE = 1_048_576;
const PUBLISHED_BYTES = shortOrLong(16, 100) * MEBIBYTE;
const PAIRS_OF_RUNS = shortOrLong(1, 5);
const EVENT_BYTES = 60_000;
const EVENTS_PER_BATCH = 60;
const ALLOWED_RISE_BYTES = 16 * MEBIBYTE;
const TOPIC = 'bulk/1';

it(
  'readers that never read cost almost no memory, disturb nobody, and miss nothing once they read again',
  async () => {
    const rises: number[] = [];
    for (let pair = 0; pair < PAIRS_OF_RUNS; pair++) {
      const without = await memoryAfterPublishing(0);
      const withStalled = await memoryAfterPublishing(STALLED);
      rises.push(withStalled - without);
    }
    const median = rises.toSorted((a, b) => a - b)[Math.floor(rises.length / 2)] ?? Infinity;
    tell('readers that never read', {
      readers: STALLED,
      publishedMiB: PUBLISHED_BYTES / MEBIBYTE,
      risesMiB: rises.map((rise) => Number((rise / MEBIBYTE).toFixed(2))),
    });
    expect(median).toBeLessThan(ALLOWED_RISE_BYTES);
  },
  isLong ? 1_200_000 : 120_000,
);

/** Live heap and external bytes of a server after the publishing, with so many readers that read nothing of it. */
async function memoryAfterPublishing(stalled: number): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'clarion-stalled-'));
  const { env, options, socket } = probed(directory);
  // Nobody is to be dropped for not answering a heartbeat while the test runs.
  const server = await startServer({ ...env, CLARION_HEARTBEAT_MS: '600000' }, options);
  const network = await TcpProxy.listen(server.port);
  const oneNetwork = await TcpProxy.listen(server.port);
  const clients: RecordingClient[] = [];
  try {
    const token = await mintToken(server, { sub: 'u-1', subscribe: [TOPIC] });
    const reading = bothTransports(2, 'reads', server.url, token);
    const never = bothTransports(Math.max(0, stalled - 1), 'never reads', network.url, token);
    const later = bothTransports(Math.min(1, stalled), 'reads later', oneNetwork.url, token);
    clients.push(...reading, ...never, ...later);
    for (const { log } of clients) await log.until('ready', () => log.count('ready') === 1);
    network.pause();
    oneNetwork.pause();

    const publishes = await publishAll(server);
    for (const { log } of reading)
      await log.until('everything', () => log.count('notification') >= publishes.length, 60_000);
    const { heapUsed, external } = await readProcess(socket);
    expect((await readMetric(server, 'clarion_sessions_fallen_behind_total'))['']).toBeGreaterThanOrEqual(stalled);
    expect(never.every(({ log }) => log.count('notification') < publishes.length)).toBe(true);

    oneNetwork.resume();
    for (const { log } of later)
      await log.until('everything', () => log.count('notification') >= publishes.length, 60_000);
    expect(
      summarise(
        check(
          publishes,
          [...reading, ...later].map(({ log }) => log),
        ),
      ),
    ).toBe('');
    expect([...reading, ...later].map(({ log }) => log.count('ready'))).toEqual([...reading, ...later].map(() => 1));
    return heapUsed + external;
  } finally {
    for (const client of clients) client.close();
    await Promise.all([network.close(), oneNetwork.close()]);
    await server.stop();
    await rm(directory, { recursive: true });
  }
}

function bothTransports(count: number, name: string, url: string, token: string): RecordingClient[] {
  return Array.from({ length: count }, (_, index) => {
    const options: ConnectOptions = { client: `${name} ${index}`, url, token, selectors: [TOPIC] };
    return index % 2 === 0 ? connectEventSource(options) : connectSocketIo(options, ['websocket']);
  });
}

async function publishAll(server: TestServer): Promise<PublishRecord[]> {
  const records: PublishRecord[] = [];
  while (records.length * EVENT_BYTES < PUBLISHED_BYTES)
    records.push(...(await publishOneBatch(server, records.length)));
  return records;
}

async function publishOneBatch(server: TestServer, from: number): Promise<PublishRecord[]> {
  const startedAt = performance.now();
  const keys = Array.from({ length: EVENTS_PER_BATCH }, (_, index) => `bulk#${from + index + 1}`);
  const results = await publishBatch(
    server,
    keys.map((key) => ({ topic: TOPIC, data: { key, pad: 'x'.repeat(EVENT_BYTES) } })),
  );
  return keys.map((key, index): PublishRecord => {
    const { id = '', cursor = '' } = results[index] ?? {};
    return {
      key,
      publisher: 'bulk',
      serial: from + index + 1,
      topics: [TOPIC],
      startedAt,
      attempts: 1,
      acknowledged: { id, cursor, at: performance.now() },
    };
  });
}
