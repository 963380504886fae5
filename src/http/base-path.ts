import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { protectiveHeaders } from '#clarion/access';
import { EventStreamRequest } from '#clarion/gateway-http';

/**
 * Takes the base path (`/clarion`, or nothing) off an address. One that does not lie below it stays as it is: proxies may have taken it
 * off, and whoever asks the server itself, such as a health check, does without.
 */
export function withoutBasePath(basePath: string, url: string): string {
  return url.startsWith(`${basePath}/`) ? url.slice(basePath.length) : url;
}

/**
 * The class of request whose address is read without the base path, for Node's option `IncomingMessage`. So nobody who reads addresses,
 * be it a route, an upgrade or Socket.IO, has to know of it; and without a base path it costs nothing.
 */
export function requestBelow(basePath: string): typeof EventStreamRequest {
  if (basePath === '') return EventStreamRequest;
  class RequestBelow extends EventStreamRequest {
    /** Set by Node's parser through `url`; declared alone, since the base class's constructor already sets it. */
    declare inner: string | undefined;
  }
  // TypeScript takes no accessor for what the base class declares as a field.
  Object.defineProperty(RequestBelow.prototype, 'url', {
    configurable: true,
    get(this: RequestBelow) {
      return this.inner;
    },
    set(this: RequestBelow, url: string | undefined) {
      this.inner = url === undefined ? undefined : withoutBasePath(basePath, url);
    },
  });
  return RequestBelow;
}

/** Sends those who come to `/clarion` on to `/clarion/`, since the page's links are relative to where it is. Before the server listens. */
export function leadIntoBasePath(server: FastifyInstance, basePath: string): void {
  const headers = protectiveHeaders(server.server instanceof TlsServer);
  server.get(basePath, (_request, reply) => reply.headers(headers).redirect(`${basePath}/`, 308));
}
