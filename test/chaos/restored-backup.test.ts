import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { check, summarise } from '../support/checker.js';
import { Publisher } from '../support/publisher.js';
import { connectEventSource, connectSocketIo, type RecordingClient } from '../support/recording-clients.js';
import type { Heard } from '../support/records.js';
import { mintToken } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';

const TOPIC = 'restored/1';
const COMMON_PAST = 20;
const LOST_FUTURE = 10;
/** More than the lost future, so that every offset of it names something else now. */
const GROWN = 30;

let directory: string;
let server: TestServer;
const clients: RecordingClient[] = [];
const publishers: Publisher[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'clarion-restored-'));
  server = await startServer({ CLARION_SSE_RETRY_MS: '50' }, { dataDir: join(directory, 'data') });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  publishers.length = 0;
  await server.stop();
  await rm(directory, { recursive: true });
});

it.for([
  ['of a stopped server', takeStoppedBackup],
  ['of a running server, whose epoch goes on in the lost future', takeFrozenBackup],
] as const)(
  'a restored older copy %s that grew past its old head gives gap to the lost future, and to nobody else',
  async ([, takeBackup]) => {
    const token = await mintToken(server, { sub: 'u-1', subscribe: [TOPIC] });
    const past = publisher('past');
    const pastCursors = (await publishMany(past, COMMON_PAST)).map(({ acknowledged }) => acknowledged?.cursor ?? '');
    await takeBackup();
    const futureCursors = (await publishMany(publisher('future'), LOST_FUTURE)).map(
      ({ acknowledged }) => acknowledged?.cursor ?? '',
    );
    await server.kill('SIGTERM');
    await restoreBackup();

    // At first the log is shorter than the lost future, then longer.
    const kept = await publishMany(publisher('present'), 2);
    await expectGap(token, [futureCursors.at(-1), futureCursors.at(0)], COMMON_PAST + kept.length);
    const grown = await publishMany(publisher('grown'), GROWN);
    await expectGap(token, futureCursors, COMMON_PAST + kept.length + grown.length);

    for (const [index, since] of [pastCursors.at(0), pastCursors.at(-1), kept[0]?.acknowledged?.cursor].entries()) {
      const missed = [COMMON_PAST - 1 + 32, 32, 31][index] ?? 0;
      for (const client of bothTransports(`from the common past ${index}`, token, since ?? '', false)) {
        await client.log.until('what it missed', () => client.log.count('notification') >= missed);
        const heard = client.log.heard.map(({ kind }) => kind).filter((kind) => kind !== 'cursor');
        expect(heard).toEqual(['opened', 'ready', ...Array.from({ length: missed }, () => 'notification')]);
      }
    }
  },
);

it('a client that stays connected through the restore by its own reconnection gets gap as well', async () => {
  const token = await mintToken(server, { sub: 'u-1', subscribe: [TOPIC] });
  await publishMany(publisher('past'), COMMON_PAST);
  await takeStoppedBackup();
  const staying = bothTransports('stays', token, undefined, true);
  for (const { log } of staying) await log.until('ready', () => log.count('ready') === 1);
  const future = publisher('future');
  await publishMany(future, LOST_FUTURE);
  for (const { log } of staying) await log.until('the future', () => log.count('notification') === LOST_FUTURE);
  await server.kill();
  await restoreBackup();
  const present = publisher('present');
  await publishMany(present, GROWN);

  for (const { log } of staying) {
    await log.until('all that is kept', () => log.count('notification') >= LOST_FUTURE + COMMON_PAST + GROWN);
    expect(log.count('gap')).toBe(1);
  }
  expect(
    summarise(
      check(
        publishers.flatMap(({ records }) => records),
        staying.map(({ log }) => log),
      ),
    ),
  ).toBe('');
});

async function takeStoppedBackup(): Promise<void> {
  await server.kill('SIGTERM');
  await copyData('data', 'backup');
  await server.restart();
}

/** As a snapshot of the file system: all files at one moment, in the middle of the work. */
async function takeFrozenBackup(): Promise<void> {
  process.kill(server.pid, 'SIGSTOP');
  await copyData('data', 'backup');
  process.kill(server.pid, 'SIGCONT');
}

async function restoreBackup(): Promise<void> {
  await rm(join(directory, 'data'), { recursive: true });
  await copyData('backup', 'data');
  await server.restart();
}

function copyData(from: string, to: string): Promise<void> {
  return cp(join(directory, from), join(directory, to), { recursive: true });
}

/** A client of the lost future hears `gap` first, then `ready`, then everything that is kept, from the oldest. */
async function expectGap(token: string, cursors: readonly (string | undefined)[], kept: number): Promise<void> {
  for (const [index, since] of cursors.entries()) {
    for (const { log } of bothTransports(`from the lost future ${index}`, token, since ?? '', true)) {
      await log.until('all that is kept', () => log.count('notification') >= kept);
      expect(log.heard.slice(0, 3).map(({ kind }) => kind)).toEqual(['opened', 'gap', 'ready']);
      expect(gapOf(log.heard)).toMatchObject({ reason: 'unknown' });
      expect(log.count('notification')).toBe(kept);
    }
  }
}

function gapOf(heard: readonly Heard[]): Heard | undefined {
  return heard.find(({ kind }) => kind === 'gap');
}

function bothTransports(
  client: string,
  token: string,
  since: string | undefined,
  gapExpected: boolean,
): RecordingClient[] {
  const options = {
    url: server.url,
    token,
    selectors: [TOPIC],
    gapExpected,
    ...(since === undefined ? {} : { since }),
  };
  const made = [
    connectEventSource({ client: `${client}, eventsource`, ...options }),
    connectSocketIo({ client: `${client}, socket.io`, ...options }, ['websocket']),
  ];
  clients.push(...made);
  return made;
}

function publisher(name: string): Publisher {
  const made = new Publisher({ name: `${name}-${publishers.length}`, url: server.url, apiKey: server.apiKey });
  publishers.push(made);
  return made;
}

async function publishMany(by: Publisher, count: number): Promise<Publisher['records']> {
  for (let i = 0; i < count; i++) await by.publish({ topics: [TOPIC] });
  return by.records;
}
