import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bystander, p99 } from '../support/bystander.js';
import { probed, readProcess } from '../support/process-probe.js';
import { readMetric } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { maskedFrame, OPCODE, RawWebSocket } from '../support/web-socket.js';
import { shortOrLong, tell } from './lengths.js';

const MEBIBYTE = 1_048_576;
/** The attackers are in this very process, and busy: in the short form this is to find a standstill alone. */
const ALLOWED_P99_MS = shortOrLong(5_000, 500);
/** What may stay in the heap and outside of it when an attack is over. */
const ALLOWED_RISE_BYTES = 24 * MEBIBYTE;
/** What the process may be larger at its largest. */
const ALLOWED_PEAK_BYTES = 300 * MEBIBYTE;
const RESETS = shortOrLong(2_000, 100_000);
const BOMBS = shortOrLong(200, 5_000);
const CONNECTIONS = 50;

let folder: string;
let server: TestServer;
let probe: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clarion-floods-'));
  const { env, options, socket } = probed(folder);
  probe = socket;
  const more = {
    CLARION_ANONYMOUS_TOPICS: '**',
    CLARION_WEBSOCKET_COMPRESSION: 'true',
    CLARION_LIMIT_FAILED_LOGINS: '0',
  };
  server = await startServer({ ...env, ...more }, options);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

function open(): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  return once(socket, 'connect').then(() => socket);
}

/** Resolves when the server has ended it, or it could not be written to any more. */
function ended(socket: Socket): Promise<unknown> {
  return socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve));
}

async function peakBytes(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

async function manyTimes(times: number, atOnce: number, attack: () => Promise<unknown>): Promise<void> {
  let left = times;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await attack();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

const HEAD = 'Host: x\r\n';
const STREAM = `GET /v1/events?topics=flood/* HTTP/1.1\r\n${HEAD}Accept: text/event-stream\r\n\r\n`;
/** 64 MiB of nothing in 64 KiB: a message may have a tenth of a percent of that. */
const BOMB = deflateRawSync(Buffer.alloc(64 * MEBIBYTE)).subarray(0, 60_000);

const ATTACKS: readonly (readonly [string, () => Promise<unknown>])[] = [
  [
    'streams that are asked for and reset',
    () =>
      manyTimes(RESETS, CONNECTIONS, async () => {
        const socket = await open();
        socket.write(STREAM);
        if (Math.random() < 0.5) await once(socket, 'data');
        socket.resetAndDestroy();
      }),
  ],
  [
    'headers without an end',
    () =>
      manyTimes(CONNECTIONS * 10, CONNECTIONS, async () => {
        const socket = await open();
        socket.write(`GET / HTTP/1.1\r\n${HEAD}`);
        while (!socket.destroyed && socket.writable && socket.write(`X-${Math.random()}: ${'y'.repeat(1_000)}\r\n`))
          await pause(0);
        socket.resume();
        await ended(socket);
      }),
  ],
  [
    'messages of 100,000 fragments',
    () =>
      manyTimes(CONNECTIONS, 10, async () => {
        const one = await RawWebSocket.open(server.port, '/v1/ws?topics=flood/2');
        one.socket.write(maskedFrame(OPCODE.text, '', { fin: false }));
        one.socket.write(Buffer.alloc(600_000, maskedFrame(OPCODE.continuation, '', { fin: false })));
        expect(await one.closeCode()).toBe(1008);
      }),
  ],
  [
    'compressed bombs',
    () =>
      manyTimes(BOMBS, 10, async () => {
        const one = await RawWebSocket.open(server.port, '/v1/ws?topics=flood/2', {
          'Sec-WebSocket-Extensions': 'permessage-deflate',
        });
        const frame = maskedFrame(OPCODE.text, BOMB);
        frame[0] = 0xc1;
        one.socket.write(frame);
        expect(await one.closeCode()).toBe(1009);
      }),
  ],
];

it.each(ATTACKS)(
  '%s: bounded, and nobody else notices',
  async (name, attack) => {
    const idle = await readProcess(probe);
    const before = await peakBytes();
    const over = attack();
    const [times] = await Promise.all([bystander(server, over), over]);
    const after = await readProcess(probe);
    const rise = after.heapUsed + after.external - idle.heapUsed - idle.external;
    const peak = (await peakBytes()) - before;
    tell(name, {
      othersP99Ms: Math.round(p99(times)),
      of: times.length,
      riseMiB: Math.round(rise / MEBIBYTE),
      peakMiB: Math.round(peak / MEBIBYTE),
    });
    expect(p99(times)).toBeLessThan(ALLOWED_P99_MS);
    expect(rise).toBeLessThan(ALLOWED_RISE_BYTES);
    expect(peak).toBeLessThan(ALLOWED_PEAK_BYTES);
    await expect
      .poll(
        async () => Object.values(await readMetric(server, 'clarion_sessions')).reduce((sum, count) => sum + count, 0),
        { timeout: 10_000 },
      )
      .toBe(0);
  },
  600_000,
);
