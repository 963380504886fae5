import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AppModule, DRIVERS } from '../../dist/src/app.module.js';
import { attachClarion, clarionHttpOptions } from '../../dist/src/clarion.module.js';
import { loadConfig } from '../../dist/src/config/config.js';
import { mintToken, publish as publishNow, request, type Door } from '../support/rest.js';
import { API_KEY, freePort, TOKEN_SECRET } from '../support/server.js';
import { deafSubscription } from '../support/subscription.js';
import { SocketListener } from '../support/socket-listener.js';
import { JsonSocket, refusedHandshake } from '../support/web-socket.js';

/** Those whose credentials are good, in the order of the columns. */
const GOOD = [
  'bootstrap',
  'publisher',
  'reader',
  'minter',
  'admin',
  'subscriber',
  'author',
  'other',
  'nobody',
] as const;
/** Those whose credentials are not: whatever they ask, they are told only that. */
const BAD = {
  'expired key': 'key.invalid',
  'deleted key': 'key.invalid',
  'rotated secret': 'key.invalid',
  'unknown key': 'key.invalid',
  'expired token': 'token.expired',
  'revoked token': 'token.invalid',
  'foreign token': 'token.invalid',
} as const;
type Role = (typeof GOOD)[number] | keyof typeof BAD;

/** What a cell says: allowed; or with which code it is refused. */
const CELLS: Readonly<Record<string, string>> = {
  '+': 'allowed',
  T: 'topic.forbidden',
  R: 'right.missing',
  C: 'credentials.missing',
  /** Allowed, and then there is nothing of that name. */
  K: 'key.unknown',
  N: 'connection.unknown',
  /** There is nothing of that name, or it is none of their business. */
  U: 'notification.unknown',
  Y: 'category.unknown',
  D: 'device.unknown',
};

const createdKey = z.object({ id: z.string(), key: z.string() });

let folder: string;
let app: NestFastifyApplication;
let door: Door;
/** The key that reads of keys are about. */
let keyId: string;
/** Published by the configured key, to `own/1`. */
let notificationId: string;
const credentials = new Map<Role, string>();
const routes = new Set<string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clarion-matrix-'));
  const port = await freePort();
  const environment = {
    NODE_ENV: 'test',
    CLARION_DATA_DIR: join(folder, 'data'),
    CLARION_API_KEY: API_KEY,
    CLARION_TOKEN_SECRET: TOKEN_SECRET,
    CLARION_ANONYMOUS_TOPICS: 'open/**',
    CLARION_LIMIT_FAILED_LOGINS: '0',
    CLARION_LIMIT_HANDSHAKES: '0',
    CLARION_DOCS: 'true',
    CLARION_PAGE: 'true',
  };
  const adapter = new FastifyAdapter(clarionHttpOptions());
  adapter.getInstance().addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) if (name !== 'HEAD') routes.add(`${name} ${url}`);
  });
  const module = await AppModule.forRoot(await loadConfig(environment, DRIVERS));
  app = await NestFactory.create<NestFastifyApplication>(module, adapter, { logger: false, abortOnError: false });
  attachClarion(app);
  await app.listen(port, '127.0.0.1');
  door = { url: `http://127.0.0.1:${port}`, apiKey: API_KEY };
  await makeRoles();
}, 30_000);

afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

async function createKey(name: string, rights: object, expiresAt?: string): Promise<z.infer<typeof createdKey>> {
  const { body } = await request(door, 'POST', '/v1/keys', { name, rights, expiresAt });
  return createdKey.parse(body);
}

