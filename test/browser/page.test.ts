import { mkdirSync } from 'node:fs';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publish, request } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { CHROMIUM_IS_MISSING, launchChromium } from './chromium.js';
import { ConsolePage, PANES, SHOWN_AT_FIRST, STREAMS, type PaneName } from './console-page.js';

/** Where a person can look at what the tests saw. */
const PICTURES = '.tmp/browser';

let server: TestServer;
let browser: Browser;
let tab: ConsolePage;

describe.skipIf(CHROMIUM_IS_MISSING)('the page in Chromium', () => {
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    [server, browser] = await Promise.all([startServer(), launchChromium()]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  afterEach(() => tab.close());

  describe('with a key in the fragment, and all panes', () => {
    beforeEach(async () => {
      tab = await ConsolePage.open(browser, server);
    });

    it('shows what its form publishes in every pane, once, with a latency', async () => {
      await tab.publish({ title: 'Order 42', type: 'order.shipped', body: 'On its way.', data: '{ "order": 42 }' });
      const id = await tab.acknowledged();
      await tab.judged('complete', 1);
      for (const name of PANES) {
        expect(await tab.ids(name)).toEqual([id]);
        const row = await tab.rows(name).innerText();
        for (const shown of ['demo', 'order.shipped', 'Order 42', 'On its way.', '{"order":42}'])
          expect(row).toContain(shown);
        expect(row).toMatch(/\d m?s/);
        expect(await tab.figure(name, 'shown')).toBe('1');
      }
      const cursors = await Promise.all(PANES.map((name) => tab.figure(name, 'cursor')));
      expect(new Set(cursors).size).toBe(1);
      await tab.page.screenshot({ path: `${PICTURES}/published.png` });
      expect(await tab.complaints()).toEqual([]);
    });

    it('wipes the key from the address, and keeps it over a reload', async () => {
      expect(tab.page.url()).toBe(`${server.url}/`);
      await tab.page.reload();
      await tab.live();
      expect(await tab.page.content()).not.toContain(server.apiKey);
    });

    it('can be used by keyboard alone, with the focus always in sight', async () => {
      const stops = await tabStops();
      expect(stops).toEqual(
        expect.arrayContaining([
          'topics-input',
          'publish-title',
          'publish-data',
          'publish-ephemeral',
          'comparison-table',
          'show-long-polling',
          'Disconnect SSE',
        ]),
      );
      await tabTo('publish-title');
      await tab.page.keyboard.press('Control+A');
      await tab.page.keyboard.type('By keyboard');
      await tab.page.keyboard.press('Enter');
      await tab.judged('complete', 1);
      await tabTo('publish-body');
      await tab.page.keyboard.type('And from the text area');
      await tab.page.keyboard.press('Control+Enter');
      await tab.judged('complete', 2);
      for (const name of PANES) expect(await tab.rows(name).first().innerText()).toContain('And from the text area');
      await tabTo('Disconnect SSE');
      await tab.page.keyboard.press('Enter');
      await tab.state('SSE', 'closed');
      expect(await tab.complaints()).toEqual([]);
    });

    it('shows what publishers wrote as text, whatever it is', async () => {
      const hostile = `"><img src=x onerror="alert(1)"><script>alert(2)</script><svg onload=alert(3)>{{7*7}}\u202E`;
      const type = '<b onmouseover=alert(4)>';
      const data = JSON.stringify({ __html: hostile, '<i>': ['</pre><script>alert(5)</script>'] });
      await tab.publish({ title: hostile, body: `javascript:alert(6)\n${hostile}`, type, data });
      await tab.judged('complete', 1);
      for (const name of PANES) {
        const row = tab.rows(name);
        expect(await row.locator('.title').textContent()).toBe(hostile);
        expect(await row.locator('.body').textContent()).toContain(hostile);
        expect(await row.locator('.data').textContent()).toBe(data);
        expect(await row.locator('.tag').first().textContent()).toBe(type);
        expect(await row.locator('img, script, svg, iframe, a, b, [onerror], [onload], [style]').count()).toBe(0);
      }
      expect(await tab.complaints()).toEqual([]);
    });

    it('makes links of http(s) and of paths alone', async () => {
      await publish(server, { topic: 'demo', title: 'one', url: 'https://example.org/<x>' });
      await publish(server, { topic: 'demo', title: 'two', url: '/orders/42' });
      await tab.judged('complete', 2);
      for (const name of PANES) {
        const links = await tab.rows(name).locator('a').all();
        const targets = await Promise.all(links.map((link) => link.getAttribute('href')));
        expect(targets).toEqual(['/orders/42', 'https://example.org/<x>']);
        for (const link of links) expect(await link.getAttribute('rel')).toContain('noopener');
      }
    });

    it('shows the problem and its pointers when the server refuses', async () => {
      await tab.publish({ topic: 'not a topic', title: 'x' });
      const failure = tab.outcome.locator('.failure');
      await failure.waitFor();
      expect(await failure.innerText()).toContain('422 body.invalid');
      expect(await failure.locator('.pointer').innerText()).toBe('/topic');
      await tab.publish({ title: 'x', data: '{ no json' });
      expect(await failure.innerText()).toBe('Data is not JSON.');
      expect(await tab.page.locator('#publish-data').getAttribute('aria-invalid')).toBe('true');
      expect(await tab.complaints(/status of 422/)).toEqual([]);
    });

    it('publishes a hundred in one request, in order', async () => {
      await tab.fill({ title: 'burst' });
      await tab.page.getByRole('button', { name: 'Publish 100' }).click();
      await tab.outcome.getByText('100 acknowledged').waitFor();
      await tab.judged('complete', 100);
      for (const name of PANES) {
        const titles = await tab.rows(name).locator('.title').allInnerTexts();
        expect(titles.toReversed()).toEqual(Array.from({ length: 100 }, (_, i) => `burst ${i + 1}/100`));
      }
      expect(await tab.complaints()).toEqual([]);
    });

    it('shows ephemeral notifications where there is a stream, and leaves them out of the comparison', async () => {
      await tab.publish({ title: 'a tick', ephemeral: true });
      for (const name of STREAMS) await tab.rows(name).filter({ hasText: 'ephemeral' }).waitFor();
      await tab.publish({ title: 'kept' });
      await tab.judged('complete', 1);
      expect(await tab.complaints()).toEqual([]);
    });

    it('lets each pane be cut, says what it lacks, and sees it catch up', async () => {
      for (const name of PANES) {
        await tab.page.getByRole('button', { name: `Disconnect ${name}` }).click();
        await tab.publish({ title: `without ${name}` });
        await tab.verdict.filter({ hasText: `${name} lacks 1 that others have shown` }).waitFor();
        await tab.judged('behind');
        await tab.page.getByRole('button', { name: `Connect ${name}` }).click();
        await tab
          .rows(name)
          .filter({ hasText: `without ${name}` })
          .locator('.caught-up')
          .waitFor();
        // Whoever is slow must have it too, or lacks more than one in the next round.
        for (const other of PANES)
          await tab
            .rows(other)
            .filter({ hasText: `without ${name}` })
            .waitFor();
      }
      await tab.judged('complete', PANES.length);
      for (const name of PANES) expect(await tab.figure(name, 'returns')).toBe('1×');
    });

    it('says what is edited, and what is taken back, and does not miss it in a pane that was away', async () => {
      const { id } = await publish(server, { topic: 'demo', title: 'before' });
      const { id: gone } = await publish(server, { topic: 'demo', title: 'gone soon' });
      await tab.judged('complete', 2);
      await tab.page.getByRole('button', { name: 'Disconnect SSE' }).click();
      const { id: hidden } = await publish(server, { topic: 'demo', title: 'never seen by SSE' });
      for (const name of PANES.filter((pane) => pane !== 'SSE')) await rowOf(name, hidden).waitFor();
      await request(server, 'PATCH', `/v1/notifications/${id}`, { title: 'after' });
      for (const taken of [gone, hidden]) await request(server, 'DELETE', `/v1/notifications/${taken}`);
      await tab.page.getByRole('button', { name: 'Connect SSE' }).click();
      for (const name of PANES) {
        await rowOf(name, id).getByText('after', { exact: true }).waitFor();
        await rowOf(name, gone).getByText('Taken back').waitFor();
      }
      await publish(server, { topic: 'demo', title: 'at last' });
      await tab.judged('complete', 3);
      expect(await rowOf('SSE', hidden).count()).toBe(0);
      expect(await tab.complaints()).toEqual([]);
    });

    it('reads what is kept, through wildcards, when asked to', async () => {
      const topic = `kept/${Date.now()}`;
      const { id: first } = await publish(server, { topic, title: 'before the page asked' });
      await tab.page.getByLabel('Topics').fill('kept/*');
      await tab.page.getByLabel('from the oldest that is kept').check();
      await tab.page.getByRole('button', { name: 'Start anew' }).click();
      await tab.publish({ topic, title: 'afterwards' });
      await tab.judged('complete', 2);
      for (const name of PANES) expect(await tab.ids(name)).toEqual([first, await tab.acknowledged()]);
    });
  });

  describe('with a choice of panes', () => {
    it('begins with three, judges those that are on, and remembers which', async () => {
      tab = await ConsolePage.prepare(browser);
      await tab.enter(server);
      await tab.live();
      for (const name of PANES) expect(await tab.switchOf(name).isChecked()).toBe(SHOWN_AT_FIRST.includes(name));
      await tab.publish({ title: 'to three' });
      await tab.judged('complete', 1);
      expect(await tab.verdict.innerText()).toContain('All 3 complete');
      await tab.switchOf('Polling').check();
      await tab.rows('Polling').filter({ hasText: 'to three' }).waitFor();
      await tab.page.locator('#verdict', { hasText: 'All 4 complete' }).waitFor();
      for (const name of ['Socket.IO', 'WebSocket'] as const) await tab.switchOf(name).uncheck();
      await tab.page.locator('#verdict', { hasText: 'Both complete' }).waitFor();
      await tab.page.reload();
      for (const name of ['SSE', 'Polling'] as const) await tab.state(name, 'live');
      expect(await tab.page.locator('.pane:visible').count()).toBe(2);
      expect(await tab.figure('WebSocket', 'requests')).toBe('–');
      expect(await tab.complaints()).toEqual([]);
    });

    it('says when none is on', async () => {
      tab = await ConsolePage.open(browser, server, ['SSE']);
      await tab.switchOf('SSE').uncheck();
      await tab.page.locator('#verdict', { hasText: 'Every pane is off' }).waitFor();
      await tab.switchOf('SSE').check();
      await tab.state('SSE', 'live');
      expect(await tab.complaints()).toEqual([]);
    });
  });
});

/** What one pane shows of one notification. */
function rowOf(name: PaneName, id: string): Locator {
  return tab.rows(name).and(tab.page.locator(`[data-id="${id}"]`));
}

/** Everything that Tab reaches, by id or name; each must show that it has the focus. */
async function tabStops(): Promise<string[]> {
  const stops: string[] = [];
  for (let i = 0; i < 60; i++) {
    await tab.page.keyboard.press('Tab');
    const stop = await focused();
    if (stop.name === '') break;
    expect(stop.outline, `${stop.name} shows its focus`).toBe('solid');
    stops.push(stop.name);
  }
  return stops;
}

async function tabTo(name: string): Promise<void> {
  for (let i = 0; i < 80; i++) {
    if ((await focused()).name === name) return;
    await tab.page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${name}`);
}

function focused(): Promise<{ name: string; outline: string }> {
  return tab.page.evaluate(`(() => {
    const at = document.activeElement;
    if (at === document.body) return { name: '', outline: '' };
    return { name: at.id || at.getAttribute('aria-label') || at.textContent, outline: getComputedStyle(at).outlineStyle };
  })()`);
}
