import { request as rawRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EventStream } from '../support/event-stream.js';
import { mintToken } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { CHROMIUM_IS_MISSING, launchChromium } from './chromium.js';
import { Wiretap } from './wiretap.js';
import { ConsolePage, PANES, STREAMS, type Draft } from './console-page.js';

/** A refused stock client gives up its upgrade to WebSocket half-way, and may still poll a session that is gone. */
const REFUSED = /status of 40[013] .*\((?:\/socket\.io\/|\/v1\/\w+)\)$/;

let server: TestServer;
let browser: Browser;
let tab: ConsolePage;

describe.skipIf(CHROMIUM_IS_MISSING)('the page in Chromium, by other credentials and servers', () => {
  beforeAll(async () => {
    [server, browser] = await Promise.all([startServer(), launchChromium()]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  afterEach(() => tab.close());

  describe('the comparison', () => {
    it('counts the bytes of WebSockets and event streams as they came, and the requests', async () => {
      tab = await ConsolePage.prepare(browser, STREAMS);
      const wire = await Wiretap.on(tab.page);
      await tab.enter(server);
      await tab.live();
      await tab.fill({ title: 'a long one '.repeat(20) });
      await tab.page.getByRole('button', { name: 'Publish 100' }).click();
      await tab.judged('complete', 100);
      for (let i = 0; i < 3; i++) await tab.publish({ title: `ünicode ${i} 🎺`, ephemeral: true });
      for (const name of STREAMS) await expect.poll(() => tab.figure(name, 'shown')).toBe('103');
      expect(await tab.exactly('WebSocket', 'requests')).toBe(1);
      expect(await tab.exactly('SSE', 'requests')).toBe(1);
      // The handshake, CONNECT by post and its answer, the polls until the upgrade, and the upgrade itself.
      expect(await tab.exactly('Socket.IO', 'requests')).toBeGreaterThanOrEqual(3);
      await expect.poll(() => tab.figure('WebSocket', 'bytes')).toBe(inWords(wire.frames('/v1/ws')));
      await expect.poll(() => tab.figure('SSE', 'bytes')).toBe(inWords(wire.eventStream));
      const polls = wire.answers('/socket.io/', 'pane');
      const frames = wire.frames('/socket.io/', 'pane');
      await expect.poll(() => tab.figure('Socket.IO', 'bytes')).toBe(inWords(frames + polls));
    });

    it('counts each answer to a poll, empty ones too', async () => {
      tab = await ConsolePage.prepare(browser, ['Polling', 'Long polling']);
      const wire = await Wiretap.on(tab.page);
      await tab.enter(server);
      await tab.live();
      await tab.publish({ title: 'polled' });
      await tab.judged('complete', 1);
      await expect.poll(() => tab.exactly('Polling', 'requests'), { timeout: 20_000 }).toBeGreaterThanOrEqual(4);
      for (const [name, as] of [
        ['Polling', 'polling'],
        ['Long polling', 'long-polling'],
      ] as const)
        await expect
          .poll(async () => (await tab.exactly(name, 'bytes')) - wire.answers('/v1/events', as), { timeout: 10_000 })
          .toBe(0);
      // The first, at once; the one that brought it; the one that waits.
      expect(await tab.exactly('Long polling', 'requests')).toBe(3);
    });

    it('shows who brings a notification first', async () => {
      tab = await ConsolePage.open(browser, server, ['WebSocket', 'Polling']);
      for (let i = 0; i < 4; i++) {
        await tab.publish({ title: `race ${i}` });
        await tab.judged('complete', i + 1);
      }
      const [first, second] = await Promise.all([tab.figure('WebSocket', 'place'), tab.figure('Polling', 'place')]);
      expect(Number(first)).toBeLessThan(Number(second));
      expect(Number(first) + Number(second)).toBeCloseTo(3, 5);
    });
  });

  describe('with a server that asks streams to step down', () => {
    const panes = ['SSE', 'WebSocket'] as const;

    it('polls meanwhile, streams again when there is room, and misses nothing', async () => {
      const busy = await startServer({ CLARION_STEP_DOWN_CONNECTIONS: '4', CLARION_STEP_DOWN_RETRY_MS: '500' });
      let others: EventStream[] = [];
      try {
        others = await listenElsewhere(busy, 4);
        tab = await ConsolePage.open(browser, busy, panes);
        for (const name of panes) await tab.pane(name).getByText('polling, as asked').waitFor();
        await tab.publish({ title: 'while polling' });
        await tab.judged('complete', 1);
        for (const stream of others) stream.close();
        for (const name of panes) await tab.pane(name).getByText('polling, as asked').waitFor({ state: 'detached' });
        await tab.live();
        await tab.publish({ title: 'streaming again' });
        await tab.judged('complete', 2);
        for (const name of panes) {
          const titles = await tab.rows(name).locator('.title').allInnerTexts();
          expect(titles).toEqual(['streaming again', 'while polling']);
          expect(await tab.pane(name).getByText('bye: overloaded, use polling').count()).toBeGreaterThanOrEqual(1);
        }
        // The inbox is asked to leave as well, which its stock client notices in the middle of its upgrade.
        expect(await tab.complaints(/\/socket\.io\/|socketio-client/)).toEqual([]);
      } finally {
        for (const stream of others) stream.close();
        await busy.stop();
      }
    });
  });

  describe('with tokens that do not live long', () => {
    it('renews them before they expire, without losing a pane', async () => {
      const minted = await shortLived(4, 0);
      await tab.page.goto(`${server.url}/#key=${server.apiKey}`);
      await tab.live();
      await expect.poll(() => minted.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);
      await tab.publish({ title: 'renewed' });
      await tab.judged('complete', 1);
      for (const name of PANES) expect(await tab.figure(name, 'returns')).toBe('0×');
      for (const name of PANES) expect(await tab.pane(name).getByText('bye:').count()).toBe(0);
      expect(await tab.complaints()).toEqual([]);
    });

    it('takes a new one when the server says that the old one expired, and misses nothing', async () => {
      const published: string[] = [];
      const minted = await shortLived(3, 3_600, async () => {
        if (minted.length === 1) published.push(await post({ topic: 'demo', title: 'while expired' }));
      });
      await tab.page.goto(`${server.url}/#key=${server.apiKey}`);
      await tab.live();
      published.push(await post({ topic: 'demo', title: 'before' }));
      for (const name of STREAMS) await tab.pane(name).getByText('bye: token.expired').first().waitFor();
      for (const name of PANES) await tab.rows(name).filter({ hasText: 'while expired' }).waitFor();
      await tab.judged('complete', published.length);
      for (const name of PANES) expect(await tab.ids(name)).toEqual(published);
      expect(minted.length).toBeGreaterThanOrEqual(2);
      expect(await tab.complaints(/status of 401/)).toEqual([]);
    });
  });

  describe('without a key', () => {
    beforeEach(async () => {
      tab = await ConsolePage.prepare(browser, PANES);
      await tab.page.goto(server.url);
    });

    it('asks for one, and forgets it when told to', async () => {
      await enter(server.apiKey);
      await tab.live();
      await tab.page.getByRole('button', { name: 'Forget it' }).click();
      await tab.page.getByLabel('API key or subscriber token').waitFor();
      await tab.page.reload();
      await tab.page.getByLabel('API key or subscriber token').waitFor();
      expect(await tab.complaints()).toEqual([]);
    });

    it('shows in every pane why a wrong one is refused', async () => {
      await enter('not-the-key');
      for (const name of PANES) {
        await tab.state(name, 'refused');
        expect(await tab.pane(name).locator('.problem').innerText()).toContain('key.invalid');
      }
      expect(await tab.complaints(REFUSED)).toEqual([]);
    });

    it('listens with a subscriber token, which may not publish', async () => {
      await enter(await mint({ sub: 'u-42', subscribe: ['demo'] }));
      await tab.live();
      await post({ topic: 'demo', title: 'from a service' });
      await tab.judged('complete', 1);
      await tab.publish({ title: 'mine' });
      await tab.outcome.getByText('403').waitFor();
      expect(await tab.complaints(/status of 403/)).toEqual([]);
    });

    it('says which topic a token has no right to', async () => {
      await enter(await mint({ sub: 'u-42', subscribe: ['other'] }));
      for (const name of PANES) {
        await tab.state(name, 'refused');
        expect(await tab.pane(name).locator('.problem').innerText()).toContain('topic.forbidden');
      }
      expect(await tab.complaints(REFUSED)).toEqual([]);
    });

    it.each([
      '/console/nothing.js',
      '/console/..%2f..%2fpackage.json',
      '/console/../../package.json',
      '/console/jsconfig.json',
    ])('serves no %s', async (path) => {
      const { status, body } = await rawGet(path);
      expect(status).toBe(404);
      expect(JSON.parse(body)).toMatchObject({ code: 'route.unknown' });
    });
  });
});

async function enter(credential: string): Promise<void> {
  await tab.page.getByLabel('API key or subscriber token').fill(credential);
  await tab.page.keyboard.press('Enter');
}

/**
 * Makes the page's tokens live `ttl` seconds, and hides that from it by saying `claimed` more. The array grows with each of the panes;
 * `renewing` is done before any of these but the first is handed out.
 */
async function shortLived(ttl: number, claimed: number, renewing?: () => Promise<void>): Promise<string[]> {
  tab = await ConsolePage.prepare(browser, PANES);
  const minted: string[] = [];
  await tab.page.route('**/v1/tokens', async (route) => {
    const asked: Record<string, unknown> = route.request().postDataJSON();
    const ofPanes = String(asked['subscribe']) !== '';
    if (ofPanes && minted.length > 0) await renewing?.();
    const response = await route.fetch({ postData: JSON.stringify({ ...asked, ttl }) });
    const answer: { token: string; expiresAt: string } = await response.json();
    if (ofPanes) minted.push(answer.token);
    const expiresAt = new Date(Date.parse(answer.expiresAt) + claimed * 1_000).toISOString();
    await route.fulfill({ response, json: { ...answer, expiresAt } });
  });
  return minted;
}

/** Streams of other people, each of which is open when this resolves, and until it is closed. */
async function listenElsewhere(busy: TestServer, count: number): Promise<EventStream[]> {
  const headers = { Authorization: `Bearer ${await mintToken(busy, { sub: 'u-7', subscribe: ['demo'] })}` };
  const open = () => EventStream.open(`${busy.url}/v1/events?topics=demo`, headers);
  const streams = await Promise.all(Array.from({ length: count }, open));
  for (const { status } of streams) expect(status).toBe(200);
  return streams;
}

/** As the table shows it. */
function inWords(bytes: number): string {
  return bytes < 10_000 ? `${bytes.toLocaleString('en')} B` : `${Math.round(bytes / 1_000).toLocaleString('en')} kB`;
}

/** Publishes as a service does. */
async function post(draft: Omit<Draft, 'data'> & { url?: string }): Promise<string> {
  return (await call<{ id: string }>('/v1/notifications', draft)).id;
}

async function mint(body: { sub: string; subscribe: string[] }): Promise<string> {
  return (await call<{ token: string }>('/v1/tokens', body)).token;
}

async function call<T>(path: string, body: unknown): Promise<T> {
  const headers = { authorization: `Bearer ${server.apiKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  expect(response.status).toBe(201);
  // What the server answers is its own tests' business.
  return (await response.json()) as T;
}

/** `fetch` would tidy the path. */
async function rawGet(path: string): Promise<{ status: number | undefined; body: string }> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    rawRequest({ hostname, port, path }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
    })
      .on('error', reject)
      .end();
  });
}
