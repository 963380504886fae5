import { afterEach, expect } from 'vitest';
import { z } from 'zod';
import { Access, accessConfigSchema, type Principal, type Subscriber } from '#clarion/access';
import { InProcessEventBus, type BusMessage, type EntryTraits, type EventBus, type LogEntry } from '#clarion/event-bus';
import { NotificationLog, TopicHistories, type LogAct } from '#clarion/notifications';
import {
  DomainError,
  type ControlEvent,
  type Cursor,
  type EventName,
  type PresenceChange,
  type Selector,
  type Subscription,
  type Topic,
} from '#clarion/protocol';
import type { Batch, CloseReason, Codec, Link, Session } from '../src/gateway.js';
import type { LogEvent } from '../src/log-event.js';
import { NO_PEOPLE, type People } from '../src/people.js';
import { Realtime } from '../src/realtime.js';
import { realtimeConfigSchema } from '../src/realtime.config.js';
import { MemoryAccessStore } from '../../../test/support/memory-access-store.js';
import { MemoryStore } from './memory-store.js';

export const KEY: Principal = { kind: 'key', id: 'k', rights: 'all' };

/** What one client saw, in order. */
export type Seen =
  | SeenEvent
  | { kind: 'ready' | 'cursor' | 'gap'; cursor: Cursor }
  | { kind: 'subscribed' | 'unsubscribed'; topics: Selector[]; cursor: Cursor }
  | { kind: 'ephemeral'; topic: Topic }
  | ({ kind: 'presence' } & PresenceChange);

/** What has a place in the log. */
export interface SeenEvent {
  kind: 'notification';
  offset: number;
  topic: Topic;
  name: EventName;
  id: string;
  /** Which form of the notification: grows with each edit. Of a tombstone Infinity. */
  form: number;
  expiresAt: number | undefined;
}

const shownSchema = z.object({ id: z.string(), data: z.object({ form: z.number() }).optional() });

function seenAs(event: LogEvent, offset: number, topic: Topic): SeenEvent {
  const { id, data } = shownSchema.parse(JSON.parse(event.json(topic)));
  const { name, expiresAt } = event;
  return { kind: 'notification', offset, topic, name, id, form: data?.form ?? Infinity, expiresAt };
}

const codec: Codec<readonly Seen[]> = {
  name: 'record',
  encode: (event: LogEvent, topic) =>
    event.offset === undefined ? [{ kind: 'ephemeral', topic }] : [seenAs(event, event.offset, topic)],
  join: (frames) => frames.flat(),
  control: ({ name, data }: ControlEvent) => {
    if (name === 'bye') return [];
    return name === 'presence' ? [{ kind: name, ...data }] : [{ kind: name, cursor: data.cursor }];
  },
};

/** A client whose link takes as much as the test says. */
export class Client implements Link<readonly Seen[]> {
  readonly codec = codec;
  readonly seen: Seen[] = [];
  full = false;
  session: Session | undefined;
  closed: CloseReason | undefined;
  who: Principal = KEY;
  /** Told of each event when it is written. */
  inspect: ((event: SeenEvent) => void) | undefined;

  write(batch: Batch<readonly Seen[]>): boolean {
    expect(this.closed).toBeUndefined();
    const items = batch.joined();
    for (const item of items) if (item.kind === 'notification') this.inspect?.(item);
    this.seen.push(...items);
    return !this.full;
  }

  close(reason: CloseReason): void {
    this.closed = reason;
  }

  drain(): void {
    this.full = false;
    this.session?.writable();
  }

  get lastCursor(): Cursor | undefined {
    return this.seen.findLast((item) => 'cursor' in item)?.cursor;
  }
}

export interface Limits {
  readonly ringBytes: number;
  readonly sessionBufferBytes: number;
  readonly sharedReach: number;
}

export const TIGHT: Limits = { ringBytes: 3_000, sessionBufferBytes: 1_024, sharedReach: 4_096 };

export class World {
  readonly store = new MemoryStore();
  readonly clients: Client[] = [];
  readonly access = new Access(
    accessConfigSchema.parse({ apiKey: 'k'.repeat(16), tokenSecret: 's'.repeat(32) }),
    new MemoryAccessStore(),
    (error) => this.errors.push(error),
  );
  readonly log: NotificationLog;
  readonly errors: unknown[] = [];
  /** Ids of what was published, in the order of the calls. */
  readonly ids: string[] = [];
  readonly record: Record;
  #forms = 0;
  realtime: Realtime;

  constructor(
    readonly bus: EventBus,
    private readonly limits: Limits,
    private readonly people: Partial<People> = {},
  ) {
    this.record = new Record(bus);
    this.log = new NotificationLog(
      this.store,
      bus,
      { maxBatch: 10, maxWaiting: 1_000, maxWaitingBytes: 1e9, maxWaitMs: 0 },
      (error) => this.errors.push(error),
    );
    this.realtime = this.makeRealtime();
  }

  async start(): Promise<this> {
    await this.log.open();
    await this.realtime.start();
    // After the server: what it has not heard of yet is not known here either.
    this.record.listen();
    return this;
  }

  private makeRealtime(): Realtime {
    // Rounds without rests: what happens depends on turns of the event loop alone.
    const config = {
      ...realtimeConfigSchema.parse({ flushTickMs: 0 }),
      ...this.limits,
      pageCacheBytes: 2_000,
      headCheckMs: 50,
    };
    const histories = new TopicHistories(this.log, this.access);
    const people = { ...NO_PEOPLE, ...this.people };
    return new Realtime(this.log, this.bus, this.access, histories, config, (error) => this.errors.push(error), people);
  }

