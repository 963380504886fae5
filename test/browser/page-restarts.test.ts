import { mkdirSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publish } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { CHROMIUM_IS_MISSING, launchChromium } from './chromium.js';
import { ConsolePage, PANES, STREAMS } from './console-page.js';

/** Where a person can look at what the tests saw. */
const PICTURES = '.tmp/browser';

let server: TestServer;
let browser: Browser;
let tab: ConsolePage;

describe.skipIf(CHROMIUM_IS_MISSING)('the page in Chromium, when its server ends and starts again', () => {
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    [server, browser] = await Promise.all([startServer(), launchChromium()]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  beforeEach(async () => {
    tab = await ConsolePage.open(browser, server);
  });

  afterEach(() => tab.close());

  it('comes back complete and in order from three SIGKILLs, with publishes before, meanwhile and after', async () => {
    const published: string[] = [];
    for (let kill = 1; kill <= 3; kill++) {
      for (let i = 0; i < 5; i++) published.push(await publishOne(`before ${kill}.${i}`));
      await tab.judged('complete', published.length);
      await server.kill();
      for (const name of PANES) await tab.state(name, 'reconnecting');
      await tab.publish({ title: `meanwhile ${kill}` });
      await tab.outcome.getByText('with the same idempotency key').waitFor();
      if (kill === 1) await tab.page.screenshot({ path: `${PICTURES}/server-gone.png` });
      await server.restart();
      published.push(await tab.acknowledged());
      for (let i = 0; i < 20; i++) published.push(await publishOne(`after ${kill}.${i}`));
      await tab.live();
      await tab.judged('complete', published.length);
    }
    for (const name of PANES) {
      expect(await tab.ids(name)).toEqual(published);
      expect(await tab.figure(name, 'returns')).toBe('3×');
    }
    await tab.page.screenshot({ path: `${PICTURES}/restarted.png` });
    expect(await tab.complaints()).toEqual([]);
  });

  it('comes back from SIGTERM as well, and shows the bye', async () => {
    await server.kill('SIGTERM');
    for (const name of PANES) await tab.state(name, 'reconnecting');
    await server.restart();
    await tab.live();
    await tab.publish({ title: 'after the drain' });
    await tab.judged('complete', 1);
    for (const name of STREAMS) await tab.pane(name).getByText('bye: server.draining').waitFor();
    expect(await tab.complaints(/status of 503/)).toEqual([]);
  });
});

async function publishOne(title: string): Promise<string> {
  return (await publish(server, { topic: 'demo', title })).id;
}
