import { once } from 'node:events';
import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startServer, type TestServer } from '../support/server.js';

const PROMISED_MS = 10_000;
const byeSchema = z.object({
  reason: z.literal('server.draining'),
  reconnect: z.literal(true),
  retryAfterMs: z.number().min(1),
});

let server: TestServer;

beforeEach(async () => {
  server = await startServer();
});

afterEach(() => server.stop());

/** Sends the signal and measures until the process has ended. */
async function terminated(): Promise<{ code: number | null; ms: number }> {
  const from = performance.now();
  const { code } = await server.kill('SIGTERM');
  return { code, ms: performance.now() - from };
}

function mintToken(): Promise<string> {
  return fetch(`${server.url}/v1/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sub: 'u-1', subscribe: ['demo'] }),
  })
    .then((answer) => answer.json())
    .then((body) => z.object({ token: z.string() }).parse(body).token);
}

/** An SSE stream, read to its end. */
async function openSse(token: string): Promise<{ ended: Promise<string> }> {
  const answer = await fetch(`${server.url}/v1/events?topics=demo`, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` },
  });
  expect(answer.status).toBe(200);
  return { ended: answer.text() };
}

async function openSocket(token: string): Promise<Socket> {
  const socket = io(server.url, { auth: { token, topics: ['demo'] }, transports: ['websocket'], reconnection: false });
  await heard(socket, 'ready');
  return socket;
}

/** The first argument of the next such event. */
function heard(socket: Socket, event: string): Promise<unknown> {
  return new Promise((resolve) => socket.once(event, resolve));
}

/** A publish of which half has been sent. */
function halfSent(): { request: ClientRequest; answered: Promise<IncomingMessage>; finish(): void } {
  const body = JSON.stringify({ topic: 'demo', title: 'in flight' });
  const request = httpRequest(`${server.url}/v1/notifications`, {
    method: 'POST',
    agent: new Agent({ keepAlive: true }),
    headers: {
      authorization: `Bearer ${server.apiKey}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    },
  });
  const answered = once(request, 'response').then(([answer]: IncomingMessage[]) => {
    if (answer === undefined) throw new Error('no answer');
    return answer;
  });
  request.write(body.slice(0, 10));
  return { request, answered, finish: () => request.end(body.slice(10)) };
}

/** The server has begun with a request once another one, sent after it, was answered. */
async function serverHasSeenIt(): Promise<void> {
  for (let inFlight = 0; inFlight < 2;) {
    const answer = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${server.apiKey}` } });
    inFlight = Number(/^clarion_http_requests_in_flight (\d+)$/m.exec(await answer.text())?.[1]);
  }
}

async function accepts(): Promise<boolean> {
  const socket = connect(server.port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // refused: nobody listens
  } finally {
    socket.destroy();
  }
}

async function noLongerAccepts(): Promise<void> {
  while (await accepts());
}

describe('SIGTERM', () => {
  it('tells clients to come back at different times, ends their streams, and exits 0 in time', async () => {
    const token = await mintToken();
    const streams = await Promise.all(Array.from({ length: 20 }, () => openSse(token)));
    const sockets = await Promise.all(Array.from({ length: 20 }, () => openSocket(token)));
    const goodbyes = sockets.map((socket) => heard(socket, 'bye'));
    const closings = sockets.map((socket) => heard(socket, 'disconnect'));

    const { code, ms } = await terminated();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(PROMISED_MS);

    const overSse = await Promise.all(streams.map(({ ended }) => ended));
    const saidOverSse = overSse.map((stream) => /^event: bye\n(?:id:.*\n)?data: (.*)$/m.exec(stream)?.[1] ?? 'null');
    const saidOverSocketIo = await Promise.all(goodbyes);
    await Promise.all(closings);
    const byes = [...saidOverSse.map((json): unknown => JSON.parse(json)), ...saidOverSocketIo].map((bye) =>
      byeSchema.parse(bye),
    );
    expect(new Set(byes.map(({ retryAfterMs }) => retryAfterMs)).size).toBeGreaterThan(20);
  });

  it('answers what is in flight, after nobody can connect any more, and keeps it', async () => {
    const publish = halfSent();
    await serverHasSeenIt();
    const end = terminated();
    await noLongerAccepts();
    publish.finish();

    const answer = await publish.answered;
    expect(answer.statusCode).toBe(201);
    const { id } = z.object({ id: z.string() }).parse(JSON.parse(await text(answer)));
    expect((await end).code).toBe(0);

    await server.restart();
    const history = await fetch(`${server.url}/v1/notifications?topic=demo`, {
      headers: { authorization: `Bearer ${server.apiKey}` },
    });
    expect(await history.json()).toMatchObject({ notifications: [{ id }] });
  });

  it('does not wait for ever for what never comes', async () => {
    const publish = halfSent();
    const cut = once(publish.request, 'error');
    publish.answered.catch(() => undefined);
    await serverHasSeenIt();
    const { code, ms } = await terminated();
    expect(code).toBe(0);
    expect(ms).toBeLessThan(PROMISED_MS);
    await cut;
  });

  it('a second time ends the process at once', async () => {
    const publish = halfSent();
    const cut = once(publish.request, 'error');
    publish.answered.catch(() => undefined);
    await serverHasSeenIt();
    const from = performance.now();
    process.kill(server.pid, 'SIGTERM');
    await noLongerAccepts();
    // Within half a second it counts as the echo of the first one.
    const again = setInterval(() => process.kill(server.pid, 'SIGTERM'), 200);
    const { code } = await server.exited();
    clearInterval(again);
    expect(code).toBe(1);
    expect(performance.now() - from).toBeLessThan(4_000);
    await cut;
  });

  it('twice at once, as npm and a terminal send it, is one', async () => {
    process.kill(server.pid, 'SIGINT');
    process.kill(server.pid, 'SIGINT');
    expect((await server.exited()).code).toBe(0);
  });
});
