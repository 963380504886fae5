import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from '#clarion/rest-api';
import { AppModule, DRIVERS } from '../../dist/src/app.module.js';
import { attachClarion, clarionHttpOptions } from '../../dist/src/clarion.module.js';
import { loadConfig } from '../../dist/src/config/config.js';
import { EventStream } from '../support/event-stream.js';
import { mintToken, publish, request, type Answer } from '../support/rest.js';
import { API_KEY, startServer, TOKEN_SECRET, type TestServer } from '../support/server.js';
import { deafSubscription } from '../support/subscription.js';

const documentSchema = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.unknown()).optional() })),
      }),
    ),
  ),
});

/** An RFC 6901 token in a URI fragment. */
function escaped(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** The schemas inside an API document, each by the place where it stands. */
class Documented {
  readonly #ajv = new Ajv2020({
    strict: false,
    formats: { 'date-time': (value: string) => !Number.isNaN(Date.parse(value)) },
  });

  constructor(readonly document: object) {
    this.#ajv.addSchema({ $id: 'document', ...document });
  }

  /** What is wrong with the value; nothing when it is as documented. */
  errorsOf(value: unknown, ...place: string[]): unknown[] {
    const validate = this.#ajv.getSchema(`document#/${place.map(escaped).join('/')}`);
    if (validate === undefined) throw new Error(`nothing documented at ${place.join(' ')}`);
    return validate(value) === true ? [] : (validate.errors ?? ['invalid']);
  }
}