  publish(topics: readonly Topic[], bytes: number, traits: EntryTraits = {}): Promise<unknown> {
    const id = `n${this.ids.length}`;
    this.ids.push(id);
    const entry = { topics, publishedAt: 1, body: `"data":${JSON.stringify(dataOf(0, bytes))}`, ...traits };
    return this.log.append({ id, entry });
  }

  /** Gives the notification another body, if that is still possible. */
  edit(id: string, bytes: number): Promise<boolean> {
    return this.#act({ kind: 'edit', notification: id, edit: { data: dataOf(++this.#forms, bytes) }, at: Date.now() });
  }

  retract(id: string): Promise<boolean> {
    return this.#act({ kind: 'retract', notification: id, at: Date.now() });
  }

  erase(user: string): Promise<boolean> {
    return this.#act({ kind: 'erase', user, at: Date.now() });
  }

  /** @returns false when the log refuses it. */
  async #act(act: LogAct): Promise<boolean> {
    try {
      await this.log.act(act);
      return true;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }

  open(
    client: Client,
    selectors: readonly Selector[],
    since: Cursor | undefined,
    who = client.who,
    device?: string,
  ): void {
    client.who = who;
    client.inspect = (event) => this.record.examine(event);
    client.session = this.realtime.open(client, who, {
      selectors,
      ...(since !== undefined && { since }),
      ...(device !== undefined && { device }),
    });
  }

  /** Somebody with a token of now that grants this. */
  async person(sub: string, subscribe: readonly string[], presence: readonly string[] = []): Promise<Subscriber> {
    return this.access.verifyToken(await this.token(sub, subscribe, presence));
  }

  async token(sub: string, subscribe: readonly string[], presence: readonly string[] = []): Promise<string> {
    const grants = { subscribe: subscribe as Selector[], presence: presence as Selector[] };
    return (await this.access.mint({ sub, ...grants })).token;
  }

  /** Lets every link drain until nothing moves. */
  async settle(): Promise<void> {
    for (let quiet = 0, before = ''; quiet < 8;) {
      for (const client of this.clients) client.drain();
      await new Promise((resolve) => setImmediate(resolve));
      const { head, logReads, catchingUp } = this.realtime.snapshot();
      const counts = [...this.clients.map(({ seen }) => seen.length), this.log.waiting, head, logReads, catchingUp];
      const now = counts.join();
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  }

  stop(): void {
    for (const client of this.clients) client.session?.ended();
    this.realtime.stop();
  }
}

function dataOf(form: number, bytes: number): { form: number; x: string } {
  return { form, x: 'x'.repeat(bytes) };
}

/** What the log has told, against which everything that is written is held. */
export class Record {
  readonly #bus: EventBus;
  readonly #newest = new Map<string, number>();
  readonly #erased = new Map<string, number>();

  constructor(bus: EventBus) {
    this.#bus = bus;
  }

  listen(): void {
    this.#bus.subscribe((message) => {
      if (message.kind === 'committed') for (const entry of message.entries) this.#note(entry);
    });
  }

  /** Neither an old form, nor what is over, nor what was erased. */
  examine({ id, form, offset, topic, expiresAt = Infinity }: SeenEvent): void {
    expect(form, `an old form of ${id} at ${offset}`).toBeGreaterThanOrEqual(this.#newest.get(id) ?? 0);
    expect(expiresAt, `${id} at ${offset} after its end`).toBeGreaterThan(Date.now());
    expect(offset, `${id} on ${topic} after its erasure`).toBeGreaterThan(this.#erased.get(topic) ?? 0);
  }

  #note({ kind, id, offset, body }: LogEntry): void {
    if (kind === 'erased') this.#erased.set(body, offset);
    else if (kind === 'retracted') this.#newest.set(id, Infinity);
    else if (kind === 'updated')
      this.#newest.set(id, shownSchema.parse(JSON.parse(`{"id":"",${body}}`)).data?.form ?? 0);
  }
}

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.stop();
});

export async function makeWorld(
  limits: Limits = TIGHT,
  bus: EventBus = new InProcessEventBus(),
  people: Partial<People> = {},
): Promise<World> {
  const world = new World(bus, limits, people);
  worlds.push(world);
  return world.start();
}

/** Selectors that each client holds now, by name: a new session is opened with all of them. */
export const held = new WeakMap<Client, Selector[]>();

export async function change(client: Client, op: 'subscribe' | 'unsubscribe', topics: Selector[]): Promise<void> {
  const reply = (await client.session!.handle({ op, topics })) as Subscription;
  client.seen.push({ kind: `${op}d`, topics: reply.topics, cursor: reply.cursor });
  held.set(client, reply.topics);
}

export async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

export function join(world: World, selectors: string[], since?: Cursor, who?: Principal): Client {
  const client = new Client();
  world.clients.push(client);
  world.open(client, selectors as Selector[], since, who);
  return client;
}

export const offsetsSeen = (client: Client): number[] =>
  client.seen.flatMap((item) => (item.kind === 'notification' ? [item.offset] : []));

/** Loses every third message, gives every fifth twice and every seventh too late. */
export class UnreliableBus extends InProcessEventBus {
  losing: boolean | 'all' = true;
  failing = false;
  #count = 0;
  #late: BusMessage | undefined;

  override async publish(message: BusMessage): Promise<void> {
    const count = ++this.#count;
    if (this.failing) throw new Error('the bus is gone');
    if (this.losing === 'all' || (this.losing && count % 3 === 0)) return;
    if (this.losing && count % 7 === 0) {
      this.#late = message;
      return;
    }
    await super.publish(message);
    if (count % 5 === 0) await super.publish(message);
    if (this.#late !== undefined) await super.publish(this.#late);
    this.#late = undefined;
  }
}
