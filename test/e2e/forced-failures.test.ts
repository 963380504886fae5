import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { Access, ACCESS_STORE, type AccessStore } from '#clarion/access';
import { NOTIFICATION_STORE, type NotificationStore } from '#clarion/notifications';
import { StoreError } from '#clarion/store-sqlite';
import { AppModule, DRIVERS } from '../../dist/src/app.module.js';
import { attachClarion, clarionHttpOptions } from '../../dist/src/clarion.module.js';
import { loadConfig } from '../../dist/src/config/config.js';
import { mintToken, publish, type Door } from '../support/rest.js';
import { API_KEY, freePort, TOKEN_SECRET } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';
import { JsonSocket } from '../support/web-socket.js';

const UUID = /^[0-9a-f-]{36}$/;

/** What goes wrong inside: the store in its own words, and mistakes of ours. None of it is for clients. */
const FAULTS: readonly (readonly [string, unknown])[] = [
  [
    'a full disk',
    new StoreError('failed', '/var/lib/clarion/clarion.db: database or disk is full in INSERT INTO entries'),
  ],
  ['a locked database', Object.assign(new Error('SQLITE_BUSY: database is locked'), { code: 'SQLITE_BUSY' })],
  ['a killed thread', new StoreError('worker-died', 'the writer of /var/lib/clarion/clarion.db ended with 139')],
  ['a bug', new TypeError("Cannot read properties of undefined (reading 'secretOfSomebody')")],
  [
    'an error that says how to answer',
    Object.assign(new Error('teapot secretOfSomebody'), { statusCode: 418, expose: true }),
  ],
  ['something that is no error', 'secretOfSomebody'],
];

let folder: string;
let app: NestFastifyApplication;
let door: Door;
let token: string;
const errors: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clarion-failures-'));
  const port = await freePort();
  const environment = {
    NODE_ENV: 'test',
    CLARION_DATA_DIR: join(folder, 'data'),
    CLARION_API_KEY: API_KEY,
    CLARION_TOKEN_SECRET: TOKEN_SECRET,
  };
  const config = await loadConfig(environment, DRIVERS);
  app = await NestFactory.create<NestFastifyApplication>(
    await AppModule.forRoot(config),
    new FastifyAdapter(clarionHttpOptions()),
    {
      logger: logger(),
      abortOnError: false,
    },
  );
  attachClarion(app);
  await app.listen(port, '127.0.0.1');
  door = { url: `http://127.0.0.1:${port}`, apiKey: API_KEY };
  token = await mintToken(door, { sub: 'u-1', subscribe: ['a'], publish: ['a'] });
  await publish(door, { topic: 'a', title: 'kept' });
});
afterEach(() => {
  vi.restoreAllMocks();
  errors.length = 0;
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

function logger(): LoggerService {
  const ignore = (): void => undefined;
  const keep = (...parts: unknown[]): void => void errors.push(parts.map(worded).join(' '));
  return { log: ignore, warn: ignore, debug: ignore, verbose: ignore, error: keep, fatal: keep };
}

function worded(part: unknown): string {
  if (part instanceof Error) return String(part.stack);
  return typeof part === 'string'
    ? part
    : JSON.stringify(part, (_, value: unknown) => (value instanceof Error ? value.message : value));
}

function breakStore(fault: unknown): void {
  const store = app.get<NotificationStore>(NOTIFICATION_STORE, { strict: false });
  const keys = app.get<AccessStore>(ACCESS_STORE, { strict: false });
  for (const call of ['append', 'read', 'history', 'bounds'] as const) vi.spyOn(store, call).mockRejectedValue(fault);
  for (const call of ['putKey', 'deleteKey', 'revoke', 'audit', 'auditLog'] as const)
    vi.spyOn(keys, call).mockRejectedValue(fault);
}

interface Told {
  readonly text: string;
  readonly problem: Record<string, unknown>;
}

async function http(method: string, path: string, body?: unknown): Promise<Told> {
  const response = await fetch(door.url + path, {
    method,
    headers: { authorization: `Bearer ${API_KEY}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  expect(response.headers.get('x-request-id')).toMatch(UUID);
  return { text: `${JSON.stringify([...response.headers])}${answer}`, problem: JSON.parse(answer) };
}

async function overWebSocket(command: object): Promise<Told> {
  const socket = new JsonSocket(`${door.url}/v1/ws?topics=a&access_token=${token}`);
  await socket.heard('ready');
  const reply = await socket.ask(1, { id: 1, ...command });
  socket.close();
  return { text: JSON.stringify(reply), problem: Object(reply['error']) };
}

async function overSocketIo(command: string, body: object): Promise<Told> {
  const listener = new SocketListener(door.url, { token, topics: ['a'] });
  await listener.first('ready');
  const answer = await listener.ask(command, body);
  listener.close();
  return { text: JSON.stringify(answer), problem: Object(Object(answer).error) };
}

const DOORS: readonly (readonly [string, () => Promise<Told>])[] = [
  ['a publish', () => http('POST', '/v1/notifications', { topic: 'a', title: 't' })],
  [
    'a batch',
    async () => firstOf(await http('POST', '/v1/notifications/batch', { notifications: [{ topic: 'a', title: 't' }] })),
  ],
  ['the history', () => http('GET', '/v1/notifications?topic=a')],
  ['a new key', () => http('POST', '/v1/keys', { name: 'n', rights: {} })],
  ['the audit log', () => http('GET', '/v1/audit')],
  ['the end of a user', () => http('POST', '/v1/users/u-9/disconnect')],
  ['the end of a topic', () => http('DELETE', '/v1/topics?topic=a')],
  ['a publish over WebSocket', () => overWebSocket({ op: 'publish', topic: 'a', title: 't' })],
  ['the history over WebSocket', () => overWebSocket({ op: 'history', topic: 'a' })],
  ['a publish over Socket.IO', () => overSocketIo('publish', { topic: 'a', title: 't' })],
  ['the history over Socket.IO', () => overSocketIo('history', { topic: 'a' })],
];

/** Of a batch the one result that there is, and with it the id of the whole. */
function firstOf({ text, problem }: Told): Told {
  const { results } = z.object({ results: z.array(z.looseObject({})) }).parse(problem);
  return { text, problem: { requestId: null, ...Object(results[0]?.['error']) } };
}

function expectSilence({ text, problem }: Told): void {
  expect(problem).toMatchObject({
    code: expect.stringMatching(/^(?:internal|overloaded)$/),
    status: expect.toSatisfy((status: number) => status >= 500),
  });
  expect(text).not.toMatch(
    /secretOfSomebody|database|disk|SQLITE|INSERT|clarion\.db|TypeError|properties|teapot|\bat \S+ \(/,
  );
}

describe.each(FAULTS)('%s', (_, fault) => {
  it.each(DOORS)('is not told by %s, but logged under the id of the answer', async (_door, force) => {
    breakStore(fault);
    const answer = await force();
    expectSilence(answer);
    const cause = fault instanceof Error ? fault.message : String(fault);
    await expect.poll(() => errors.some((line) => line.includes(cause))).toBe(true);
    const { requestId } = answer.problem;
    expect(requestId === null || errors.some((line) => line.includes(String(requestId)))).toBe(true);
  });

  it('is not told by a handler that throws it', async () => {
    vi.spyOn(app.get(Access, { strict: false }), 'mint').mockImplementation(() => {
      throw fault;
    });
    const answer = await http('POST', '/v1/tokens', { sub: 'u-2' });
    expectSilence(answer);
    expect(errors.some((line) => line.includes(String(answer.problem['requestId'])))).toBe(true);
  });
});
