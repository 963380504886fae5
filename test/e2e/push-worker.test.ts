import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, type TestServer } from '../support/server.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ CLARION_BASE_PATH: '/clarion' });
});

afterAll(() => server.stop());

it('the worker is there at the root and below the base path, for pages of any site', async () => {
  const worker = await readFile('libs/web-push/assets/sw.js', 'utf8');
  for (const path of ['/sw.js', '/clarion/sw.js']) {
    const answer = await fetch(`${server.url}${path}`, { headers: { origin: 'https://elsewhere.example' } });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(worker);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'no-cache',
      'cross-origin-resource-policy': 'cross-origin',
      'referrer-policy': 'no-referrer',
      'service-worker-allowed': '/',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    const etag = answer.headers.get('etag') ?? '';
    expect((await fetch(`${server.url}${path}`, { headers: { 'if-none-match': etag } })).status).toBe(304);
  }
  expect((await fetch(`${server.url}/sw.js`, { method: 'POST' })).status).toBe(405);
});

it('is not there where nothing is pushed', async () => {
  const silent = await startServer({ CLARION_CHANNELS: 'none' });
  expect((await fetch(`${silent.url}/sw.js`)).status).toBe(404);
  await silent.stop();
});
