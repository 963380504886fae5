import type { Server } from 'node:http';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../examples/chat/serve.mjs';
import { publish, request } from '../support/rest.js';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { CHROMIUM_IS_MISSING, launchChromium } from './chromium.js';

const WAIT_MS = 20_000;

let host: Server;
let origin: string;
let server: TestServer;
let browser: Browser;
let windows: BrowserContext[];

describe.skipIf(CHROMIUM_IS_MISSING)('the chat in two windows', () => {
  beforeAll(async () => {
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const wanted = { CLARION_ALLOWED_ORIGINS: origin, CLARION_PRESENCE_LINGER_MS: '200' };
    [server, browser] = await Promise.all([startServer(wanted), launchChromium()]);
    host = await serve(port, server);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    host?.close();
  });

  beforeEach(() => {
    windows = [];
  });

  afterEach(() => Promise.all(windows.map((window) => window.close())));

  it('shows who comes and goes, who types, and what is said, in one order', async () => {
    const ada = await enter('ada');
    await ada.locator('#present', { hasText: 'ada' }).waitFor();
    const bob = await enter('bob');
    for (const page of [ada, bob]) await expect.poll(() => present(page)).toEqual(['ada', 'bob']);
    await bob.getByLabel('Message', { exact: true }).pressSequentially('hel');
    await ada.locator('#typing', { hasText: 'bob is typing …' }).waitFor();
    await bob.getByLabel('Message', { exact: true }).fill('');
    await ada.locator('#typing:empty').waitFor({ state: 'attached' });
    await say(bob, 'hello');
    await ada.getByText('hello', { exact: true }).waitFor();
    await say(ada, '<img src=x onerror=alert(1)>');
    await Promise.all([say(ada, 'first?', 'second?'), say(bob, 'me first', 'me second')]);
    for (const page of [ada, bob]) await expect.poll(() => page.locator('#messages li').count()).toBe(6);
    const said = await messages(ada);
    expect(await messages(bob)).toEqual(said);
    expect(said.slice(0, 2)).toEqual(['bob: hello', 'ada: <img src=x onerror=alert(1)>']);
    expect(await ada.locator('#messages img').count()).toBe(0);
    const carol = await enter('carol');
    await expect.poll(() => messages(carol)).toEqual(said);
    await ada.locator('#messages .mine', { hasText: 'second?' }).getByRole('button', { name: 'Take back' }).click();
    for (const page of [ada, bob, carol])
      await page.getByText('second?', { exact: true }).waitFor({ state: 'detached' });
    await windows[1]?.close();
    await expect.poll(() => present(ada)).toEqual(['ada', 'carol']);
  });

  it('comes back from a SIGKILL with what was said meanwhile, and nobody can speak as somebody else', async () => {
    const dora = await enter('dora');
    await say(dora, 'before');
    await dora.getByText('before', { exact: true }).waitFor();
    const { length } = await messages(dora);
    await server.kill();
    await dora.locator('#state[data-connected="false"]').waitFor();
    await server.restart();
    const erik = await session('erik');
    const forged = { topic: 'chat/lobby', type: 'chat.message', body: 'x', from: { user: 'dora' } };
    expect((await asPerson(erik, forged)).status).toBe(422);
    expect((await asPerson(erik, { topic: 'chat/lobby', type: 'chat.message', body: 'meanwhile' })).status).toBe(201);
    // A service speaks for nobody: it is no message.
    await publish(server, { topic: 'chat/lobby', type: 'chat.message', body: 'anonymous' });
    await dora.locator('#state[data-connected="true"]').waitFor();
    await dora.getByText('meanwhile', { exact: true }).waitFor();
    await say(dora, 'after');
    await expect
      .poll(() => messages(dora).then((all) => all.slice(length)))
      .toEqual(['erik: meanwhile', 'dora: after']);
  });
});

async function enter(name: string): Promise<Page> {
  const window = await browser.newContext({ viewport: { width: 640, height: 700 } });
  window.setDefaultTimeout(WAIT_MS);
  windows.push(window);
  const page = await window.newPage();
  await page.goto(origin);
  await page.getByLabel('Your name').fill(name);
  await page.keyboard.press('Enter');
  await page.locator('#state[data-connected="true"]').waitFor();
  return page;
}

async function say(page: Page, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  }
}

function present(page: Page): Promise<string[]> {
  return page.locator('#present li').allInnerTexts();
}

async function messages(page: Page): Promise<string[]> {
  const rows = "[...document.querySelectorAll('#messages li')]";
  return page.evaluate(
    `${rows}.map((row) => row.querySelector('.from').textContent + ': ' + row.querySelector('.text').textContent)`,
  );
}

async function session(name: string): Promise<string> {
  const response = await fetch(`${origin}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  const { token } = (await response.json()) as { token: string };
  return token;
}

function asPerson(token: string, draft: object): ReturnType<typeof request> {
  return request(server, 'POST', '/v1/notifications', draft, { Authorization: `Bearer ${token}` });
}
