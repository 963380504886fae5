import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { EventStream } from '../support/event-stream.js';
import { mintToken } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';
import { refusedHandshake } from '../support/web-socket.js';

const ORIGIN = 'https://app.example';

let server: TestServer;
let cookie: string;
beforeAll(async () => {
  server = await startServer({ CLARION_TOKEN_COOKIE: 'session', CLARION_ALLOWED_ORIGINS: ORIGIN });
  cookie = `theme=dark; session=${await mintToken(server, { sub: 'u-1', publish: ['chat/1'] })}; other=1`;
});
afterAll(() => server.stop());

test('a stream, a poll and the history know who it is by the cookie', async () => {
  const stream = await EventStream.open(`${server.url}/v1/events`, { Cookie: cookie, Origin: ORIGIN });
  const [ready] = await stream.first('ready', 1);
  stream.close();
  expect(ready!.data).toMatchObject({ topics: ['users/u-1'] });
  expect(stream.headers['access-control-allow-credentials']).toBe('true');

  for (const path of ['/v1/events', '/v1/notifications?topic=users/u-1'])
    expect((await fetch(server.url + path, { headers: { cookie } })).status).toBe(200);
});

test('Socket.IO and WebSocket know who it is by the cookie', async () => {
  const listener = new SocketListener(server.url, {}, { extraHeaders: { Cookie: cookie, Origin: ORIGIN } });
  const [ready] = await listener.first('ready');
  listener.close();
  expect(ready!.args[0]).toMatchObject({ topics: ['users/u-1'] });

  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/ws`, { headers: { cookie }, origin: ORIGIN });
  const message = await new Promise((resolve) => socket.once('message', (data) => resolve(JSON.parse(String(data)))));
  socket.close();
  expect(message).toMatchObject({ event: 'ready', data: { topics: ['users/u-1'] } });
});

test('a page of another origin gets nothing by the cookie, and no form of it can publish', async () => {
  const foreign = { cookie, origin: 'https://evil.example' };
  const stream = await fetch(`${server.url}/v1/events`, { headers: { ...foreign, accept: 'text/event-stream' } });
  expect([stream.status, stream.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/ws`, {
    headers: { cookie },
    origin: foreign.origin,
  });
  const status = await new Promise((resolve) =>
    socket.once('unexpected-response', (_, { statusCode }) => resolve(statusCode)),
  );
  socket.on('error', () => undefined).terminate();
  expect(status).toBe(403);
  const form = await fetch(`${server.url}/v1/notifications`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'text/plain' },
    body: '{}',
  });
  expect(form.status).toBe(415);
});

test.each([
  ['from a listed page', { origin: ORIGIN }, 201],
  ['from our own page, by a browser that leaves the Origin out', { 'sec-fetch-site': 'same-origin' }, 201],
  ['by nobody knows whom', {}, 401],
  ['from another site that hides its Origin', { 'sec-fetch-site': 'cross-site' }, 401],
  ['from a sibling domain that hides its Origin', { 'sec-fetch-site': 'same-site' }, 401],
])('publishing by the cookie %s', async (_, headers, status) => {
  const answer = await fetch(`${server.url}/v1/notifications`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ topic: 'chat/1', type: 'hello' }),
  });
  expect(answer.status).toBe(status);
});

test('what other sites embed reads nothing by the cookie, on any transport', async () => {
  const embedded = { cookie, 'sec-fetch-site': 'cross-site' };
  for (const path of ['/v1/events', '/v1/notifications?topic=users/u-1'])
    expect((await fetch(server.url + path, { headers: embedded })).status).toBe(401);
  const listener = new SocketListener(server.url, {}, { extraHeaders: embedded });
  const [error] = await listener.first('connect_error');
  listener.close();
  expect(error!.args[0]).toMatchObject({ code: 'credentials.missing' });
  const refused = await refusedHandshake(`${server.url}/v1/ws?topics=users/me`, { headers: embedded });
  expect(refused.status).toBe(401);
});

test('a cookie is nothing where none is configured, and credentials mode is not allowed there', async () => {
  const plain = await startServer({ CLARION_ALLOWED_ORIGINS: ORIGIN });
  try {
    const answer = await fetch(`${plain.url}/v1/events`, { headers: { cookie, origin: ORIGIN } });
    expect([answer.status, answer.headers.get('access-control-allow-credentials')]).toEqual([401, null]);
  } finally {
    await plain.stop();
  }
});
