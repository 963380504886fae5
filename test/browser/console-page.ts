import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import type { TestServer } from '../support/server.js';

/** What the two panes are called. */
export const PANES = ['Socket.IO', 'SSE'] as const;
export type PaneName = (typeof PANES)[number];

export interface Draft {
  readonly topic?: string;
  readonly type?: string;
  readonly title?: string;
  readonly body?: string;
  readonly data?: string;
  readonly ephemeral?: boolean;
}

/** How long the page may take for one step on a busy machine, in milliseconds. */
const WAIT_MS = 20_000;

/** Chromium's own words for requests that a dead, draining or refusing server causes; tests name what else they expect. */
const CUT_OFF =
  /net::ERR_(?:CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/;

/** Runs before the page's own scripts, so that nothing is missed. */
const COLLECT_VIOLATIONS = `
  globalThis.violations = [];
  addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));
`;

/** The page at `/` in one tab of its own, as a person uses it. */
export class ConsolePage {
  /** Errors that the page made: exceptions, console errors, dialogs. */
  readonly #complaints: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly context: BrowserContext,
  ) {
    page.on('pageerror', (error) => this.#complaints.push(`exception: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error')
        this.#complaints.push(`console: ${message.text()} (${pathOf(message.location().url)})`);
    });
    page.on('dialog', (dialog) => {
      this.#complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  /** Opens a tab without going anywhere. */
  static async prepare(browser: Browser): Promise<ConsolePage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(WAIT_MS);
    await context.addInitScript(COLLECT_VIOLATIONS);
    return new ConsolePage(await context.newPage(), context);
  }

  /** Opens the address that the server prints, and waits until both panes are live. */
  static async open(browser: Browser, server: TestServer): Promise<ConsolePage> {
    const tab = await ConsolePage.prepare(browser);
    await tab.page.goto(`${server.url}/#key=${encodeURIComponent(server.apiKey)}`);
    await tab.live();
    return tab;
  }

  pane(name: PaneName): Locator {
    return this.page.getByRole('region', { name, exact: true });
  }

  rows(name: PaneName): Locator {
    return this.pane(name).locator('.row');
  }

  get verdict(): Locator {
    return this.page.locator('#verdict');
  }

  get outcome(): Locator {
    return this.page.locator('#publish-outcome');
  }

  /** Waits until both panes say that they are live. */
  async live(): Promise<void> {
    for (const name of PANES) await this.state(name, 'live');
  }

  async state(name: PaneName, state: string): Promise<void> {
    await this.pane(name).locator(`.state[data-state="${state}"]`).waitFor();
  }

  /** Waits until the verdict is this, and says how many notifications it rests on. */
  async judged(state: string, notifications?: number): Promise<void> {
    const text = notifications === undefined ? '' : `${notifications.toLocaleString('en')} notification`;
    await this.page.locator(`#verdict[data-state="${state}"]`, { hasText: text }).waitFor();
  }

  /** Fills the form and sends it. Fields that are not named are emptied. */
  async publish(draft: Draft): Promise<void> {
    await this.fill(draft);
    await this.page.getByRole('button', { name: 'Publish', exact: true }).click();
  }

  async fill({ topic = 'demo', type = '', title = '', body = '', data = '', ephemeral = false }: Draft): Promise<void> {
    const fields = { topic, type, title, body, data };
    for (const [name, value] of Object.entries(fields)) await this.page.locator(`#publish-${name}`).fill(value);
    await this.page.locator('#publish-ephemeral').setChecked(ephemeral);
  }

  /** Waits for the acknowledgement of the latest publish and gives its id. */
  acknowledged(): Promise<string> {
    return this.outcome.locator('.success .id').innerText();
  }

  /** Ids shown in one pane, oldest first. */
  async ids(name: PaneName): Promise<string[]> {
    const shown = `[...document.querySelectorAll('[aria-label^="Notifications over ${name}"] > .row')].map((row) => row.dataset.id)`;
    return (await this.page.evaluate<string[]>(shown)).toReversed();
  }

  /** A figure at the head of a pane. */
  figure(name: PaneName, figure: 'count' | 'latency' | 'returns' | 'cursor'): Promise<string> {
    return this.pane(name).locator(`.figures .${figure}`).innerText();
  }

  /** What went wrong in the page so far, other than cut connections and what is expected. */
  async complaints(expected = /^$/): Promise<string[]> {
    const violations = await this.page.evaluate<string[]>('violations');
    return [...this.#complaints, ...violations.map((violation) => `policy: ${violation}`)].filter(
      (complaint) => !CUT_OFF.test(complaint) && !expected.test(complaint),
    );
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

/** Without the query, which may carry a token. */
function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url;
}
