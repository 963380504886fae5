import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { EventStream } from '../support/event-stream.js';
import { mintToken } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';

const ORIGIN = 'https://app.example';

let server: TestServer;
let cookie: string;
beforeAll(async () => {
  server = await startServer({ CLARION_TOKEN_COOKIE: 'session', CLARION_ALLOWED_ORIGINS: ORIGIN });
  cookie = `theme=dark; session=${await mintToken(server, { sub: 'u-1' })}; other=1`;
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

test('a cookie is nothing where none is configured, and credentials mode is not allowed there', async () => {
  const plain = await startServer({ CLARION_ALLOWED_ORIGINS: ORIGIN });
  try {
    const answer = await fetch(`${plain.url}/v1/events`, { headers: { cookie, origin: ORIGIN } });
    expect([answer.status, answer.headers.get('access-control-allow-credentials')]).toEqual([401, null]);
  } finally {
    await plain.stop();
  }
});
