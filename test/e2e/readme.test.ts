import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { EventSource } from 'eventsource';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPushService, type PushService } from '../support/push-service.js';
import { freePort, startServer, type TestServer } from '../support/server.js';

/** A newcomer's folder: the server's data in `data`, the packages, and nothing else. */
let folder: string;
let server: TestServer;
let service: PushService;
let readme: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  readme = await readFile('README.md', 'utf8');
  folder = await mkdtemp(join(tmpdir(), 'clarion-readme-'));
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  service = await startPushService();
  server = await startServer(
    { CLARION_API_KEY: '', CLARION_TOKEN_SECRET: '' },
    { dataDir: join(folder, 'data'), port: await freePort() },
  );
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await server.stop();
  await service.close();
  await rm(folder, { recursive: true, force: true });
});

/** The code block below its mark, as it stands, but for the server's address. */
function snippet(name: string): string {
  const found = new RegExp(`<!-- test: ${name} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\\n\`\`\``).exec(readme)?.[1];
  if (found === undefined) throw new Error(`the README has no block ${name}`);
  return found.replaceAll('http://localhost:3000', server.url);
}

function shell(script: string): ChildProcess {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { PATH: `${dirname(process.execPath)}:${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout!.on('data', (chunk) => (output += chunk));
  await once(child, 'close');
  expect(child.exitCode).toBe(0);
  return output;
}

/** Resolves with the first line of output that fits. */
function lineOf(child: ChildProcess, fits: (line: string) => boolean): Promise<string> {
  return new Promise((found) =>
    createInterface({ input: child.stdout! }).on('line', (line) => fits(line) && found(line)),
  );
}

const credentials = (): string => snippet('token');

test('what is published with the pasted curl is heard by the pasted curl', async () => {
  const listener = shell(`${credentials()}\n${snippet('curl-listen').replace('curl ', 'exec curl -s ')}`);
  const lines = createInterface({ input: listener.stdout! });
  const heard = new Promise<string>((found) =>
    lines.on('line', (line) => line.includes('order.shipped') && found(line)),
  );
  await new Promise<void>((ready) => lines.on('line', (line) => line === 'event: ready' && ready()));

  const answer = JSON.parse(
    await outputOf(shell(`${credentials()}\n${snippet('curl-publish').replace('curl ', 'curl -s ')}`)),
  );
  expect(answer).toEqual({ id: expect.any(String), cursor: expect.any(String) });
  expect(JSON.parse((await heard).slice('data: '.length))).toMatchObject({
    id: answer.id,
    title: 'Order 42 is on its way',
  });
});

test('the three lines of socket.io-client hear it', async () => {
  await writeFile(
    join(folder, 'listen.mjs'),
    `${snippet('socketio')}\nsocket.on('ready', () => console.log('ready'));\n`,
  );
  const listener = shell(`${credentials()}\nexec node listen.mjs`);
  const heard = lineOf(listener, (line) => line === 'Order 42 is on its way');
  await lineOf(listener, (line) => line === 'ready');
  await outputOf(shell(`${credentials()}\n${snippet('curl-publish')}`));
  expect(await heard).toBe('Order 42 is on its way');
});

test('the EventSource script goes on with a new token when its own expires, and misses nothing', async () => {
  const { apiKey } = JSON.parse(await readFile(join(folder, 'data/credentials.json'), 'utf8')) as { apiKey: string };
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(server.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  let tokens = 0;
  const shown: string[] = [];
  const opened: EventSource[] = [];
  const Recorded = class extends EventSource {
    constructor(url: string) {
      super(url);
      opened.push(this);
    }
  };
  const fetchToken = async (): Promise<string> => {
    tokens++;
    const response = await post('/v1/tokens', { sub: 'u-42', subscribe: ['demo'], ttl: 2 });
    return ((await response.json()) as { token: string }).token;
  };
  const run = new Function('EventSource', 'fetchToken', 'show', snippet('eventsource')) as (
    ...given: [typeof EventSource, () => Promise<string>, (notification: { title: string }) => void]
  ) => void;
  run(Recorded, fetchToken, ({ title }) => shown.push(title));
  await expect.poll(() => opened[0]?.readyState, { timeout: 10_000 }).toBe(EventSource.OPEN);

  const titles: string[] = [];
  while (tokens < 3) {
    titles.push(`number ${titles.length}`);
    await post('/v1/notifications', { topic: 'demo', title: titles.at(-1) });
    await new Promise((pause) => setTimeout(pause, 50));
  }
  await expect.poll(() => shown.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(titles.length);
  for (const source of opened) source.close();
  // The stream was open before the first of them was published, and only its own: others' tests publish here too.
  expect(shown.filter((title) => title.startsWith('number'))).toEqual(titles);
});

test.each(['websocket', 'poll'])('the %s script hears it', async (name) => {
  const imports = name === 'websocket' ? "import { WebSocket } from 'ws';\n" : '';
  const given = 'const { TOKEN } = process.env;\nconst show = ({ title }) => console.log(title);\n';
  await writeFile(
    join(folder, `${name}.mjs`),
    `${imports}${given}${snippet(name).replaceAll('ws://localhost:3000', server.url.replace('http', 'ws'))}\n`,
  );
  const listener = shell(`${credentials()}\nexec node ${name}.mjs`);
  const heard = lineOf(listener, (line) => line === 'Order 42 is on its way');
  // Nobody says when such a listener has begun: what is published until then is not for it.
  const publishing = setInterval(
    () => shell(`${credentials()}\n${snippet('curl-publish').replace('curl ', 'curl -s ')}`),
    500,
  );
  expect(await heard).toBe('Order 42 is on its way');
  clearInterval(publishing);
});

test('the Nest service publishes', async () => {
  const { transpileModule, ModuleKind, ScriptTarget } = await import('typescript');
  const { apiKey } = JSON.parse(await readFile(join(folder, 'data/credentials.json'), 'utf8')) as { apiKey: string };
  const code = transpileModule(snippet('nest-service'), {
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2023, experimentalDecorators: true },
  }).outputText;
  await writeFile(
    join(folder, 'service.mjs'),
    `${code}\nawait new OrderNotifications().shipped({ id: '7', userId: 'u-42' });\nconsole.log('published');\n`,
  );
  expect(await outputOf(shell(`export CLARION_API_KEY=${apiKey}\nexec node service.mjs`))).toBe('published\n');
  const history = await fetch(`${server.url}/v1/notifications?topic=orders/7`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  expect(await history.json()).toMatchObject({ notifications: [{ type: 'order.shipped', topic: 'orders/7' }] });
});

test.each(['publish-websocket', 'publish-socketio'])('the script %s publishes', async (name) => {
  const { apiKey } = JSON.parse(await readFile(join(folder, 'data/credentials.json'), 'utf8')) as { apiKey: string };
  const script = snippet(name).replaceAll('ws://localhost:3000', server.url.replace('http', 'ws'));
  await writeFile(join(folder, `${name}.mjs`), `${script}\n`);
  const publisher = shell(`export CLARION_API_KEY=${apiKey}\nexec node ${name}.mjs`);
  const [, id, cursor] = /^published (\S+), at (\S+)$/.exec(await lineOf(publisher, () => true)) ?? [];
  const history = await fetch(`${server.url}/v1/notifications?topic=demo&limit=100`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  const { notifications } = (await history.json()) as { notifications: unknown[] };
  expect(notifications).toContainEqual(expect.objectContaining({ id, cursor, title: 'Order 42 is on its way' }));
});

test('the pasted key publishes where it may, and nowhere else', async () => {
  const script = snippet('key').replace('curl -s ', 'curl -sf ');
  const { key } = JSON.parse(await outputOf(shell(`${credentials()}\n${script}`))) as { key: string };
  const publishTo = async (topic: string): Promise<number> => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ topic, title: 't' });
    return (await fetch(`${server.url}/v1/notifications`, { method: 'POST', headers, body })).status;
  };
  expect([await publishTo('orders/1'), await publishTo('users/u-42'), await publishTo('demo')]).toEqual([
    201, 201, 403,
  ]);
});

test('the pasted disconnect voids the token, and the next one is good', async () => {
  const read = `curl -s -o /dev/null -w '%{http_code}\\n' -H "Authorization: Bearer $TOKEN" '${server.url}/v1/events?topics=demo'`;
  const script = [credentials(), read, snippet('disconnect'), 'echo', read, credentials(), read].join('\n');
  const [first, disconnected = '', second, third] = (await outputOf(shell(script))).split('\n');
  expect([first, JSON.parse(disconnected), second, third]).toEqual([
    '200',
    { disconnected: expect.any(Number) },
    '401',
    '200',
  ]);
});

test('the pasted backup is made while the server runs, which the pasted restore refuses', async () => {
  const commands = snippet('backup').replaceAll(/npm run (\w+) --/g, `node ${resolve('dist/src')}/$1.js`);
  const [backup = '', restore = ''] = commands.split('\n').map((line) => line.split(' #')[0]);
  expect(await outputOf(shell(`${backup}\n${restore} 2>&1 || true`))).toMatch(
    /^Backed up [^]*in use by another process/,
  );
});

test('every file that a README names exists', async () => {
  const pages = ['README.md', ...(await readdir('libs')).map((library) => `libs/${library}/README.md`)];
  for (const page of pages)
    for (const [, target] of (await readFile(page, 'utf8')).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g))
      await expect(access(resolve(dirname(page), target!)), `${page} names ${target}`).resolves.toBeUndefined();
});

test('the inbox has what the pasted curls publish, and counts it', async () => {
  const output = await outputOf(shell(`${credentials()}\n${snippet('inbox')}`));
  expect(output).toContain('"changed":true');
  expect(output).toContain('"title":"Your parcel is at the door"');
  expect(output).toMatch(/"unread":\{"count":[1-9]/);
});

test('the socket.io-client script acknowledges and marks, and hears of it', async () => {
  await writeFile(
    join(folder, 'inbox.mjs'),
    `${snippet('inbox-socketio')}\nsocket.on('ready', () => console.log('ready'));\n`,
  );
  const listener = shell(`${credentials()}\nexec node inbox.mjs`);
  const lines: string[] = [];
  const heard = lineOf(
    listener,
    (line) => lines.push(line) > 0 && lines.includes('marked read') && line.endsWith(' unread'),
  );
  await expect.poll(() => lines.includes('ready'), { timeout: 10_000 }).toBe(true);
  await outputOf(shell(`${credentials()}\n${snippet('inbox')}`));
  expect(await heard).toMatch(/^\d+ unread$/);
});

test('the pasted question is answered with the cause', async () => {
  const answer = JSON.parse(await outputOf(shell(`${credentials()}\n${snippet('explain')}`)));
  expect(answer).toMatchObject({ user: 'u-43', delivered: false, cause: 'connection.none', inbox: { listed: true } });
});

test('the pasted page brings a device on a click alone, and the pasted publish rings on it, with its buttons', async () => {
  const { apiKey } = JSON.parse(await readFile(join(folder, 'data/credentials.json'), 'utf8')) as { apiKey: string };
  // Those that earlier tests left running would acknowledge it.
  for (const child of children) child.kill('SIGKILL');
  const { subscription, path } = service.subscribe();
  const button: { onclick?: () => Promise<void> } = {};
  const asked: string[] = [];
  const told: unknown[] = [];
  /** A browser as far as the page sees it; its subscription is real, and so is the server. */
  const browser = {
    localStorage: {},
    document: { querySelector: () => button },
    Notification: { permission: 'default', requestPermission: async () => (asked.push('permission'), 'granted') },
    navigator: {
      language: 'de-AT',
      serviceWorker: {
        register: async (worker: string) => asked.push(worker),
        ready: Promise.resolve({
          pushManager: { subscribe: async (options: object) => (asked.push(JSON.stringify(options)), subscription) },
          active: { postMessage: (message: unknown) => told.push(message) },
        }),
      },
    },
    fetchToken: async () => {
      const response = await fetch(`${server.url}/v1/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ sub: 'u-42' }),
      });
      return ((await response.json()) as { token: string }).token;
    },
  };
  new Function(...Object.keys(browser), snippet('push-page'))(...Object.values(browser));
  expect(asked).toEqual([]);
  await button.onclick?.();
  expect(service.received).toEqual([]);
  expect(asked).toEqual(['permission', '/sw.js', expect.stringContaining('"userVisibleOnly":true')]);
  expect(told).toEqual([{ clarion: { kind: 'hello' } }]);

  await outputOf(shell(`${credentials()}\n${snippet('push-publish').replace('"afterS":30', '"afterS":0')}`));
  const [push] = await service.count(1, path);
  expect(push?.payload).toMatchObject({
    notification: { title: 'Your parcel is at the door', actions: [{ action: 'neighbour' }, { action: 'later' }] },
  });
});

test('the pasted worker loads what this server has for it', async () => {
  const scope: { CLARION_URL?: string } = {};
  const loaded: string[] = [];
  new Function('self', 'importScripts', snippet('push-worker'))(scope, (url: string) => loaded.push(url));
  expect([scope.CLARION_URL, loaded]).toEqual([`${server.url}/`, [`${server.url}/sw.js`]]);
  const response = await fetch(loaded[0] ?? '');
  expect(response.headers.get('content-type')).toContain('text/javascript');
  expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  expect(await response.text()).toContain('CLARION_URL');
});
