import type { Server } from 'node:http';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../examples/many-tabs/serve.mjs';
import { mintToken, publishBatch, readMetric } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { CHROMIUM_IS_MISSING, launchChromium } from './chromium.js';

const TABS = 8;
/** Connections to one host that Chromium opens over HTTP/1.1. */
const MOST_CONNECTIONS = 6;
const WAIT_MS = 20_000;

let host: Server;
let origin: string;
let server: TestServer;
let browser: Browser;
let context: BrowserContext;
let token: string;
/** All titles that were published, in order. */
let published: string[];

describe.skipIf(CHROMIUM_IS_MISSING)('many tabs of one origin', () => {
  beforeAll(async () => {
    host = await serve(0);
    const address = host.address();
    if (address === null || typeof address === 'string') throw new Error('the example listens on no port');
    origin = `http://127.0.0.1:${address.port}`;
    [server, browser] = await Promise.all([startServer({ CLARION_ALLOWED_ORIGINS: origin }), launchChromium()]);
    token = await mintToken(server, { sub: 'u-42', subscribe: ['demo'] });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    host?.close();
  });

  beforeEach(async () => {
    published = [];
    context = await browser.newContext();
    context.setDefaultTimeout(WAIT_MS);
  });

  afterEach(() => context.close());

  describe('with the example', () => {
    it('hear everything, in order, over one connection', async () => {
      const tabs = await openTabs(TABS);
      for (let i = 0; i < 5; i++) await publishSome(20);
      for (const tab of tabs) await expect.poll(() => titles(tab), { timeout: WAIT_MS }).toEqual(published);
      expect(await readMetric(server, 'clarion_sessions')).toEqual({ 'transport="sse"': 1 });
      expect(await leaders(tabs)).toHaveLength(1);
    });

    it('lose and repeat nothing when the leader closes or crashes in the middle of a burst, again and again', async () => {
      const tabs = await openTabs(TABS);
      const since = new Map(tabs.map((tab) => [tab, 0]));
      const burst = new Burst();
      for (let round = 0; round < 6; round++) {
        await burst.reaches(published.length + 40);
        const [leader] = await leaders([...since.keys()]);
        if (leader === undefined) throw new Error('nobody leads');
        since.delete(leader);
        await (round % 2 === 0 ? leader.close() : crash(leader));
        const [newcomer] = await openTabs(1);
        // Whatever is published from now on must reach it.
        if (newcomer !== undefined) since.set(newcomer, published.length);
      }
      await burst.reaches(published.length + 40);
      await burst.end();
      expect(since.size).toBe(TABS);
      for (const [tab, from] of since) {
        await expect.poll(async () => (await titles(tab)).at(-1), { timeout: WAIT_MS }).toBe(published.at(-1));
        const heard = await titles(tab);
        expect(heard.length).toBeGreaterThanOrEqual(published.length - from);
        expect(heard).toEqual(published.slice(-heard.length));
      }
      expect(await readMetric(server, 'clarion_sessions')).toEqual({ 'transport="sse"': 1 });
    });

    it('drop what a former leader tells late', async () => {
      const tabs = await openTabs(3);
      const [late] = tabs;
      if (late === undefined) throw new Error('no tab is open');
      await overhear(late);
      await publishSome(3);
      await expect.poll(() => overheard(late)).not.toHaveLength(0);
      const before = await sessionsOpened();
      // All of it once more, as if the words of a leader that is gone had been on their way until now.
      await tell(late, await overheard(late));
      await publishSome(3);
      for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(published);
      expect(await sessionsOpened()).toBe(before);
    });

    it('find what they have missed, by having it read again', async () => {
      const tabs = await openTabs(2);
      const deaf = await context.newPage();
      await deaf.addInitScript(DEAF_ONCE);
      tabs.push(...(await openTabs(1, deaf)));
      await publishSome(2);
      for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(published);
      const before = await sessionsOpened();
      await deaf.evaluate('globalThis.deafTo = 2');
      await publishSome(5);
      for (const tab of tabs) await expect.poll(() => titles(tab), { timeout: WAIT_MS }).toEqual(published);
      expect(await deaf.evaluate('globalThis.deafTo')).toBe(0);
      expect(await sessionsOpened()).toBe(before + 1);
      await publishSome(3);
      for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(published);
    });

    it('come back together after a SIGKILL of the server', async () => {
      const tabs = await openTabs(3);
      await publishSome(5);
      for (const tab of tabs) await expect.poll(() => titles(tab)).toEqual(published);
      await server.kill();
      await server.restart();
      await publishSome(5);
      for (const tab of tabs) await expect.poll(() => titles(tab), { timeout: WAIT_MS }).toEqual(published);
    });
  });

  it('each with an EventSource of its own, stall beyond the sixth over HTTP/1.1', async () => {
    const tabs = await Promise.all(Array.from({ length: TABS }, () => blank()));
    for (const tab of tabs) await tab.evaluate(listenAlone());
    await expect.poll(async () => (await whichOpen(tabs)).length, { timeout: WAIT_MS }).toBe(MOST_CONNECTIONS);
    // Even a request that is no stream waits in the same queue, in whatever tab.
    const patience = `fetch('${server.url}/health/live', { mode: 'no-cors', cache: 'no-store', signal: AbortSignal.timeout(1500) })`;
    expect(await tabs[0]?.evaluate(`${patience}.then(() => 'answered', (error) => error.name)`)).toBe('TimeoutError');
    expect(await whichOpen(tabs)).toHaveLength(MOST_CONNECTIONS);
    const [one] = await whichOpen(tabs);
    await one?.close();
    const left = tabs.filter((tab) => tab !== one);
    await expect.poll(async () => (await whichOpen(left)).length, { timeout: WAIT_MS }).toBe(MOST_CONNECTIONS);
  });
});

