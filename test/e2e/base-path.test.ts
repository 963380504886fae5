import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { io } from 'socket.io-client';
import { z } from 'zod';
import { isProxyMissing, Proxy } from '../services/proxy.js';
import { EventStream } from '../support/event-stream.js';
import { publish, request, type Door } from '../support/rest.js';
import { API_KEY, startServer, type TestServer } from '../support/server.js';
import { JsonSocket, refusedHandshake } from '../support/web-socket.js';

let server: TestServer;
let proxy: Proxy;

beforeAll(async () => {
  server = await startServer({
    CLARION_BASE_PATH: '/clarion/',
    CLARION_PAGE: 'true',
    CLARION_DOCS: 'true',
    CLARION_ANONYMOUS_TOPICS: '**',
  });
});

afterAll(() => server?.stop());

/** Everything that a client may want of a server, from what it takes for its address. */
async function useAll(door: Door): Promise<void> {
  const base = new URL(door.url);
  const stream = await EventStream.open(`${door.url}/v1/events?topics=a`);
  await stream.first('ready', 1);
  const socket = new JsonSocket(`${door.url}/v1/ws?topics=a`);
  await socket.heard('ready');
  const clients = ['polling', 'websocket'].map((transport) =>
    io(base.origin, {
      path: `${base.pathname.replace(/\/$/, '')}/socket.io/`,
      transports: [transport],
      forceNew: true,
      auth: { topics: ['a'] },
    }),
  );
  const heard = clients.map((client) => new Promise((resolve) => client.once('notification', resolve)));
  await Promise.all(clients.map((client) => new Promise((ready) => client.once('ready', ready))));

  const { id, cursor } = await publish(door, { topic: 'a', title: 'below' });
  expect((await stream.first('message', 1))[0]?.data).toMatchObject({ id });
  expect(await socket.heard('notification')).toMatchObject({ data: { id } });
  expect(await Promise.all(heard)).toMatchObject([{ id }, { id }]);
  expect((await request(door, 'GET', '/v1/notifications?topic=a&limit=1')).body).toMatchObject({
    notifications: [{ id }],
  });
  expect((await request(door, 'GET', `/v1/events?topics=a&since=${cursor}`)).body).toMatchObject({ events: [] });
  for (const path of ['/health/live', '/health/ready', '/metrics'])
    expect((await request(door, 'GET', path)).status).toBe(200);

  stream.close();
  socket.close();
  for (const client of clients) client.disconnect();
}

const LINKS = /(?:src|href)="(?!data:)([^"#]+)"/g;

/** Addresses of whatever a page loads, and of what its scripts import. */
async function linksOf(page: string): Promise<string[]> {
  const response = await fetch(page);
  const text = await response.text();
  expect(response.status, page).toBe(200);
  return [...text.matchAll(LINKS)].map(([, link = '']) => new URL(link, response.url).href);
}

describe('a server with a base path', () => {
  it.each([
    ['below it', '/clarion'],
    ['without it, as proxies ask that took it off, and health checks', ''],
  ])('answers %s', async (_, path) => {
    await expect(useAll({ url: server.url + path, apiKey: API_KEY })).resolves.toBeUndefined();
  });

  it('answers nothing below another path, nor below its own twice', async () => {
    for (const path of [
      '/clarionx/health/live',
      '/other/health/live',
      '/clarion/clarion/health/live',
      '/clarionhealth',
    ])
      expect((await fetch(server.url + path)).status, path).toBe(404);
    expect(await refusedHandshake(`${server.url}/other/v1/ws`)).toMatchObject({ status: 404 });
  });

  it('leads to its page, which loads all that it needs', async () => {
    const bare = await fetch(`${server.url}/clarion`, { redirect: 'manual' });
    expect([bare.status, bare.headers.get('location')]).toEqual([308, '/clarion/']);
    const links = await linksOf(`${server.url}/clarion`);
    expect(links.length).toBeGreaterThan(2);
    for (const link of links) expect(link).toMatch(/\/clarion\/console\//);
    for (const link of links) expect((await fetch(link)).status, link).toBe(200);
  });

  it('has documents that load what they need, and name addresses below it', async () => {
    const links = await linksOf(`${server.url}/clarion/docs`);
    expect(links).toHaveLength(3);
    for (const link of links) expect((await fetch(link)).status, link).toBe(200);
    const openApi = await (await fetch(`${server.url}/clarion/docs/openapi.json`)).json();
    expect(openApi).toMatchObject({ servers: [{ url: '/clarion' }] });
    const asyncApi = z
      .object({ channels: z.record(z.string(), z.object({ address: z.string() })) })
      .parse(await (await fetch(`${server.url}/clarion/docs/asyncapi.json`)).json());
    expect(Object.values(asyncApi.channels).map(({ address }) => address)).toEqual(
      expect.arrayContaining(['/clarion/v1/events', '/clarion/v1/ws', '/clarion/socket.io/']),
    );
  });
});

describe.skipIf(isProxyMissing('nginx below a path'))('behind nginx', () => {
  beforeAll(async () => {
    const node = `127.0.0.1:${server.port}`;
    proxy = await Proxy.start('nginx below a path', { nodes: [node, node], idleS: 60 });
  });
  afterAll(() => proxy?.stop());

  it.each([
    ['passes the path on', '127.0.0.1'],
    ['takes the path off', '127.0.0.2'],
  ])('that %s: all transports, the page and the documents', async (_, host) => {
    const origin = proxy.url.replace('127.0.0.1', host);
    await useAll({ url: `${origin}/clarion`, apiKey: API_KEY });
    for (const page of [`${origin}/clarion`, `${origin}/clarion/docs`])
      for (const link of await linksOf(page)) expect((await fetch(link)).status, link).toBe(200);
    expect((await fetch(`${origin}/v1/events`)).status).toBe(404);
  });
});