describe('the running server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ CLARION_DOCS: 'true' });
  });

  afterAll(() => server.stop());

  async function documented(name: string): Promise<Documented> {
    const { status, body } = await request(server, 'GET', `/docs/${name}.json`);
    expect(status).toBe(200);
    return new Documented(z.looseObject({}).parse(body));
  }

  it('answers as its OpenAPI document says', async () => {
    const documents = await documented('openapi');
    expect(documents.errorsOf({ id: 5 }, 'components', 'schemas', 'Published')).toHaveLength(1);
    const { paths } = documentSchema.parse(documents.document);
    const seen = new Set<string>();
    /** What stands for `{id}` in the next address. */
    let id = '';

    async function answersAsDocumented(
      method: string,
      path: string,
      body?: unknown,
      query = '',
      headers?: Record<string, string>,
    ): Promise<Answer> {
      const answer = await request(server, method, path.replace('{id}', id) + query, body, headers);
      const responses = paths[path]?.[method.toLowerCase()]?.responses ?? {};
      const status = String(answer.status) in responses ? String(answer.status) : 'default';
      const type = (answer.headers.get('content-type') ?? '').split(';', 1)[0] ?? '';
      expect(
        documents.errorsOf(
          answer.body,
          'paths',
          path,
          method.toLowerCase(),
          'responses',
          status,
          'content',
          type,
          'schema',
        ),
      ).toEqual([]);
      seen.add(`${method} ${path} ${status}`);
      return answer;
    }

    /** All of `/v1/me`, and what services do for and to a person. */
    async function peopleAnswerAsDocumented(token: string): Promise<void> {
      const user = id;
      const me = { Authorization: `Bearer ${token}` };
      const chosen = {
        categories: { docs: { push: false } },
        mutedTopics: ['docs/9'],
        quietHours: { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin', days: [6, 7] },
        doNotDisturbUntil: '2001-01-01T00:00:00Z',
      };
      id = 'docs';
      const push = { when: 'ifNotAcked', afterS: 86_400 };
      await answersAsDocumented('PUT', '/v1/categories/{id}', { title: 'Documents', locked: ['inbox'], push });
      id = user;
      await answersAsDocumented('GET', '/v1/categories');
      await answersAsDocumented('PUT', '/v1/me/preferences', chosen, '', me);
      const told = (await answersAsDocumented('GET', '/v1/me/preferences', undefined, '', me)).body;
      // What was got can be put.
      expect((await answersAsDocumented('PUT', '/v1/me/preferences', told, '', me)).body).toEqual(told);
      await answersAsDocumented('PUT', '/v1/users/{id}/preferences', chosen);
      await answersAsDocumented('GET', '/v1/users/{id}/preferences');
      for (const [path, headers] of [
        ['/v1/me/follows', me],
        ['/v1/users/{id}/follows', {}],
      ] as const) {
        await answersAsDocumented('PUT', path, undefined, '?topic=docs/1', headers);
        await answersAsDocumented('GET', path, undefined, '', headers);
        await answersAsDocumented('DELETE', path, undefined, '?topic=docs/1', headers);
      }
      await answersAsDocumented('GET', '/v1/push/key');
      const subscription = deafSubscription();
      const device = { subscription, name: 'Laptop', locale: 'de-AT', timeZone: 'Europe/Vienna' };
      id = 'laptop';
      await answersAsDocumented('PUT', '/v1/me/devices/{id}', device, '', me);
      await answersAsDocumented('PUT', '/v1/me/devices/{id}', { subscription: {} }, '', me);
      id = user;
      await answersAsDocumented('GET', '/v1/me/devices', undefined, '', me);
      await answersAsDocumented('POST', '/v1/push/reports', { ticket: 'A'.repeat(22), event: 'shown' });
      await answersAsDocumented('POST', '/v1/push/subscriptions', { ticket: 'A'.repeat(22), subscription });
      const actions = [{ id: 'go', title: 'Go', url: '/go' }];
      const draft = { user, title: 't', category: 'docs', priority: 'high', ttl: 600, collapseKey: 'k', actions };
      await answersAsDocumented('POST', '/v1/notifications', draft, '?dryRun=true');
      const { body } = await answersAsDocumented('POST', '/v1/notifications', draft, '?wait=acked&timeout=1');
      const { id: notification, cursor } = z.object({ id: z.string(), cursor: z.string() }).parse(body);
      await answersAsDocumented('GET', '/v1/me/inbox/summary', undefined, '', me);
      await answersAsDocumented('POST', '/v1/me/acks', { ids: [notification] }, '', me);
      await answersAsDocumented('POST', '/v1/me/choices', { id: notification, action: 'go' }, '', me);
      await answersAsDocumented('POST', '/v1/me/choices', { id: notification, action: 'none' }, '', me);
      const until = '2099-01-01T00:00:00Z';
      await answersAsDocumented('POST', '/v1/me/marks', { state: 'read', ids: [notification] }, '', me);
      await answersAsDocumented('POST', '/v1/me/marks', { state: 'snoozed', upTo: cursor, until }, '', me);
      const { body: inbox } = await answersAsDocumented('GET', '/v1/me/inbox', undefined, '?state=snoozed', me);
      expect(inbox).toMatchObject({
        items: [{ notification: { id: notification }, readAt: expect.any(String), chosen: [{ action: 'go' }] }],
      });
      id = notification;
      await answersAsDocumented('GET', '/v1/notifications/{id}/explain', undefined, `?user=${user}`);
      await answersAsDocumented('GET', '/v1/notifications/{id}/receipts', undefined, '?limit=1');
      await answersAsDocumented('PATCH', '/v1/notifications/{id}', { title: 'edited' });
      await answersAsDocumented('PATCH', '/v1/notifications/{id}', {});
      id = user;
      const exported = await answersAsDocumented('GET', '/v1/users/{id}/export');
      expect(exported.body).toMatchObject({
        notifications: [{ title: 'edited' }],
        receipts: [{}, {}],
        marks: [{}, {}],
      });
      id = notification;
      await answersAsDocumented('DELETE', '/v1/notifications/{id}');
      id = user;
    }

    const draft = {
      topic: 'docs/1',
      type: 'seen',
      title: 't',
      body: 'b',
      url: '/x',
      data: { a: [null] },
      idempotencyKey: 'k',
    };
    await answersAsDocumented('POST', '/v1/notifications', draft);
    await answersAsDocumented('POST', '/v1/notifications', { ...draft, title: 'other' });
    await answersAsDocumented('POST', '/v1/notifications', { topic: 'docs/1', title: 't', ephemeral: true });
    await answersAsDocumented('POST', '/v1/notifications', { topic: 5 });
    await answersAsDocumented('POST', '/v1/notifications', {}, '', { Authorization: 'Bearer wrong' });
    await answersAsDocumented('POST', '/v1/notifications', { topic: 'docs/1', title: 't' }, '', {
      Origin: 'https://evil.example',
    });
    await answersAsDocumented('POST', '/v1/notifications/batch', {
      notifications: [draft, { topic: 'docs/1', title: 't', ephemeral: true }, {}, { topic: '$x', title: 't' }],
    });
    await answersAsDocumented('POST', '/v1/notifications/batch', {});
    const page = await answersAsDocumented('GET', '/v1/notifications', undefined, '?topic=docs/1&limit=1');
    expect(page.body).toMatchObject({ notifications: [{ title: 't', data: { a: [null] } }] });
    await answersAsDocumented('GET', '/v1/notifications', undefined, '?topic=**');
    await answersAsDocumented('POST', '/v1/tokens', { sub: 'u-1', subscribe: ['docs/*'] });
    await answersAsDocumented('POST', '/v1/tokens', { sub: 'u/1' });
    const rights = { publish: ['docs/*'], mint: { users: ['*'] } };
    const created = await answersAsDocumented('POST', '/v1/keys', { name: 'docs', rights });
    await answersAsDocumented('POST', '/v1/keys', { name: 'docs' });
    id = z.object({ id: z.string() }).parse(created.body).id;
    await answersAsDocumented('GET', '/v1/keys/{id}');
    await answersAsDocumented('POST', '/v1/keys/{id}/rotate', { overlapS: 60 });
    await answersAsDocumented('GET', '/v1/keys', undefined, '?limit=1');
    await answersAsDocumented('GET', '/v1/audit', undefined, '?limit=1');
    id = 'u-1';
    const token = await mintToken(server, { sub: id, subscribe: ['docs/*'] });
    const query = `topics=docs/1&device=phone&access_token=${token}`;
    const stream = await EventStream.open(`${server.url}/v1/events?${query}`);
    await stream.first('ready', 1);
    const present = await answersAsDocumented('GET', '/v1/presence', undefined, '?topic=docs/1');
    expect(present.body).toMatchObject({ present: [{ user: id, devices: [{ id: 'phone', transport: 'sse' }] }] });
    await answersAsDocumented('GET', '/v1/presence', undefined, '?topic=docs/*');
    expect((await answersAsDocumented('GET', '/v1/users/{id}/presence')).body).toMatchObject({ online: true });
    stream.close();
    await peopleAnswerAsDocumented(token);
    await answersAsDocumented('POST', '/v1/users/{id}/disconnect');
    await answersAsDocumented('GET', '/v1/keys/{id}');
    await answersAsDocumented('GET', '/v1/connections', undefined, '?limit=1');
    await answersAsDocumented('GET', '/v1/topics', undefined, '?limit=1');
    await answersAsDocumented('DELETE', '/v1/topics', undefined, '?topic=docs/1');

    const good = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.entries(responses).flatMap(([status, { content = {} }]) =>
          'application/json' in content && status.startsWith('2') ? [`${method.toUpperCase()} ${path} ${status}`] : [],
        ),
      ),
    );
    expect([...seen]).toEqual(expect.arrayContaining(good));
    expect(good.length).toBeGreaterThanOrEqual(5);
  });

  it('says over SSE what its AsyncAPI document says', async () => {
    const documents = await documented('asyncapi');
    const token = await mintToken(server, { sub: 'u-1', subscribe: ['docs/*'] });
    const source = new EventSource(`${server.url}/v1/events?topics=docs/*&access_token=${token}`);
    const heard = (name: string): Promise<unknown> =>
      new Promise((resolve) => source.addEventListener(name, ({ data }) => resolve(JSON.parse(data)), { once: true }));
    try {
      const ready = heard('ready');
      const notification = heard('message');
      expect(documents.errorsOf(await ready, 'components', 'messages', 'ready', 'payload')).toEqual([]);
      await publish(server, { topic: 'docs/2', title: 't', data: 1 });
      expect(documents.errorsOf(await notification, 'components', 'messages', 'notification', 'payload')).toEqual([]);
    } finally {
      source.close();
    }
  });
});

