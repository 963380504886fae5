import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { API_KEY, freePort, TOKEN_SECRET } from '../support/server.js';

const MAIN = 'dist/examples/ndjson-gateway/src/main.js';

let dataDir: string;
let url: string;
let shop: ChildProcess;
const output: string[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'clarion-embedding-'));
  await start();
});

afterEach(async () => {
  await stop('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

/** Somebody's own application in a process of its own, on a port of its own each time. */
async function start(): Promise<void> {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const env = { PATH: process.env['PATH'], PORT: String(port), DATA_DIR: dataDir, API_KEY, TOKEN_SECRET };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  shop = child;
  createInterface({ input: child.stderr }).on('line', (line) => output.push(line));
  await new Promise<void>((listening, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.push(line);
      if (line.startsWith('The shop listens')) listening();
    });
    child.once('close', () => failed(new Error(`the example ended: ${output.join('\n')}`)));
  });
}

async function stop(signal: NodeJS.Signals): Promise<ChildProcess> {
  if (shop.exitCode === null && shop.signalCode === null) {
    const closed = once(shop, 'close');
    shop.kill(signal);
    await closed;
  }
  return shop;
}

const lineSchema = z.object({ event: z.string(), data: z.record(z.string(), z.unknown()) });
type Line = z.infer<typeof lineSchema>;

/** Reads `GET /ndjson` line by line; the last `next` resolves with undefined. */
async function listen(
  query: Record<string, string>,
): Promise<{ response: IncomingMessage; next(): Promise<Line | undefined> }> {
  const request = get(`${url}/ndjson?${new URLSearchParams(query)}`, { agent: false });
  const [response]: IncomingMessage[] = await once(request, 'response');
  if (response === undefined) throw new Error('no answer');
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  return {
    response,
    next: async () => {
      const { value, done } = await lines.next();
      return done === true ? undefined : lineSchema.parse(JSON.parse(value));
    },
  };
}

function order(body: unknown): Promise<Response> {
  return fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

test("what the application's own service publishes is heard over the application's own gateway", async () => {
  const reader = await listen({ topics: 'orders/*' });
  expect(reader.response.headers['content-type']).toBe('application/x-ndjson');
  expect(await reader.next()).toMatchObject({ event: 'ready', data: { topics: ['orders/*'] } });

  const placed = await order({ article: 'lamp' });
  expect(placed.status).toBe(201);
  expect(await placed.json()).toEqual({ number: 1, article: 'lamp' });
  expect(await reader.next()).toMatchObject({
    event: 'notification',
    data: { topic: 'orders/1', type: 'order.placed', title: 'Order 1: lamp', data: { number: 1, article: 'lamp' } },
  });
  reader.response.destroy();
});

test("Clarion's own doors are open in it, and nobody gets past them without rights", async () => {
  const history = await fetch(`${url}/v1/notifications?topic=orders/1`, {
    headers: { authorization: `Bearer ${API_KEY}` },
  });
  expect(await history.json()).toEqual({ notifications: [] });
  expect((await fetch(`${url}/ndjson?topics=invoices/1`)).status).toBe(401);
  expect((await fetch(`${url}/ndjson?topics=orders/1`, { method: 'HEAD' })).status).toBe(405);
  // Errors of the application's own routes stay as the application throws them.
  const refused = await order({ article: '' });
  expect([refused.status, refused.headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8']);
});

test('it ends on SIGTERM with a bye, and a reader that comes back has missed nothing', async () => {
  const reader = await listen({ topics: 'orders/*' });
  const ready = await reader.next();
  const since = z.object({ cursor: z.string() }).parse(ready?.data).cursor;
  const ended = stop('SIGTERM');
  expect(await reader.next()).toMatchObject({ event: 'bye', data: { reason: 'server.draining', reconnect: true } });
  expect(await reader.next()).toBeUndefined();
  // Nest's shutdown hooks pass the signal on once everything has ended.
  expect((await ended).signalCode).toBe('SIGTERM');

  await start();
  await order({ article: 'table' });
  const back = await listen({ topics: 'orders/*', since });
  expect(await back.next()).toMatchObject({ event: 'ready' });
  expect(await back.next()).toMatchObject({ event: 'notification', data: { data: { article: 'table' } } });
  back.response.destroy();
});
