import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';

const PROMISED_MS = 15_000;

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ CLARION_ANONYMOUS_TOPICS: 'demo' });
});

afterAll(() => server.stop());

/** Sends bytes, and more of them every half second, and never what would end the request; until the server ends the connection. */
async function send(first: string, more = ''): Promise<{ ms: number; answer: string }> {
  const from = performance.now();
  const socket = connect(server.port, '127.0.0.1');
  const answer = collect(socket);
  socket.write(first);
  const dripping = setInterval(() => more !== '' && socket.writable && socket.write(more), 500);
  // A reset after the answer is an end as well.
  socket.on('error', () => socket.destroy());
  await once(socket, 'close');
  clearInterval(dripping);
  return { ms: performance.now() - from, answer: answer() };
}

function collect(socket: Socket): () => string {
  let all = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (all += chunk));
  return () => all;
}

const head = (...lines: string[]) => ['POST /v1/notifications HTTP/1.1', 'Host: localhost', ...lines].join('\r\n');
const body = () =>
  `${head(`Authorization: Bearer ${server.apiKey}`, 'Content-Type: application/json', 'Content-Length: 1000')}\r\n\r\n{"topic":`;

describe('requests that never end', { timeout: 30_000 }, () => {
  it.concurrent.each([
    ['nothing at all', () => '', ''],
    ['half a header', () => head('Author'), ''],
    ['headers that drip', () => head('X-0: 0\r\n'), 'X-1: 1\r\n'],
    ['half a body', body, ''],
    ['a body that drips', body, ' '],
  ])('%s: cut within 15 s, and told why', async (_, first, more) => {
    const { ms, answer } = await send(first(), more);
    expect(ms).toBeLessThan(PROMISED_MS);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toMatch(/"code":"request\.timeout"/);
  });

  it.concurrent('a stream that is read meanwhile is not cut', async () => {
    const stream = connect(server.port, '127.0.0.1');
    const seen = collect(stream);
    stream.write('GET /v1/events?topics=demo HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n');
    await send(body());
    await fetch(`${server.url}/v1/notifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ topic: 'demo', title: 'still here' }),
    });
    while (!seen().includes('still here')) await once(stream, 'data');
    expect(stream.readableEnded).toBe(false);
    stream.destroy();
  });
});
