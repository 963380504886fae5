import { afterEach, expect, it } from 'vitest';
import { summarise } from '../support/checker.js';
import { mintToken, readMetric } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { cutsAndKills, type Plan } from './cuts-and-kills.js';
import { shortOrLong, tell } from './lengths.js';

const PLAN = shortOrLong<Plan>(
  { publishes: 1_200, publishers: 12, cuts: 6, kills: 2, padBytes: 300, tunnelMs: 600, settleMs: 20_000 },
  { publishes: 5_000, publishers: 12, cuts: 20, kills: 5, padBytes: 300, tunnelMs: 600, settleMs: 60_000 },
);

let server: TestServer | undefined;
afterEach(() => server?.stop());

it('every client has each publish once and in order, by cursor alone, through cuts in mid-burst and SIGKILLs', async () => {
  // Memory holds about ninety notifications, so that a client that was away for longer is served by the log.
  server = await startServer({ CLARION_RING_BYTES: '49152', CLARION_SSE_RETRY_MS: '50' });
  const target = server;
  const sources: Record<string, number> = {};
  const addSources = async () => {
    for (const [label, count] of Object.entries(await readMetric(target, 'clarion_deliveries_total')))
      sources[label] = (sources[label] ?? 0) + count;
  };
  const result = await cutsAndKills(
    {
      port: target.port,
      apiKey: target.apiKey,
      token: await mintToken(target, { sub: 'u-1', subscribe: ['chaos/**'] }),
      kill: async () => {
        await addSources();
        await target.kill();
      },
      start: () => target.restart(),
    },
    PLAN,
  );
  await addSources();

  expect(summarise(result.violations)).toBe('');
  expect(result.failures).toEqual([]);
  expect(result.publishes.filter(({ acknowledged }) => acknowledged)).toHaveLength(PLAN.publishes);
  for (const [client, cuts] of Object.entries(result.cuts))
    expect(`${client}: ${cuts >= PLAN.cuts}`).toBe(`${client}: true`);
  // A reader of few topics may get too little of a burst to be cut within it.
  expect(result.cutsInMidChunk).toBeGreaterThan((PLAN.cuts * Object.keys(result.cuts).length) / 2);
  expect(result.publishes.some(({ attempts }) => attempts > 1)).toBe(true);
  expect(result.replays).toBeGreaterThan(0);
  const total = Object.values(sources).reduce((sum, count) => sum + count, 0);
  tell('cuts and kills', {
    sources,
    heard: result.heard,
    cuts: result.cuts,
    inMidChunk: result.cutsInMidChunk,
    replays: result.replays,
  });
  for (const source of ['live', 'ring', 'log'])
    expect((sources[`source="${source}"`] ?? 0) / total).toBeGreaterThanOrEqual(0.1);
});
