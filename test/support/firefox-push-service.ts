import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import { z } from 'zod';

/** What Firefox says (mozilla-central, dom/push/PushServiceWebSocket.sys.mjs); what else it says is not answered. */
const said = z.discriminatedUnion('messageType', [
  z.object({ messageType: z.literal('hello'), uaid: z.string().optional() }),
  z.object({ messageType: z.literal('register'), channelID: z.uuid(), key: z.string().optional() }),
  z.object({ messageType: z.literal('unregister'), channelID: z.uuid() }),
  z.object({
    messageType: z.literal('ack'),
    updates: z.array(z.object({ channelID: z.uuid(), version: z.string(), code: z.number() })),
  }),
]);
type Said = z.infer<typeof said>;

/** Firefox's word on a message: decrypted and given to a worker, or why not. */
const CODES: Readonly<Record<number, Ack['outcome']>> = { 100: 'delivered', 101: 'undecryptable', 102: 'undelivered' };

/** What an application server has sent, as it came. */
export interface Received {
  readonly channel: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly status: number;
}

export interface Ack {
  readonly channel: string;
  readonly outcome: 'delivered' | 'undecryptable' | 'undelivered' | 'unknown';
}

/**
 * A push service of Firefox's kind on loopback: the browser is told of it by `dom.push.serverURL`, holds a WebSocket to it and registers
 * channels; an application server posts encrypted messages (RFC 8030) to a channel's endpoint, and they are handed on as they are.
 */
export class FirefoxPushService {
  /** For `dom.push.serverURL`. */
  readonly url: string;
  readonly received: Received[] = [];
  readonly acks: Ack[] = [];
  readonly #origin: string;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  /** Of the one browser that is served: whose connection it is does not matter. */
  #browser: WebSocket | undefined;
  /** Registered channels, by the last part of their endpoints. */
  readonly #channels = new Map<string, { readonly id: string; readonly key: string | undefined }>();
  readonly #changes = new EventEmitter();
  #isLost = false;

  private constructor(http: Server) {
    // A server that listens on a TCP port has such an address.
    const { port } = http.address() as AddressInfo;
    this.url = `ws://127.0.0.1:${port}/`;
    this.#origin = `http://127.0.0.1:${port}`;
    this.#http = http;
    this.#sockets = new WebSocketServer({ server: http });
    this.#sockets.on('connection', (socket) => this.#welcome(socket));
    http.on('request', (request, response) => void this.#take(request, response));
  }

  static async start(port = 0): Promise<FirefoxPushService> {
    const http = createServer();
    http.listen(port, '127.0.0.1');
    await once(http, 'listening');
    return new FirefoxPushService(http);
  }

  /** Endpoints that are registered now. */
  get endpoints(): string[] {
    return [...this.#channels.keys()].map((name) => this.#endpoint(name));
  }

  /** Forgets all channels, as a service does that has lost them: what is posted there is answered with 410. */
  forget(): void {
    this.#channels.clear();
  }

  /** Has lost all that it knew of the browser, and tells it so by another name: all of its subscriptions end, and it makes a new connection. */
  lose(): void {
    this.#channels.clear();
    this.#isLost = true;
    this.#browser?.terminate();
  }

  /** Waits until this is so, looking again after all that happens here. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this.#changes, 'change');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    this.#http.closeAllConnections();
    this.#http.close();
    await once(this.#http, 'close');
  }

  #endpoint(name: string): string {
    return `${this.#origin}/push/${name}`;
  }

  #welcome(socket: WebSocket): void {
    this.#browser = socket;
    socket.on('message', (data) => this.#hear(data, socket));
  }

  #hear(data: RawData, socket: WebSocket): void {
    const text = String(data);
    // Its ping.
    if (text === '{}') return socket.send('{}');
    const message = said.safeParse(JSON.parse(text));
    if (!message.success) return;
    const answer = this.#answer(message.data);
    if (answer !== undefined) socket.send(JSON.stringify(answer));
    this.#changes.emit('change');
  }

  #answer(message: Said): object | undefined {
    if (message.messageType === 'hello') {
      const known = this.#isLost ? undefined : message.uaid;
      this.#isLost = false;
      const uaid = known || randomUUID().replaceAll('-', '');
      return { messageType: 'hello', status: 200, uaid, use_webpush: true, broadcasts: {} };
    }
    if (message.messageType === 'ack') {
      for (const { channelID, code } of message.updates)
        this.acks.push({ channel: channelID, outcome: CODES[code] ?? 'unknown' });
      return undefined;
    }
    const { messageType, channelID } = message;
    if (messageType === 'unregister') {
      for (const [name, { id }] of this.#channels) if (id === channelID) this.#channels.delete(name);
      return { messageType, channelID, status: 200 };
    }
    const name = randomBytes(24).toString('base64url');
    this.#channels.set(name, { id: channelID, key: message.key });
    return { messageType, channelID, status: 200, pushEndpoint: this.#endpoint(name) };
  }

  /** RFC 8030 §5: 201 and a place; 410 for a subscription that is no more (§7.3). */
  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const channel = this.#channels.get(request.url?.replace(/^\/push\//, '') ?? '');
    const body = await bodyOf(request);
    const status = channel === undefined ? 410 : this.#browser === undefined ? 503 : 201;
    this.received.push({ channel: channel?.id ?? '', headers: request.headers, status });
    if (channel !== undefined && status === 201) this.#handOn(channel.id, request, body);
    response.writeHead(status, status === 201 ? { location: `${this.#origin}/m/${randomUUID()}` } : {}).end();
    this.#changes.emit('change');
  }

  #handOn(channelID: string, { headers }: IncomingMessage, body: Buffer): void {
    this.#browser?.send(
      JSON.stringify({
        messageType: 'notification',
        channelID,
        version: randomUUID(),
        ttl: Number(headers['ttl']),
        headers: { encoding: headers['content-encoding'] },
        ...(body.length > 0 && { data: body.toString('base64url') }),
      }),
    );
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