/** Runs before the example: its channel then loses as many notifications as `deafTo` says. */
const DEAF_ONCE = `
  globalThis.deafTo = 0;
  const listen = BroadcastChannel.prototype.addEventListener;
  BroadcastChannel.prototype.addEventListener = function (type, hear) {
    listen.call(this, type, (event) => {
      if (event.data.kind === 'item' && globalThis.deafTo > 0) globalThis.deafTo -= 1;
      else hear(event);
    });
  };
`;

/** Publishes without a pause until it is told to end. */
class Burst {
  #wanted = true;
  readonly #done = this.#run();

  async reaches(count: number): Promise<void> {
    await expect.poll(() => published.length, { timeout: WAIT_MS, interval: 5 }).toBeGreaterThanOrEqual(count);
  }

  async end(): Promise<void> {
    this.#wanted = false;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (this.#wanted) await publishSome(4);
  }
}

/** In one request, so that their order is known. */
async function publishSome(count: number): Promise<void> {
  const drafts = Array.from({ length: count }, (_, i) => ({ topic: 'demo', title: `n-${published.length + i}` }));
  published.push(...drafts.map(({ title }) => title));
  await publishBatch(server, drafts);
}

/** Tabs of the example, each of which has said where it begins; `prepared` is to be one of them. */
async function openTabs(count: number, prepared?: Page): Promise<Page[]> {
  const given = new URLSearchParams({ server: server.url, topics: 'demo', token });
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const tab = i === 0 && prepared !== undefined ? prepared : await context.newPage();
      await tab.goto(`${origin}/#${given}`);
      await tab.waitForFunction(`document.body.dataset.ready === 'true'`);
      return tab;
    }),
  );
}

/** A page of the same origin that does nothing: a script shown as text. */
async function blank(): Promise<Page> {
  const tab = await context.newPage();
  await tab.goto(`${origin}/demo.js`);
  return tab;
}

function listenAlone(): string {
  const url = `${server.url}/v1/events?topics=demo&access_token=${token}`;
  return `void new EventSource('${url}').addEventListener('ready', () => (globalThis.isReady = true))`;
}

async function whichOpen(tabs: readonly Page[]): Promise<Page[]> {
  const open = await Promise.all(tabs.map((tab) => tab.evaluate<boolean>('globalThis.isReady === true')));
  return tabs.filter((_, i) => open[i]);
}

/** The title of each notification that a tab has shown, oldest first. */
async function titles(tab: Page): Promise<string[]> {
  const shown = `[...document.querySelectorAll('#list > li')].map((line) => line.textContent)`;
  return (await tab.evaluate<string[]>(shown)).toReversed();
}

async function leaders(tabs: readonly Page[]): Promise<Page[]> {
  const roles = await Promise.all(tabs.map((tab) => tab.locator('#role').innerText()));
  return tabs.filter((_, i) => roles[i] === 'leads');
}

async function sessionsOpened(): Promise<number> {
  return (await readMetric(server, 'clarion_sessions_opened_total'))[''] ?? 0;
}

/** Ends the tab's process without any last word of it. */
async function crash(tab: Page): Promise<void> {
  const crashed = tab.waitForEvent('crash');
  const devtools = await context.newCDPSession(tab);
  // It answers no more.
  devtools.send('Page.crash').catch(() => undefined);
  await crashed;
  await tab.close();
}

/** Keeps what is told on the channel from now on. */
async function overhear(tab: Page): Promise<void> {
  await tab.evaluate(`
    globalThis.items = [];
    globalThis.ear = new BroadcastChannel('clarion demo');
    globalThis.ear.onmessage = ({ data }) => data.kind === 'item' && items.push(data);
  `);
}

function overheard(tab: Page): Promise<Record<string, unknown>[]> {
  return tab.evaluate<Record<string, unknown>[]>('items');
}

async function tell(tab: Page, items: readonly unknown[]): Promise<void> {
  await tab.evaluate(`for (const item of ${JSON.stringify(items)}) ear.postMessage(item)`);
}
