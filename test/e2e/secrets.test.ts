import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EventStream } from '../support/event-stream.js';
import { mintToken, publish, request } from '../support/rest.js';
import { runToExit, startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';
import { JsonSocket } from '../support/web-socket.js';

const COOKIE = 'session';
/** What is wrong in place of a credential, and yet nobody else's to read: perhaps it is right elsewhere. */
const WRONG = {
  header: 'canary-wrong-header-7f3a',
  key: 'ck_0123456789ab_canarywrongkey7f3acanarywrongkey7f3acanarywro',
  query: 'canary-wrong-query-7f3a',
  cookie: 'canary-wrong-cookie-7f3a',
  socketIo: 'canary-wrong-socketio-7f3a',
  webSocket: 'canary-wrong-websocket-7f3a',
  basic: 'canary-wrong-basic-7f3a',
} as const;
/** What one person says to another: kept in the log of the server, and told to nobody else. */
const PAYLOAD = 'canary-payload-7f3a';

let server: TestServer;
/** Every credential that was brought, and what of it would be enough. */
const secrets = new Map<string, string>();
/** What was said to those who brought something wrong. */
const refusals: string[] = [];

beforeAll(async () => {
  server = await startServer({
    CLARION_LOG_LEVEL: 'trace',
    CLARION_TOKEN_COOKIE: COOKIE,
    CLARION_ANONYMOUS_TOPICS: 'open/*',
    CLARION_LIMIT_FAILED_LOGINS: '0',
  });
  secrets.set('bootstrap key', server.apiKey).set('token secret', server.tokenSecret);
  for (const [way, wrong] of Object.entries(WRONG)) secrets.set(`wrong ${way}`, wrong);
  await bringWhatIsRight();
  await bringWhatIsWrong();
}, 60_000);

afterAll(() => server.stop());

function keep(name: string, token: string): string {
  const [, claims = '', signature = ''] = token.split('.');
  secrets.set(name, token).set(`${name}: its claims`, claims).set(`${name}: its signature`, signature);
  return token;
}

const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });
const tokenFor = async (way: string) =>
  keep(`token by ${way}`, await mintToken(server, { sub: `u-${way}`, subscribe: ['a'], publish: ['a'] }));

async function bringWhatIsRight(): Promise<void> {
  const { body } = await request(server, 'POST', '/v1/keys', {
    name: 'canary',
    rights: { publish: ['**'], read: ['**'] },
  });
  const { id, key } = z.object({ id: z.string(), key: z.string() }).parse(body);
  secrets.set('stored key', key).set('stored key: its secret', key.slice(`ck_${id}_`.length));
  await publish(
    { url: server.url, apiKey: key },
    { topic: 'a', title: PAYLOAD, data: { [PAYLOAD]: PAYLOAD }, idempotencyKey: 'k' },
  );
  const { body: rotated } = await request(server, 'POST', `/v1/keys/${id}/rotate`, {});
  secrets.set('rotated key', z.object({ key: z.string() }).parse(rotated).key);

  await EventStream.open(`${server.url}/v1/events?topics=a`, bearer(await tokenFor('header'))).then(closeWhenReady);
  await EventStream.open(`${server.url}/v1/events?topics=a&access_token=${await tokenFor('query')}`).then(
    closeWhenReady,
  );
  await EventStream.open(`${server.url}/v1/events?topics=a`, { cookie: `${COOKIE}=${await tokenFor('cookie')}` }).then(
    closeWhenReady,
  );
  await fetch(`${server.url}/v1/events?topics=a&since=earliest&access_token=${await tokenFor('poll')}`);
  const listener = new SocketListener(server.url, { token: await tokenFor('socketio'), topics: ['a'] });
  await listener.first('ready');
  expect(await listener.ask('publish', { topic: 'a', title: PAYLOAD })).toHaveProperty('id');
  expect(
    await listener.ask('auth', { token: keep('newer token', await mintToken(server, { sub: 'u-socketio' })) }),
  ).not.toHaveProperty('error');
  listener.close();
  const socket = await new JsonSocket(`${server.url}/v1/ws`).opened();
  expect(await socket.ask(1, { op: 'auth', id: 1, token: await tokenFor('websocket') })).toMatchObject({ ok: true });
  expect(await socket.ask(2, { op: 'subscribe', id: 2, topics: ['a'] })).toMatchObject({ ok: true });
  expect(await socket.ask(3, { op: 'publish', id: 3, topic: 'a', title: PAYLOAD })).toMatchObject({ ok: true });
  socket.close();
}

