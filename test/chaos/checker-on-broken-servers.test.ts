import { afterEach, describe, expect, it } from 'vitest';
import { check, summarise, type Violation } from '../support/checker.js';
import { NaiveServer, type Fault } from '../support/naive-server.js';
import { Publisher } from '../support/publisher.js';
import { connectEventSource } from '../support/recording-clients.js';
import { cutsAndKills, type Plan } from './cuts-and-kills.js';

const PLAN: Plan = { publishes: 300, publishers: 6, cuts: 4, kills: 1, padBytes: 100, tunnelMs: 150, settleMs: 10_000 };

/** Which promise each fault breaks first. */
const FAULTS: readonly [Fault, Violation['kind']][] = [
  ['drops what was missed', 'lost'],
  ['repeats the last one', 'twice'],
  ['replays newest first', 'out of order'],
  ['invents', 'phantom'],
  ['tells everybody', 'wrong person'],
  ['acknowledges before it stores', 'lost'],
  ['ignores idempotency keys', 'twice'],
  ['gap on every reconnect', 'unexplained gap'],
  ['ready comes late', 'not ready'],
];

describe('the checker on servers that are broken on purpose', () => {
  let server: NaiveServer;
  afterEach(() => server.kill());

  async function run(fault: Fault, plan: Plan): ReturnType<typeof cutsAndKills> {
    server = new NaiveServer(fault);
    await server.start();
    return cutsAndKills(
      { port: server.port, apiKey: 'any', token: 'any', kill: () => server.kill(), start: () => server.start() },
      plan,
    );
  }

  it('finds nothing on one that keeps the promises', async () => {
    const { violations, failures, cuts, publishes } = await run('none', PLAN);
    expect(summarise(violations)).toBe('');
    expect(failures).toEqual([]);
    expect(Math.min(...Object.values(cuts))).toBeGreaterThanOrEqual(PLAN.cuts);
    expect(publishes.some(({ attempts }) => attempts > 1)).toBe(true);
  });

  it.for(FAULTS)('sees that a server %s: %s', async ([fault, kind]) => {
    const { violations } = await run(fault, { ...PLAN, settleMs: 500 });
    expect(violations.map((violation) => violation.kind)).toContain(kind);
  });

  it.for([
    ['none', []],
    ['forgets the epoch', ['missing gap']],
  ] as const)('sees silence towards a client from a lost future: %s', async ([fault, expected]) => {
    server = new NaiveServer(fault);
    await server.start();
    const publisher = new Publisher({ name: 'p', url: server.url, apiKey: 'any' });
    const client = connectEventSource({
      client: 'from the future',
      url: server.url,
      token: 'any',
      selectors: ['chaos/0'],
      gapExpected: true,
    });
    const publish = async (count: number) => {
      for (let i = 0; i < count; i++) await publisher.publish({ topics: ['chaos/0'] });
    };
    try {
      await client.log.until('ready', () => client.log.count('ready') === 1);
      await publish(6);
      await client.log.until('all', () => client.log.count('notification') === 6);
      await server.kill();
      server.restore(3);
      server.grow(5);
      await server.start();
      await client.log.until('another connection', () => client.log.count('ready') === 2);
      expect(check(publisher.records, [client.log]).map(({ kind }) => kind)).toEqual(expected);
    } finally {
      client.close();
    }
  });
});
