import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { freePort } from '../support/server.js';

const PING_MS = 300;
const PONG_WITHIN_MS = 200;
const PING = '2';
const SEPARATOR = '\x1e';

let port: number;
let application: ChildProcess;
const sockets: WebSocket[] = [];

/** The build is made first where it is stale. */
const START_TIMEOUT_MS = 180_000;

beforeAll(async () => {
  port = await freePort();
  application = spawn(process.execPath, ['test/conformance/start.mjs'], {
    env: { PATH: process.env['PATH'], PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (application.stdout === null) throw new Error('no output to read');
  for await (const line of createInterface({ input: application.stdout }))
    if (line.includes('"msg":"listening"')) return;
  throw new Error('the conformance application ended');
}, START_TIMEOUT_MS);

afterAll(async () => {
  for (const socket of sockets) socket.terminate();
  const closed = once(application, 'close');
  application.kill('SIGTERM');
  await closed;
});

/** What a peer of the application has sent, one after another. */
class Peer {
  readonly socket: WebSocket;
  readonly #received: (string | Buffer)[] = [];
  #wake: () => void = () => undefined;
  closeCode: number | undefined;

  constructor(path: string, host = '127.0.0.1') {
    this.socket = new WebSocket(`ws://${host}:${port}${path}`);
    sockets.push(this.socket);
    this.socket.on('message', (data, isBinary) => {
      if (!Buffer.isBuffer(data)) throw new Error('ws gives buffers');
      this.#received.push(isBinary ? data : data.toString());
      this.#wake();
    });
    this.socket.on('close', (code) => {
      this.closeCode = code;
      this.#wake();
    });
    // Of a handshake that was refused: 'close' follows.
    this.socket.on('error', () => this.#wake());
  }

  /** The next message that `skip` does not name; undefined when the connection was closed before. */
  async next(skip?: string): Promise<string | Buffer | undefined> {
    for (;;) {
      const message = this.#received.shift();
      if (message !== undefined && message !== skip) return message;
      if (message === undefined && this.closeCode !== undefined) return undefined;
      if (message === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async closed(): Promise<number | undefined> {
    while ((await this.next()) !== undefined);
    return this.closeCode;
  }
}

function http(path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, init);
}

async function pollingSession(path: string): Promise<string> {
  const opened = await (await http(`${path}?EIO=4&transport=polling`)).text();
  return `${path}?EIO=4&transport=polling&sid=${JSON.parse(opened.slice(1)).sid}`;
}

async function webSocketSession(path: string): Promise<Peer> {
  const peer = new Peer(`${path}?EIO=4&transport=websocket`);
  expect(await peer.next()).toMatch(/^0\{/);
  return peer;
}

/** A Socket.IO client by its packets, joined to the namespaces. */
async function joined(...namespaces: string[]): Promise<Peer> {
  const peer = await webSocketSession('/socket.io/');
  for (const namespace of namespaces) {
    peer.socket.send(`40${namespace}`);
    expect(await peer.next(PING)).toMatch(/^40/);
    expect(await peer.next(PING)).toMatch(/\["auth",\{\}\]$/);
  }
  return peer;
}

const OPENED = { sid: expect.any(String), pingInterval: PING_MS, pingTimeout: PONG_WITHIN_MS, maxPayload: 1_000_000 };

for (const path of ['/engine.io/', '/socket.io/'])
  describe(`Engine.IO 4 at ${path}`, () => {
    it('opens with exactly the agreed settings, over polling and over WebSocket', async () => {
      const polled = await (await http(`${path}?EIO=4&transport=polling`)).text();
      expect(polled[0]).toBe('0');
      expect(JSON.parse(polled.slice(1))).toStrictEqual({ ...OPENED, upgrades: ['websocket'] });
      const sent = await new Peer(`${path}?EIO=4&transport=websocket`).next();
      expect(JSON.parse(String(sent).slice(1))).toStrictEqual({ ...OPENED, upgrades: [] });
    });

    it('is open to every page', async () => {
      const answer = await http(`${path}?EIO=4&transport=polling`, { headers: { origin: 'https://anywhere.example' } });
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    });

    it('refuses another version, transport or method', async () => {
      const requests = [
        ...['transport=polling', 'EIO=abc&transport=polling', 'EIO=4', 'EIO=4&transport=abc'].map((query) =>
          http(`${path}?${query}`),
        ),
        ...['POST', 'PUT'].map((method) => http(`${path}?EIO=4&transport=polling`, { method })),
      ];
      expect((await Promise.all(requests)).map(({ status }) => status)).toEqual(Array(6).fill(400));
      const upgrades = ['transport=websocket', 'EIO=abc&transport=websocket', 'EIO=4', 'EIO=4&transport=abc'].map(
        (query) => new Peer(`${path}?${query}`).closed(),
      );
      expect(await Promise.all(upgrades)).toEqual(Array(4).fill(1006));
    });

    it('pings, and ends the session of whoever does not answer', async () => {
      const [peer, silent] = [await webSocketSession(path), await webSocketSession(path)];
      const mute = await pollingSession(path);
      for (let beat = 0; beat < 2; beat++) {
        // Without a join the Socket.IO server would end the connection after a second: two beats fit.
        expect(await peer.next()).toBe(PING);
        peer.socket.send('3');
      }
      expect(await silent.closed()).toBeDefined();
      expect(peer.closeCode).toBeUndefined();
      expect((await http(mute)).status).toBe(400);
    });

    it('closes at once when told to', async () => {
      const session = await pollingSession(path);
      const [polled] = await Promise.all([http(session), http(session, { method: 'POST', body: '1' })]);
      expect(await polled.text()).toBe('6');
      expect((await http(session)).status).toBe(400);
      const peer = await webSocketSession(path);
      peer.socket.send('1');
      expect(await peer.closed()).toBeDefined();
    });

    it('upgrades from polling to WebSocket, once', async () => {
      const session = await pollingSession(path);
      const upgrade = session.replace('polling', 'websocket');
      const peer = new Peer(upgrade);
      await once(peer.socket, 'open');
      peer.socket.send('2probe');
      expect(await peer.next()).toBe('3probe');
      expect(await (await http(session)).text()).toBe('6');
      peer.socket.send('5');
      expect(await peer.next()).toBe(PING);
      expect((await http(session)).status).toBe(400);
      expect(await new Peer(upgrade).closed()).toBeDefined();
      expect(peer.closeCode).toBeUndefined();
    });
  });

describe('the Engine.IO echo', () => {
  it('sends every message back over polling, text and bytes', async () => {
    for (const packets of [['4hello'], ['4test1', '4test2', '4test3'], ['4hello', 'bAQIDBA==']]) {
      const session = await pollingSession('/engine.io/');
      const body = packets.join(SEPARATOR);
      expect(await (await http(session, { method: 'POST', body })).text()).toBe('ok');
      expect(await (await http(session)).text()).toBe(body);
    }
  });

  it('sends every message back over WebSocket, text and bytes', async () => {
    const peer = await webSocketSession('/engine.io/');
    peer.socket.send('4hello');
    expect(await peer.next()).toBe('4hello');
    peer.socket.send(Buffer.from([1, 2, 3, 4]));
    expect(await peer.next()).toEqual(Buffer.from([1, 2, 3, 4]));
  });

  it('ends a session that sends what is no packet, or polls twice at once, or gives up a poll', async () => {
    const wrong = await pollingSession('/engine.io/');
    await http(wrong, { method: 'POST', body: 'abc' }).catch(() => undefined); // the connection may be cut
    expect((await http(wrong)).status).toBe(400);

    const twice = await pollingSession('/engine.io/');
    const [first, second] = await Promise.all([http(twice), pause(20).then(() => http(twice))]);
    expect(await first.text()).toBe('1');
    expect([400, 500]).toContain(second.status);
    expect((await http(twice)).status).toBe(400);

    const left = await pollingSession('/engine.io/');
    await expect(http(left, { signal: AbortSignal.timeout(20) })).rejects.toThrow('aborted due to timeout');
    expect((await http(left)).status).toBe(400);

    const peer = await webSocketSession('/engine.io/');
    peer.socket.send('abc');
    expect(await peer.closed()).toBeDefined();
  });
});

describe('Socket.IO 5', () => {
  it('joins the main and the custom namespace, and answers with the handshake', async () => {
    for (const [namespace, join] of [
      ['', '40'],
      ['/custom,', '40/custom,'],
    ] as const) {
      const peer = await webSocketSession('/socket.io/');
      peer.socket.send(`${join}{"token":"abc"}`);
      const connected = String(await peer.next());
      expect(connected.startsWith(join)).toBe(true);
      expect(Object.keys(JSON.parse(connected.slice(join.length)))).toEqual(['sid']);
      expect(await peer.next()).toBe(`42${namespace}["auth",{"token":"abc"}]`);
    }
  });

  it('refuses other namespaces, what is no handshake, and whoever does not join within a second', async () => {
    const stranger = await webSocketSession('/socket.io/');
    stranger.socket.send('40/random');
    expect(await stranger.next()).toBe('44/random,{"message":"Invalid namespace"}');
    const rude = await webSocketSession('/socket.io/');
    rude.socket.send('4abc');
    expect(await rude.closed()).toBeDefined();
    const idle = await webSocketSession('/socket.io/');
    const from = performance.now();
    idle.socket.on('message', () => idle.socket.send('3'));
    expect(await idle.closed()).toBeDefined();
    expect(performance.now() - from).toBeGreaterThan(PING_MS + PONG_WITHIN_MS);
  });

  it('leaves one namespace and stays in the other', async () => {
    const peer = await joined('', '/custom,');
    peer.socket.send('41/custom,');
    peer.socket.send('42["message","to the main namespace"]');
    expect(await peer.next(PING)).toBe('42["message-back","to the main namespace"]');
  });

  it('sends arguments back as they were, as an event and as an acknowledgement, with bytes', async () => {
    const peer = await joined('');
    for (const args of ['1,"2",{"3":[true]}', '[1,2]', 'null', '']) {
      const more = args === '' ? '' : `,${args}`;
      peer.socket.send(`42["message"${more}]`);
      expect(await peer.next(PING)).toBe(`42["message-back"${more}]`);
      peer.socket.send(`42456["message-with-ack"${more}]`);
      expect(await peer.next(PING)).toBe(`43456[${args}]`);
    }
    const place = (num: number) => `{"_placeholder":true,"num":${num}}`;
    for (const [sent, back] of [
      ['452-["message",', '452-["message-back",'],
      ['452-789["message-with-ack",', '462-789['],
    ] as const) {
      peer.socket.send(`${sent}${place(0)},${place(1)}]`);
      for (const bytes of [Buffer.from([1, 2, 3]), Buffer.from([4, 5])]) peer.socket.send(bytes);
      expect(await peer.next(PING)).toBe(`${back}${place(0)},${place(1)}]`);
      expect(await peer.next(PING)).toEqual(Buffer.from([1, 2, 3]));
      expect(await peer.next(PING)).toEqual(Buffer.from([4, 5]));
    }
  });

  it('talks to the stock client, over both transports and both addresses', async () => {
    for (const transport of ['polling', 'websocket'])
      for (const host of ['127.0.0.1', '[::1]']) {
        const socket = io(`http://${host}:${port}/custom`, {
          forceNew: true,
          transports: [transport],
          auth: { token: '123' },
        });
        const auth = new Promise((resolve) => socket.once('auth', resolve));
        expect(await auth).toMatchObject({ token: '123' });
        expect(await socket.timeout(5_000).emitWithAck('message-with-ack', [1, 2])).toEqual([1, 2]);
        socket.disconnect();
      }
  });
});

const HANDSHAKE = [
  'GET /echo HTTP/1.1',
  'Host: localhost',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
].join('\r\n');
const CLOSE_FRAME = 0x88;

/** Sends bytes that a decent client cannot be brought to send. @returns the code with which the echo ends the connection. */
async function closeCodeAfter(bytes: Buffer): Promise<number> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${HANDSHAKE}\r\n\r\n`);
  socket.write(bytes);
  const answer = await buffer(socket);
  const frame = answer.subarray(answer.indexOf('\r\n\r\n') + 4);
  expect(frame[0]).toBe(CLOSE_FRAME);
  return frame.readUInt16BE(2);
}

describe('the WebSocket echo', () => {
  async function opened(host?: string): Promise<Peer> {
    const peer = new Peer('/echo', host);
    await once(peer.socket, 'open');
    return peer;
  }

  it('sends text back as text, bytes as bytes, fragments as one, and pings as pongs, over both addresses', async () => {
    for (const host of ['127.0.0.1', '[::1]']) {
      const peer = await opened(host);
      for (const message of ['', 'κόσμε', 'x'.repeat(60_000), Buffer.alloc(0), Buffer.from([0, 255, 254])]) {
        peer.socket.send(message);
        expect(await peer.next()).toEqual(message);
      }
      const halves = Buffer.from('κόσμε');
      peer.socket.send(halves.subarray(0, 3), { fin: false, binary: false });
      const pong = once(peer.socket, 'pong');
      peer.socket.ping('between');
      peer.socket.send(halves.subarray(3), { fin: true, binary: false });
      expect(await peer.next()).toBe('κόσμε');
      expect(String((await pong)[0])).toBe('between');
      peer.socket.close(3_000, 'enough');
      expect(await peer.closed()).toBe(3_000);
    }
  });

  it.each([
    ['reserved bits', [0xc1, 0x80, 0, 0, 0, 0], 1002],
    ['an unknown opcode', [0x83, 0x80, 0, 0, 0, 0], 1002],
    ['a frame without a mask', [0x81, 0x00], 1002],
    ['a continuation of nothing', [0x80, 0x80, 0, 0, 0, 0], 1002],
    ['a fragmented ping', [0x09, 0x80, 0, 0, 0, 0], 1002],
    ['a ping of 126 bytes', [0x89, 0xfe, 0, 126, 0, 0, 0, 0], 1002],
    ['text that is not UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xc0, 0xaf], 1007],
    ['a close code that nobody may send', [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed], 1002],
  ] as const)('fails the connection upon %s', async (_, bytes, code) => {
    expect(await closeCodeAfter(Buffer.from(bytes))).toBe(code);
  });

  it('has the limits of production: 64 KiB and 64 frames for one message', async () => {
    const large = await opened();
    large.socket.send('x'.repeat(65_536));
    expect(await large.next()).toHaveLength(65_536);
    large.socket.send('x'.repeat(65_537));
    expect(await large.closed()).toBe(1009);

    const crumbs = await opened();
    for (const count of [64, 65]) for (let i = 1; i <= count; i++) crumbs.socket.send('x', { fin: i === count });
    expect(await crumbs.next()).toHaveLength(64);
    expect(await crumbs.closed()).toBe(1008);
  });

  it('is the only path that upgrades beside the two protocols', async () => {
    expect(await new Peer('/other').closed()).toBe(1006);
    expect((await http('/echo')).status).toBe(404);
  });
});
