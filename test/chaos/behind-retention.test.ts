import { afterEach, beforeEach, expect, it } from 'vitest';
import { check, summarise } from '../support/checker.js';
import { EventStream } from '../support/event-stream.js';
import { Publisher } from '../support/publisher.js';
import { connectEventSource, connectSocketIo, type RecordingClient } from '../support/recording-clients.js';
import { mintToken } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const TOPIC = 'kept/1';
/** What the resume log keeps, and of what size the notifications are. */
const KEPT_BYTES = 200_000;
const PAD_BYTES = 20_000;
/** Far more than is kept, and than the network holds for a reader that does not read. */
const PUBLISHES = 600;

let server: TestServer;
let network: TcpProxy;
let token: string;
let publisher: Publisher;
const clients: RecordingClient[] = [];

beforeEach(async () => {
  server = await startServer({
    CLARION_RESUME_MAX_BYTES: String(KEPT_BYTES),
    CLARION_RETENTION_INTERVAL_MS: '100',
    CLARION_RING_BYTES: '65536',
    CLARION_PAGE_CACHE_BYTES: '65536',
    CLARION_SSE_RETRY_MS: '50',
  });
  network = await TcpProxy.listen(server.port);
  token = await mintToken(server, { sub: 'u-1', subscribe: [TOPIC] });
  publisher = new Publisher({ name: 'p', url: server.url, apiKey: server.apiKey, padBytes: PAD_BYTES });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await network.close();
  await server.stop();
});

async function connectBoth(gapExpected: boolean): Promise<RecordingClient[]> {
  const options = { url: network.url, token, selectors: [TOPIC], gapExpected };
  clients.push(
    connectEventSource({ client: 'eventsource', ...options }),
    connectSocketIo({ client: 'socket.io', ...options }, ['websocket']),
  );
  for (const { log } of clients) await log.until('ready', () => log.count('ready') === 1);
  return clients;
}

async function publishMany(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await publisher.publish({ topics: [TOPIC] });
}

/** Resolves when the place of the first publish is no longer in the resume log. */
async function untilFirstIsForgotten(): Promise<void> {
  const since = publisher.records[0]?.acknowledged?.cursor;
  const isForgotten = async () => {
    const stream = await EventStream.open(`${server.url}/v1/events?topics=${TOPIC}&since=${since}`, {
      Authorization: `Bearer ${token}`,
    });
    await stream.until('ready', () => stream.named('ready').length > 0);
    stream.close();
    return stream.named('gap').length > 0;
  };
  await expect.poll(isForgotten, { timeout: 10_000 }).toBe(true);
}

/**
 * After the last gap everything that is kept follows, without a hole up to the newest. The first one says why; retention may pass the
 * reader again before it has read on.
 */
function expectTheNewestWithoutAHole({ log }: RecordingClient, reason: string): void {
  expect(log.heard.find(({ kind }) => kind === 'gap')).toMatchObject({ reason });
  const gapAt = log.heard.findLastIndex(({ kind }) => kind === 'gap');
  const after = log.heard.slice(gapAt).flatMap((heard) => (heard.kind === 'notification' ? [heard.key] : []));
  expect(after.length).toBeGreaterThan(0);
  expect(after.length).toBeLessThan(PUBLISHES);
  expect(after).toEqual(publisher.records.slice(-after.length).map(({ key }) => key));
}

async function untilTheNewest({ log }: RecordingClient): Promise<void> {
  const newest = publisher.records.at(-1)?.key;
  await log.until('the newest', () => log.heard.some((heard) => 'key' in heard && heard.key === newest));
}

it('a client that was away for longer than the log is kept gets gap, then what is kept', async () => {
  const both = await connectBoth(true);
  await publishMany(3);
  for (const { log } of both) await log.until('the first', () => log.count('notification') === 3);
  network.lose();
  await publishMany(PUBLISHES / 10);
  await untilFirstIsForgotten();
  network.reach();
  for (const client of both) await untilTheNewest(client);
  for (const client of both) expectTheNewestWithoutAHole(client, 'retention');
  expect(
    summarise(
      check(
        publisher.records,
        both.map(({ log }) => log),
      ),
    ),
  ).toBe('');
});

it('a client that reads too slowly gets gap within its connection, then what is kept', async () => {
  const both = await connectBoth(true);
  network.pause();
  await publishMany(PUBLISHES);
  await untilFirstIsForgotten();
  network.resume();
  for (const client of both) await untilTheNewest(client);
  for (const client of both) expectTheNewestWithoutAHole(client, 'lag');
  expect(both.map(({ log }) => log.count('opened'))).toEqual([1, 1]);
  expect(
    summarise(
      check(
        publisher.records,
        both.map(({ log }) => log),
      ),
    ),
  ).toBe('');
});
