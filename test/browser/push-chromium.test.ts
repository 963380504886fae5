import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { BrowserContext, CDPSession, Worker } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deviceListSchema, receiptListSchema, type DeviceView, type Receipt } from '#clarion/protocol';
import { Desktop } from '../support/desktop.js';
import { startPushService, type PushService } from '../support/push-service.js';
import { mintToken, publish, request } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { CHROMIUM_IS_MISSING, launchOnDesktop } from './chromium.js';
import { ConsolePage } from './console-page.js';
import { InboxPage } from './inbox-page.js';
import {
  endpointOfTicket,
  endSubscription,
  stubSubscription,
  stubWorkersSubscription,
} from './stubbed-subscription.js';

/** Where a person can look at what the tests saw. */
const PICTURES = '.tmp/browser';
const PERSON = 'ada';
/** How long one step may take on a busy machine, in milliseconds. */
const WAIT_MS = 20_000;

let service: PushService;
let desktop: Desktop;
let server: TestServer;
let context: BrowserContext;
let devTools: CDPSession;
let page: InboxPage;
let token: string;
let headers: { readonly Authorization: string };
/** Workers of pages, by their scope. */
const registrations = new Map<string, string>();

/**
 * What the server has encrypted and sent is decrypted by a push service and handed to the browser, which runs the worker. What pops up is what the
 * browser tells the desktop over D-Bus, and a click is the desktop's. Only the making of a subscription is stubbed; `push-firefox.test.ts` has a real one.
 */
