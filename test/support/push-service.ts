import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { decryptPush, makeReceiverKeys, type ReceiverKeys } from './push-decryption.js';
import { checkVapid, type Vapid } from './vapid-check.js';

/** What is answered to one push. */
export type Answer =
  | number
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** Nothing, and the connection stays. */
  | 'hang'
  /** The head a byte at a time, for ever. */
  | 'drip-head'
  /** 201, and then a byte at a time for ever. */
  | 'drip'
  /** 201, and then as much as anybody takes. */
  | 'huge'
  /** 201, with 64 KiB of headers. */
  | 'huge-head'
  /** The connection ends without an answer. */
  | 'break'
  /** 201, and the connection ends in the middle of the body. */
  | 'break-body'
  /** A change of protocols that nobody has asked for. */
  | 'switch'
  /** Something that is not HTTP. */
  | 'nonsense';

/** One push that came. */
export interface ReceivedPush {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it was encrypted: what the service sees. */
  readonly encrypted: Buffer;
  /** As the device sees it. */
  readonly text: string;
  readonly payload: Record<string, unknown>;
  readonly vapid: Vapid;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** One browser's subscription, as `PushSubscription.toJSON()` gives it. */
export interface TestSubscription {
  readonly path: string;
  readonly keys: ReceiverKeys;
  readonly subscription: {
    readonly endpoint: string;
    readonly keys: { readonly p256dh: string; readonly auth: string };
  };
}

/** Bytes that push services take at least, and most at most (RFC 8030 §7.2). */
const MAX_BODY_BYTES = 4_096;
const payloadSchema = z.record(z.string(), z.unknown());
const DRIP_MS = 20;
const URGENCIES = new Set(['very-low', 'low', 'normal', 'high']);

/**
 * A push service on loopback (RFC 8030), for many browsers at once. It takes what a real one would, and refuses the rest: who is not signed as RFC
 * 8292 says, what has no TTL, what is too long; and it decrypts what came as the browser would. `faults` has everything that was not as it must be.
 */
export class PushService {
  /** All that came as it must be, oldest first; also what was answered with an error. */
  readonly received: ReceivedPush[] = [];
  readonly faults: string[] = [];
  /** Connections that were ever made. */
  connections = 0;
  /** Pushes that wait for their answer now; the most there were at once. */
  open = 0;
  peak = 0;
  readonly #server: Server;
  readonly #scheme: string;
  readonly #subscriptions = new Map<string, { keys: ReceiverKeys; applicationServerKey: string | undefined }>();
  readonly #scripts = new Map<string, Answer[]>();
  readonly #waiting = new Set<() => void>();
  readonly #drips = new Set<NodeJS.Timeout>();

