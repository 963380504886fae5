import { mkdirSync } from 'node:fs';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mintToken, publish, publishBatch, request } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { CHROMIUM_IS_MISSING, launchChromium } from './chromium.js';
import { InboxPage } from './inbox-page.js';
import { PAYLOADS } from './payloads.js';

/** Where a person can look at what the tests saw. */
const PICTURES = '.tmp/browser';

let server: TestServer;
let browser: Browser;
/** A person of each test, in two windows. */
let person: string;
let first: InboxPage;
let second: InboxPage;
let people = 0;

describe.skipIf(CHROMIUM_IS_MISSING)('the inbox in Chromium', () => {
  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    [server, browser] = await Promise.all([startServer(), launchChromium()]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  describe('in two windows of one person', () => {
    beforeEach(async () => {
      person = `p-${++people}`;
      [first, second] = await Promise.all([
        InboxPage.open(browser, server, person),
        InboxPage.open(browser, server, person),
      ]);
    });

    afterEach(async () => {
      for (const { tab } of [first, second]) expect(await tab.complaints(/status of 422 .*\/v1\//)).toEqual([]);
      await Promise.all([first.tab.close(), second.tab.close()]);
    });

    it('shows what arrives in both; what is read, archived or snoozed in one is so in the other, and back', async () => {
      await publish(server, { user: person, type: 'order.shipped', title: 'Your parcel', body: 'Expected on Friday.' });
      await publish(server, { user: person, title: 'Your invoice', url: '/invoices/7' });
      await both((page) => page.unread(2));
      await both((page) => page.lists('Your invoice', 'Your parcel'));
      await first.press('Read', 'Your parcel');
      await both((page) => page.unread(1));
      await second.item('Your parcel').and(second.tab.page.locator('[data-unread="false"]')).waitFor();
      await second.press('Archive', 'Your parcel');
      await both((page) => page.lists('Your invoice'));
      await first.filter('Archived');
      await first.lists('Your parcel');
      await second.panel.getByRole('button', { name: 'Undo' }).click();
      await second.lists('Your invoice', 'Your parcel');
      await first.lists();
      await second.press('Snooze', 'Your invoice');
      await second.panel.getByRole('button', { name: 'Tomorrow: Your invoice' }).click();
      await second.said('Snoozed until');
      await both((page) => page.unread(0));
      await first.filter('Snoozed');
      await first.lists('Your invoice');
      await first.press('Wake', 'Your invoice');
      await second.lists('Your invoice', 'Your parcel');
      await both((page) => page.unread(1));
      expect(await second.panel.locator('a').getAttribute('href')).toBe('/invoices/7');
    });

    it('marks all as read in both, also what is on later pages', async () => {
      await publishBatch(
        server,
        Array.from({ length: 30 }, (_, i) => ({ user: person, title: `number ${i + 1}` })),
      );
      await both((page) => page.unread(30));
      await second.items.nth(19).waitFor();
      expect(await second.items.count()).toBe(20);
      await second.panel.getByRole('button', { name: 'Show more' }).click();
      await second.items.nth(29).waitFor();
      expect(await second.items.first().innerText()).toContain('number 30');
      expect(await second.items.last().innerText()).toContain('number 1');
      await first.panel.getByRole('button', { name: 'Mark all read' }).click();
      await both((page) => page.unread(0));
      await second.panel.locator('.item[data-unread="true"]').first().waitFor({ state: 'detached' });
      expect(await second.items.count()).toBe(30);
    });

    it('shows edits, and what is taken back is gone', async () => {
      const { id } = await publish(server, { user: person, title: 'Meeting at 9' });
      await both((page) => page.lists('Meeting at 9'));
      await request(server, 'PATCH', `/v1/notifications/${id}`, { title: 'Meeting at 10' });
      await both((page) => page.lists('Meeting at 10'));
      await first.items.getByText('edited').waitFor();
      await request(server, 'DELETE', `/v1/notifications/${id}`);
      await both((page) => page.lists());
      await both((page) => page.unread(0));
      expect(await first.panel.getByText('Nothing here.').isVisible()).toBe(true);
    });

    it('follows topics for both, from then until then', async () => {
      const topic = `news/${person}`;
      await publish(server, { topic, title: 'too early' });
      await both((page) => page.view('Following'));
      await first.panel.getByLabel('Topic to follow').fill(topic);
      await first.tab.page.keyboard.press('Enter');
      await first.said(`You follow ${topic}`);
      await second.panel.locator('#follow-list').getByText(topic).waitFor();
      await publish(server, { topic, title: 'in time' });
      await both((page) => page.view('Notifications'));
      await both((page) => page.lists('in time'));
      expect(await second.items.locator('.topic').innerText()).toBe(topic);
      await second.view('Following');
      await second.panel.getByRole('button', { name: `Unfollow ${topic}` }).click();
      await second.said(`You follow ${topic} no more`);
      await first.panel.locator('#follow-empty:not([hidden])').waitFor({ state: 'attached' });
      await publish(server, { topic, title: 'too late' });
      await publish(server, { user: person, title: 'afterwards' });
      await first.lists('afterwards', 'in time');
      await first.view('Following');
      await first.panel.getByLabel('Topic to follow').fill('no topic');
      await first.tab.page.keyboard.press('Enter');
      await first.panel.locator('#inbox-problem:visible').waitFor();
    });

    it('shows preferences that were changed in one in the other, and keeps to them', async () => {
      await declare('offers', { title: 'Offers', description: 'What is cheap.' });
      await declare('security', { title: 'Security', locked: ['live', 'inbox'] });
      await both((page) => page.view('Preferences'));
      expect(await box(first, 'Security: inbox').isDisabled()).toBe(true);
      await box(first, 'Offers: inbox').uncheck();
      await settled(box(second, 'Offers: inbox'), false);
      await box(second, 'Offers: live').uncheck();
      await settled(box(first, 'Offers: live'), false);
      expect(await box(first, 'Offers: inbox').isChecked()).toBe(false);
      expect(await box(second, 'Offers: push').isChecked()).toBe(true);
      await first.panel.getByLabel('Topic to mute').fill('noise');
      await first.tab.page.keyboard.press('Enter');
      await second.panel.getByRole('button', { name: 'Unmute noise' }).waitFor();
      await first.panel.getByLabel('From', { exact: true }).fill('21:30');
      await first.panel.getByLabel('Time zone').fill('Asia/Kathmandu');
      await first.panel.getByRole('button', { name: 'Set quiet hours' }).click();
      await second.panel.getByText('Every day, 21:30 to 07:00, Asia/Kathmandu.').waitFor();
      await second.panel.getByRole('button', { name: 'For an hour' }).click();
      await first.panel.locator('#dnd-off').click();
      await second.panel.locator('#dnd-state', { hasText: 'Off.' }).waitFor();
      await second.panel.getByLabel('Hide where I am').check();
      await settled(first.panel.getByLabel('Hide where I am'), true);
      await first.tab.page.screenshot({ path: `${PICTURES}/preferences.png` });
      await publish(server, { user: person, title: 'Half price', category: 'offers' });
      await publish(server, { user: person, title: 'A new login', category: 'security' });
      await both((page) => page.view('Notifications'));
      await both((page) => page.lists('A new login'));
      await both((page) => page.unread(1));
      expect(await first.items.locator('.tag').innerText()).toBe('Security');
    });
  });

  describe('in one window', () => {
    beforeEach(async () => {
      person = `p-${++people}`;
      first = await InboxPage.open(browser, server, person);
    });

    afterEach(() => first.tab.close());

    it('can be used by keyboard alone: the focus goes on where something was, and back to the bell', async () => {
      const { keyboard } = first.tab.page;
      for (const title of ['one', 'two', 'three']) await publish(server, { user: person, title });
      await first.lists('three', 'two', 'one');
      await keyboard.press('Escape');
      expect(await first.panel.isVisible()).toBe(false);
      expect(await focused()).toBe('Inbox, 3 unread');
      await keyboard.press('Enter');
      expect(await focused()).toBe('Inbox');
      await tabTo('Archive: two');
      await keyboard.press('Enter');
      await first.lists('three', 'one');
      expect(await focused()).toBe('Archive: one');
      await tabTo('Undo');
      await keyboard.press('Enter');
      await first.lists('three', 'two', 'one');
      expect(await focused()).toBe('Inbox');
      await tabTo('Notifications');
      await keyboard.press('ArrowRight');
      await first.panel.getByLabel('Topic to follow').waitFor();
      await keyboard.press('ArrowLeft');
      await keyboard.press('ArrowLeft');
      await first.panel.getByText('All of your devices', { exact: true }).waitFor();
      await keyboard.press('ArrowLeft');
      await first.panel.getByText('Quiet hours', { exact: true }).waitFor();
      await keyboard.press('Escape');
      expect(await first.tab.page.locator('#bell-news').getAttribute('aria-live')).toBe('polite');
      expect(await first.tab.page.locator('#bell-news').textContent()).toBe('Inbox: 3 unread');
      expect(await first.tab.complaints()).toEqual([]);
    });

    it('tells publishers what was shown, and says it is seen, only while somebody looks', async () => {
      await first.panel.getByRole('button', { name: 'Close the inbox' }).click();
      const { id } = await publish(server, { user: person, title: 'look' });
      await first.unread(1);
      expect(await stages(id)).not.toContain('acked');
      await first.bell.click();
      await expect.poll(() => stages(id)).toEqual(expect.arrayContaining(['acked', 'seen']));
      expect(await stages(id)).not.toContain('read');
    });

    it('comes back from a SIGKILL with what was published meanwhile', async () => {
      await server.kill();
      await first.panel.locator('.state[data-state="reconnecting"]').waitFor();
      await server.restart();
      await publish(server, { user: person, title: 'meanwhile' });
      await first.lists('meanwhile');
      await first.live();
      expect(await first.tab.complaints()).toEqual([]);
    });

    it('is that of the person who is named, or of whoever has the token', async () => {
      await publish(server, { user: 'somebody-else', title: 'not for you' });
      await first.tab.page.getByLabel('Person', { exact: true }).fill('somebody-else');
      await first.tab.page.getByRole('button', { name: 'Start anew' }).click();
      await first.lists('not for you');
      const token = await mintToken(server, { sub: person });
      await first.tab.page.goto(`${server.url}/#token=${token}`);
      await first.tab.page.locator(`#person-input[readonly]`).waitFor();
      expect(await first.tab.page.locator('#person-input').inputValue()).toBe(person);
      await first.lists();
    });
  });

  it('shows a hundred attacks as the text that they are, wherever they are written', async () => {
    const page = (first = await InboxPage.open(browser, server, 'target'));
    expect(new Set(PAYLOADS).size).toBe(100);
    const drafts = PAYLOADS.map((text, i) => ({
      text,
      draft: { user: 'target', title: text, body: text, type: `t-${i}` },
    }));
    await publishBatch(
      server,
      drafts.map(({ text, draft }) => ({ ...draft, type: text.slice(0, 255), data: [text, { text }] })),
    );
    for (const field of ['url', 'icon'] as const) {
      const notifications = drafts.map(({ text, draft }) => ({ ...draft, [field]: text }));
      const { body } = await request(server, 'POST', '/v1/notifications/batch', { notifications });
      expect(statuses(body)).toEqual(PAYLOADS.map(() => 422));
    }
    await Promise.all(PAYLOADS.map((title, i) => declare(`x-${i}`, { title, description: title })));
    // As if the server had let them pass.
    await page.tab.page.route('**/v1/me/inbox?*', async (route) => {
      const response = await route.fetch();
      const answer: { items: { notification: Record<string, unknown> }[] } = await response.json();
      for (const { notification } of answer.items) {
        notification['url'] = notification['icon'] = notification['title'];
        notification['from'] = { user: notification['title'] };
        notification['actions'] = [{ id: 'a', title: notification['title'], url: notification['title'] }];
      }
      await route.fulfill({ response, json: answer });
    });
    await page.tab.page.reload();
    await page.bell.click();
    await page.live();
    for (let shown = 20; shown < PAYLOADS.length; shown += 20) {
      await page.items.nth(shown - 1).waitFor();
      await page.panel.getByRole('button', { name: 'Show more' }).click();
    }
    await page.items.nth(99).waitFor();
    const newestFirst = PAYLOADS.toReversed();
    expect(await page.items.locator('.title').allTextContents()).toEqual(newestFirst);
    expect(await page.items.locator('.body').allTextContents()).toEqual(newestFirst);
    expect(await page.items.locator('.data').allTextContents()).toEqual(
      newestFirst.map((text) => JSON.stringify([text, { text }])),
    );
    expect(await page.items.locator('.offer').allTextContents()).toEqual(newestFirst);
    await page.view('Preferences');
    const titles = await page.panel.locator('#category-rows .name').allTextContents();
    expect(titles.filter((title) => !['Offers', 'Security'].includes(title)).toSorted()).toEqual(PAYLOADS.toSorted());
    const { made, addresses } = await page.tab.page.evaluate<{ made: string[]; addresses: string[] }>(LOOK);
    expect(made).toEqual(OWN_ELEMENTS);
    expect(addresses).toEqual([]);
    await page.panel.locator('.item').first().dispatchEvent('pointerenter');
    expect(await page.tab.page.evaluate('globalThis.pwned')).toBeUndefined();
    expect(await page.tab.complaints()).toEqual([]);
    await page.tab.close();
  });
});

/** What the list and the table of categories are made of, and nothing else. */
const OWN_ELEMENTS = ['BUTTON', 'DIV', 'INPUT', 'LI', 'P', 'PRE', 'SPAN', 'TD', 'TH', 'TIME', 'TR'];
const LOOK = `(() => {
  const all = [...document.querySelectorAll('#inbox-list *, #category-rows *')];
  return {
    made: [...new Set(all.map((element) => element.tagName))].toSorted(),
    addresses: all.filter((element) => ['href', 'src', 'style', 'srcdoc', 'onerror', 'onload'].some((name) => element.hasAttribute(name))).map((element) => element.outerHTML),
  };
})()`;

function both(act: (page: InboxPage) => Promise<unknown>): Promise<unknown> {
  return Promise.all([act(first), act(second)]);
}

function box(page: InboxPage, name: string): Locator {
  return page.panel.getByRole('checkbox', { name, exact: true });
}

async function settled(check: Locator, checked: boolean): Promise<void> {
  await expect.poll(() => check.isChecked()).toBe(checked);
}

async function declare(id: string, category: object): Promise<void> {
  expect((await request(server, 'PUT', `/v1/categories/${id}`, category)).status).toBeLessThan(300);
}

/** How far it came on its way to the person of this test. */
async function stages(id: string): Promise<string[]> {
  const { body } = await request(server, 'GET', `/v1/notifications/${id}/receipts`);
  // What the server answers is its own tests' business.
  const { recipients } = body as { recipients: object[] };
  return Object.keys(recipients[0] ?? {});
}

function statuses(body: unknown): number[] {
  return (body as { results: { status: number }[] }).results.map(({ status }) => status);
}

/** The name of what has the focus. */
function focused(): Promise<string> {
  return first.tab.page.evaluate(`(() => {
    const at = document.activeElement;
    return at.getAttribute('aria-label') ?? at.textContent.trim();
  })()`);
}

async function tabTo(name: string): Promise<void> {
  for (let i = 0; i < 80; i++) {
    if ((await focused()) === name) return;
    await first.tab.page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${name}`);
}