describe.skipIf(CHROMIUM_IS_MISSING)('Web Push to Chromium', () => {
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    [service, desktop] = await Promise.all([startPushService(), Desktop.start()]);
    [server, context] = await Promise.all([startServer({ CLARION_PUSH_AFTER_S: '0' }), launchOnDesktop(desktop)]);
    token = await mintToken(server, { sub: PERSON });
    headers = { Authorization: `Bearer ${token}` };
    await stubSubscription(context, service.subscribe().subscription);
    await context.grantPermissions(['notifications'], { origin: server.url });
    page = new InboxPage(await ConsolePage.within(context, []));
    devTools = await context.newCDPSession(context.pages()[0]!);
    devTools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: all }) => {
      for (const { scopeURL, registrationId } of all) registrations.set(scopeURL, registrationId);
    });
    await devTools.send('ServiceWorker.enable');
  });

  afterAll(async () => {
    await context?.close();
    await server?.stop();
    await Promise.all([service?.close(), desktop?.close()]);
  });

  it('explains first, asks on a click alone, and says whether this device will ring', async () => {
    await open();
    await page.view('Devices');
    await here('off');
    expect(await page.panel.locator('#here-detail').innerText()).toContain('Your browser will ask once');
    await page.tab.page.screenshot({ path: `${PICTURES}/device-off.png` });
    expect(await asked()).toBe(0);
    await page.panel.getByRole('button', { name: 'Turn on' }).click();
    await here('on');
    await page.said('Notifications are on');
    expect(await asked()).toBe(1);
    expect(await devices()).toMatchObject([{ name: 'Chrome on Linux', rings: true }]);
    await page.view('Preferences');
    await page.panel.getByRole('button', { name: 'For an hour' }).click();
    await page.view('Devices');
    await here('silent');
    expect(await page.panel.locator('#here-state').innerText()).toContain('will not ring, because');
    await page.tab.page.screenshot({ path: `${PICTURES}/device-silent.png` });
    await page.view('Preferences');
    await page.panel.locator('#dnd-off').click();
    await page.view('Devices');
    await here('on');
    expect(await page.tab.complaints()).toEqual([]);
  });

  it('is verified when the page loads, and subscribed anew when the server has another key', async () => {
    const [before] = await devices();
    await page.tab.page.evaluate(`localStorage['stubbed key'] = 'BMjQ'`);
    await open();
    await expect
      .poll(() => page.tab.page.evaluate(`localStorage['stubbed key'].length`), { timeout: WAIT_MS })
      .toBe(87);
    await expect.poll(async () => (await devices())[0]?.verifiedAt, { timeout: WAIT_MS }).not.toBe(before?.verifiedAt);
    expect(await asked()).toBe(1);
  });

  describe('while no page is open', () => {
    beforeEach(() => page.tab.page.goto('about:blank'));

    it('shows what is pushed; a click opens its address; the server learns both', async () => {
      const id = await pushed({ title: 'Your parcel', body: 'It is there.', url: '/parcels/7' });
      const poppedUp = await desktop.titled('Your parcel');
      expect(poppedUp.body).toContain('It is there.');
      await expect.poll(() => receipt(id), { timeout: WAIT_MS }).toMatchObject({ acked: { transport: 'push' } });
      expect(await receipt(id)).not.toHaveProperty('read');
      const [opened] = await Promise.all([context.waitForEvent('page'), desktop.click(poppedUp)]);
      expect(opened.url()).toBe(`${server.url}/parcels/7`);
      await opened.close();
      await expect.poll(() => receipt(id), { timeout: WAIT_MS }).toMatchObject({ read: {} });
      await expect.poll(onDisplay, { timeout: WAIT_MS }).toEqual([]);
    });

    it('has buttons for actions, as many as the platform shows; the server learns which was chosen, and the page shows it', async () => {
      const actions = [
        { id: 'approve', title: 'Approve' },
        { id: 'diff', title: 'Show', url: '/deploys/7/diff' },
        { id: 'reject', title: 'Reject' },
      ];
      const id = await pushed({ title: 'Deploy 7', body: 'May it?', actions });
      const poppedUp = await desktop.titled('Deploy 7');
      expect([...poppedUp.actions.values()].slice(0, 2)).toEqual(['Approve', 'Show']);
      expect([...poppedUp.actions.values()]).not.toContain('Reject');
      await open();
      desktop.click(poppedUp, 'Approve');
      await expect.poll(() => receipt(id), { timeout: WAIT_MS }).toMatchObject({ acted: [{ action: 'approve' }] });
      const offers = page.item('Deploy 7').locator('.offer');
      await offers.and(page.tab.page.locator('[data-chosen="true"]')).waitFor();
      expect(await offers.allTextContents()).toEqual(['Approve (chosen)', 'Show', 'Reject']);
      expect(await offers.nth(1).getAttribute('href')).toBe('/deploys/7/diff');
      await offers.nth(2).click();
      await page.said('Chosen: Reject');
      await expect.poll(() => receipt(id), { timeout: WAIT_MS }).toMatchObject({ acted: [{}, { action: 'reject' }] });
      await page.tab.page.screenshot({ path: `${PICTURES}/actions.png` });
      // A page that is loaded later is told by the inbox.
      await open();
      await offers.first().waitFor();
      expect(await offers.allTextContents()).toEqual(['Approve (chosen)', 'Show', 'Reject (chosen)']);
    });

    it('closes what was read on another device', async () => {
      const id = await pushed({ title: 'Read me elsewhere' });
      await desktop.titled('Read me elsewhere');
      await request(server, 'POST', '/v1/me/marks', { state: 'read', ids: [id] }, headers);
      const { text } = await service.until(({ payload: { clarion } }) => closes(clarion, id));
      expect(onDisplay()).toEqual(['Read me elsewhere']);
      await deliver(text);
      await expect.poll(onDisplay, { timeout: WAIT_MS }).toEqual([]);
    });

    it('tells the server later what could not be told at once', async () => {
      const { id } = await publish(server, { user: PERSON, title: 'Nobody hears' });
      const { text } = await service.until(({ payload: { clarion } }) => shows(clarion, id));
      await server.kill();
      await deliver(text);
      desktop.dismiss(await desktop.titled('Nobody hears'));
      await server.restart();
      // Whether it is tried still or again: what comes next brings what is left.
      await deliver(made('next', 'next'));
      desktop.dismiss(await desktop.titled('next'));
      await expect.poll(() => receipt(id), { timeout: WAIT_MS }).toMatchObject({ acked: { transport: 'push' } });
    });

    it('shows one for each tag, never one twice, and no older one over a newer one', async () => {
      const from = desktop.history.length;
      const titles = (): string[] => desktop.history.slice(from).map(({ title }) => title);
      await deliver(made('n2', 'second', { tag: 'parcel', publishedAt: '2026-01-02T00:00:00.000Z' }));
      await desktop.titled('second');
      await deliver(made('n1', 'first, late', { tag: 'parcel', publishedAt: '2026-01-01T00:00:00.000Z' }));
      await deliver(made('n3', 'third', { tag: 'parcel', publishedAt: '2026-01-03T00:00:00.000Z' }));
      desktop.dismiss(await desktop.titled('third'));
      // Until the browser has heard of it, the next would go to what is on display for all it knows.
      await expect.poll(known, { timeout: WAIT_MS }).toEqual([]);
      await deliver(made('n3', 'third', { tag: 'parcel', publishedAt: '2026-01-03T00:00:00.000Z' }));
      await deliver(made('n4', 'last'));
      await desktop.titled('last');
      expect(titles()).toEqual(['second', 'third', 'last']);
      await deliver(JSON.stringify({ clarion: { v: 1, kind: 'close', tags: ['n4'], ids: ['n4'] } }));
      await expect.poll(onDisplay, { timeout: WAIT_MS }).toEqual([]);
    });

    it('leaves alone what is no Clarion server’s, and shows what a later version says', async () => {
      const from = desktop.history.length;
      for (const garbage of GARBAGE) await deliver(garbage);
      await deliver(
        JSON.stringify({
          notification: { title: 'later' },
          clarion: { v: 9, kind: 'sing', id: 'x', actions: 'many', tag: 7 },
        }),
      );
      await desktop.titled('later');
      expect(desktop.history.slice(from).map(({ title }) => title)).toEqual(['later']);
      desktop.dismiss(desktop.history.at(-1)!);
    });

    it('brings a subscription that it has renewed, with the ticket that came by the one before, and by no other', async () => {
      const worker = serviceWorker();
      const [first, second] = [service.subscribe(), service.subscribe()];
      const before = await devices();
      /** Brings a ticket. */
      const push = async (): Promise<void> => {
        await stubWorkersSubscription(worker, first.subscription);
        await pushed({ title: 'with a ticket' });
        await expect.poll(() => endpointOfTicket(worker), { timeout: WAIT_MS }).toBe(first.subscription.endpoint);
        await stubWorkersSubscription(worker, second.subscription);
      };
      await push();
      await endSubscription(worker, service.subscribe().subscription);
      expect(await endpointOfTicket(worker)).toBeUndefined();
      expect((await devices())[0]?.verifiedAt).toBe(before[0]?.verifiedAt);
      await push();
      await endSubscription(worker, first.subscription);
      expect((await devices())[0]?.verifiedAt).not.toBe(before[0]?.verifiedAt);
      const { id } = await publish(server, { user: PERSON, title: 'to the renewed one' });
      expect((await service.until(({ payload: { clarion } }) => shows(clarion, id))).path).toBe(second.path);
      for (const shown of desktop.shown.values()) desktop.dismiss(shown);
    });

    it('opens no address but http(s) and paths', async () => {
      for (const [i, url] of [
        'javascript:open("/pwned")',
        '//evil.example/',
        '/\\evil.example',
        'data:text/html,x',
      ].entries()) {
        await deliver(made(`evil-${i}`, `evil ${i}`, { url }));
        const poppedUp = await desktop.titled(`evil ${i}`);
        const [opened] = await Promise.all([context.waitForEvent('page'), desktop.click(poppedUp)]);
        expect(opened.url()).toBe(`${server.url}/`);
        await opened.close();
      }
    });
  });

  it('brings the page that is open to the front instead of opening another', async () => {
    await open();
    await page.panel.getByRole('button', { name: 'Close the inbox' }).click();
    const id = await pushed({ title: 'Nothing to open' });
    const pages = context.pages().length;
    desktop.click(await desktop.titled('Nothing to open'));
    await page.panel.waitFor();
    await expect.poll(() => receipt(id), { timeout: WAIT_MS }).toMatchObject({ read: {} });
    expect(context.pages()).toHaveLength(pages);
  });

  it('works within the worker of another site, which keeps its own pushes', async () => {
    const site = await startSite(`self.CLARION_URL = '${server.url}'; importScripts('${server.url}/sw.js');`);
    await context.grantPermissions(['notifications'], { origin: site.url });
    await page.tab.page.goto(site.url);
    await page.tab.page.evaluate(
      `navigator.serviceWorker.register('/site-worker.js').then(() => navigator.serviceWorker.ready).then(() => 1)`,
    );
    const from = desktop.history.length;
    const scope = `${site.url}/`;
    await deliver('a message of the site', scope);
    await desktop.titled('the site: a message of the site');
    const id = await pushed({ title: 'of Clarion', url: '/orders/1' }, scope);
    const poppedUp = await desktop.titled('of Clarion');
    expect(desktop.history.slice(from)).toHaveLength(2);
    await expect.poll(() => receipt(id), { timeout: WAIT_MS }).toMatchObject({ acked: { transport: 'push' } });
    const [opened] = await Promise.all([context.waitForEvent('page'), desktop.click(poppedUp)]);
    expect(opened.url()).toBe(`${site.url}/orders/1`);
    await opened.close();
    site.server.close();
    site.server.closeAllConnections();
  });

  it('is turned off by a click, and says how to unblock what was blocked', async () => {
    await open();
    await page.view('Devices');
    await here('on');
    await page.panel.getByRole('button', { name: 'Turn off' }).click();
    await page.said('Notifications are off');
    await here('off');
    expect(await devices()).toEqual([]);
    // All that is not granted is blocked then.
    await context.clearPermissions();
    await context.grantPermissions(['geolocation'], { origin: server.url });
    await open();
    await page.view('Devices');
    await here('blocked');
    expect(await page.panel.locator('#here-detail').innerText()).toContain('open the settings of this site');
    expect(await page.tab.complaints()).toEqual([]);
  });
});

