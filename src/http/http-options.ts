import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { FastifyHttpOptions, FastifyServerFactory, FastifyServerFactoryHandler } from 'fastify';
import { httpServerOptions } from '#clarion/rest-api';
import { requestBelow, withoutBasePath } from './base-path.js';
import type { CertificatePair } from './certificate.js';
import { SecureServer } from './secure-server.js';

/** How long an idle connection is kept for a next request; longer than the 60 s of common proxies. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** Characters of a path segment that a route takes as a parameter. */
const MAX_PARAM_LENGTH = 1_024;

export interface ClarionHttpOptions {
  /** Whose `X-Forwarded-*` headers are believed, as Fastify's option of this name; nobody's by default. */
  readonly trustProxy?: boolean | string[];
  /** Below which proxies show the server (`/clarion`); addresses with it and without are answered alike. Empty by default. */
  readonly basePath?: string;
  /** Makes the server speak TLS, with HTTP/2 where a client offers it. Another pair later: `app.getHttpServer().setSecureContext(…)`. */
  readonly tls?: CertificatePair;
}

/**
 * How the HTTP server must be made: `new FastifyAdapter(clarionHttpOptions())`. Half-sent requests are cut within 15 s, whatever
 * their answer would be; answers that stream are not limited in time. Every request gets a random id, whatever it brings.
 */
export function clarionHttpOptions({ trustProxy = false, basePath = '', tls }: ClarionHttpOptions = {}) {
  // Node would refuse a request without Host in words of its own.
  const http = { ...httpServerOptions.http, IncomingMessage: requestBelow(basePath), requireHostHeader: false };
  return {
    ...httpServerOptions,
    http,
    ...(tls !== undefined && { serverFactory: secureServers({ ...http, ...tls }, basePath) }),
    trustProxy,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: true,
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    requestIdHeader: false,
    genReqId: () => randomUUID(),
  } satisfies FastifyHttpOptions<Server>;
}

/** Fastify leaves to a factory what it otherwise sets on the server itself. */
function secureServers(
  options: ConstructorParameters<typeof SecureServer>[0],
  basePath: string,
): FastifyServerFactory<Server> {
  return (handler: FastifyServerFactoryHandler<Server>): Server => {
    const server = new SecureServer({
      ...options,
      requestTimeout: httpServerOptions.requestTimeout,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      ...(basePath !== '' && { readUrl: (url: string) => withoutBasePath(basePath, url) }),
    });
    server.on('request', handler);
    return server;
  };
}
