// Serves this folder: `node examples/many-tabs/serve.mjs`, by default on http://localhost:8080.
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

/** Every file that is served, with its type. */
const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/demo.js': ['demo.js', 'text/javascript; charset=utf-8'],
  '/shared-events.js': ['shared-events.js', 'text/javascript; charset=utf-8'],
};

/**
 * Listens on loopback; port 0 takes a free one.
 * @param {number} port
 * @returns {Promise<import('node:http').Server>}
 */
export function serve(port) {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    const [name, type] = Object.hasOwn(FILES, path) ? FILES[path] : [];
    if (name === undefined) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' });
    createReadStream(new URL(name, import.meta.url)).pipe(response);
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.env.PORT ?? 8080);
  await serve(port);
  console.log(`http://localhost:${port}/#server=http://localhost:3000&topics=demo&token=…`);
}
