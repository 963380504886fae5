import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { vi } from 'vitest';
import { z } from 'zod';
import { PushLoop } from '#clarion/notifications';
import { AppModule, DRIVERS } from '../../dist/src/app.module.js';
import { attachClarion, clarionHttpOptions } from '../../dist/src/clarion.module.js';
import { loadConfig } from '../../dist/src/config/config.js';
import { startPushService, type PushService, type ReceivedPush, type TestSubscription } from './push-service.js';
import { mintToken, publish, request, type Door } from './rest.js';
import { API_KEY, freePort, TOKEN_SECRET } from './server.js';

const pushed = z.object({
  clarion: z.looseObject({
    kind: z.string(),
    id: z.string().optional(),
    ticket: z.string().optional(),
    tags: z.array(z.string()).optional(),
  }),
});

/** What a token may be good for, beside its person's own topic. */
export interface Grants {
  readonly subscribe?: readonly unknown[];
  readonly publish?: readonly string[];
}

/** A browser that has subscribed. */
export interface Browser {
  readonly user: string;
  readonly id: string;
  readonly path: string;
  readonly subscription: TestSubscription['subscription'];
  /** Of its person. */
  readonly headers: Record<string, string>;
  /** All that it was told, oldest first: `show <id>`, `close <tags>`. */
  readonly told: string[];
  /** Of what it was shown last. */
  readonly ticket: string;
}

/**
 * The whole server in this process, with a push service and a clock of its own: time stands still until it is told to go on, and what is due by then is
 * pushed by {@link run}.
 */
export class PushWorld {
  readonly service: PushService;
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  #app: NestFastifyApplication;
  #door: Door;

  private constructor(
    folder: string,
    service: PushService,
    environment: Readonly<Record<string, string>>,
    started: { app: NestFastifyApplication; door: Door },
  ) {
    this.#folder = folder;
    this.service = service;
    this.#environment = environment;
    this.#app = started.app;
    this.#door = started.door;
  }

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<PushWorld> {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-02T12:00:00Z') });
    const folder = await mkdtemp(join(tmpdir(), 'clarion-push-'));
    return new PushWorld(folder, await startPushService(), environment, await startServer(folder, environment));
  }

  get door(): Door {
    return this.#door;
  }

  get app(): NestFastifyApplication {
    return this.#app;
  }

  /** Time goes on. */
  pass(ms: number): void {
    vi.setSystemTime(Date.now() + ms);
  }

  /** Does all that is due by now, and resolves when it is done. */
  run(): Promise<void> {
    return this.#app.get(PushLoop).run();
  }

  async passAndRun(ms: number): Promise<void> {
    this.pass(ms);
    await this.run();
  }

  async restart(): Promise<void> {
    await this.#app.close();
    const { app, door } = await startServer(this.#folder, this.#environment);
    this.#app = app;
    this.#door = door;
  }

  async stop(): Promise<void> {
    await this.#app.close();
    await this.service.close();
    await rm(this.#folder, { recursive: true });
    vi.useRealTimers();
  }

  /** A browser of the person subscribes, and brings its subscription. */
  async browser(user: string, id: string, grants: Grants = {}, service = this.service): Promise<Browser> {
    const { path, subscription } = service.subscribe();
    const headers = await this.headersOf(user, grants);
    const answer = await request(this.#door, 'PUT', `/v1/me/devices/${id}`, { subscription }, headers);
    if (answer.status !== 200) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
    return {
      user,
      id,
      path,
      subscription,
      headers,
      get told() {
        return service.at(path).map(toldBy);
      },
      get ticket() {
        const shown = service.at(path).findLast(({ payload }) => pushed.parse(payload).clarion.ticket !== undefined);
        return pushed.parse(shown?.payload).clarion.ticket ?? '';
      },
    };
  }

  async headersOf(user: string, grants: Grants = {}): Promise<Record<string, string>> {
    return { Authorization: `Bearer ${await mintToken(this.#door, { sub: user, ...grants })}` };
  }

  /** @returns the id. */
  async publish(draft: object): Promise<string> {
    return (await publish(this.#door, { title: 'Hello', ...draft })).id;
  }

  /** By REST, and taken. */
  async say(who: Pick<Browser, 'headers'>, method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await request(this.#door, method, path, body, who.headers);
    if (answer.status >= 300) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  ack(who: Pick<Browser, 'headers'>, ...ids: readonly string[]): Promise<unknown> {
    return this.say(who, 'POST', '/v1/me/acks', { ids });
  }

  mark(who: Pick<Browser, 'headers'>, state: string, ids: readonly string[], more: object = {}): Promise<unknown> {
    return this.say(who, 'POST', '/v1/me/marks', { state, ids, ...more });
  }

  /** What the worker says. */
  report(browser: Pick<Browser, 'ticket'>, event: string, action?: string): Promise<unknown> {
    const body = { ticket: browser.ticket, event, ...(action !== undefined && { action }) };
    return this.say({ headers: {} }, 'POST', '/v1/push/reports', body);
  }

  /** As an administrator. */
  async declare(category: string, more: object): Promise<void> {
    await this.say({ headers: {} }, 'PUT', `/v1/categories/${category}`, { title: category, ...more });
  }
}

function toldBy({ payload }: ReceivedPush): string {
  const { kind, id, tags = [] } = pushed.parse(payload).clarion;
  return `${kind} ${id ?? tags.toSorted().join(' ')}`;
}

async function startServer(
  folder: string,
  more: Readonly<Record<string, string>>,
): Promise<{ app: NestFastifyApplication; door: Door }> {
  const port = await freePort();
  const config = await loadConfig(
    {
      NODE_ENV: 'test',
      CLARION_DATA_DIR: join(folder, 'data'),
      CLARION_API_KEY: API_KEY,
      CLARION_TOKEN_SECRET: TOKEN_SECRET,
      ...more,
    },
    DRIVERS,
  );
  const app = await NestFactory.create<NestFastifyApplication>(
    await AppModule.forRoot(config),
    new FastifyAdapter(clarionHttpOptions()),
    { logger: ['error', 'fatal'], abortOnError: false },
  );
  attachClarion(app);
  await app.listen(port, '127.0.0.1');
  return { app, door: { url: `http://127.0.0.1:${port}`, apiKey: API_KEY } };
}