  constructor(server: Server, scheme: 'http' | 'https') {
    this.#server = server;
    this.#scheme = scheme;
    server.on('connection', () => this.connections++);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response));
  }

  get origin(): string {
    const bound = this.#server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the push service does not listen');
    const { address, port } = bound;
    return `${this.#scheme}://${address}:${port}`;
  }

  /** @param applicationServerKey whoever signs with another one is refused with 403, as browsers' services do. */
  subscribe(path: string = `/push/${randomUUID()}`, applicationServerKey?: string): TestSubscription {
    const keys = makeReceiverKeys();
    this.#subscriptions.set(path, { keys, applicationServerKey });
    return {
      path,
      keys,
      subscription: {
        endpoint: `${this.origin}${path}`,
        keys: { p256dh: keys.publicKey.toString('base64url'), auth: keys.auth.toString('base64url') },
      },
    };
  }

  /** What pushes to this path are answered from now on: in this order, the last one for ever. Without it: 201. */
  answer(path: string, ...answers: readonly Answer[]): void {
    this.#scripts.set(path, [...answers]);
  }

  /** From now on 410. */
  expire(path: string): void {
    this.answer(path, 410);
  }

  /** Those to one path. */
  at(path: string): ReceivedPush[] {
    return this.received.filter((push) => push.path === path);
  }

  /** Resolves with the first that fits, of those that have come or that will. */
  async until(fits: (push: ReceivedPush) => boolean): Promise<ReceivedPush> {
    for (;;) {
      const found = this.received.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((came) => this.#waiting.add(came));
    }
  }

  /** Resolves when so many have come in all, or to one path. */
  async count(wanted: number, path?: string): Promise<ReceivedPush[]> {
    const those = (): ReceivedPush[] => (path === undefined ? this.received : this.at(path));
    while (those().length < wanted) await new Promise<void>((came) => this.#waiting.add(came));
    return those();
  }

  async close(): Promise<void> {
    for (const drip of this.#drips) clearInterval(drip);
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.open++;
    this.peak = Math.max(this.peak, this.open);
    response.once('close', () => this.open--);
    response.on('error', () => {});
    try {
      const status = this.#receive(request, await buffer(request));
      const path = request.url ?? '';
      this.#give(request, response, status ?? this.#nextAnswer(path));
      for (const came of this.#waiting) came();
      this.#waiting.clear();
    } catch {
      response.destroy(); // It was cut off before it was all here.
    }
  }

  /** The status with which it is refused; undefined: it is as it must be. */
  #receive({ url: path = '', method, headers }: IncomingMessage, encrypted: Buffer): number | undefined {
    const refuse = (status: number, why: string): number => {
      this.faults.push(`${path}: ${why}`);
      return status;
    };
    const subscribed = this.#subscriptions.get(path);
    if (subscribed === undefined) return 404;
    if (method !== 'POST') return refuse(405, `${method} is no push`);
    const fault = headerFault(headers);
    if (fault !== undefined) return refuse(400, fault);
    if (encrypted.length > MAX_BODY_BYTES) return refuse(413, `${encrypted.length} bytes`);
    try {
      const at = Date.now();
      const vapid = checkVapid(headers.authorization, this.origin, at);
      if (subscribed.applicationServerKey !== undefined && vapid.publicKey !== subscribed.applicationServerKey)
        return 403;
      const text = decryptPush(encrypted, subscribed.keys).toString();
      this.received.push({ path, headers, encrypted, text, payload: payloadSchema.parse(JSON.parse(text)), vapid, at });
      return undefined;
    } catch (error) {
      return refuse(401, String(error));
    }
  }

  #nextAnswer(path: string): Answer {
    const script = this.#scripts.get(path) ?? [];
    return (script.length > 1 ? script.shift() : script[0]) ?? 201;
  }

  #give(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    const { socket } = request;
    if (typeof answer === 'number') response.writeHead(answer).end();
    else if (typeof answer === 'object') response.writeHead(answer.status, answer.headers).end(answer.body);
    else if (answer === 'drip') this.#drip(() => response.write('.'), response.writeHead(201));
    else if (answer === 'drip-head')
      this.#drip(
        () => socket.write('x'),
        response,
        () => socket.write('HTTP/1.1 201 C\r\nx: '),
      );
    else if (answer === 'huge') pour(response.writeHead(201));
    else if (answer === 'huge-head') response.writeHead(201, { x: 'x'.repeat(65_536) }).end();
    else if (answer === 'break') socket.destroy();
    else if (answer === 'break-body')
      response.writeHead(201, { 'content-length': '100' }).write('.', () => socket.destroy());
    else if (answer === 'switch')
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n');
    else if (answer === 'nonsense') socket.end('220 mail.example ESMTP\r\n');
  }

  #drip(drop: () => void, response: ServerResponse, first?: () => void): void {
    first?.();
    const drip = setInterval(drop, DRIP_MS);
    this.#drips.add(drip);
    response.once('close', () => clearInterval(drip));
  }
}

/** As much as anybody takes. */
function pour(response: ServerResponse): void {
  const chunk = 'x'.repeat(65_536);
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

function headerFault({ ttl, urgency, topic, 'content-encoding': encoding }: IncomingHttpHeaders): string | undefined {
  if (typeof ttl !== 'string' || !/^\d+$/.test(ttl)) return `TTL is ${String(ttl)}`;
  if (encoding !== 'aes128gcm') return `Content-Encoding is ${String(encoding)}`;
  if (urgency !== undefined && !URGENCIES.has(String(urgency))) return `Urgency is ${String(urgency)}`;
  if (topic !== undefined && !/^[\w-]{1,32}$/.test(String(topic))) return `Topic is ${String(topic)}`;
  return undefined;
}

export interface PushServiceOptions {
  /** An address of this machine; absent: 127.0.0.1. */
  readonly address?: string;
  /** Absent: a free one. */
  readonly port?: number;
  /** PEM; absent: plain http. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export async function startPushService({
  address = '127.0.0.1',
  port = 0,
  tls,
}: PushServiceOptions = {}): Promise<PushService> {
  const server = tls === undefined ? createServer() : createSecureServer(tls);
  const service = new PushService(server, tls === undefined ? 'http' : 'https');
  server.listen(port, address);
  await once(server, 'listening');
  return service;
}
