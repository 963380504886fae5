import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { asyncApiDocument } from './asyncapi.js';
import { openApiDocument } from './openapi.js';

const require = createRequire(import.meta.url);

/** Swagger UI styles its elements by script, property by property, which needs no leave; nothing comes from elsewhere. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
};

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Clarion: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/open.js"></script>
</html>
`;

const OPEN = `SwaggerUIBundle({
  url: new URL('openapi.json', document.currentScript.src).href,
  dom_id: '#api',
  deepLinking: true,
});
`;

const ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
} as const;

/**
 * Serves the API's documents: Swagger UI at `/docs`, `/docs/openapi.json` and `/docs/asyncapi.json`. Call it before
 * `app.init()` or `app.listen()`. The documents are made at their first request; the addresses that they name lie below `basePath`
 * (`/clarion`, or nothing).
 */
export function setupDocs(app: NestFastifyApplication, basePath = ''): void {
  const server = app.getHttpAdapter().getInstance();
  serveText(server, '/docs', 'text/html; charset=utf-8', () => PAGE);
  serveText(server, '/docs/open.js', 'text/javascript; charset=utf-8', () => OPEN);
  serveText(
    server,
    '/docs/openapi.json',
    'application/json; charset=utf-8',
    once(async () => JSON.stringify(await openApiDocument(app, basePath))),
  );
  serveText(
    server,
    '/docs/asyncapi.json',
    'application/json; charset=utf-8',
    once(() => JSON.stringify(asyncApiDocument(basePath))),
  );
  for (const [name, type] of Object.entries(ASSETS)) serveAsset(server, name, type);
}

function serveText(server: FastifyInstance, url: string, type: string, text: () => string | Promise<string>): void {
  server.get(url, async (_request, reply) => {
    reply.headers({ ...PAGE_HEADERS, 'content-type': type });
    return text();
  });
}

/** Files of Swagger UI that never change while the server runs. */
function serveAsset(server: FastifyInstance, name: string, type: string): void {
  const path = require.resolve(`swagger-ui-dist/${name}`);
  server.get(`/docs/${name}`, async (_request, reply) => {
    reply.headers({ 'content-type': type, 'cache-control': 'public, max-age=3600' });
    return reply.send(createReadStream(path));
  });
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
