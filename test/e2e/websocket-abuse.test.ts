import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { publish, readMetric } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { JsonSocket, maskedFrame, OPCODE, RawWebSocket } from '../support/web-socket.js';

const HEARTBEAT_MS = 600;
const MAX_MESSAGE_BYTES = 65_536;
const MAX_FRAGMENTS = 64;
const PING = '{"op":"ping","id":1}';
const WATCHED = '/v1/ws?topics=open/1';

let server: TestServer;
const open = new Set<RawWebSocket>();

beforeAll(async () => {
  server = await startServer({
    CLARION_ANONYMOUS_TOPICS: 'open/*',
    CLARION_HEARTBEAT_MS: String(HEARTBEAT_MS),
    CLARION_WEBSOCKET_MAX_MESSAGE_BYTES: String(MAX_MESSAGE_BYTES),
    CLARION_WEBSOCKET_MAX_FRAGMENTS: String(MAX_FRAGMENTS),
  });
});

afterAll(() => server.stop());

/** Whatever was done: the server goes on. */
afterEach(async () => {
  for (const { socket } of open) socket.destroy();
  open.clear();
  const reader = new JsonSocket(`${server.url}/v1/ws?topics=open/after`);
  await reader.heard('ready');
  const { id } = await publish(server, { topic: 'open/after', title: 'still here' });
  expect(await reader.heard('notification')).toMatchObject({ data: { id } });
  reader.close();
});

async function raw(path = WATCHED, port = server.port): Promise<RawWebSocket> {
  const made = await RawWebSocket.open(port, path);
  open.add(made);
  return made;
}

/** One message in so many pieces. */
function fragments(text: string, count: number): Buffer {
  const size = Math.ceil(text.length / count);
  const parts = Array.from({ length: count }, (_, i) => text.slice(i * size, (i + 1) * size));
  return Buffer.concat(
    parts.map((part, i) => maskedFrame(i === 0 ? OPCODE.text : OPCODE.continuation, part, { fin: i === count - 1 })),
  );
}

const spaced = (bytes: number) => PING.padEnd(bytes);
const unmasked = () => Buffer.from([0x81, PING.length, ...Buffer.from(PING)]);

describe('frames that must not be', () => {
  it.each<[string, () => Buffer, number]>([
    ['a message of a byte too many', () => maskedFrame(OPCODE.text, spaced(MAX_MESSAGE_BYTES + 1)), 1009],
    ['a message of a byte too many in two frames', () => fragments(spaced(MAX_MESSAGE_BYTES + 1), 2), 1009],
    ['the promise of a terabyte', () => maskedFrame(OPCODE.text, PING, { length: 1n << 40n }), 1009],
    ['the promise of more than can be counted', () => maskedFrame(OPCODE.text, PING, { length: 1n << 62n }), 1009],
    ['a fragment too many', () => fragments(spaced(1_000), MAX_FRAGMENTS + 1), 1008],
    [
      'empty fragments without end',
      () =>
        Buffer.concat([
          maskedFrame(OPCODE.text, '', { fin: false }),
          ...Array.from({ length: 1_000 }, () => maskedFrame(OPCODE.continuation, '', { fin: false })),
        ]),
      1008,
    ],
    ['no mask', unmasked, 1002],
    ['an opcode that nobody has defined', () => maskedFrame(3, PING), 1002],
    ['a continuation of nothing', () => maskedFrame(OPCODE.continuation, PING), 1002],
    [
      'bits of extensions that were not agreed on',
      () => Buffer.concat([Buffer.from([0xc1]), maskedFrame(OPCODE.text, PING).subarray(1)]),
      1002,
    ],
    ['a ping of 126 bytes', () => maskedFrame(OPCODE.ping, 'x'.repeat(126)), 1002],
    ['a close of one byte', () => maskedFrame(OPCODE.close, 'x'), 1002],
    ['bytes of something else', () => Buffer.from('GET /v1/ws HTTP/1.1\r\n\r\n'), 1002],
    ['text that is no UTF-8', () => maskedFrame(OPCODE.text, Buffer.from([0x7b, 0xff, 0xfe])), 1007],
    ['binary', () => maskedFrame(OPCODE.binary, PING), 1003],
  ])('%s', async (_, bytes, code) => {
    const one = await raw();
    one.socket.write(bytes());
    expect(await one.closeCode()).toBe(code);
  });

  it('as much as may be is taken, in as many frames as may be, cut anywhere', async () => {
    const one = await raw();
    const bytes = fragments(spaced(MAX_MESSAGE_BYTES), MAX_FRAGMENTS);
    for (let at = 0; at < bytes.length; at += 1_009) one.socket.write(bytes.subarray(at, at + 1_009));
    while (!one.frames.some(({ payload }) => payload.toString() === '{"event":"reply","id":1,"ok":true}'))
      await once(one.socket, 'data');
    expect(one.socket.destroyed).toBe(false);
  });

  it('a connection that is reset in the middle of a frame is forgotten', async () => {
    const sessions = async () => (await readMetric(server, 'clarion_sessions'))['transport="websocket"'] ?? 0;
    const witness = new JsonSocket(`${server.url}${WATCHED}`);
    await witness.heard('ready');
    const before = await sessions();
    const one = await raw();
    one.socket.write(maskedFrame(OPCODE.text, PING, { length: 1_000n }));
    expect(await sessions()).toBe(before + 1);
    one.socket.resetAndDestroy();
    while ((await sessions()) > before);
    witness.close();
  });
});

