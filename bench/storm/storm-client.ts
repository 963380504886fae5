import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { Arrivals } from './arrivals.js';
import type { Conversation, Speak } from './conversation.js';
import { speakLongPoll } from './long-poll-conversation.js';
import { speakSocketIo } from './socketio-conversation.js';
import { speakSse } from './sse-conversation.js';
import { speakWebSocket } from './websocket-conversation.js';

export const TRANSPORTS = ['sse', 'socketio', 'websocket', 'polling'] as const;
export type Transport = (typeof TRANSPORTS)[number];

const SPEAK: Readonly<Record<Transport, Speak>> = {
  sse: speakSse,
  socketio: speakSocketIo,
  websocket: speakWebSocket,
  polling: speakLongPoll,
};

/** An attempt that has not heard `ready` by then has failed. */
const READY_WITHIN_MS = 30_000;

const placeSchema = z.object({ cursor: z.string() });
const notificationSchema = z.object({ cursor: z.string(), topic: z.string(), data: z.object({ n: z.number().int() }) });

/** Who a client is, and what it must get once it has come back: `count` notifications numbered from `first`. */
export interface ClientOrder {
  readonly transport: Transport;
  readonly port: number;
  readonly token: string;
  readonly topic: string;
  readonly first: number;
  readonly count: number;
}

/** Is told what becomes of a client's connections. */
export interface Onlooker {
  ready(client: StormClient): void;
  /** It has the last of what it must get. */
  complete(client: StormClient): void;
  /** Its connection could not be made, was refused, or broke; it makes no other by itself. */
  broken(client: StormClient, reason: string): void;
}

/** One client over raw sockets. From one connection to the next it keeps the last cursor that it saw, and nothing else. */
export class StormClient {
  readonly #order: ClientOrder;
  readonly #onlooker: Onlooker;
  readonly #arrivals: Arrivals;
  #cursor: string | null = null;
  #gaps = 0;
  #socket: Socket | null = null;
  #patience: NodeJS.Timeout | undefined;

  constructor(order: ClientOrder, onlooker: Onlooker) {
    this.#order = order;
    this.#onlooker = onlooker;
    this.#arrivals = new Arrivals(order.first, order.count);
  }

  get transport(): Transport {
    return this.#order.transport;
  }

  get isComplete(): boolean {
    return this.#arrivals.isComplete;
  }

  /** What is wrong with what it got; null: nothing. */
  verdict(): string | null {
    return this.#gaps > 0 ? 'a gap was told' : this.#arrivals.verdict();
  }

  /** Precondition: it has no connection. */
  connect(): void {
    const { port } = this.#order;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    this.#patience = setTimeout(() => this.#break('it was not ready in time'), READY_WITHIN_MS);
    const conversation = SPEAK[this.transport](
      { ...this.#order, since: this.#cursor },
      (name, data) => this.#hear(name, data),
      (bytes) => socket.write(bytes),
    );
    socket.on('data', (piece) => this.#read(conversation, piece));
    socket.on('error', ({ message }) => this.#break(message.replace(/ 127\.0\.0\.1.*$/, '')));
    socket.on('close', () => this.#break('its connection was closed'));
    socket.write(conversation.hello);
  }

  /** Lets go of its connection; nothing more is told. */
  close(): void {
    clearTimeout(this.#patience);
    this.#socket?.removeAllListeners().on('error', ignore).destroy();
    this.#socket = null;
  }

  #read(conversation: Conversation, piece: Buffer): void {
    if (this.#socket === null) return;
    try {
      conversation.push(piece);
    } catch (error) {
      this.#break(error instanceof Error ? error.message : String(error));
    }
  }

  #break(reason: string): void {
    this.close();
    this.#onlooker.broken(this, reason);
  }

  #hear(name: string, data: unknown): void {
    if (name === 'notification') this.#take(notificationSchema.parse(data));
    else if (name === 'ready') this.#arrive(placeSchema.parse(data).cursor);
    else if (name === 'cursor') this.#cursor = placeSchema.parse(data).cursor;
    else if (name === 'gap') this.#gaps += 1;
    else if (name !== 'bye') throw new Error(`an unknown event: ${name}`);
  }

  #arrive(cursor: string): void {
    clearTimeout(this.#patience);
    this.#cursor = cursor;
    this.#onlooker.ready(this);
  }

  #take({ cursor, topic, data: { n } }: z.infer<typeof notificationSchema>): void {
    const wasComplete = this.#arrivals.isComplete;
    this.#cursor = cursor;
    // A number that it does not wait for, wherever it comes from, is a fault.
    this.#arrivals.accept(topic === this.#order.topic ? n : Number.NaN);
    if (!wasComplete && this.#arrivals.isComplete) this.#onlooker.complete(this);
  }
}

/** After a socket was let go of, what it still has to say concerns nobody. */
function ignore(): void {
  return undefined;
}