async function closeWhenReady(stream: EventStream): Promise<void> {
  await stream.first('ready', 1);
  stream.close();
}

async function bringWhatIsWrong(): Promise<void> {
  const expired = keep('expired token', await signed(server.tokenSecret, -7_200));
  const foreign = keep('foreign token', await signed('x'.repeat(40), 3_600));
  const basic = Buffer.from(`${WRONG.basic}:${WRONG.basic}`).toString('base64');
  secrets.set('wrong basic, encoded', basic);
  const headers = [
    bearer(WRONG.header),
    bearer(WRONG.key),
    bearer(expired),
    bearer(foreign),
    { authorization: `Basic ${basic}` },
    { cookie: `${COOKIE}=${WRONG.cookie}` },
  ];
  for (const one of headers) {
    await refused('GET', '/v1/notifications?topic=a', one);
    await refused('GET', '/v1/events?topics=a', { ...one, accept: 'text/event-stream' });
    await refused(
      'POST',
      '/v1/notifications',
      { ...one, 'content-type': 'application/json' },
      `{"topic":"a","title":"${PAYLOAD}"}`,
    );
    await refused(
      'POST',
      '/v1/notifications',
      { ...one, 'content-type': 'application/json' },
      `{"topic":"a","title":"${PAYLOAD}`,
    );
    await refused('GET', '/metrics', one);
    await upgradeRefused('?topics=a', one);
  }
  for (const wrong of [WRONG.query, server.apiKey, expired, foreign]) {
    await refused('GET', `/v1/events?topics=a&access_token=${wrong}`, {});
    await refused('GET', `/v1/nothing?access_token=${wrong}`, {});
    await refused('GET', `/v1/%ff?access_token=${wrong}`, {});
    await upgradeRefused(`?topics=a&access_token=${wrong}`, {});
  }
  for (const wrong of [WRONG.socketIo, server.apiKey, expired, foreign]) await handshakeRefused(wrong);
  for (const wrong of [WRONG.webSocket, server.apiKey, expired, foreign]) await messageRefused(wrong);
}

function signed(secret: string, expiresInS: number): Promise<string> {
  return new SignJWT({ sub: 'u-1', clarion: { subscribe: ['a'] } })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(Math.floor(Date.now() / 1_000) + expiresInS)
    .sign(new TextEncoder().encode(secret));
}

async function refused(method: string, path: string, headers: Record<string, string>, body?: string): Promise<void> {
  const response = await fetch(server.url + path, { method, headers, ...(body !== undefined && { body }) });
  expect(response.status).toBeGreaterThanOrEqual(400);
  refusals.push(`${JSON.stringify([...response.headers])}${await response.text()}`);
}

async function upgradeRefused(query: string, headers: Record<string, string>): Promise<void> {
  const socket = new JsonSocket(`${server.url}/v1/ws${query}`, { headers });
  const answer = new Promise<string>((resolve) => {
    socket.socket.once('unexpected-response', (_, response) => {
      let text = JSON.stringify(response.headers);
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    });
  });
  refusals.push(await answer);
  socket.close();
}

async function handshakeRefused(token: string): Promise<void> {
  const listener = new SocketListener(server.url, { token, topics: ['a'] });
  refusals.push(JSON.stringify(await listener.first('connect_error')));
  listener.close();
}

