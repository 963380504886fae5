import { AssertionError } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { EVENTS, type EventName } from '#clarion/protocol';
import { z } from 'zod';
import { TcpProxy } from '../support/tcp-proxy.js';
import type { Asked, ConnectOptions, Ear, GatewayClient, GatewayHarness, Refusal, Reply } from './gateway-harness.js';

/** One event as a client heard it. A long `body` is kept as its length alone, so that a reader of much costs little. */
export interface Heard {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export type ReaderOptions = Omit<ConnectOptions, 'url' | 'comesBack'> & { readonly comesBack?: boolean };

const LONG_BODY_CHARS = 1_000;
const keySchema = z.object({ key: z.string() });

/**
 * A client behind a network of its own, which keeps a record of what it hears. Whatever a check is about, every reader holds the server to
 * this: events fit their schemas and carry no member more, `ready` comes before any notification, nothing comes twice, and a
 * cursor that the transport carries is that of the event.
 */
export class Reader implements Ear {
  readonly events: Heard[] = [];
  readonly violations: string[] = [];
  refusal: Refusal | undefined;
  /** Times that the connection ended without this client's doing. */
  ends = 0;
  /** The last cursor that the client saw, which is what it brings when it comes back. */
  cursor: string | undefined;
  readonly network: TcpProxy;
  readonly #comesBack: boolean;
  /** Without a connection there is nothing to be ready: the answer with the first notification says where the client is. */
  readonly #saysReady: boolean;
  readonly #client: GatewayClient;
  readonly #patienceMs: number;
  readonly #keys = new Set<string>();
  readonly #waiting = new Set<() => void>();

  private constructor(harness: GatewayHarness, network: TcpProxy, options: ReaderOptions, patienceMs: number) {
    this.network = network;
    this.#comesBack = options.comesBack ?? false;
    this.#saysReady = harness.cannot.connection === undefined;
    this.#patienceMs = patienceMs;
    this.#client = harness.connect({ ...options, url: network.url, comesBack: this.#comesBack }, this);
  }

  /** @param patienceMs how long to wait for anything. */
  static async connect(
    harness: GatewayHarness,
    port: number,
    options: ReaderOptions,
    patienceMs: number,
  ): Promise<Reader> {
    return new Reader(harness, await TcpProxy.listen(port), options, patienceMs);
  }

  hear(name: string, data: unknown, place?: string): void {
    const record = z.record(z.string(), z.unknown()).safeParse(data);
    if (!record.success || !isEventName(name)) return this.#violated(`unheard of: ${name} ${JSON.stringify(data)}`);
    this.#examine(name, record.data, place);
    this.events.push({ name, data: withoutLongBody(record.data) });
    const { cursor } = record.data;
    if (typeof cursor === 'string') this.cursor = cursor;
    this.#wake();
  }

  refused(refusal: Refusal): void {
    this.refusal = refusal;
    this.#wake();
  }

  ended(): void {
    this.ends++;
    this.#wake();
  }

  /** The keys of the notifications, in the order of their arrival. */
  get keys(): string[] {
    return this.named('notification').map(({ data }) => keySchema.parse(data['data']).key);
  }