/** What must make nothing pop up, and break nothing. */
const GARBAGE = [
  '',
  'null',
  '[]',
  '7',
  '"clarion"',
  '{',
  '\u0000\uFFFD',
  '{"clarion":null}',
  '{"clarion":{}}',
  '{"clarion":{"v":"1","kind":"show"},"notification":{"title":"no"}}',
  '{"clarion":{"v":0,"kind":"show"},"notification":{"title":"no"}}',
  '{"clarion":[],"notification":{"title":"no"}}',
  '{"notification":{"title":"somebody else’s"},"web_push":8030}',
  '{"clarion":{"v":1,"kind":"close","tags":7}}',
  '{"clarion":{"v":2,"kind":"sing"},"app_badge":-1}',
];

/** With a page that was not there before. */
async function open(): Promise<void> {
  await page.tab.page.goto('about:blank');
  await page.tab.page.goto(`${server.url}/#token=${token}`);
  await page.bell.click();
  await page.live();
}

async function here(state: string): Promise<void> {
  await page.panel.locator(`#device-here[data-state="${state}"]`).waitFor();
}

async function asked(): Promise<number> {
  return Number(await page.tab.page.evaluate('localStorage.asked ?? 0'));
}

/** Publishes to the person, and hands the browser what the server then sends. */
async function pushed(draft: object, scope?: string): Promise<string> {
  const { id } = await publish(server, { user: PERSON, ...draft });
  const { text } = await service.until(({ payload: { clarion } }) => shows(clarion, id));
  await deliver(text, scope);
  return id;
}