async function makeRoles(): Promise<void> {
  const publish = ['own/**'];
  const made = {
    publisher: await createKey('publisher', { publish }),
    reader: await createKey('reader', { read: ['own/**'] }),
    minter: await createKey('minter', { mint: { users: ['u-*'], subscribe: ['own/**'], publish: [] } }),
    admin: await createKey('admin', { admin: true }),
    'expired key': await createKey(
      'expired',
      { publish, read: publish, admin: true },
      new Date(Date.now() + 1_000).toISOString(),
    ),
    'deleted key': await createKey('deleted', { publish, read: publish, admin: true }),
    'rotated secret': await createKey('rotated', { publish, read: publish, admin: true }),
  };
  keyId = made.reader.id;
  await request(door, 'DELETE', `/v1/keys/${made['deleted key'].id}`);
  await request(door, 'POST', `/v1/keys/${made['rotated secret'].id}/rotate`, { overlapS: 0 });
  credentials.set('bootstrap', API_KEY).set('unknown key', `ck_${'0'.repeat(12)}_${'A'.repeat(43)}`);
  for (const name of [
    'publisher',
    'reader',
    'minter',
    'admin',
    'expired key',
    'deleted key',
    'rotated secret',
  ] as const)
    credentials.set(name, made[name].key);
  credentials.set('revoked token', await mintToken(door, { sub: 'u-3', subscribe: ['own/**'], publish }));
  await request(door, 'POST', '/v1/users/u-3/disconnect');
  notificationId = (await publishNow(door, { topic: 'own/1', title })).id;
  credentials.set('subscriber', await mintToken(door, { sub: 'u-1', subscribe: ['own/**'], presence: ['own/**'] }));
  credentials.set('author', await mintToken(door, { sub: 'u-1', publish }));
  credentials.set('other', await mintToken(door, { sub: 'u-2' }));
  credentials.set('expired token', await signed(TOKEN_SECRET, -600));
  credentials.set('foreign token', await signed('another-token-secret-0123456789abcdefghij', 600));
  while ((await ask('expired key', 'GET', '/v1/keys')) !== 'key.invalid') await pause(50);
}

function signed(secret: string, expiresInS: number): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ sub: 'u-1', clarion: { subscribe: ['own/**'], publish: ['own/**'] }, iat: now - 3_600 })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(now + expiresInS)
    .sign(new TextEncoder().encode(secret));
}

function headersOf(role: Role): Record<string, string> {
  const credential = credentials.get(role);
  return credential === undefined ? {} : { authorization: `Bearer ${credential}` };
}

/** `allowed`, or the code with which it was refused. */
type Outcome = string;

function outcomeOf(problem: unknown): Outcome {
  return String(Object(problem).code);
}

