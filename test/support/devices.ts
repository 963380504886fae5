import { z } from 'zod';
import { EventStream } from './event-stream.js';
import { request, type Door } from './rest.js';
import { SocketListener } from './socket-listener.js';
import { JsonSocket } from './web-socket.js';

/** One event as a device heard it, whatever its transport. */
export interface Heard {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface DeviceOptions {
  readonly token: string;
  /** What it listens to; absent: its person's own topic. */
  readonly topics?: readonly string[];
  readonly since?: string | undefined;
}

export interface Choice {
  /** Of the notification. */
  readonly id: string;
  readonly action: string;
}

/** One device of a person, over one transport: what it hears, and how it says what the person does. */
export interface Device {
  readonly transport: Transport;
  /** All that it heard, in order. */
  readonly heard: readonly Heard[];
  /** Resolves with the first event that is like this, as soon as it is there. @throws {Error} when it does not come within 10 s. */
  until(what: string, isIt: (event: Heard) => boolean): Promise<Heard>;
  /** Marks by its own way: a command of its connection, or REST. Resolves with the answer's data. */
  mark(mark: object): Promise<unknown>;
  /** Acknowledges, in the same manner. */
  ack(ids: readonly string[]): Promise<unknown>;
  /** Chooses an action of a notification, in the same manner. */
  choose(choice: Choice): Promise<unknown>;
  close(): void;
}

export const TRANSPORTS = ['socket.io', 'websocket', 'sse', 'polling'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** Resolves when the device is connected: what is published from then on it hears. */
export function openDevice(transport: Transport, door: Door, options: DeviceOptions): Promise<Device> {
  if (transport === 'socket.io') return SocketIoDevice.open(door, options);
  if (transport === 'websocket') return WebSocketDevice.open(door, options);
  return transport === 'sse' ? StreamDevice.open(door, options) : PollingDevice.open(door, options);
}

const TIMEOUT_MS = 10_000;
const record = z.record(z.string(), z.unknown());
const pageSchema = z.object({
  events: z.array(z.object({ event: z.string(), data: record })),
  cursor: z.string(),
  gap: record.optional(),
});
const replySchema = z.object({ ok: z.literal(true), data: z.unknown() });

/** What was heard, and who waits for what. */
class Ear {
  readonly heard: Heard[] = [];
  readonly #waiting = new Set<() => void>();

  hear(name: string, data: unknown): void {
    this.heard.push({ name, data: record.parse(data) });
    for (const look of this.#waiting) look();
  }

  until(what: string, isIt: (event: Heard) => boolean): Promise<Heard> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.heard.find(isIt);
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      const late = (): void => reject(new Error(`no ${what}; heard ${JSON.stringify(this.heard)}`));
      const timer = setTimeout(late, TIMEOUT_MS);
      this.#waiting.add(look);
      look();
    });
  }
}

/** Those that can only listen say it over REST. */
async function sayOverRest(door: Door, { token }: DeviceOptions, what: string, said: object): Promise<unknown> {
  const { status, body } = await request(door, 'POST', `/v1/me/${what}`, said, { Authorization: `Bearer ${token}` });
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}

class SocketIoDevice implements Device {
  readonly transport = 'socket.io';
  readonly #ear = new Ear();
  readonly #listener: SocketListener;

  private constructor(door: Door, { token, topics = ['users/me'], since }: DeviceOptions) {
    const auth = { token, topics, ...(since !== undefined && { since }) };
    this.#listener = new SocketListener(door.url, auth);
    this.#listener.socket.onAny((name: string, data: unknown) => this.#ear.hear(name, data));
  }

  static async open(door: Door, options: DeviceOptions): Promise<Device> {
    const device = new SocketIoDevice(door, options);
    await device.until('ready', ({ name }) => name === 'ready');
    return device;
  }

  get heard(): readonly Heard[] {
    return this.#ear.heard;
  }

  until(what: string, isIt: (event: Heard) => boolean): Promise<Heard> {
    return this.#ear.until(what, isIt);
  }

  mark(mark: object): Promise<unknown> {
    return this.#listener.ask('mark', mark);
  }

  ack(ids: readonly string[]): Promise<unknown> {
    return this.#listener.ask('ack', { ids });
  }

  choose({ id, action }: Choice): Promise<unknown> {
    return this.#listener.ask('choose', { notification: id, action });
  }

  close(): void {
    this.#listener.close();
  }
}

class WebSocketDevice implements Device {
  readonly transport = 'websocket';
  readonly #ear = new Ear();
  readonly #socket: JsonSocket;
  #asked = 0;

