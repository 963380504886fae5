import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Published } from '#clarion/notifications';
import type { Capability, GatewayHarness } from './gateway-harness.js';
import { GatewayHost, type HostSettings, type TokenRequest } from './gateway-host.js';
import { eventually, Reader, type ReaderOptions } from './gateway-reader.js';

/** One sentence of the contract: `run` throws when the gateway breaks it. */
export interface GatewayCheck {
  readonly name: string;
  /** What the transport must be able to do for the sentence to mean anything. */
  readonly needs?: readonly Capability[];
  /** Checks with equal settings share an application. */
  readonly settings?: HostSettings;
  /** The application is this check's own: it ends it, counts what is in it, or must be made by the gateway that is examined. */
  readonly alone?: true;
  run(scene: Scene): Promise<void>;
}

/** What one check sees: an application, topics and people that no other check uses, and readers that end with it. */
export class Scene {
  readonly host: GatewayHost;
  readonly harness: GatewayHarness;
  readonly patienceMs: number;
  /** Differs from scene to scene; fit to be a topic segment. */
  readonly id: string;
  readonly #readers: Reader[] = [];
  readonly #publishing: Publishing[] = [];
  #published = 0;

  constructor(host: GatewayHost, harness: GatewayHarness, patienceMs: number, id: string) {
    this.host = host;
    this.harness = harness;
    this.patienceMs = patienceMs;
    this.id = id;
  }

  can(capability: Capability): boolean {
    return this.harness.cannot[capability] === undefined;
  }

  /** Whose tokens {@link token} makes. */
  get user(): string {
    return `u-${this.id}`;
  }

  /** A topic of this scene alone. */
  topic(name: string): string {
    return `${name}/${this.id}`;
  }

  /** A token that reads these selectors. */
  token(subscribe: TokenRequest['subscribe'], request: Partial<TokenRequest> = {}): Promise<string> {
    return this.host.token({ sub: this.user, subscribe, ...request });
  }

  /** A client that has begun to connect. */
  async connect(options: ReaderOptions): Promise<Reader> {
    const reader = await Reader.connect(this.harness, this.host.port, options, this.patienceMs);
    this.#readers.push(reader);
    return reader;
  }

  /** A client with a token for its topics, which knows its place. */
  async reader(topics: readonly string[], options: ReaderOptions = {}): Promise<Reader> {
    const reader = await this.connect({ token: await this.token(topics), topics, ...options });
    return reader.opened();
  }

  /** Publishes under a key of its own. @returns the key, and what the publisher was told. */
  async publish(
    topics: string | readonly string[],
    draft: Readonly<Record<string, unknown>> = {},
  ): Promise<Published & { readonly key: string }> {
    const key = `${this.id}-${++this.#published}`;
    const audience = typeof topics === 'string' ? { topic: topics } : { topics };
    return { key, ...(await this.host.publish({ ...audience, data: { key }, ...draft })) };
  }

  /** Publishes so many in one turn, and resolves with their keys when all are on disk. */
  async burst(
    count: number,
    topics: string | readonly string[] | ((i: number) => string | readonly string[]),
    draft: Readonly<Record<string, unknown>> = {},
  ): Promise<string[]> {
    const to = typeof topics === 'function' ? topics : () => topics;
    const published = await Promise.all(Array.from({ length: count }, (_, i) => this.publish(to(i), draft)));
    return published.map(({ key }) => key);
  }

  /** Publishes a few every moment, until it is stopped or the scene ends. */
  keepPublishing(topic: string): Publishing {
    const publishing = new Publishing(() => this.burst(8, topic));
    this.#publishing.push(publishing);
    return publishing;
  }

  /** Resolves when the condition holds that no client is told of. */
  eventually(what: string, condition: () => boolean): Promise<void> {
    return eventually(what, condition, this.patienceMs);
  }

  /** Ends all readers and publishing. */
  async end(): Promise<void> {
    await Promise.all(this.#publishing.map((publishing) => publishing.stop()));
    await Promise.all(this.#readers.map((reader) => reader.close()));
  }

  /** @throws {assert.AssertionError} when a reader saw a broken rule that the check did not look for, or the server failed. */
  assertClean(): void {
    assert.deepEqual(
      this.#readers.flatMap(({ violations }) => violations),
      [],
    );
    assert.deepEqual(this.host.errors.splice(0), [], 'the server logged failures');
  }
}

/** Publishes in the background, a burst and a moment's pause at a time. */
export class Publishing {
  readonly #keys: string[] = [];
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(burst: () => Promise<string[]>) {
    this.#done = this.#run(burst);
  }

  /** Resolves with all keys, when the last burst is on disk. Idempotent. */
  async stop(): Promise<string[]> {
    this.#stopped = true;
    await this.#done;
    return this.#keys;
  }

  async #run(burst: () => Promise<string[]>): Promise<void> {
    do {
      this.#keys.push(...(await burst()));
      await pause(2);
    } while (!this.#stopped);
  }
}

/** Has one gateway play checks, on an application that they share unless they need their own. */
export class Stage {
  readonly #harness: GatewayHarness;
  readonly #patienceMs: number;
  readonly #shared = new Map<string, Promise<GatewayHost>>();
  #scenes = 0;

  /** @param patienceMs how long a client waits for what must come. */
  constructor(harness: GatewayHarness, patienceMs: number) {
    this.#harness = harness;
    this.#patienceMs = patienceMs;
  }

  /** @throws when the gateway breaks this sentence of the contract, or the server logged a failure meanwhile. */
  async play(check: GatewayCheck): Promise<void> {
    const { settings = {}, alone } = check;
    if (alone === undefined) return this.#playOn(await this.#sharedBy(settings), check);
    const host = await this.#start(settings);
    try {
      await this.#playOn(host, check);
    } finally {
      await host.dispose();
    }
  }

  async close(): Promise<void> {
    for (const host of this.#shared.values()) await (await host).dispose();
  }

  #sharedBy(settings: HostSettings): Promise<GatewayHost> {
    const key = JSON.stringify(settings);
    const host = this.#shared.get(key) ?? this.#start(settings);
    this.#shared.set(key, host);
    return host;
  }

  async #playOn(host: GatewayHost, check: GatewayCheck): Promise<void> {
    const scene = new Scene(host, this.#harness, this.#patienceMs, `scene-${++this.#scenes}`);
    try {
      await check.run(scene);
    } finally {
      await scene.end();
    }
    scene.assertClean();
  }

  #start(settings: HostSettings): Promise<GatewayHost> {
    return GatewayHost.start((heartbeatMs) => [this.#harness.gateway({ heartbeatMs })], settings);
  }
}
