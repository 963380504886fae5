// The chat's own server: `node examples/chat/serve.mjs`, by default on http://localhost:8081 for a Clarion on http://localhost:3000.
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The one room. Whoever is in it may read it, write to it, and see who else is. */
const ROOM = 'chat/lobby';
/** Seconds; the page asks for another when it is over. */
const TOKEN_TTL = 3_600;
const NAME = /^[a-z0-9-]{1,32}$/;
const MAX_BYTES = 1_000;
/** Where `npm start` keeps the key that it made, seen from the folder where it was started. */
const CREDENTIALS = 'data/credentials.json';
const NO_KEY = `No API key: ${process.cwd()} has no ${CREDENTIALS} with one. Start Clarion first, by \`npm start\`, then this in the same folder:
  node examples/chat/serve.mjs
Or say the key of a Clarion that runs elsewhere:
  CLARION_URL=http://localhost:3000 CLARION_API_KEY=… node examples/chat/serve.mjs`;

/** The stock client; the package exports no path to its browser builds. */
const client = dirname(createRequire(import.meta.url).resolve('socket.io/package.json'));

/** Every file that is served, with its type. */
const FILES = {
  '/': [new URL('index.html', import.meta.url), 'text/html; charset=utf-8'],
  '/chat.css': [new URL('chat.css', import.meta.url), 'text/css; charset=utf-8'],
  '/chat.js': [new URL('chat.js', import.meta.url), 'text/javascript; charset=utf-8'],
  '/room.js': [new URL('room.js', import.meta.url), 'text/javascript; charset=utf-8'],
  '/socketio-client.js': [
    pathToFileURL(join(client, 'client-dist', 'socket.io.esm.min.js')),
    'text/javascript; charset=utf-8',
  ],
};

/**
 * Listens on loopback; port 0 takes a free one.
 * @param {number} port
 * @param {{ url: string, apiKey: string }} clarion
 * @returns {Promise<import('node:http').Server>}
 */
export function serve(port, clarion) {
  const server = createServer((request, response) => {
    answer(request, response, clarion).catch((error) => {
      console.error(error);
      if (!response.headersSent) response.writeHead(502).end();
    });
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

async function answer(request, response, clarion) {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
  if (request.method === 'POST' && path === '/session') return giveToken(request, response, clarion);
  const [file, type] = Object.hasOwn(FILES, path) ? FILES[path] : [];
  if (file === undefined) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' });
  return createReadStream(file).pipe(response);
}

/** Where a real application asks for a password: whoever says a name here is believed. The key never leaves this process. */
async function giveToken(request, response, { url, apiKey }) {
  const { 'content-type': type, 'content-length': length } = request.headers;
  if (type !== 'application/json' || !(Number(length) <= MAX_BYTES)) return response.writeHead(415).end();
  const { name } = await json(request);
  if (typeof name !== 'string' || !NAME.test(name)) return response.writeHead(422).end();
  const minted = await fetch(`${url}/v1/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sub: name, subscribe: [ROOM], publish: [ROOM], presence: [ROOM], ttl: TOKEN_TTL }),
  });
  if (!minted.ok) throw new Error(`no token: ${minted.status} ${await minted.text()}`);
  const { token } = await minted.json();
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  return response.end(JSON.stringify({ token, url, room: ROOM }));
}

function keyOfTheFirstStart() {
  return existsSync(CREDENTIALS) ? JSON.parse(readFileSync(CREDENTIALS, 'utf8')).apiKey : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.env.PORT ?? 8081);
  const url = process.env.CLARION_URL ?? 'http://localhost:3000';
  const apiKey = process.env.CLARION_API_KEY || keyOfTheFirstStart();
  if (apiKey === undefined) {
    console.error(NO_KEY);
    process.exit(1);
  }
  await serve(port, { url, apiKey });
  console.log(`http://localhost:${port}: open it in two windows`);
}
