import { afterEach, expect, it } from 'vitest';
import { figuresOf } from '../../bench/flood/flood-figures.js';
import { play } from '../../bench/flood/flood.js';
import { Flooder } from '../../bench/flood/flooder.js';
import { mintToken, readMetric } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { shortOrLong, tell } from './lengths.js';

/** The short form of `npm run bench -- --flood`, which judges milliseconds. */
const CONNECTIONS = 1_500;
const FLOOD_MS = shortOrLong(5_000, 60_000);
/** So that the flood is one on any machine, fast or busy. */
const SMALL = { CLARION_COMMIT_MAX_BATCH: '400', CLARION_PUBLISH_MAX_WAIT_MS: '40' };
/** Six times what the bench allows: here others may use the machine too. */
const MAX_MS = 3_000;
/** On a machine that is slower still: in how many rounds over all connections a publish must have its answer. */
const MAX_ROUNDS = 10;

let server: TestServer | undefined;
let flooder: Flooder | undefined;

afterEach(async () => {
  flooder?.close();
  await server?.stop();
});

it('five times what the server can take: what it accepts is delivered, the rest is told to come back, and it recovers', async () => {
  server = await startServer({ ...SMALL, CLARION_LOG_LEVEL: 'info' });
  const { port, apiKey } = server;
  const token = await mintToken(server, { sub: 'flood-reader', subscribe: ['flood/*'] });
  flooder = await Flooder.gather({ port, apiKey, token, connections: CONNECTIONS });
  const plan = { connections: CONNECTIONS, factor: 5, durationMs: FLOOD_MS, capacityMs: 1_000 };

  const figures = figuresOf(await play(flooder, port, plan));

  tell('flood', figures);
  expect(figures.due).toBeGreaterThan(figures.capacityPerSecond * 4);
  expect(figures.faults).toEqual([]);
  expect(Object.keys(figures.refused)).toEqual(['503']);
  expect(figures.withoutRetryAfter).toBe(0);
  expect(figures.accepted).toBeGreaterThan(figures.capacityPerSecond / 10);
  const roundMs = (CONNECTIONS / (figures.accepted + (figures.refused['503'] ?? 0))) * 1_000;
  expect(figures.acceptedMs.p99).toBeLessThan(Math.max(MAX_MS, MAX_ROUNDS * roundMs));
  expect(figures.healthMs.max).toBeLessThan(Math.max(MAX_MS, MAX_ROUNDS * roundMs));
  expect(figures.normalAfterMs).not.toBeNull();
  const turnedAway = (await readMetric(server, 'clarion_publishes_turned_away_total'))[''] ?? 0;
  expect(turnedAway).toBeGreaterThan(0);
  expect(server.logs.filter((line) => line.includes('turned away')).length).toBeGreaterThan(0);
  expect(server.logs.length).toBeLessThan(20);
});
