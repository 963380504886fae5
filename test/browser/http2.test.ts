import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isProxyMissing, Proxy } from '../services/proxy.js';
import { mintToken, publish } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { CHROMIUM_IS_MISSING, launchChromium } from './chromium.js';

/** More than the six connections that a browser opens to one host over HTTP/1.1. */
const STREAMS = 12;

describe.skipIf(CHROMIUM_IS_MISSING || isProxyMissing('nginx with HTTP/2'))('HTTP/2 in front', () => {
  let server: TestServer;
  let proxy: Proxy;
  let browser: Browser;
  beforeAll(async () => {
    server = await startServer();
    const node = `127.0.0.1:${server.port}`;
    proxy = await Proxy.start('nginx with HTTP/2', { nodes: [node, node], idleS: 60 });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await proxy?.stop();
    await server?.stop();
  });

  it('twelve EventSources of one browser are open at once, hear everything, and requests beside them are answered', async () => {
    const url = proxy.url.replace('http:', 'https:');
    const token = await mintToken(server, { sub: 'u-1', subscribe: ['tabs'] });
    const page = await browser.newPage({ ignoreHTTPSErrors: true });
    await page.goto(`${url}/`);
    await page.evaluate(`
      window.heard = [];
      window.opened = 0;
      for (let i = 0; i < ${STREAMS}; i++) {
        const source = new EventSource('/v1/events?topics=tabs&access_token=${token}');
        source.addEventListener('ready', () => window.opened++);
        source.onmessage = ({ data }) => window.heard.push(JSON.parse(data).title);
      }`);
    await expect.poll(() => page.evaluate('window.opened'), { timeout: 10_000 }).toBe(STREAMS);
    await publish(server, { topic: 'tabs', title: 'to all' });
    await expect.poll(() => page.evaluate('window.heard'), { timeout: 10_000 }).toEqual(Array(STREAMS).fill('to all'));
    const beside = await page.evaluate(
      "fetch('/health/live').then(({ status }) => [status, performance.getEntriesByType('resource').at(-1).nextHopProtocol])",
    );
    expect(beside).toEqual([200, 'h2']);
  });
});