async function deliver(data: string, scope = `${server.url}/`): Promise<void> {
  const registrationId = registrations.get(scope);
  if (registrationId === undefined) throw new Error(`no worker of ${scope} is registered`);
  await devTools.send('ServiceWorker.deliverPushMessage', { origin: new URL(scope).origin, registrationId, data });
}

function shows(clarion: unknown, id: string): boolean {
  return z.looseObject({ kind: z.literal('show'), id: z.literal(id) }).safeParse(clarion).success;
}

function closes(clarion: unknown, id: string): boolean {
  const { kind, ids } = z.looseObject({ kind: z.string(), ids: z.array(z.string()).default([]) }).parse(clarion);
  return kind === 'close' && ids.includes(id);
}

function serviceWorker(): Worker {
  return context.serviceWorkers().find((one) => one.url() === `${server.url}/sw.js`)!;
}

/** Titles of what is on display as far as the browser knows. */
function known(): Promise<string[]> {
  return serviceWorker().evaluate('registration.getNotifications().then((all) => all.map(({ title }) => title))');
}

/** Titles of what the person sees beside the page. */
function onDisplay(): string[] {
  return [...desktop.shown.values()].map(({ title }) => title);
}

/** What a server might push. */
function made(id: string, title: string, clarion: { tag?: string; publishedAt?: string; url?: string } = {}): string {
  const { tag = id } = clarion;
  return JSON.stringify({
    notification: { title, tag },
    clarion: { v: 1, kind: 'show', id, tag, actions: [], ...clarion },
  });
}

async function devices(): Promise<DeviceView[]> {
  return deviceListSchema.parse((await request(server, 'GET', '/v1/me/devices', undefined, headers)).body).devices;
}

/** How far it came on its way to the person. */
async function receipt(id: string): Promise<Receipt | undefined> {
  const { body } = await request(server, 'GET', `/v1/notifications/${id}/receipts`);
  return receiptListSchema.parse(body).recipients[0];
}

/** A site of somebody else, with a worker that begins so. */
async function startSite(begin: string): Promise<{ url: string; server: Server }> {
  const worker = `${begin}
    addEventListener('push', (event) => event.waitUntil(registration.showNotification('the site: ' + event.data.text())));`;
  const own = createServer(({ url }, response) => {
    const isWorker = url === '/site-worker.js';
    response
      .writeHead(200, { 'content-type': isWorker ? 'text/javascript' : 'text/html' })
      .end(isWorker ? worker : '<p>');
  });
  own.listen(0, '127.0.0.1');
  await once(own, 'listening');
  // A server that listens on a TCP port has such an address.
  return { url: `http://127.0.0.1:${(own.address() as AddressInfo).port}`, server: own };
}