async function messageRefused(token: string): Promise<void> {
  const socket = await new JsonSocket(`${server.url}/v1/ws`).opened();
  refusals.push(JSON.stringify(await socket.ask(1, { op: 'auth', id: 1, token })), JSON.stringify(await socket.closed));
}

/** The names of those that stand in a text, or in bytes. */
function found(haystack: string | Buffer, more: readonly [string, string][] = []): string[] {
  return [...secrets, ...more].filter(([, secret]) => haystack.includes(secret)).map(([name]) => name);
}

async function filesOf(directory: string): Promise<Map<string, Buffer>> {
  const names = await readdir(directory);
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const)));
}

const SAID: [string, string][] = [['what was said', PAYLOAD]];

describe('what nobody but its holder may know', () => {
  it('was brought in many ways, right and wrong', () => {
    expect(secrets.size).toBeGreaterThan(30);
    expect(refusals.length).toBeGreaterThan(50);
    for (const secret of secrets.values()) expect(secret.length).toBeGreaterThan(12);
  });

  it('stands in no line of the log, which has a line of every request', () => {
    const log = server.logs.join('\n');
    expect(log).toMatch(/"path":"\/v1\/events"/);
    expect(found(log, SAID)).toEqual([]);
  });

  it('stands in no metric and no label', async () => {
    const { status, body } = await request(server, 'GET', '/metrics');
    expect(status).toBe(200);
    expect(found(String(body), SAID)).toEqual([]);
  });

  it('stands in no refusal', () => {
    expect(found(refusals.join('\n'), SAID)).toEqual([]);
  });

  it('stands in no answer about keys, connections and what was done', async () => {
    for (const path of ['/v1/keys', '/v1/audit', '/v1/connections', '/v1/topics'])
      expect(found(JSON.stringify((await request(server, 'GET', path)).body), SAID)).toEqual([]);
  });

  it('stands in no file of a server that runs, nor of one that was killed or has ended', async () => {
    const states = [await filesOf(server.dataDir)];
    await server.kill('SIGKILL');
    states.push(await filesOf(server.dataDir));
    await server.restart();
    await server.kill('SIGTERM');
    states.push(await filesOf(server.dataDir));
    expect([...(states[0]?.keys() ?? [])]).toContain('clarion.db-wal');
    for (const files of states) {
      for (const [name, bytes] of files) expect([name, found(bytes)]).toEqual([name, []]);
      // The search finds what is there.
      expect([...files.values()].some((bytes) => bytes.includes(PAYLOAD))).toBe(true);
    }
  });
});

it('credentials that a server makes for itself are in one file, for its owner alone, and in no other', async () => {
  const own = await startServer({ NODE_ENV: 'development', CLARION_API_KEY: '', CLARION_TOKEN_SECRET: '' });
  try {
    const file = join(own.dataDir, 'credentials.json');
    const credentials: unknown = JSON.parse(await readFile(file, 'utf8'));
    const { apiKey, tokenSecret } = z.strictObject({ apiKey: z.string(), tokenSecret: z.string() }).parse(credentials);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await request({ url: own.url, apiKey }, 'GET', '/v1/keys')).status).toBe(200);
    for (const [name, bytes] of await filesOf(own.dataDir))
      expect([name, bytes.includes(apiKey), bytes.includes(tokenSecret)]).toEqual([
        name,
        name === 'credentials.json',
        name === 'credentials.json',
      ]);
    // Shown to whoever starts it by hand, and in no line of the log.
    const log = own.logs.filter((line) => line.startsWith('{')).join('\n');
    expect([log.includes(apiKey), log.includes(tokenSecret)]).toEqual([false, false]);
  } finally {
    await own.stop();
  }
});

it('a start that is refused does not print what was wrong with a secret', async () => {
  const short = 'canary-7f3a';
  const { code, output } = await runToExit({
    NODE_ENV: 'production',
    CLARION_API_KEY: short,
    CLARION_TOKEN_SECRET: short,
  });
  expect([code, output.includes(short)]).toEqual([1, false]);
});
