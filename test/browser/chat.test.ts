import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../examples/chat/serve.mjs';
import { mintToken, publish, request } from '../support/rest.js';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { CHROMIUM_IS_MISSING, launchChromium } from './chromium.js';

const WAIT_MS = 20_000;
const PATIENTLY = { timeout: WAIT_MS };
const ROOM = 'chat/lobby';
/** More than a history has. */
const MISSED = Array.from({ length: 60 }, (_, index) => `pat: missed ${index}`);

/** The stock client; answers to `history` are held back until the page is told `releaseHistory()`. It keeps what it `heard` meanwhile. */
const CLIENT_THAT_HOLDS_HISTORY = `
  import { io as stock } from '/socketio-client.js?stock';
  const released = new Promise((resolve) => (globalThis.releaseHistory = resolve));
  globalThis.heard = [];
  export function io(...args) {
    const socket = stock(...args).onAny((event, { body }) => heard.push(body));
    const ask = socket.emitWithAck.bind(socket);
    socket.emitWithAck = async (command, body) => {
      const answer = await ask(command, body);
      if (command === 'history') await released;
      return answer;
    };
    return socket;
  }
`;

let host: Server;
let port: number;
let wanted: Readonly<Record<string, string>>;
let origin: string;
let server: TestServer;
let browser: Browser;
let windows: BrowserContext[];

describe.skipIf(CHROMIUM_IS_MISSING)('the chat in two windows', () => {
  beforeAll(async () => {
    port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    wanted = { CLARION_ALLOWED_ORIGINS: origin, CLARION_PRESENCE_LINGER_MS: '200' };
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

  it('comes back with a new token where the old one ended while the server was away', async () => {
    const ttl = 2;
    const rights = { subscribe: [ROOM], publish: [ROOM], presence: [ROOM] };
    const json = { token: await mintToken(server, { sub: 'fay', ...rights, ttl }), url: server.url, room: ROOM };
    const endsAt = Date.now() + ttl * 1_000;
    const fay = await enter('fay', (page) =>
      page.route('**/session', (route) => route.fulfill({ json }), { times: 1 }),
    );
    await server.kill();
    await expect.poll(() => Date.now() > endsAt, PATIENTLY).toBe(true);
    await server.restart();
    await fay.locator('#state[data-connected="true"]').waitFor();
    await tell('gus', 'still there?');
    await fay.getByText('still there?', { exact: true }).waitFor();
  });

  it('joins anew until the chat’s own server is back, or the room is left', async () => {
    const [hal, ivy] = await Promise.all([enter('hal'), open()]);
    await ivy.evaluate(`(async () => {
      const { Room } = await import('/room.js');
      globalThis.joins = 0;
      const join = async () => {
        joins += 1;
        const body = JSON.stringify({ name: 'ivy' });
        return (await fetch('/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body })).json();
      };
      const listener = new Proxy({}, { get: () => () => {} });
      globalThis.room = new Room(join, listener);
      await room.enter();
    })()`);
    await expect.poll(() => present(hal), PATIENTLY).toContain('ivy');
    await away(host);
    try {
      for (const name of ['hal', 'ivy']) await request(server, 'POST', `/v1/users/${name}/disconnect`);
      await hal.locator('#state[data-connected="false"]').waitFor();
      await hal.waitForEvent('requestfailed');
      await expect.poll(() => ivy.evaluate('joins'), PATIENTLY).toBeGreaterThan(2);
      await ivy.evaluate('room.leave()');
    } finally {
      host = await serve(port, server);
    }
    await hal.locator('#state[data-connected="true"]').waitFor();
    await say(hal, 'here again');
    await hal.getByText('here again', { exact: true }).waitFor();
    expect(await present(hal)).not.toContain('ivy');
  });

  it('begins at its end and stays there, unless somebody reads what was before', async () => {
    await tell('jim', ...Array.from({ length: 30 }, (_, index) => `line ${index + 1}`));
    const [kim, lou] = await Promise.all([enter('kim'), enter('lou')]);
    for (const page of [kim, lou]) await expect.poll(() => inSight(page, 'line 30'), PATIENTLY).toBe(true);
    await tell('jim', 'line 31');
    await expect.poll(() => inSight(kim, 'line 31'), PATIENTLY).toBe(true);
    await lou.getByText('line 5', { exact: true }).scrollIntoViewIfNeeded();
    await tell('jim', 'line 32');
    await lou.getByText('line 32', { exact: true }).waitFor({ state: 'attached' });
    await expect.poll(() => inSight(kim, 'line 32'), PATIENTLY).toBe(true);
    expect(await inSight(lou, 'line 5')).toBe(true);
    await say(lou, 'what a list');
    await expect.poll(() => inSight(lou, 'what a list'), PATIENTLY).toBe(true);
  });

  it('says at the door what is wrong, and no more once somebody has entered', async () => {
    const page = await open();
    const name = page.getByLabel('Your name');
    await name.fill('o’neil');
    await name.press('Enter');
    await page.getByText('A name has 1 to 32').waitFor();
    await page.route('**/session', (route) => route.fulfill({ status: 502 }), { times: 1 });
    await name.fill('oneil');
    await name.press('Enter');
    await page.locator('#problem', { hasText: '502' }).waitFor();
    expect(await page.locator('#problem').innerText()).not.toContain('A name has');
    await name.press('Enter');
    await page.locator('#state[data-connected="true"]').waitFor();
    expect(await page.locator('#problem').textContent()).toBe('');
  });

  it('shows what was edited in its newest form and what was taken back no more, also while its history is on its way', async () => {
    const moe = await session('moe');
    const [oldSlip, oldTypo] = await tell('moe', 'old slip', 'old tpyo');
    const ned = await enter('ned');
    const ola = await enter('ola', (page) =>
      page.route(`${origin}/socketio-client.js`, (route) =>
        route.fulfill({ contentType: 'text/javascript', body: CLIENT_THAT_HOLDS_HISTORY }),
      ),
    );
    const [slip, typo] = await tell('moe', 'slip', 'tpyo');
    for (const id of [oldSlip, slip]) await asPerson(moe, undefined, 'DELETE', id);
    await asPerson(moe, { body: 'old typo' }, 'PATCH', oldTypo);
    await asPerson(moe, { body: 'typo' }, 'PATCH', typo);
    await tell('moe', 'that is all');
    await ned.getByText('that is all', { exact: true }).waitFor();
    await expect.poll(() => ola.evaluate('heard'), PATIENTLY).toContain('that is all');
    await ola.evaluate('releaseHistory()');
    await ola.getByText('that is all', { exact: true }).waitFor();
    for (const page of [ola, ned])
      expect((await messages(page)).slice(-3)).toEqual(['moe: old typo', 'moe: typo', 'moe: that is all']);
  });

  it('shows all that was missed, in its order', async () => {
    const quin = await enter('quin');
    await say(quin, 'back soon');
    await quin.getByText('back soon', { exact: true }).waitFor();
    await server.kill();
    await miss(quin, () => server.restart());
    await expect.poll(async () => (await messages(quin)).slice(-60), PATIENTLY).toEqual(MISSED);
  });

  it('shows after a gap all that is kept, in its order and once', async () => {
    const ruth = await enter('ruth');
    await say(ruth, 'not for long');
    await ruth.getByText('not for long', { exact: true }).waitFor();
    await server.kill();
    let other: TestServer | undefined;
    try {
      // Her place is none in its log.
      await miss(ruth, async () => {
        other = await startServer(wanted, { port: server.port });
      });
      await expect.poll(() => messages(ruth), PATIENTLY).toEqual(MISSED);
      await tell('pat', 'and on');
      await expect.poll(() => messages(ruth), PATIENTLY).toEqual([...MISSED, 'pat: and on']);
    } finally {
      await other?.stop();
      await server.restart();
    }
  });
});

describe('the chat’s own server', () => {
  it('says what is missing, and how to start it, where it finds no key', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'clarion-chat-'));
    try {
      const env = { PATH: process.env['PATH'] };
      const child = spawn(process.execPath, [resolve('examples/chat/serve.mjs')], { cwd, env });
      const [said, [code]] = await Promise.all([readText(child.stderr), once(child, 'close')]);
      expect(code).toBe(1);
      expect(said).toContain('data/credentials.json');
      expect(said).toContain('npm start');
      expect(said).toContain('CLARION_API_KEY=');
      expect(said).not.toMatch(/^ +at /m);
    } finally {
      await rm(cwd, { recursive: true });
    }
  });
});

