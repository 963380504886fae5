import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';
import { z } from 'zod';
import { WEB_SOCKET_PROTOCOL } from '#clarion/protocol';

const messageSchema = z.looseObject({ event: z.string() });
export type Message = z.infer<typeof messageSchema>;

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A handshake that got an answer other than the upgrade. */
export interface Refused {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** A client of the `ws` library that keeps all messages, in their order. */
export class JsonSocket {
  readonly messages: Message[] = [];
  readonly closed: Promise<Closed>;
  readonly socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  constructor(url: string, options: ClientOptions = {}, protocols: string[] = [WEB_SOCKET_PROTOCOL]) {
    this.socket = new WebSocket(url.replace('http', 'ws'), protocols, options);
    this.socket.on('message', (text) => {
      this.messages.push(messageSchema.parse(JSON.parse(text.toString())));
      this.#waiting.forEach((look) => look());
    });
    this.socket.on('error', () => undefined); // tests look at the close
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.socket.on('close', () => this.#waiting.forEach((look) => look()));
  }

  /** Resolves when the handshake is done. */
  async opened(): Promise<this> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, 'open');
    return this;
  }

  say(message: unknown): void {
    this.socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  }

  /** Sends a request and resolves with its reply. */
  async ask(id: string | number | null, request: unknown): Promise<Message> {
    this.say(request);
    return this.heard((message) => message.event === 'reply' && message['id'] === id);
  }

  /** The first message of this kind, or that is like this; waits for it. @throws {Error} when the connection ends before. */
  heard(kind: string | ((message: Message) => boolean)): Promise<Message> {
    const isIt = typeof kind === 'string' ? (message: Message) => message.event === kind : kind;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.messages.find(isIt);
        if (found === undefined && this.socket.readyState !== WebSocket.CLOSED) return;
        this.#waiting.delete(look);
        if (found === undefined) reject(new Error(`closed after ${JSON.stringify(this.messages.slice(-3))}`));
        else resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  close(): void {
    this.socket.terminate();
  }
}

/** How the server refuses this handshake. @throws {Error} when it does not. */
export function refusedHandshake(url: string, options: ClientOptions = {}, protocols?: string[]): Promise<Refused> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'), protocols ?? [WEB_SOCKET_PROTOCOL], options);
    socket.on('error', () => undefined); // of the handshake that was refused
    socket.once('open', () => {
      socket.terminate();
      reject(new Error('was accepted'));
    });
    socket.once('unexpected-response', (_request, response) => {
      readBody(response).then((body) => {
        socket.terminate();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      }, reject);
    });
  });
}

async function readBody(response: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return JSON.parse(text);
}

/** A frame as the server sent it. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A connection on which a test sends what bytes it likes after a proper handshake; nothing is answered by itself. */
export class RawWebSocket {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  /** Resolves when the connection has ended, however. */
  readonly ended: Promise<void>;
  #bytes = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    this.ended = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** @param headers in place of a proper one's, or beside them. */
  static async open(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawWebSocket> {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => socket.destroy()); // a reset is an end
    socket.write(handshake(path, headers));
    const raw = new RawWebSocket(socket);
    await raw.#readHead();
    return raw;
  }

  /** The code of the server's close frame; undefined when the connection ended without one. */
  async closeCode(): Promise<number | undefined> {
    await this.ended;
    const goodbye = this.frames.find(({ opcode }) => opcode === OPCODE.close);
    return goodbye === undefined ? undefined : goodbye.payload.readUInt16BE(0);
  }

  /** Answers each ping, as a living client does. */
  answerPings(): void {
    this.socket.on('data', () => {
      for (const { opcode, payload } of this.frames.splice(0))
        if (opcode === OPCODE.ping) this.socket.write(maskedFrame(OPCODE.pong, payload));
    });
  }

  async #readHead(): Promise<void> {
    let head = Buffer.alloc(0);
    while (!head.includes('\r\n\r\n')) {
      const [chunk]: unknown[] = await once(this.socket, 'data');
      if (Buffer.isBuffer(chunk)) head = Buffer.concat([head, chunk]);
    }
    if (!head.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new Error(`refused: ${head.toString('latin1')}`);
    this.#take(head.subarray(head.indexOf('\r\n\r\n') + 4));
    this.socket.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (let frame = firstFrame(this.#bytes); frame !== undefined; frame = firstFrame(this.#bytes)) {
      this.frames.push(frame);
      this.#bytes = this.#bytes.subarray(frame.bytes);
    }
  }
}

function handshake(path: string, headers: Readonly<Record<string, string>>): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

function firstFrame(bytes: Buffer): (Frame & { readonly bytes: number }) | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1);
  const header = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < header) return undefined;
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  if (bytes.length < header + length) return undefined;
  return {
    opcode: bytes.readUInt8(0) & 0x0f,
    payload: bytes.subarray(header, header + length),
    bytes: header + length,
  };
}

/** A frame as a client sends it (RFC 6455 §5.2); the mask is zero, which masks nothing. @param length what the header says, if not the truth. */
export function maskedFrame(
  opcode: number,
  payload: Buffer | string = '',
  { fin = true, length }: { fin?: boolean; length?: bigint } = {},
): Buffer {
  const bytes = Buffer.from(payload);
  const said = length ?? BigInt(bytes.length);
  const header = Buffer.alloc(said < 126n ? 2 : said < 65_536n ? 4 : 10);
  header[0] = (fin ? 0x80 : 0) | opcode;
  header[1] = 0x80 | (said < 126n ? Number(said) : said < 65_536n ? 126 : 127);
  if (header.length === 4) header.writeUInt16BE(Number(said), 2);
  if (header.length === 10) header.writeBigUInt64BE(said, 2);
  return Buffer.concat([header, Buffer.alloc(4), bytes]);
}
