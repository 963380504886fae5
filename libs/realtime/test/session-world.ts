import { afterEach, expect } from 'vitest';
import { Access, accessConfigSchema, type Principal, type Subscriber } from '#clarion/access';
import { InProcessEventBus, type BusMessage, type EventBus } from '#clarion/event-bus';
import { NotificationLog, TopicHistories } from '#clarion/notifications';
import type { ControlEvent, Cursor, PresenceChange, Selector, Subscription, Topic } from '#clarion/protocol';
import type { Batch, CloseReason, Codec, Link, Session } from '../src/gateway.js';
import type { LogEvent } from '../src/log-event.js';
import { Realtime } from '../src/realtime.js';
import { realtimeConfigSchema } from '../src/realtime.config.js';
import { MemoryAccessStore } from '../../../test/support/memory-access-store.js';
import { MemoryStore } from './memory-store.js';

export const KEY: Principal = { kind: 'key', id: 'k', rights: 'all' };

/** What one client saw, in order. */
type Seen =
  | { kind: 'notification'; offset: number; topic: Topic }
  | { kind: 'ready' | 'cursor' | 'gap'; cursor: Cursor }
  | { kind: 'subscribed' | 'unsubscribed'; topics: Selector[]; cursor: Cursor }
  | { kind: 'ephemeral'; topic: Topic }
  | ({ kind: 'presence' } & PresenceChange);

const codec: Codec<readonly Seen[]> = {
  name: 'record',
  encode: (event: LogEvent, topic) =>
    event.offset === undefined
      ? [{ kind: 'ephemeral', topic }]
      : [{ kind: 'notification', offset: event.offset, topic }],
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

  write(batch: Batch<readonly Seen[]>): boolean {
    expect(this.closed).toBeUndefined();
    this.seen.push(...batch.joined());
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
  realtime: Realtime;

  constructor(
    readonly bus: EventBus,
    private readonly limits: Limits,
  ) {
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
    return new Realtime(this.log, this.bus, this.access, histories, config, (error) => this.errors.push(error));
  }

  publish(topics: readonly Topic[], bytes: number): Promise<unknown> {
    const entry = { topics, publishedAt: 1, body: `"data":"${'x'.repeat(bytes)}"` };
    return this.log.append({ id: 'n', entry });
  }

  open(
    client: Client,
    selectors: readonly Selector[],
    since: Cursor | undefined,
    who: Principal = KEY,
    device?: string,
  ): void {
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
      const now = `${this.clients.map(({ seen }) => seen.length).join()},${this.log.waiting},${this.realtime.snapshot().head}`;
      quiet = now === before ? quiet + 1 : 0;
      before = now;
    }
  }

  stop(): void {
    for (const client of this.clients) client.session?.ended();
    this.realtime.stop();
  }
}

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.stop();
});

export async function makeWorld(limits: Limits = TIGHT, bus: EventBus = new InProcessEventBus()): Promise<World> {
  const world = new World(bus, limits);
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