/** At the door, in a window of its own. */
async function open(prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const window = await browser.newContext({ viewport: { width: 640, height: 700 } });
  window.setDefaultTimeout(WAIT_MS);
  windows.push(window);
  const page = await window.newPage();
  await prepare?.(page);
  await page.goto(origin);
  return page;
}

async function enter(name: string, prepare?: (page: Page) => Promise<unknown>): Promise<Page> {
  const page = await open(prepare);
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

/** Whoever is cut off from here on comes back when the room has gone on, on the server that is then there. */
async function miss(page: Page, start: () => Promise<void>): Promise<void> {
  await page.context().setOffline(true);
  await page.locator('#state[data-connected="false"]').waitFor();
  await start();
  await tell('pat', ...MISSED.map((row) => row.slice('pat: '.length)));
  await page.context().setOffline(false);
}

/** Says this in the room, without a window. */
async function tell(name: string, ...bodies: readonly string[]): Promise<string[]> {
  const token = await session(name);
  const ids: string[] = [];
  for (const body of bodies) {
    const answer = await asPerson(token, { topic: ROOM, type: 'chat.message', body });
    ids.push((answer.body as { id: string }).id);
  }
  return ids;
}

function asPerson(token: string, body?: object, method = 'POST', id?: string): ReturnType<typeof request> {
  const path = id === undefined ? '/v1/notifications' : `/v1/notifications/${id}`;
  return request(server, method, path, body, { Authorization: `Bearer ${token}` });
}

/** Whether a person sees this message, not only the page. */
async function inSight(page: Page, said: string): Promise<boolean> {
  const { x, y, width, height } = (await page.getByText(said, { exact: true }).boundingBox())!;
  return (await page.evaluate(`document.elementFromPoint(${x + width / 2}, ${y + height / 2})?.textContent`)) === said;
}

/** Closes it, and whatever connection still idles. */
async function away(running: Server): Promise<void> {
  running.close();
  running.closeAllConnections();
  await once(running, 'close');
}