describe('a peer that is there no more', () => {
  it('is noticed within one heartbeat and a half', async () => {
    const from = performance.now();
    const silent = await Promise.all(Array.from({ length: 5 }, () => raw()));
    await Promise.all(silent.map(({ ended }) => ended));
    const ms = performance.now() - from;
    expect(ms).toBeGreaterThan(HEARTBEAT_MS / 2 - 100);
    // And a half besides, for a busy machine.
    expect(ms).toBeLessThan(HEARTBEAT_MS * 2);
    for (const { frames } of silent) expect(frames.some(({ opcode }) => opcode === OPCODE.ping)).toBe(true);
  });

  it('is so before it has said who it is, too', async () => {
    const from = performance.now();
    const silent = await raw('/v1/ws');
    await silent.ended;
    expect(performance.now() - from).toBeLessThan(HEARTBEAT_MS * 2);
  });

  it('is not somebody who answers', async () => {
    const alive = await raw();
    alive.answerPings();
    await pause(HEARTBEAT_MS * 4);
    expect(alive.socket.destroyed).toBe(false);
  });
});

describe('a client that asks and does not read', () => {
  it.each<[string, Buffer]>([
    ['requests', maskedFrame(OPCODE.text, PING)],
    ['pings', maskedFrame(OPCODE.ping, 'x'.repeat(125))],
  ])('is not listened to either: %s', async (_, frame) => {
    // With a heartbeat so long that the client is not taken for dead meanwhile.
    const patient = await startServer({ CLARION_ANONYMOUS_TOPICS: 'open/*' });
    try {
      const one = await raw(WATCHED, patient.port);
      one.socket.pause();
      const sent = await sendUntilStuck(one, frame);
      expect(one.socket.destroyed).toBe(false);
      expect(sent).toBeLessThan(ENOUGH_BYTES);
      // Whoever reads is heard again.
      one.socket.resume();
      await once(one.socket, 'data');
      one.socket.destroy();
    } finally {
      await patient.stop();
    }
  });
});

/** Far more than the sockets of both ends hold, in both directions. */
const ENOUGH_BYTES = 40 * 1_048_576;

/** Longer than a system takes to tell the sender of room that a slow, but willing receiver has made. */
const STUCK_MS = 4_000;

/** @returns how many bytes were given to the connection until nobody took more of them. */
async function sendUntilStuck(one: RawWebSocket, frame: Buffer): Promise<number> {
  const chunk = Buffer.concat(Array.from({ length: Math.ceil(262_144 / frame.length) }, () => frame));
  let sent = 0;
  while (sent < ENOUGH_BYTES) {
    sent += chunk.length;
    if (one.socket.write(chunk)) continue;
    const outcome = await Promise.race([once(one.socket, 'drain'), one.ended, pause(STUCK_MS, 'stuck')]);
    if (outcome === 'stuck' || one.socket.destroyed) break;
  }
  return sent;
}

describe('a handshake that ends early', () => {
  it('by a reset while the token is checked, is not the end of the server', async () => {
    for (let i = 0; i < 20; i++) {
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => socket.destroy());
      await once(socket, 'connect');
      const lines = ['GET /v1/ws HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: websocket'];
      socket.write(`${[...lines, 'Authorization: Bearer a.b.c', 'Sec-WebSocket-Version: 13'].join('\r\n')}\r\n\r\n`);
      if (i % 2 === 0) await pause(1);
      socket.resetAndDestroy();
    }
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
  });

  it.each([
    ['a key that is none', { 'Sec-WebSocket-Key': 'x' }],
    ['another protocol', { Upgrade: 'h3' }],
    ['sub-protocols that cannot be read', { 'Sec-WebSocket-Protocol': 'clarion.v1.json, clarion.v1.json' }],
  ])('by %s', async (_, headers) => {
    await expect(RawWebSocket.open(server.port, WATCHED, headers)).rejects.toThrow(
      /^refused: HTTP\/1\.1 400 Bad Request\r\n[^]*"code":"request\.invalid"/,
    );
  });
});