  named(name: EventName): Heard[] {
    return this.events.filter((event) => event.name === name);
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Resolves once the server has said where the client is. */
  async opened(): Promise<this> {
    await this.until('place', () => this.cursor !== undefined);
    return this;
  }

  /** Resolves once the last of these has arrived; since there is an order, nothing of what comes before it can follow. */
  async heard(...keys: readonly string[]): Promise<void> {
    const last = keys.at(-1) ?? '';
    await this.until(`notification ${last}`, () => this.#keys.has(last));
  }

  /** @returns why. @throws {AssertionError} as soon as the client is served. */
  async untilRefused(): Promise<Refusal> {
    await this.until('refusal', () => this.refusal !== undefined || this.events.length > 0);
    if (this.refusal === undefined) throw asserted(`served instead of refused: ${this.#tail()}`);
    return this.refusal;
  }

  async untilEnded(): Promise<void> {
    await this.until('end', () => this.ends > 0);
  }

  /**
   * Resolves as soon as the condition holds, looked at whenever something is heard.
   * @throws {AssertionError} naming `what` when patience ends; at once when nothing more can come, or the server broke a rule.
   */
  until(what: string, condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (error === undefined) resolve();
        else reject(error);
      };
      const look = (): void => {
        const obstacle = this.#obstacle();
        if (condition()) finish();
        else if (obstacle !== undefined) finish(asserted(`no ${what}: ${obstacle}`));
      };
      const timer = setTimeout(() => finish(asserted(`no ${what} in time; ${this.#tail()}`)), this.#patienceMs);
      this.#waiting.add(look);
      look();
    });
  }

  /** Stops reading from the network; the client knows nothing of it. */
  pause(): void {
    this.network.pause();
  }

  resume(): void {
    this.network.resume();
  }

  /** Resets the connection, and resolves when the client has noticed; one that was between two polls, with its next. */
  async cut(): Promise<void> {
    const before = this.ends;
    this.network.lose();
    await this.until('notice of the cut', () => this.ends > before);
    this.network.reach();
  }

  async send(command: Asked, body: unknown): Promise<Reply> {
    if (this.#client.send === undefined) throw new Error('this client sends no commands');
    return this.#client.send(command, body);
  }

  async close(): Promise<void> {
    this.#client.close();
    await this.network.close();
  }

  #examine(name: EventName, data: Readonly<Record<string, unknown>>, place: string | undefined): void {
    const parsed = z.strictObject(EVENTS[name].shape).safeParse(data);
    if (!parsed.success) this.#violated(`${name} does not fit its schema: ${parsed.error.message}`);
    if (place !== undefined && place !== data['cursor'])
      this.#violated(`${name} of cursor ${String(data['cursor'])} is sent as of ${place}`);
    if (name === 'notification') this.#examineNotification(data);
  }

  #examineNotification({ data, topic }: Readonly<Record<string, unknown>>): void {
    const key = keySchema.safeParse(data);
    if (!key.success) return this.#violated(`a notification that nobody published on ${String(topic)}`);
    if (this.#keys.has(key.data.key)) this.#violated(`${key.data.key} came twice`);
    this.#keys.add(key.data.key);
    if (this.#saysReady && this.cursor === undefined)
      this.#violated(`${key.data.key} came before the client knew its place`);
  }

  #violated(violation: string): void {
    this.violations.push(violation);
    this.#wake();
  }

  #obstacle(): string | undefined {
    if (this.violations.length > 0) return this.violations.join('; ');
    if (this.refusal !== undefined) return `refused with ${JSON.stringify(this.refusal)}`;
    return this.ends > 0 && !this.#comesBack ? `the connection ended; ${this.#tail()}` : undefined;
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }

  #tail(): string {
    return `heard ${this.events.length} events, last ${JSON.stringify(this.events.slice(-3))}`;
  }
}

/** For what no client is told: looks again and again, as often as a person would not notice. */
export async function eventually(what: string, condition: () => boolean, patienceMs: number): Promise<void> {
  const until = performance.now() + patienceMs;
  while (!condition()) {
    if (performance.now() > until) throw asserted(`not in time: ${what}`);
    await pause(10);
  }
}

/** What the suite asserts, and not somebody stumbling. */
function asserted(message: string): AssertionError {
  return new AssertionError({ message });
}

function isEventName(name: string): name is EventName {
  return Object.hasOwn(EVENTS, name);
}

function withoutLongBody(data: Record<string, unknown>): Record<string, unknown> {
  const { body } = data;
  return typeof body === 'string' && body.length > LONG_BODY_CHARS ? { ...data, body: body.length } : data;
}
