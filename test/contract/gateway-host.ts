import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SignJWT } from 'jose';
import { attachClarion, ClarionModule, clarionHttpOptions, type GatewayChoice } from 'clarion';
import { Access, accessConfigSchema, limitsConfigSchema, APPLICATION } from '#clarion/access';
import { InProcessEventBusModule } from '#clarion/event-bus';
import {
  NotificationLog,
  notificationsConfigSchema,
  Publisher,
  type LogAct,
  type Published,
} from '#clarion/notifications';
import { parsePublish, type Edit } from '#clarion/protocol';
import { Gateways, Realtime, realtimeConfigSchema } from '#clarion/realtime';
import { StoreSqliteModule } from '#clarion/store-sqlite';
import { freePort } from '../support/server.js';

export const ALLOWED_ORIGIN = 'https://app.example';
/** Everybody may read below it without a token. */
export const OPEN_TOPICS = 'open/**';
const TOKEN_SECRET = 'contract-token-secret-0123456789abcdefghij';
const FOR_EVER = { resumeMaxAgeMs: 1e12, resumeMaxBytes: 1e12, historyMaxAgeMs: 1e12, historyMaxPerTopic: 1e6 };

export interface HostSettings {
  /** Milliseconds; longer than any check when absent. */
  readonly heartbeatMs?: number;
  readonly ringBytes?: number;
  readonly pageCacheBytes?: number;
  readonly sessionBufferBytes?: number;
}

export interface TokenRequest {
  readonly sub: string;
  readonly subscribe?: readonly (string | { readonly selector: string; readonly historyFrom: string })[] | undefined;
  readonly publish?: readonly string[];
  /** May lie in the past. Milliseconds from now; an hour when absent. */
  readonly expiresInMs?: number;
  readonly secret?: string;
}

/** The gateways of an application, made anew at each of its starts. */
export type MakeGateways = (heartbeatMs: number) => readonly GatewayChoice[];

/** One application with its gateways and a log of its own on disk, in this process. */
export class GatewayHost {
  /** What the server logged as a failure. */
  readonly errors: string[] = [];
  readonly port: number;
  readonly #directory: string;
  readonly #gateways: MakeGateways;
  readonly #settings: HostSettings;
  #app: NestFastifyApplication | undefined;

  private constructor(gateways: MakeGateways, settings: HostSettings, directory: string, port: number) {
    this.#gateways = gateways;
    this.#settings = settings;
    this.#directory = directory;
    this.port = port;
  }

  static async start(gateways: MakeGateways, settings: HostSettings = {}): Promise<GatewayHost> {
    const directory = await mkdtemp(join(tmpdir(), 'clarion-gateway-'));
    const host = new GatewayHost(gateways, settings, directory, await freePort());
    await host.#start();
    return host;
  }

  get realtime(): Realtime {
    return this.#running.get(Realtime);
  }

