import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import type { TestServer } from '../support/server.js';

/** What the panes are called, by the keys under which the choice of them is kept. */
const KEYS = {
  'Socket.IO': 'socketio',
  SSE: 'sse',
  WebSocket: 'websocket',
  'Long polling': 'long-polling',
  Polling: 'polling',
} as const;

export type PaneName = keyof typeof KEYS;
export const PANES: readonly PaneName[] = ['Socket.IO', 'SSE', 'WebSocket', 'Long polling', 'Polling'];
/** Those with a connection that stays, on which the server can say goodbye. */
export const STREAMS: readonly PaneName[] = ['Socket.IO', 'SSE', 'WebSocket'];
export const SHOWN_AT_FIRST: readonly PaneName[] = ['Socket.IO', 'SSE', 'WebSocket'];

/** A column of the table. */
export type Figure =
  'shown' | 'place' | 'latency' | 'latency-95' | 'bytes-each' | 'bytes' | 'requests' | 'returns' | 'cursor';

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
    /** Those that are on. */
    readonly panes: readonly PaneName[],
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

  /** Opens a tab without going anywhere; in its profile these panes were chosen. Absent: the person was never here before. */
  static async prepare(browser: Browser, chosen?: readonly PaneName[]): Promise<ConsolePage> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ignoreHTTPSErrors: true });
    return ConsolePage.within(context, chosen);
  }

  /** The same in a profile that there is; closing it closes the profile. */
  static async within(context: BrowserContext, chosen?: readonly PaneName[]): Promise<ConsolePage> {
    context.setDefaultTimeout(WAIT_MS);
    await context.addInitScript(COLLECT_VIOLATIONS);
    if (chosen !== undefined) await context.addInitScript(choose(chosen));
    return new ConsolePage(await context.newPage(), context, chosen ?? SHOWN_AT_FIRST);
  }

  /** Opens the address that the server prints, and waits until these panes are live. */
  static async open(browser: Browser, server: TestServer, chosen: readonly PaneName[] = PANES): Promise<ConsolePage> {
    const tab = await ConsolePage.prepare(browser, chosen);
    await tab.enter(server);
    await tab.live();
    return tab;
  }

  /** Goes to the address that the server prints. */
  async enter(server: TestServer): Promise<void> {
    await this.page.goto(`${server.url}/#key=${encodeURIComponent(server.apiKey)}`);
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

  /** Waits until all panes say that they are live. */
  async live(): Promise<void> {
    for (const name of this.panes) await this.state(name, 'live');
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

  /** The switch of a pane, in the table. */
  switchOf(name: PaneName): Locator {
    return this.page.getByRole('checkbox', { name, exact: true });
  }

  /** A figure of one transport, as the table shows it. */
  figure(name: PaneName, figure: Figure): Promise<string> {
    return this.page.locator(`#figures tr[data-transport="${name}"] .${figure}`).innerText();
  }

  /** A figure as a number, when it is shown without rounding. */
  async exactly(name: PaneName, figure: 'bytes' | 'requests'): Promise<number> {
    return Number((await this.figure(name, figure)).replaceAll(',', '').replace(/ B$/, ''));
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

/** A choice of before; what the page keeps itself is left alone. */
function choose(panes: readonly PaneName[]): string {
  return `if (location.protocol !== 'about:') localStorage['clarion.panes'] ??= '${panes.map((name) => KEYS[name]).join()}'`;
}

/** Without the query, which may carry a token. */
function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url;
}