  private constructor(door: Door, { token, topics = ['users/me'], since }: DeviceOptions) {
    const query = new URLSearchParams({ topics: topics.join(), ...(since !== undefined && { since }) });
    this.#socket = new JsonSocket(`${door.url}/v1/ws?${query}`, { headers: { authorization: `Bearer ${token}` } });
    this.#socket.socket.on('message', (text) => {
      const { event, data } = z.object({ event: z.string(), data: z.unknown() }).parse(JSON.parse(String(text)));
      if (event !== 'reply') this.#ear.hear(event, data);
    });
  }

  static async open(door: Door, options: DeviceOptions): Promise<Device> {
    const device = new WebSocketDevice(door, options);
    await device.until('ready', ({ name }) => name === 'ready');
    return device;
  }

  get heard(): readonly Heard[] {
    return this.#ear.heard;
  }

  until(what: string, isIt: (event: Heard) => boolean): Promise<Heard> {
    return this.#ear.until(what, isIt);
  }

  mark(mark: object): Promise<unknown> {
    return this.#ask('mark', mark);
  }

  ack(ids: readonly string[]): Promise<unknown> {
    return this.#ask('ack', { ids });
  }

  choose({ id, action }: Choice): Promise<unknown> {
    return this.#ask('choose', { notification: id, action });
  }

  async #ask(op: string, said: object): Promise<unknown> {
    const id = ++this.#asked;
    return replySchema.parse(await this.#socket.ask(id, { op, id, ...said })).data;
  }

  close(): void {
    this.#socket.close();
  }
}

class StreamDevice implements Device {
  readonly transport = 'sse';
  readonly #ear = new Ear();
  readonly #door: Door;
  readonly #options: DeviceOptions;
  #stream: EventStream | undefined;

  private constructor(door: Door, options: DeviceOptions) {
    this.#door = door;
    this.#options = options;
  }

  static async open(door: Door, options: DeviceOptions): Promise<Device> {
    const device = new StreamDevice(door, options);
    const headers = { authorization: `Bearer ${options.token}` };
    device.#stream = await EventStream.open(eventsUrl(door, options), headers, ({ event, data }) =>
      device.#ear.hear(event === 'message' ? 'notification' : event, data),
    );
    await device.until('ready', ({ name }) => name === 'ready');
    return device;
  }

  get heard(): readonly Heard[] {
    return this.#ear.heard;
  }

  until(what: string, isIt: (event: Heard) => boolean): Promise<Heard> {
    return this.#ear.until(what, isIt);
  }

  mark(mark: object): Promise<unknown> {
    return sayOverRest(this.#door, this.#options, 'marks', mark);
  }

  ack(ids: readonly string[]): Promise<unknown> {
    return sayOverRest(this.#door, this.#options, 'acks', { ids });
  }

  choose(choice: Choice): Promise<unknown> {
    return sayOverRest(this.#door, this.#options, 'choices', choice);
  }

  close(): void {
    this.#stream?.close();
  }
}

/** Long polls, one after the other, each from where the last one ended. */
class PollingDevice implements Device {
  readonly transport = 'polling';
  readonly #ear = new Ear();
  readonly #door: Door;
  readonly #options: DeviceOptions;
  readonly #end = new AbortController();

  private constructor(door: Door, options: DeviceOptions) {
    this.#door = door;
    this.#options = options;
  }

  static async open(door: Door, options: DeviceOptions): Promise<Device> {
    const device = new PollingDevice(door, options);
    void device.#goOn(await device.#poll(options.since, 0));
    return device;
  }

  get heard(): readonly Heard[] {
    return this.#ear.heard;
  }

  until(what: string, isIt: (event: Heard) => boolean): Promise<Heard> {
    return this.#ear.until(what, isIt);
  }

  mark(mark: object): Promise<unknown> {
    return sayOverRest(this.#door, this.#options, 'marks', mark);
  }

  ack(ids: readonly string[]): Promise<unknown> {
    return sayOverRest(this.#door, this.#options, 'acks', { ids });
  }

  choose(choice: Choice): Promise<unknown> {
    return sayOverRest(this.#door, this.#options, 'choices', choice);
  }

  close(): void {
    this.#end.abort();
  }

  async #goOn(from: string): Promise<void> {
    let cursor = from;
    try {
      while (!this.#end.signal.aborted) cursor = await this.#poll(cursor, 20);
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
  }

  /** Few at once, so that many pages are read. @returns where to go on. */
  async #poll(since: string | undefined, waitS: number): Promise<string> {
    const url = eventsUrl(this.#door, { ...this.#options, since });
    url.searchParams.set('limit', '2');
    const headers = {
      authorization: `Bearer ${this.#options.token}`,
      ...(waitS > 0 && { prefer: `wait=${waitS}` }),
    };
    const response = await fetch(url, { headers, signal: this.#end.signal });
    const page = pageSchema.parse(await response.json());
    if (page.gap !== undefined) this.#ear.hear('gap', page.gap);
    for (const { event, data } of page.events) this.#ear.hear(event, data);
    return page.cursor;
  }
}

function eventsUrl({ url }: Door, { topics = ['users/me'], since }: DeviceOptions): URL {
  const events = new URL('/v1/events', url);
  events.searchParams.set('topics', topics.join());
  if (since !== undefined) events.searchParams.set('since', since);
  return events;
}
