import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proveDurability, type DurabilityProof } from '../support/durability-proof.js';
import { Publisher } from '../support/publisher.js';
import type { PublishRecord } from '../support/records.js';
import { startServer } from '../support/server.js';
import { parseTrace, straceCommand } from '../support/system-calls.js';
import { shortOrLong, tell } from './lengths.js';

const CALLS = [
  'read',
  'readv',
  'recvfrom',
  'recvmsg',
  'write',
  'writev',
  'sendto',
  'sendmsg',
  'pwrite64',
  'fsync',
  'fdatasync',
];
const ALONE = shortOrLong(10, 100);
const AT_ONCE = 24;
const UNDER_LOAD = shortOrLong(240, 2_400);

const hasStrace = spawnSync('strace', ['-V']).status === 0;

describe.skipIf(!hasStrace)('a trace of the system calls of the server while it is published to', () => {
  let directory: string;
  const alone: PublishRecord[] = [];
  const underLoad: PublishRecord[] = [];
  let proofAlone: DurabilityProof;
  let proofUnderLoad: DurabilityProof;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'clarion-trace-'));
    const trace = join(directory, 'trace');
    const server = await startServer({}, { wrapper: straceCommand(trace, CALLS) });
    try {
      alone.push(...(await publishFrom(server, 1, ALONE, 'alone')));
      underLoad.push(...(await publishFrom(server, AT_ONCE, UNDER_LOAD, 'load')));
    } finally {
      await server.stop();
    }
    const calls = parseTrace(await readFile(trace, 'latin1'));
    proofAlone = proveDurability(calls, alone);
    proofUnderLoad = proveDurability(calls, underLoad);
  }, 300_000);

  afterAll(() => rm(directory, { recursive: true }));

  it('shows that a sync of the write-ahead log completes between each request and its 201', () => {
    expect(alone).toHaveLength(ALONE);
    expect(underLoad).toHaveLength(UNDER_LOAD);
    expect(
      [...alone, ...underLoad].every(({ acknowledged, attempts }) => acknowledged !== null && attempts === 1),
    ).toBe(true);
    expect(proofAlone.unproven).toEqual([]);
    expect(proofUnderLoad.unproven).toEqual([]);
  });

  it('shows that publishes share syncs when there are many at once, and only then', () => {
    tell('power loss', {
      alone: { publishes: ALONE, syncs: proofAlone.syncs },
      underLoad: { publishes: UNDER_LOAD, syncs: proofUnderLoad.syncs },
    });
    expect(proofAlone.syncs).toBe(ALONE);
    expect(proofUnderLoad.syncs).toBeLessThan(UNDER_LOAD / 2);
  });
});

async function publishFrom(
  server: { url: string; apiKey: string },
  publishers: number,
  count: number,
  name: string,
): Promise<PublishRecord[]> {
  let left = count;
  const made = Array.from({ length: publishers }, (_, index) => new Publisher({ name: `${name}-${index}`, ...server }));
  await Promise.all(
    made.map(async (publisher) => {
      while (left-- > 0) await publisher.publish({ topics: ['trace/1'] });
    }),
  );
  return made.flatMap(({ records }) => records);
}
