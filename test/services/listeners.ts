import { setTimeout as pause } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { notificationSchema } from '#clarion/protocol';
import { EventStream } from '../support/event-stream.js';

/** What somebody wants to hear, and through which proxy. */
export interface Wish {
  readonly url: string;
  readonly token: string;
  readonly topic: string;
  /** Absent: from now on. */
  readonly since?: string;
}

/** Somebody on one connection, or in a chain of long polls: each number in `data.n` that was heard, in order. */
export interface Listener {
  readonly heard: readonly number[];
  /** The last one seen. */
  readonly cursor: string;
  /** Whether the connection ended, or a poll was not answered as one, without the listener's doing. */
  readonly ended: boolean;
  close(): void;
}

export interface SseListener extends Listener {
  /** Resolves with the next heartbeat, or the end. */
  beat(timeoutMs: number): Promise<void>;
}

const numberSchema = notificationSchema.extend({ data: z.object({ n: z.number() }) });
const placeSchema = z.object({ cursor: z.string() });
const frameSchema = z.object({ event: z.string(), data: z.unknown() });
const pageSchema = z.object({ events: z.array(frameSchema), cursor: z.string() });

/** Keeps what is heard, whatever it came by. */
class Hearing implements Pick<Listener, 'heard' | 'cursor'> {
  readonly heard: number[] = [];
  cursor: string;
  ended = false;

  constructor({ since = '' }: Wish) {
    this.cursor = since;
  }

  take(event: string, data: unknown): void {
    if (event === 'notification') this.heard.push(numberSchema.parse(data).data.n);
    this.cursor = placeSchema.safeParse(data).data?.cursor ?? this.cursor;
  }
}

export async function overSse(wish: Wish): Promise<SseListener> {
  const stream = await EventStream.open(addressOf(wish, '/v1/events'), bearer(wish));
  await stream.first('ready', 1);
  return {
    get heard() {
      return stream.named('message').map(({ data }) => numberSchema.parse(data).data.n);
    },
    get cursor() {
      return stream.events.findLast(({ id }) => id !== undefined)?.id ?? '';
    },
    get ended() {
      return stream.ended;
    },
    close: () => stream.close(),
    beat: (timeoutMs) => {
      const before = beatsIn(stream.text);
      return stream.until('heartbeat', () => beatsIn(stream.text) > before || stream.ended, timeoutMs);
    },
  };
}

export async function overSocketIo(wish: Wish, transport: 'polling' | 'websocket'): Promise<Listener> {
  const { url, token, topic, since } = wish;
  const record = new Hearing(wish);
  const socket = io(url, {
    forceNew: true,
    transports: [transport],
    reconnection: false,
    auth: { token, topics: [topic], ...(since !== undefined && { since }) },
  });
  socket.onAny((event: string, data: unknown) => record.take(event, data));
  socket.on('disconnect', () => (record.ended = true));
  await new Promise((ready, failed) => socket.once('ready', ready).once('connect_error', failed));
  return Object.assign(record, { close: () => void socket.disconnect() });
}

export async function overWebSocket(wish: Wish): Promise<Listener> {
  const record = new Hearing(wish);
  const address = addressOf(wish, '/v1/ws');
  address.protocol = 'ws';
  const socket = new WebSocket(address, 'clarion.v1.json', { headers: bearer(wish) });
  socket.on('close', () => (record.ended = true));
  await new Promise<void>((ready, failed) => {
    socket.on('error', failed);
    socket.on('message', (message) => {
      const { event, data } = frameSchema.parse(JSON.parse(String(message)));
      record.take(event, data);
      if (event === 'ready') ready();
    });
  });
  return Object.assign(record, { close: () => socket.terminate() });
}

/** Each poll asks to wait longer than any server or proxy would. */
export async function overLongPolls(wish: Wish): Promise<Listener> {
  const record = new Hearing(wish);
  let closed = false;
  await poll(wish, record);
  const run = async (): Promise<void> => {
    while (!closed) await poll(wish, record, { prefer: 'wait=600' });
  };
  run().catch(() => (record.ended = !closed));
  return Object.assign(record, { close: () => void (closed = true) });
}

/** One poll, and its end. */
export async function byPoll(wish: Wish): Promise<Listener> {
  const record = new Hearing(wish);
  await poll(wish, record);
  return Object.assign(record, { close: () => undefined });
}

async function poll(wish: Wish, record: Hearing, headers: Record<string, string> = {}): Promise<void> {
  const address = addressOf({ ...wish, since: record.cursor }, '/v1/events');
  const response = await fetch(address, { headers: { ...bearer(wish), ...headers } });
  if (!response.ok) throw new Error(`a poll was answered with ${response.status}`);
  const { events, cursor } = pageSchema.parse(await response.json());
  for (const { event, data } of events) record.take(event, data);
  record.cursor = cursor;
}

/** @throws {Error} when it does not hold in time. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const late = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > late) throw new Error(`not in time: ${what}`);
    await pause(10);
  }
}

function addressOf({ url, topic, since = '' }: Wish, path: string): URL {
  const address = new URL(path, url);
  address.searchParams.set('topics', topic);
  if (since !== '') address.searchParams.set('since', since);
  return address;
}

function bearer({ token }: Wish): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** Comments without text. */
function beatsIn(text: string): number {
  return text.split(/^:$/m).length;
}
