import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { monotonicMicros } from '../../bench/clock.js';
import { Crowd } from '../../bench/storm/crowd.js';
import { clientsOf, firstNumberOf, STORM_TOPICS, topicNamed } from '../../bench/storm/population.js';
import { Publisher } from '../support/publisher.js';
import { mintToken, publishBatch, readMetric, type Door } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { tell } from './lengths.js';

/** The short form of `npm run bench -- --storm`, which has the full figures. */
const CLIENTS = 500;
const PEOPLE = 20;
const MISSED = 10;
const PATIENCE_MS = 120_000;
const PACE_MS = 20;
/** What was missed lies behind it. */
const SMALL_RING = { CLARION_RING_BYTES: '1024' };

let server: TestServer | undefined;
let crowd: Crowd | undefined;

afterEach(async () => {
  crowd?.close();
  await server?.stop();
});

it.each([
  // What was missed is published after the restart: it is all in memory, and nobody reads the log.
  { what: 'one topic, from memory', topics: 1, ring: {}, source: 'ring', reads: { atLeast: 0, atMost: 0 } },
  {
    what: 'one topic, from the log',
    topics: 1,
    ring: SMALL_RING,
    source: 'log',
    reads: { atLeast: 1, atMost: CLIENTS / 5 },
  },
  {
    what: 'many topics, from the log',
    topics: 50,
    ring: SMALL_RING,
    source: 'log',
    reads: { atLeast: 1, atMost: CLIENTS / 5 },
  },
])(`${CLIENTS} clients return at once after a SIGKILL: $what`, async ({ what, topics, ring, source, reads }) => {
  const target = (server = await startServer(ring));
  const tokens = await Promise.all(
    Array.from({ length: PEOPLE }, (_, i) => mintToken(target, { sub: `person-${i}`, subscribe: [STORM_TOPICS] })),
  );
  const population = { port: target.port, tokens, topics, missed: MISSED };
  const gathered = (crowd = new Crowd(clientsOf(population, 0, CLIENTS)));
  await gathered.gather();

  const { broken } = gathered.brace();
  await target.kill();
  await broken;
  await target.restart();
  await publishMissed(target, topics);
  const elsewhere = publishElsewhere(target);
  await gathered.comeBack(monotonicMicros(), PATIENCE_MS);
  const published = await elsewhere.stop();

  const { faults, transports, retryReasons } = gathered.report();
  const logReads = (await readMetric(target, 'clarion_log_page_reads_total'))[''] ?? Number.NaN;
  const deliveries = await readMetric(target, 'clarion_deliveries_total');
  tell('return storm', { what, logReads, deliveries, publishedMeanwhile: published, retryReasons });
  expect(faults).toEqual({});
  for (const { clients, complete } of transports)
    expect(complete.buckets.reduce((sum, [, count]) => sum + count, 0)).toBe(clients);
  expect(logReads).toBeGreaterThanOrEqual(reads.atLeast);
  expect(logReads).toBeLessThanOrEqual(reads.atMost);
  expect(deliveries[`source="${source}"`]).toBeGreaterThanOrEqual((CLIENTS * MISSED) / 2);
  expect(published).toBeGreaterThan(0);
});

async function publishMissed(door: Door, topics: number): Promise<void> {
  for (let round = 0; round < MISSED; round++)
    await publishBatch(
      door,
      Array.from({ length: topics }, (_, topic) => ({
        topic: topicNamed(topic),
        data: { n: firstNumberOf(topic, MISSED) + round, padding: 'x'.repeat(200) },
      })),
    );
}

/**
 * Publishes what concerns nobody, one after another, until it is stopped; says then how many. Paced, since the tail of the log, which
 * all read again when it has grown, is the one page that is read more than once.
 */
function publishElsewhere({ url, apiKey }: Door): { stop(): Promise<number> } {
  const publisher = new Publisher({ name: 'elsewhere', url, apiKey });
  let isOver = false;
  const publishing = (async (): Promise<void> => {
    while (!isOver) {
      await publisher.publish({ topics: ['elsewhere'] });
      await sleep(PACE_MS);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await publishing;
      return publisher.records.length;
    },
  };
}
