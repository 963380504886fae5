import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../support/certificate.js';
import { Http2Client } from '../support/http2-client.js';
import { API_KEY, startServer, type TestServer } from '../support/server.js';
import { CHROMIUM_IS_MISSING, launchChromium } from './chromium.js';
import { ConsolePage, PANES } from './console-page.js';

/** More than the six connections that a browser opens to one host over HTTP/1.1. */
const STREAMS = 12;
const BASE_PATH = '/clarion';

describe.skipIf(CHROMIUM_IS_MISSING)('TLS, HTTP/2 and a base path, without a proxy', () => {
  let directory: string;
  let server: TestServer;
  let browser: Browser;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'clarion-secure-page-'));
    const { cert, key } = makeCertificate(directory);
    server = await startServer({
      CLARION_TLS_CERT: cert,
      CLARION_TLS_KEY: key,
      CLARION_BASE_PATH: BASE_PATH,
      CLARION_PAGE: 'true',
      CLARION_DOCS: 'true',
      CLARION_ANONYMOUS_TOPICS: 'tabs',
    });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('the page works below the path over all transports, and breaks no policy', async () => {
    const tab = await ConsolePage.prepare(browser, PANES);
    await tab.page.goto(`${server.url}${BASE_PATH}#key=${encodeURIComponent(server.apiKey)}`);
    await tab.live();
    await tab.publish({ title: 'over TLS' });
    for (const pane of PANES) await tab.rows(pane).filter({ hasText: 'over TLS' }).waitFor();
    await tab.judged('complete', 1);
    expect(new URL(tab.page.url()).pathname).toBe(`${BASE_PATH}/`);
    const protocols = await tab.page.evaluate<[string, string][]>(
      "performance.getEntriesByType('resource').map(({ name, nextHopProtocol }) => [new URL(name).pathname, nextHopProtocol])",
    );
    for (const [path, protocol] of protocols) expect([path, protocol]).toEqual([path, 'h2']);
    expect(protocols.every(([path]) => path.startsWith(`${BASE_PATH}/`))).toBe(true);
    expect(await tab.complaints()).toEqual([]);
    await tab.close();
  });

  it('the documents show the whole API, styled, without any inline style being allowed', async () => {
    const tab = await ConsolePage.prepare(browser);
    await tab.page.goto(`${server.url}${BASE_PATH}/docs`);
    await tab.page.locator('.opblock-summary', { hasText: 'Publish a notification' }).click();
    await tab.page.locator('.opblock-body .opblock-section').first().waitFor();
    const display = "getComputedStyle(document.querySelector('.opblock-summary')).display";
    expect(await tab.page.evaluate(display)).toBe('flex');
    expect(await tab.page.locator('.servers option').allInnerTexts()).toEqual([BASE_PATH]);
    expect(await tab.complaints()).toEqual([]);
    await tab.close();
  });

  it('twelve EventSources are open at once on one connection, hear everything, and requests beside them are answered', async () => {
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto(`${server.url}${BASE_PATH}/`);
    await page.evaluate(`
      window.heard = [];
      window.opened = 0;
      for (let i = 0; i < ${STREAMS}; i++) {
        const source = new EventSource('${BASE_PATH}/v1/events?topics=tabs');
        source.addEventListener('ready', () => window.opened++);
        source.onmessage = ({ data }) => window.heard.push(JSON.parse(data).title);
      }`);
    await expect.poll(() => page.evaluate('window.opened'), { timeout: 10_000 }).toBe(STREAMS);
    const publisher = await Http2Client.connect(server.url);
    await publisher.publish(API_KEY, { topic: 'tabs', title: 'to all' });
    publisher.close();
    await expect.poll(() => page.evaluate('window.heard'), { timeout: 10_000 }).toEqual(Array(STREAMS).fill('to all'));
    const beside = await page.evaluate(
      "fetch('health/live').then(({ status }) => [status, performance.getEntriesByType('resource').at(-1).nextHopProtocol])",
    );
    expect(beside).toEqual([200, 'h2']);
    await page.close();
  });
});
