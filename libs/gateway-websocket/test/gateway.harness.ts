import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { GatewayWebSocketModule, gatewayWebSocketConfigSchema } from '#clarion/gateway-websocket';
import { problemSchema, replySchema, WEB_SOCKET_PROTOCOL, type Reply as WireReply } from '#clarion/protocol';
import type {
  ConnectOptions,
  Ear,
  GatewayClient,
  GatewayHarness,
  Reply,
} from '../../../test/contract/gateway-harness.js';

const eventSchema = z.strictObject({ event: z.string(), data: z.unknown() });

/** Where a client says who it is and what it reads. */
type Style = 'request' | 'messages';

/** A plain client of the `ws` library, which keeps nothing and does not come back. */
class Client implements GatewayClient {
  readonly #socket: WebSocket;
  readonly #ear: Ear;
  readonly #waiting = new Map<unknown, { resolve(reply: WireReply): void; reject(error: Error): void }>();
  #nextId = 0;
  #refused = false;
  #closed = false;

  constructor(address: URL, options: ConnectOptions, headers: Record<string, string>, ear: Ear) {
    this.#ear = ear;
    this.#socket = new WebSocket(address, WEB_SOCKET_PROTOCOL, {
      headers,
      ...(options.origin !== undefined && { origin: options.origin }),
    });
    this.#socket.on('unexpected-response', (_request, response) => void this.#refusedBy(response));
    this.#socket.on('message', (text) => this.#hear(JSON.parse(text.toString())));
    // What matters of an error is the close that follows.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.#ended());
  }

  /** Says in messages what the other style says in its request. */
  sayInMessages({ token, topics, since }: ConnectOptions): void {
    this.#socket.on('open', () => {
      void this.#mustSucceed('auth', { token });
      // Without waiting for the first answer.
      void this.#mustSucceed('subscribe', { ...(topics && { topics }), ...(since !== undefined && { since }) });
    });
  }

  async send(command: string, body: unknown): Promise<Reply> {
    const reply = await this.#ask(command, body);
    return reply.ok ? { ok: true, data: reply.data } : { ok: false, code: reply.error.code };
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
  }

  async #mustSucceed(op: string, body: unknown): Promise<void> {
    try {
      const reply = await this.#ask(op, body);
      if (reply.ok || this.#refused) return;
      this.#refused = true;
      this.#ear.refused(reply.error);
      this.close();
    } catch {
      // The connection ended first, of which the ear was told.
    }
  }

  #ask(op: string, body: unknown): Promise<WireReply> {
    const id = ++this.#nextId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ ...toMembers(body), op, id }));
    });
  }

  #hear(message: unknown): void {
    const reply = replySchema.safeParse(message);
    if (reply.success) {
      this.#waiting.get(reply.data.id)?.resolve(reply.data);
      this.#waiting.delete(reply.data.id);
    } else {
      const { event, data } = eventSchema.parse(message);
      this.#ear.hear(event, data);
    }
  }

  async #refusedBy(response: IncomingMessage): Promise<void> {
    this.#refused = true;
    const problem = problemSchema.safeParse(await json(response).catch(() => undefined));
    this.#ear.refused(problem.success ? problem.data : { status: response.statusCode ?? 0 });
    this.#socket.terminate();
  }

  #ended(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('the connection ended'));
    this.#waiting.clear();
    if (!this.#refused && !this.#closed) this.#ear.ended();
  }
}

/** What is no object cannot be sent beside `op` and `id`: it goes as a member that no command has. */
function toMembers(body: unknown): object {
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : { body };
}

function connect(options: ConnectOptions, ear: Ear, style: Style): GatewayClient {
  const address = new URL('/v1/ws', options.url.replace('http', 'ws'));
  const { token, topics, since } = options;
  // Without a token there is nothing to send first: what is open to everybody is asked for in the request.
  if (style === 'messages' && token !== undefined) {
    const client = new Client(address, options, {}, ear);
    client.sayInMessages(options);
    return client;
  }
  if (topics !== undefined) address.searchParams.set('topics', topics.join());
  if (since !== undefined) address.searchParams.set('since', since);
  return new Client(address, options, token === undefined ? {} : { authorization: `Bearer ${token}` }, ear);
}

function harness(style: Style): GatewayHarness {
  return {
    name: `WebSocket, wants in ${style === 'request' ? 'the request' : 'messages'}`,
    cannot: { return: 'a plain WebSocket does not come back by itself' },
    gateway: ({ heartbeatMs }) => ({
      module: GatewayWebSocketModule.forRoot(gatewayWebSocketConfigSchema.parse({ heartbeatMs })),
    }),
    connect: (options, ear) => connect(options, ear, style),
  };
}

export const harnesses: readonly GatewayHarness[] = [harness('request'), harness('messages')];
