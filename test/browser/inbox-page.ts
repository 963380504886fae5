import type { Browser, Locator } from 'playwright-core';
import type { TestServer } from '../support/server.js';
import { ConsolePage, type PaneName } from './console-page.js';

/** Without panes: what is tested here is the bell, and what it opens. */
const NO_PANES: readonly PaneName[] = [];

/** The inbox of a person on one of their devices: a window with a profile of its own. */
export class InboxPage {
  constructor(readonly tab: ConsolePage) {}

  /** Opens the address that the server prints, and the inbox. */
  static async open(
    browser: Browser,
    server: TestServer,
    person?: string,
    prepare?: (tab: ConsolePage) => Promise<void>,
  ): Promise<InboxPage> {
    const tab = await ConsolePage.prepare(browser, NO_PANES);
    await prepare?.(tab);
    if (person !== undefined) await tab.page.addInitScript(`sessionStorage['clarion.person'] = '${person}'`);
    await tab.enter(server);
    const page = new InboxPage(tab);
    await page.bell.click();
    await page.live();
    return page;
  }

  get bell(): Locator {
    return this.tab.page.locator('#bell');
  }

  get panel(): Locator {
    return this.tab.page.locator('#inbox');
  }

  get items(): Locator {
    return this.panel.locator('.item');
  }

  item(title: string): Locator {
    return this.items.filter({ has: this.tab.page.getByText(title, { exact: true }) });
  }

  async live(): Promise<void> {
    await this.panel.locator('.state[data-state="live"]').waitFor();
    await this.panel.locator('#inbox-list[aria-busy="false"]').waitFor({ state: 'attached' });
  }

  /** Waits until the bell says so. */
  async unread(count: number): Promise<void> {
    await this.tab.page.locator(`#bell[aria-label="Inbox, ${count.toLocaleString('en')} unread"]`).waitFor();
  }

  /** Waits until these are listed and nothing else, newest first. */
  async lists(...titles: readonly string[]): Promise<void> {
    const last = titles.length;
    await this.panel.locator(`#inbox-list:not(:has(> :nth-child(${last + 1})))`).waitFor({ state: 'attached' });
    for (const [i, title] of titles.entries())
      await this.panel.locator(`.item:nth-child(${i + 1})`, { hasText: title }).waitFor();
  }

  /** Presses a button of one item. */
  async press(word: string, title: string): Promise<void> {
    await this.panel.getByRole('button', { name: `${word}: ${title}`, exact: true }).click();
  }

  async filter(name: 'Inbox' | 'Unread' | 'Archived' | 'Snoozed'): Promise<void> {
    await this.panel.getByRole('group', { name: 'Show' }).getByRole('button', { name, exact: true }).click();
  }

  async view(name: 'Notifications' | 'Following' | 'Preferences' | 'Devices'): Promise<void> {
    await this.panel.getByRole('tab', { name, exact: true }).click();
  }

  /** Waits for the line that says what was done. */
  async said(words: string): Promise<void> {
    await this.panel.locator('#inbox-outcome', { hasText: words }).waitFor();
  }
}