  /** Sessions that are open now. */
  get sessions(): number {
    return [...this.realtime.snapshot().sessions.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Publishes with all rights; calls made in one turn get places in their order. */
  publish(draft: Readonly<Record<string, unknown>>): Promise<Published> {
    return this.#running.get(Publisher).publish({ kind: 'key', id: 'contract', rights: 'all' }, parsePublish(draft));
  }

  /** Carries out what has been decided elsewhere to be allowed. */
  async act(act: LogAct): Promise<void> {
    await this.#running.get(NotificationLog).act(act);
  }

  edit(notification: string, edit: Edit): Promise<void> {
    return this.act({ kind: 'edit', notification, edit, at: Date.now() });
  }

  retract(notification: string): Promise<void> {
    return this.act({ kind: 'retract', notification, at: Date.now() });
  }

  /** Voids the tokens of this person that were signed until now. */
  disconnect(sub: string): Promise<void> {
    return this.#running.get(Access).disconnectUser(APPLICATION, sub, {});
  }

  /** A token as anybody with the secret can sign it, to the millisecond. */
  token({
    sub,
    subscribe = [],
    publish = [],
    expiresInMs = 3_600_000,
    secret = TOKEN_SECRET,
  }: TokenRequest): Promise<string> {
    const now = Date.now();
    return new SignJWT({ clarion: { subscribe, publish }, iat: now / 1_000, exp: (now + expiresInMs) / 1_000 })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(sub)
      .sign(new TextEncoder().encode(secret));
  }

  /** Has retention drop from the resume log what was published before that time, milliseconds since 1970. */
  async forget(before: number): Promise<void> {
    const age = 60_000;
    await this.#running.get(NotificationLog).prune({ ...FOR_EVER, resumeMaxAgeMs: age }, before + age);
  }

  /** Ends and starts again on the same data and port. */
  async restart(): Promise<void> {
    await this.close();
    await this.#start();
  }

  /** Ends, and keeps a copy of the data: what {@link restore} starts from. */
  async backUp(): Promise<void> {
    await this.close();
    await cp(this.#data, this.#backup, { recursive: true });
    await this.#start();
  }

  async restore(): Promise<void> {
    await this.close();
    await rm(this.#data, { recursive: true });
    await cp(this.#backup, this.#data, { recursive: true });
    await this.#start();
  }

  /** Has sessions and gateways let go of their clients, who have that long to leave, milliseconds. */
  async drain(deadlineMs: number): Promise<void> {
    this.realtime.drain();
    await this.#running.get(Gateways).drain(AbortSignal.timeout(deadlineMs));
  }

  /** Ends the application as a deployment does: it drains. Idempotent. */
  async close(): Promise<void> {
    const app = this.#app;
    this.#app = undefined;
    await app?.close();
  }

  /** Ends it and removes its data. */
  async dispose(): Promise<void> {
    try {
      await this.close();
    } finally {
      await rm(this.#directory, { recursive: true, force: true });
    }
  }

  get #running(): NestFastifyApplication {
    if (this.#app === undefined) throw new Error('the application does not run');
    return this.#app;
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  get #backup(): string {
    return join(this.#directory, 'backup');
  }

  async #start(): Promise<void> {
    const app = await NestFactory.create<NestFastifyApplication>(
      this.#module(),
      new FastifyAdapter(clarionHttpOptions()),
      { logger: this.#logger(), abortOnError: false },
    );
    attachClarion(app);
    await app.listen(this.port, '127.0.0.1');
    this.#app = app;
  }

  #module(): ReturnType<typeof ClarionModule.forRoot> {
    const { heartbeatMs = 60_000, ...memory } = this.#settings;
    return ClarionModule.forRoot({
      store: StoreSqliteModule.forRoot({ file: join(this.#data, 'log.db'), readers: 1 }),
      bus: InProcessEventBusModule.forRoot(),
      gateways: this.#gateways(heartbeatMs),
      access: accessConfigSchema.parse({
        apiKey: 'contract-api-key-0123456789',
        tokenSecret: TOKEN_SECRET,
        anonymousTopics: OPEN_TOPICS,
        allowedOrigins: ALLOWED_ORIGIN,
      }),
      // Rates have tests of their own; here one client may ask as much as its gateway lets it.
      limits: limitsConfigSchema.parse({ userPublishes: '0', userCommands: '0' }),
      notifications: notificationsConfigSchema.parse({ retentionIntervalMs: 3_600_000 }),
      realtime: realtimeConfigSchema.parse({ ...memory, heartbeatMs, retrySpreadMs: 500 }),
    });
  }

  #logger(): LoggerService {
    const take = (message: unknown, ...more: unknown[]): void => {
      this.errors.push([message, ...more].map(textOf).join(' '));
    };
    const ignore = (): void => undefined;
    return { log: ignore, warn: ignore, debug: ignore, verbose: ignore, error: take, fatal: take };
  }
}

function textOf(part: unknown): string {
  if (part instanceof Error) return part.stack ?? part.message;
  return typeof part === 'object'
    ? JSON.stringify(part, (_key, value: unknown) => (value instanceof Error ? value.stack : value))
    : String(part);
}