async function ask(
  role: Role,
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = {},
): Promise<Outcome> {
  const response = await fetch(door.url + path, {
    method,
    headers: { ...headersOf(role), ...(body !== undefined && { 'content-type': 'application/json' }), ...more },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (response.ok) {
    await response.body?.cancel();
    return 'allowed';
  }
  return outcomeOf(await response.json());
}

/** What becomes of the one item of a batch. */
async function askBatch(role: Role, draft: object): Promise<Outcome> {
  const response = await fetch(`${door.url}/v1/notifications/batch`, {
    method: 'POST',
    headers: { ...headersOf(role), 'content-type': 'application/json' },
    body: JSON.stringify({ notifications: [draft] }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) return outcomeOf(answer);
  const [result] = Object(answer).results;
  return result.status === 201 ? 'allowed' : outcomeOf(result.error);
}

const stream = { accept: 'text/event-stream' };
const title = 't';

/** Route, what is asked of it, who may: one letter for each of `GOOD`. */
const REST: readonly (readonly [route: string, what: string, cells: string, ask: (role: Role) => Promise<Outcome>])[] =
  [
    [
      'POST /v1/notifications',
      'own',
      '+ + T T T T + T C',
      (role) => ask(role, 'POST', '/v1/notifications', { topic: 'own/1', title }),
    ],
    [
      'POST /v1/notifications',
      'another',
      '+ T T T T T T T C',
      (role) => ask(role, 'POST', '/v1/notifications', { topic: 'other/1', title }),
    ],
    [
      'POST /v1/notifications',
      'own and another',
      '+ T T T T T T T C',
      (role) => ask(role, 'POST', '/v1/notifications', { topics: ['own/1', 'other/1'], title }),
    ],
    [
      'POST /v1/notifications',
      'a person',
      '+ T T T T T T T C',
      (role) => ask(role, 'POST', '/v1/notifications', { user: 'u-1', title }),
    ],
    [
      'POST /v1/notifications',
      'open',
      '+ T T T T T T T C',
      (role) => ask(role, 'POST', '/v1/notifications', { topic: 'open/1', title }),
    ],
    [
      'POST /v1/notifications',
      'reserved',
      'T T T T T T T T C',
      (role) => ask(role, 'POST', '/v1/notifications', { topic: '$sys/1', title }),
    ],
    ['POST /v1/notifications/batch', 'own', '+ + T T T T + T C', (role) => askBatch(role, { topic: 'own/1', title })],
    ['POST /v1/notifications/batch', 'a person', '+ T T T T T T T C', (role) => askBatch(role, { user: 'u-1', title })],
    ['GET /v1/notifications', 'own', '+ T + T T + T T C', (role) => ask(role, 'GET', '/v1/notifications?topic=own/1')],
    [
      'GET /v1/notifications',
      'another',
      '+ T T T T T T T C',
      (role) => ask(role, 'GET', '/v1/notifications?topic=other/1'),
    ],
    [
      'GET /v1/notifications',
      'a person',
      '+ T T T T + + T C',
      (role) => ask(role, 'GET', '/v1/notifications?topic=users/u-1'),
    ],
    [
      'GET /v1/notifications',
      'oneself',
      'T T T T T + + + C',
      (role) => ask(role, 'GET', '/v1/notifications?topic=users/me'),
    ],
    [
      'GET /v1/notifications',
      'open',
      '+ + + + + + + + +',
      (role) => ask(role, 'GET', '/v1/notifications?topic=open/1'),
    ],
    [
      'GET /v1/notifications',
      'reserved',
      'T T T T T T T T T',
      (role) => ask(role, 'GET', '/v1/notifications?topic=$sys/1'),
    ],
    ['GET /v1/events', 'a poll of own', '+ T + T T + T T C', (role) => ask(role, 'GET', '/v1/events?topics=own/1')],
    [
      'GET /v1/events',
      'a poll of more than own',
      '+ T T T T T T T C',
      (role) => ask(role, 'GET', '/v1/events?topics=own/1,other/1'),
    ],
    [
      'GET /v1/events',
      'a poll of a wildcard',
      '+ T + T T + T T C',
      (role) => ask(role, 'GET', '/v1/events?topics=own/**'),
    ],
    [
      'GET /v1/events',
      'a poll of a wider wildcard',
      '+ T T T T T T T C',
      (role) => ask(role, 'GET', '/v1/events?topics=**'),
    ],
    [
      'GET /v1/events',
      'a poll of a person',
      '+ T T T T + + T C',
      (role) => ask(role, 'GET', '/v1/events?topics=users/u-1'),
    ],
    ['GET /v1/events', 'a poll of open', '+ + + + + + + + +', (role) => ask(role, 'GET', '/v1/events?topics=open/1')],
    [
      'GET /v1/events',
      'a long poll of own',
      '+ T + T T + T T C',
      (role) => ask(role, 'GET', '/v1/events?topics=own/1&since=earliest&wait=1', undefined),
    ],
    [
      'GET /v1/events',
      'a stream of own',
      '+ T + T T + T T C',
      (role) => ask(role, 'GET', '/v1/events?topics=own/1', undefined, stream),
    ],
    [
      'GET /v1/events',
      'a stream of a person',
      '+ T T T T + + T C',
      (role) => ask(role, 'GET', '/v1/events?topics=users/u-1', undefined, stream),
    ],
    [
      'GET /v1/events',
      'a stream of open',
      '+ + + + + + + + +',
      (role) => ask(role, 'GET', '/v1/events?topics=open/1', undefined, stream),
    ],
    [
      'POST /v1/tokens',
      'within the grant',
      '+ R R + R R R R C',
      (role) => ask(role, 'POST', '/v1/tokens', { sub: 'u-1', subscribe: ['own/1'] }),
    ],
    [
      'POST /v1/tokens',
      'for somebody else',
      '+ R R R R R R R C',
      (role) => ask(role, 'POST', '/v1/tokens', { sub: 'x-1' }),
    ],
    [
      'POST /v1/tokens',
      'to read more',
      '+ R R T R R R R C',
      (role) => ask(role, 'POST', '/v1/tokens', { sub: 'u-1', subscribe: ['**'] }),
    ],
    [
      'POST /v1/tokens',
      'to publish more',
      '+ R R T R R R R C',
      (role) => ask(role, 'POST', '/v1/tokens', { sub: 'u-1', publish: ['own/1'] }),
    ],
    [
      'POST /v1/tokens',
      'to see more of who is there',
      '+ R R T R R R R C',
      (role) => ask(role, 'POST', '/v1/tokens', { sub: 'u-1', presence: ['own/1'] }),
    ],
    [
      'POST /v1/keys',
      'without rights',
      '+ R R R + R R R C',
      (role) => ask(role, 'POST', '/v1/keys', { name: 'n', rights: {} }),
    ],
    [
      'POST /v1/keys',
      'with more rights',
      '+ R R R R R R R C',
      (role) => ask(role, 'POST', '/v1/keys', { name: 'n', rights: { publish: ['own/1'] } }),
    ],
    ['GET /v1/keys', 'all', '+ R R R + R R R C', (role) => ask(role, 'GET', '/v1/keys')],
    ['GET /v1/keys/:id', 'one', '+ R R R + R R R C', (role) => ask(role, 'GET', `/v1/keys/${keyId}`)],
    ['DELETE /v1/keys/:id', 'one', 'K R R R K R R R C', (role) => ask(role, 'DELETE', '/v1/keys/nothing')],
    [
      'POST /v1/keys/:id/rotate',
      'one',
      'K R R R K R R R C',
      (role) => ask(role, 'POST', '/v1/keys/nothing/rotate', {}),
    ],
    [
      'POST /v1/keys/:id/rotate',
      'one that may do more',
      '+ R R R R R R R C',
      (role) => ask(role, 'POST', `/v1/keys/${keyId}/rotate`, {}),
    ],
    ['GET /v1/audit', 'all', '+ R R R + R R R C', (role) => ask(role, 'GET', '/v1/audit')],
    ['GET /v1/connections', 'all', '+ R R R + R R R C', (role) => ask(role, 'GET', '/v1/connections')],
    [
      'DELETE /v1/connections/:id',
      'one',
      'N R R R N R R R C',
      (role) => ask(role, 'DELETE', '/v1/connections/nothing'),
    ],
    ['GET /v1/topics', 'all', '+ R R R + R R R C', (role) => ask(role, 'GET', '/v1/topics')],
    ['DELETE /v1/topics', 'one', '+ R R R + R R R C', (role) => ask(role, 'DELETE', '/v1/topics?topic=read/by/nobody')],
    [
      'POST /v1/users/:id/disconnect',
      'one',
      '+ R R R + R R R C',
      (role) => ask(role, 'POST', '/v1/users/nobody/disconnect'),
    ],
    [
      'POST /v1/notifications',
      'own, without publishing it',
      '+ + T T T R R R C',
      (role) => ask(role, 'POST', '/v1/notifications?dryRun=true', { topic: 'own/1', title }),
    ],
    [
      'PATCH /v1/notifications/:id',
      'one',
      '+ + U U U U U U C',
      (role) => ask(role, 'PATCH', `/v1/notifications/${notificationId}`, { title: 'edited' }),
    ],
    [
      'DELETE /v1/notifications/:id',
      'nothing',
      'U U U U U U U U C',
      (role) => ask(role, 'DELETE', '/v1/notifications/nothing'),
    ],
    [
      'GET /v1/notifications/:id/receipts',
      'one',
      '+ + U U U U U U C',
      (role) => ask(role, 'GET', `/v1/notifications/${notificationId}/receipts`),
    ],
    [
      'GET /v1/notifications/:id/explain',
      'one',
      '+ + U U U U U U C',
      (role) => ask(role, 'GET', `/v1/notifications/${notificationId}/explain?user=u-1`),
    ],
    ['GET /v1/me/inbox', 'all', 'R R R R R + + + C', (role) => ask(role, 'GET', '/v1/me/inbox')],
    ['GET /v1/me/inbox/summary', 'all', 'R R R R R + + + C', (role) => ask(role, 'GET', '/v1/me/inbox/summary')],
    [
      'POST /v1/me/marks',
      'somebody else’s',
      'R R R R R U U U C',
      (role) => ask(role, 'POST', '/v1/me/marks', { state: 'read', ids: [notificationId] }),
    ],
    [
      'POST /v1/me/acks',
      'of a topic',
      'R R R R R + U U C',
      (role) => ask(role, 'POST', '/v1/me/acks', { ids: [notificationId] }),
    ],
    [
      'POST /v1/me/choices',
      'of what is in no inbox',
      'R R R R R U U U C',
      (role) => ask(role, 'POST', '/v1/me/choices', { id: notificationId, action: 'go' }),
    ],
    ['GET /v1/me/devices', 'all', 'R R R R R + + + C', (role) => ask(role, 'GET', '/v1/me/devices')],
    [
      'PUT /v1/me/devices/:id',
      'one',
      'R R R R R + + + C',
      (role) => ask(role, 'PUT', '/v1/me/devices/phone', { subscription: deafSubscription() }),
    ],
    ['DELETE /v1/me/devices/:id', 'one', 'R R R R R D D D C', (role) => ask(role, 'DELETE', '/v1/me/devices/none')],
    ['GET /v1/me/follows', 'all', 'R R R R R + + + C', (role) => ask(role, 'GET', '/v1/me/follows')],
    ['PUT /v1/me/follows', 'own', 'R R R R R + T T C', (role) => ask(role, 'PUT', '/v1/me/follows?topic=own/9')],
    ['DELETE /v1/me/follows', 'own', 'R R R R R + + + C', (role) => ask(role, 'DELETE', '/v1/me/follows?topic=own/8')],
    ['GET /v1/users/:id/follows', 'one', '+ R R + R R R R C', (role) => ask(role, 'GET', '/v1/users/u-9/follows')],
    [
      'PUT /v1/users/:id/follows',
      'one',
      '+ R R + R R R R C',
      (role) => ask(role, 'PUT', '/v1/users/u-9/follows?topic=own/9'),
    ],
    [
      'DELETE /v1/users/:id/follows',
      'one',
      '+ R R + R R R R C',
      (role) => ask(role, 'DELETE', '/v1/users/u-9/follows?topic=own/9'),
    ],
    ['DELETE /v1/users/:id', 'one', '+ R R R + R R R C', (role) => ask(role, 'DELETE', '/v1/users/u-erased')],
    ['GET /v1/users/:id/export', 'one', '+ R R R + R R R C', (role) => ask(role, 'GET', '/v1/users/u-1/export')],
    ['GET /v1/me/preferences', 'one’s own', 'R R R R R + + + C', (role) => ask(role, 'GET', '/v1/me/preferences')],
    ['PUT /v1/me/preferences', 'one’s own', 'R R R R R + + + C', (role) => ask(role, 'PUT', '/v1/me/preferences', {})],
    [
      'GET /v1/users/:id/preferences',
      'of one it mints for',
      '+ R R + R R R R C',
      (role) => ask(role, 'GET', '/v1/users/u-1/preferences'),
    ],
    [
      'GET /v1/users/:id/preferences',
      'of somebody else',
      '+ R R R R R R R C',
      (role) => ask(role, 'GET', '/v1/users/x-1/preferences'),
    ],
    [
      'PUT /v1/users/:id/preferences',
      'of one it mints for',
      '+ R R + R R R R C',
      (role) => ask(role, 'PUT', '/v1/users/u-1/preferences', {}),
    ],
    [
      'PUT /v1/users/:id/preferences',
      'of somebody else',
      '+ R R R R R R R C',
      (role) => ask(role, 'PUT', '/v1/users/x-1/preferences', {}),
    ],
    ['GET /v1/categories', 'all', '+ + + + + + + + C', (role) => ask(role, 'GET', '/v1/categories')],
    [
      'PUT /v1/categories/:id',
      'one',
      '+ R R R + R R R C',
      (role) => ask(role, 'PUT', '/v1/categories/news', { title }),
    ],
    ['DELETE /v1/categories/:id', 'one', 'Y R R R Y R R R C', (role) => ask(role, 'DELETE', '/v1/categories/nothing')],
    ['GET /v1/presence', 'own', '+ T + T T + T T C', (role) => ask(role, 'GET', '/v1/presence?topic=own/1')],
    ['GET /v1/presence', 'open', '+ T T T T T T T C', (role) => ask(role, 'GET', '/v1/presence?topic=open/1')],
    ['GET /v1/presence', 'a person', '+ T T T T T T T C', (role) => ask(role, 'GET', '/v1/presence?topic=users/u-1')],
    ['GET /v1/presence', 'reserved', 'T T T T T T T T T', (role) => ask(role, 'GET', '/v1/presence?topic=$sys/1')],
    ['GET /v1/users/:id/presence', 'one', '+ R R + + + + R C', (role) => ask(role, 'GET', '/v1/users/u-1/presence')],
    [
      'GET /v1/users/:id/presence',
      'another',
      '+ R R R + R R R C',
      (role) => ask(role, 'GET', '/v1/users/x-1/presence'),
    ],
    ['GET /metrics', 'all', '+ R R R + R R R C', (role) => ask(role, 'GET', '/metrics')],
  ];

/** What everybody may see, whatever they bring. */
const PUBLIC = [
  ...['GET /', 'GET /health/live', 'GET /health/ready', 'GET /docs', 'GET /docs/open.js', 'GET /docs/openapi.json'],
  ...['GET /docs/asyncapi.json', 'GET /docs/swagger-ui.css', 'GET /docs/swagger-ui-bundle.js', 'GET /v1/push/key'],
  'GET /sw.js',
];

/** What everybody may say who has a ticket, whatever else they bring. */
const BY_TICKET: Readonly<Record<string, object>> = {
  'POST /v1/push/reports': { ticket: 'A'.repeat(22), event: 'shown' },
  'POST /v1/push/subscriptions': { ticket: 'A'.repeat(22), subscription: deafSubscription() },
};

interface Client {
  ask(command: string, body: object): Promise<Outcome>;
  close(): void;
}
type Open = (role: Role, topics: string) => Promise<Client | Outcome>;

const openWebSocket: Open = async (role, topics) => {
  const url = `${door.url}/v1/ws?topics=${topics}`;
  const socket = new JsonSocket(url, { headers: headersOf(role) });
  const isOpen = await socket.heard('ready').then(
    () => true,
    () => false,
  );
  if (!isOpen) return outcomeOf((await refusedHandshake(url, { headers: headersOf(role) })).body);
  const answer = async (command: string, body: object): Promise<Outcome> => {
    const reply = await socket.ask(command, { op: command, id: command, ...body });
    return reply['ok'] === true ? 'allowed' : outcomeOf(reply['error']);
  };
  return { ask: answer, close: () => socket.close() };
};

const openSocketIo: Open = async (role, topics) => {
  const listener = new SocketListener(door.url, { topics: topics.split(',') }, { extraHeaders: headersOf(role) });
  const opened = await Promise.race([listener.first('ready'), listener.first('connect_error')]);
  if (opened[0]?.name === 'connect_error') {
    listener.close();
    return outcomeOf(opened[0].args[0]);
  }
  const answer = async (command: string, body: object): Promise<Outcome> => {
    const { error } = Object(await listener.ask(command, body));
    return error === undefined ? 'allowed' : outcomeOf(error);
  };
  return { ask: answer, close: () => listener.close() };
};

const TWO_WAY: readonly (readonly [string, Open])[] = [
  ['WebSocket', openWebSocket],
  ['Socket.IO', openSocketIo],
];

const OPENINGS: readonly (readonly [topics: string, cells: string])[] = [
  ['own/1', '+ T + T T + T T C'],
  ['own/**', '+ T + T T + T T C'],
  ['**', '+ T T T T T T T C'],
  ['users/u-1', '+ T T T T + + T C'],
  ['users/me', 'T T T T T + + + C'],
  ['open/1', '+ + + + + + + + +'],
  ['$sys/1', 'T T T T T T T T T'],
];

/** Of those who read `open/1`. */
const COMMANDS: readonly (readonly [command: string, body: object, cells: string])[] = [
  ['subscribe', { topics: ['own/1'] }, '+ T + T T + T T C'],
  ['subscribe', { topics: ['own/2', 'other/1'] }, '+ T T T T T T T C'],
  ['subscribe', { topics: ['users/u-1'] }, '+ T T T T + + T C'],
  ['subscribe', { topics: ['$sys/1'] }, 'T T T T T T T T T'],
  ['unsubscribe', { topics: ['own/1'] }, '+ T + T T + T T C'],
  ['unsubscribe', { topics: ['open/1'] }, '+ + + + + + + + +'],
  ['history', { topic: 'own/1' }, '+ T + T T + T T C'],
  ['history', { topic: 'users/u-1' }, '+ T T T T + + T C'],
  ['history', { topic: 'open/1' }, '+ + + + + + + + +'],
  ['inbox', {}, 'R R R R R + + + C'],
  ['summary', {}, 'R R R R R + + + C'],
  ['mark', { state: 'read', ids: ['nothing'] }, 'R R R R R U U U C'],
  ['ack', { ids: ['nothing'] }, 'R R R R R U U U C'],
  ['choose', { notification: 'nothing', action: 'go' }, 'R R R R R U U U C'],
  ['follow', { topic: 'own/7' }, 'R R R R R + T T C'],
  ['unfollow', { topic: 'own/6' }, 'R R R R R + + + C'],
  ['follows', {}, 'R R R R R + + + C'],
  ['preferences', {}, 'R R R R R + + + C'],
  ['presence', { topic: 'own/1' }, '+ T + T T + T T C'],
  ['presence', { topic: 'own/1', watch: true }, '+ T + T T + T T C'],
  ['presence', { topic: 'open/1', watch: true }, '+ T T T T T T T C'],
  ['presence', { topic: 'users/u-1', watch: true }, '+ T T T T T T T C'],
  ['presence', { topic: '$sys/1' }, 'T T T T T T T T T'],
  ['publish', { topic: 'own/1', title }, '+ + T T T T + T C'],
  ['publish', { topic: 'other/1', title }, '+ T T T T T T T C'],
  ['publish', { user: 'u-1', title }, '+ T T T T T T T C'],
  ['publish', { topic: '$sys/1', title }, 'T T T T T T T T C'],
];

/** What the row says of everybody. */
function expected(cells: string): Record<string, Outcome> {
  const letters = cells.split(' ');
  const good = GOOD.map((role, column) => [role, CELLS[letters[column] ?? ''] ?? 'no such cell']);
  return { ...Object.fromEntries(good), ...BAD };
}

const ROLES: readonly Role[] = [
  ...GOOD,
  'expired key',
  'deleted key',
  'rotated secret',
  'unknown key',
  'expired token',
  'revoked token',
  'foreign token',
];

async function everybody(outcome: (role: Role) => Promise<Outcome>): Promise<Record<string, Outcome>> {
  return Object.fromEntries(await Promise.all(ROLES.map(async (role) => [role, await outcome(role)])));
}

describe('REST, streams and polls', () => {
  it.each(REST)('%s: %s', async (_route, _what, cells, outcome) => {
    expect(await everybody(outcome)).toEqual(expected(cells));
  });

  it.each(PUBLIC)('%s is for everybody', async (route) => {
    const [method = '', path = ''] = route.split(' ');
    expect(new Set(Object.values(await everybody((role) => ask(role, method, path))))).toEqual(new Set(['allowed']));
  });

  it.each(Object.entries(BY_TICKET))('%s asks for a ticket alone', async (route, body) => {
    const [method = '', path = ''] = route.split(' ');
    const outcomes = await everybody((role) => ask(role, method, path, body));
    expect(new Set(Object.values(outcomes))).toEqual(new Set(['ticket.unknown']));
  });

  it('there is no route without a row, and no row without a route', () => {
    const rows = new Set([...REST.map(([route]) => route), ...PUBLIC, ...Object.keys(BY_TICKET)]);
    const isAsset = (route: string) => route.startsWith('GET /console/');
    expect([...routes].filter((route) => !isAsset(route)).toSorted()).toEqual([...rows].toSorted());
  });
});

describe.each(TWO_WAY)('%s', (_transport, open) => {
  it.each(OPENINGS)('opening with %s', async (topics, cells) => {
    const outcome = async (role: Role): Promise<Outcome> => {
      const client = await open(role, topics);
      if (typeof client === 'string') return client;
      client.close();
      return 'allowed';
    };
    expect(await everybody(outcome)).toEqual(expected(cells));
  });

  it.each(COMMANDS)('%s %j', async (command, body, cells) => {
    const outcome = async (role: Role): Promise<Outcome> => {
      const client = await open(role, 'open/1');
      if (typeof client === 'string') return client;
      const answer = await client.ask(command, body);
      client.close();
      return answer;
    };
    expect(await everybody(outcome)).toEqual(expected(cells));
  });
});

describe('a token in the place where browsers must put it', () => {
  /** An API key is taken in a header alone: addresses end in logs and histories. */
  const ONLY_TOKENS = {
    ...BAD,
    'expired key': 'token.invalid',
    'deleted key': 'token.invalid',
    'rotated secret': 'token.invalid',
    'unknown key': 'token.invalid',
  };
  const KEYS = {
    bootstrap: 'token.invalid',
    publisher: 'token.invalid',
    reader: 'token.invalid',
    minter: 'token.invalid',
    admin: 'token.invalid',
  };

  it('in the query of polls and streams, and of an upgrade', async () => {
    const wanted = { ...expected('+ T + T T + T T C'), ...ONLY_TOKENS, ...KEYS };
    const query = (role: Role) => (role === 'nobody' ? '' : `&access_token=${credentials.get(role)}`);
    const inQuery = async (role: Role, headers: Record<string, string>) => {
      const response = await fetch(`${door.url}/v1/events?topics=own/1${query(role)}`, { headers });
      if (!response.ok) return outcomeOf(await response.json());
      await response.body?.cancel();
      return 'allowed';
    };
    expect(await everybody((role) => inQuery(role, {}))).toEqual(wanted);
    expect(await everybody((role) => inQuery(role, stream))).toEqual(wanted);
    const upgraded = async (role: Role): Promise<Outcome> => {
      const url = `${door.url}/v1/ws?topics=own/1${query(role)}`;
      const socket = new JsonSocket(url);
      const isOpen = await socket.heard('ready').then(
        () => true,
        () => false,
      );
      socket.close();
      return isOpen ? 'allowed' : outcomeOf((await refusedHandshake(url)).body);
    };
    expect(await everybody(upgraded)).toEqual(wanted);
  });

  it('in the handshake of Socket.IO', async () => {
    const outcome = async (role: Role): Promise<Outcome> => {
      const listener = new SocketListener(door.url, { topics: ['own/1'], token: credentials.get(role) });
      const [event] = await Promise.race([listener.first('ready'), listener.first('connect_error')]);
      listener.close();
      return event?.name === 'ready' ? 'allowed' : outcomeOf(event?.args[0]);
    };
    expect(await everybody(outcome)).toEqual({ ...expected('+ T + T T + T T C'), ...ONLY_TOKENS, ...KEYS });
  });

  it('in the first message of a WebSocket, after which it reads what it may', async () => {
    const outcome = async (role: Role): Promise<Outcome> => {
      const socket = await new JsonSocket(`${door.url}/v1/ws`).opened();
      const token = credentials.get(role);
      const known = await socket.ask(1, token === undefined ? { op: 'ping', id: 1 } : { op: 'auth', id: 1, token });
      if (known['ok'] !== true) return outcomeOf(known['error']);
      const reply = await socket.ask(2, { op: 'subscribe', id: 2, topics: ['own/1'] });
      socket.close();
      return reply['ok'] === true ? 'allowed' : outcomeOf(reply['error']);
    };
    expect(await everybody(outcome)).toEqual({ ...expected('+ T + T T + T T C'), ...ONLY_TOKENS, ...KEYS });
  });
});

describe.each(TWO_WAY)('%s: a newer token', (_transport, open) => {
  it.each([
    ['subscriber', 'author', 'allowed'],
    ['author', 'subscriber', 'allowed'],
    ['subscriber', 'other', 'token.invalid'],
    ['other', 'subscriber', 'token.invalid'],
    ['subscriber', 'admin', 'token.invalid'],
    ['subscriber', 'expired token', 'token.expired'],
    ['subscriber', 'revoked token', 'token.invalid'],
    ['subscriber', 'foreign token', 'token.invalid'],
    ['reader', 'subscriber', 'token.invalid'],
    ['nobody', 'subscriber', 'token.invalid'],
  ] as const)('of %s, which is that of %s', async (role, newer, outcome) => {
    const client = await open(role, 'open/1');
    if (typeof client === 'string') throw new Error(client);
    expect(await client.ask('auth', { token: credentials.get(newer) })).toBe(outcome);
    client.close();
  });
});

it('over WebSocket everybody may ask for a sign of life', async () => {
  const outcome = async (role: Role): Promise<Outcome> => {
    const client = await openWebSocket(role, 'open/1');
    if (typeof client === 'string') return client;
    const answer = await client.ask('ping', {});
    client.close();
    return answer;
  };
  expect(await everybody(outcome)).toEqual(expected('+ + + + + + + + +'));
});
