import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deviceListSchema, receiptListSchema, type DeviceView, type Receipt } from '#clarion/protocol';
import { FirefoxPushService } from '../support/firefox-push-service.js';
import { mintToken, publish, request } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { FIREFOX_IS_MISSING, launchFirefox, type Firefox } from './firefox.js';

const PERSON = 'ada';
/** What no encoding must break. */
const TITLE = 'Grüße, “Ada” — 包裹已到 👩‍👩‍👧';
/** How long one step may take on a busy machine, in milliseconds. */
const WAIT_MS = 20_000;
const SHOWN = `navigator.serviceWorker.ready
  .then((registration) => registration.getNotifications())
  .then((all) => all.map(({ title, body, data }) => ({ id: data.clarion.id, text: title + ' | ' + body })))`;
const shownSchema = z.array(z.object({ id: z.string(), text: z.string() }));

let service: FirefoxPushService;
let server: TestServer;
let firefox: Firefox;
let page: Page;
let token: string;
let headers: { readonly Authorization: string };

/**
 * Nothing is stubbed: the page subscribes by a click, the server encrypts for the subscription that Firefox made, Firefox decrypts what came by its
 * own protocol, and its worker shows it and tells the server.
 */
describe.skipIf(FIREFOX_IS_MISSING)('Web Push to Firefox', () => {
  beforeAll(async () => {
    service = await FirefoxPushService.start();
    [server, firefox] = await Promise.all([startServer({ CLARION_PUSH_AFTER_S: '0' }), launchFirefox(service.url)]);
    token = await mintToken(server, { sub: PERSON });
    headers = { Authorization: `Bearer ${token}` };
    page = await firefox.browser.newPage();
    page.setDefaultTimeout(WAIT_MS);
  });

  afterAll(async () => {
    await firefox?.close();
    await server?.stop();
    await service?.close();
  });

  it('asks only on a click, and is then a device of the person', async () => {
    await open();
    await shows('off');
    expect(service.endpoints).toEqual([]);
    await page.locator('#here-on').click();
    await shows('on');
    expect(service.endpoints).toHaveLength(1);
    expect(await devices()).toEqual([
      expect.objectContaining({ name: 'Firefox on Linux', service: new URL(service.endpoints[0]!).host, rings: true }),
    ]);
    expect(await textOf('#here-state')).toBe('This device rings.');
  });

  it('shows what is pushed while no page is open, and the server learns that it was shown', async () => {
    await page.goto('about:blank');
    const id = await publishTo(PERSON, {
      title: TITLE,
      body: 'shown while away',
      url: '/parcels/7',
      actions: [{ id: 'ok', title: 'OK' }],
    });
    await service.until(() => service.acks.length > 0);
    expect(service.acks.map(({ outcome }) => outcome)).toEqual(['delivered']);
    expect(service.received[0]).toMatchObject({
      status: 201,
      headers: { 'content-encoding': 'aes128gcm', urgency: 'normal' },
    });
    await expect.poll(() => receipt(id), { timeout: WAIT_MS }).toMatchObject({ acked: { transport: 'push' } });
    expect(await receipt(id)).not.toHaveProperty('read');
    await open();
    expect(await onDisplay()).toEqual([{ id, text: `${TITLE} | shown while away` }]);
  });

  it('closes what was read on another device', async () => {
    const ids = await idsOnDisplay();
    await request(server, 'POST', '/v1/me/marks', { state: 'read', ids }, headers);
    await expect.poll(onDisplay, { timeout: WAIT_MS }).toEqual([]);
  });

  it('subscribes anew when the push service has ended its subscription', async () => {
    await shows('on');
    const [before] = service.endpoints;
    service.forget();
    await publishTo(PERSON, { title: 'to nobody' });
    await service.until(() => service.received.some(({ status }) => status === 410));
    await service.until(() => service.endpoints.length === 1);
    expect(service.endpoints[0]).not.toBe(before);
    await expect.poll(devices, { timeout: WAIT_MS }).toMatchObject([{ rings: true }]);
    await page.goto('about:blank');
    const id = await publishTo(PERSON, { title: 'to the new one' });
    await expect.poll(() => receipt(id), { timeout: WAIT_MS }).toMatchObject({ acked: { transport: 'push' } });
  });

  it('rings again after the push service has ended its subscription while no page was open', async () => {
    const [before] = service.endpoints;
    const [device] = await devices();
    service.lose();
    await service.until(() => service.endpoints.length === 1);
    expect(service.endpoints[0]).not.toBe(before);
    await expect.poll(async () => (await devices())[0]?.verifiedAt, { timeout: WAIT_MS }).not.toBe(device?.verifiedAt);
    const id = await publishTo(PERSON, { title: 'to the renewed one' });
    await expect.poll(() => receipt(id), { timeout: WAIT_MS }).toMatchObject({ acked: { transport: 'push' } });
  });

  it('pops up what a hidden tab is told, once, though it is pushed too; it is acknowledged when somebody looks', async () => {
    await request(server, 'PUT', '/v1/categories/patient', {
      title: 'Patient',
      push: { when: 'ifNotAcked', afterS: 3_600 },
    });
    await open();
    await shows('on');
    const other = await firefox.browser.newPage();
    await other.bringToFront();
    await page.waitForFunction('document.hidden');
    const told = await publishTo(PERSON, { title: 'by the tab', category: 'patient' });
    await expect.poll(idsOnDisplay, { timeout: WAIT_MS }).toContain(told);
    expect(await receipt(told)).not.toHaveProperty('acked');
    const both = await publishTo(PERSON, { title: 'by the tab and by a push' });
    await expect.poll(() => receipt(both), { timeout: WAIT_MS }).toMatchObject({ acked: { transport: 'push' } });
    expect((await idsOnDisplay()).filter((id) => id === both)).toHaveLength(1);
    await other.close();
    await page.bringToFront();
    await expect.poll(() => receipt(told), { timeout: WAIT_MS }).toHaveProperty('acked');
    await request(server, 'POST', '/v1/me/marks', { state: 'read', ids: [told, both] }, headers);
    await expect.poll(idsOnDisplay, { timeout: WAIT_MS }).not.toContain(told);
  });

  it('is verified each time that the page loads, and stays off where it was removed elsewhere', async () => {
    const [device] = await devices();
    await open();
    await expect.poll(async () => (await devices())[0]?.verifiedAt, { timeout: WAIT_MS }).not.toBe(device?.verifiedAt);
    await page.goto('about:blank');
    expect((await request(server, 'DELETE', `/v1/me/devices/${device?.id}`, undefined, headers)).status).toBe(204);
    await open();
    await shows('off');
    await service.until(() => service.endpoints.length === 0);
    expect(await textOf('#here-detail')).toContain('turned off from another of your devices');
    expect(await devices()).toEqual([]);
  });
});