describe('the whole application', () => {
  let app: NestFastifyApplication;
  let dataDir: string;
  const routes: string[] = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'clarion-documents-'));
    const environment = {
      NODE_ENV: 'test',
      CLARION_DATA_DIR: dataDir,
      CLARION_API_KEY: API_KEY,
      CLARION_TOKEN_SECRET: TOKEN_SECRET,
    };
    const config = await loadConfig(environment, DRIVERS);
    app = await NestFactory.create<NestFastifyApplication>(
      await AppModule.forRoot(config),
      new FastifyAdapter(clarionHttpOptions()),
      { logger: false },
    );
    app
      .getHttpAdapter()
      .getInstance()
      .addHook('onRoute', ({ method, url }) => {
        routes.push(...[method].flat().map((name) => `${name} ${url}`));
      });
    attachClarion(app);
    await app.init();
  });

  afterAll(async () => {
    await app.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('has the routes under /v1 that its OpenAPI document has, no more and no less', async () => {
    const { paths } = await openApiDocument(app);
    const documented = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const registered = routes
      .filter((route) => route.includes(' /v1/') && !route.startsWith('HEAD '))
      .map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
    expect(documented.toSorted()).toEqual(registered.toSorted());
    expect(documented).toContain('GET /v1/events');
  });
});
