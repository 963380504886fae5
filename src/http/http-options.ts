import { randomUUID } from 'node:crypto';
import type { FastifyHttpOptions, RawServerDefault } from 'fastify';
import { EventStreamRequest } from '#clarion/gateway-http';
import { httpServerOptions } from '#clarion/rest-api';

/** How long an idle connection is kept for a next request; longer than the 60 s of common proxies. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** Characters of a path segment that a route takes as a parameter. */
const MAX_PARAM_LENGTH = 1_024;

export interface ClarionHttpOptions {
  /** Whose `X-Forwarded-*` headers are believed, as Fastify's option of this name; nobody's by default. */
  readonly trustProxy?: boolean | string[];
}

/**
 * How the HTTP server must be made: `new FastifyAdapter(clarionHttpOptions())`. Half-sent requests are cut within 15 s, whatever
 * their answer would be; answers that stream are not limited in time. Every request gets a random id, whatever it brings.
 */
export function clarionHttpOptions({ trustProxy = false }: ClarionHttpOptions = {}) {
  return {
    ...httpServerOptions,
    http: { ...httpServerOptions.http, IncomingMessage: EventStreamRequest },
    trustProxy,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: true,
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    requestIdHeader: false,
    genReqId: () => randomUUID(),
  } satisfies FastifyHttpOptions<RawServerDefault>;
}