/** With a page that was not there before. */
async function open(): Promise<void> {
  await page.goto('about:blank');
  await page.goto(`${server.url}/#token=${token}`);
  await page.locator('#bell').click();
  await page.locator('#tab-devices').click();
}

async function shows(state: string): Promise<void> {
  await page.waitForSelector(`#device-here[data-state="${state}"]`);
}

async function textOf(selector: string): Promise<string> {
  return String(await page.evaluate(`document.querySelector('${selector}').textContent`));
}

async function publishTo(user: string, draft: object): Promise<string> {
  return (await publish(server, { user, ...draft })).id;
}

/** What the person sees beside the page. */
async function onDisplay(): Promise<{ id: string; text: string }[]> {
  return shownSchema.parse(await page.evaluate(SHOWN));
}

async function idsOnDisplay(): Promise<string[]> {
  return (await onDisplay()).map(({ id }) => id);
}

async function devices(): Promise<DeviceView[]> {
  const { body } = await request(server, 'GET', '/v1/me/devices', undefined, headers);
  return deviceListSchema.parse(body).devices;
}

/** How far it came on its way to the person. */
async function receipt(id: string): Promise<Receipt | undefined> {
  const { body } = await request(server, 'GET', `/v1/notifications/${id}/receipts`);
  return receiptListSchema.parse(body).recipients[0];
}
