import { request as requestPlain, type IncomingHttpHeaders } from 'node:http';
import { request as requestSecure } from 'node:https';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** One thing that a client may ask of a server. */
export interface Ask {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Told {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty of an answer that goes on. */
  readonly body: string;
}

export const UPGRADE: Readonly<Record<string, string>> = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

const JSON_BODY = { 'content-type': 'application/json' };
const METHODS = new Set(['get', 'put', 'post', 'delete', 'patch']);
const openApiSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });

/** Every REST route that the server itself documents: one that is added later is among them. Its `/docs` must be on. */
export async function restRoutes(url: string): Promise<Ask[]> {
  const told = await ask(url, { name: 'documents', method: 'GET', path: '/docs/openapi.json' });
  const { paths } = openApiSchema.parse(JSON.parse(told.body));
  return Object.entries(paths).flatMap(([pattern, item]) =>
    Object.keys(item)
      .filter((method) => METHODS.has(method))
      .map((method) => route(method.toUpperCase(), pattern)),
  );
}

function route(method: string, pattern: string): Ask {
  const path = pattern.replaceAll(/\{\w+\}/g, 'some');
  const hasBody = method !== 'GET' && method !== 'DELETE';
  return { name: `${method} ${pattern}`, method, path, ...(hasBody && { headers: JSON_BODY, body: '{}' }) };
}

/** The ways to read events, beside the REST routes. */
export const TRANSPORTS: readonly Ask[] = [
  { name: 'poll', method: 'GET', path: '/v1/events?topics=open' },
  { name: 'long poll', method: 'GET', path: '/v1/events?topics=open&wait=0' },
  { name: 'SSE', method: 'GET', path: '/v1/events?topics=open', headers: { accept: 'text/event-stream' } },
  { name: 'Socket.IO polling', method: 'GET', path: '/socket.io/?EIO=4&transport=polling' },
  { name: 'Socket.IO sending', method: 'POST', path: '/socket.io/?EIO=4&transport=polling&sid=none', body: '40' },
  { name: 'Socket.IO WebSocket', method: 'GET', path: '/socket.io/?EIO=4&transport=websocket', headers: UPGRADE },
  { name: 'WebSocket', method: 'GET', path: '/v1/ws?topics=open', headers: UPGRADE },
];

/** Asks once; header values go out as they are. An answer that streams is left after its head. */
export function ask(url: string, { method, path, headers = {}, body }: Ask): Promise<Told> {
  const secure = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const request = (secure ? requestSecure : requestPlain)(url + path, {
      method,
      headers,
      ...(secure && { rejectUnauthorized: false }),
    });
    request.on('error', reject);
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: 101, headers: response.headers, body: '' });
    });
    request.on('response', (response) => {
      const head = { status: response.statusCode ?? 0, headers: response.headers };
      if (response.headers['content-type'] === 'text/event-stream') {
        response.destroy();
        resolve({ ...head, body: '' });
      } else text(response).then((read) => resolve({ ...head, body: read }), reject);
    });
    request.end(body);
  });
}
