import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '#clarion/access';
import type { Publisher } from '#clarion/notifications';
import { DomainError } from '#clarion/protocol';
import { sendProblem } from './problem-reply.js';

const API_PREFIX = '/v1/';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Bytes that this route's body may have, where they differ from the server's limit. */
    readonly maxBodyBytes?: number;
    /** Whether the route publishes: when too many publishes wait, it is answered before its body is read. */
    readonly publishes?: boolean;
  }
}

/** Gives routes the body limit that their `@RouteConfig({ maxBodyBytes })` asks for. */
export function useBodyLimits(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    const limit = route.config?.maxBodyBytes;
    if (limit !== undefined) route.bodyLimit = limit;
  });
}

/** Under load a line for each publish that is turned away would be load too. Milliseconds. */
const TELL_EVERY_MS = 10_000;

/** Turns away publishes that would not be answered in useful time, before anything of them is read but the head. */
export function useLoadShedding(server: FastifyInstance, publisher: Publisher): void {
  const logger = new Logger('LoadShedding');
  let toldAt = -Infinity;
  server.addHook('onRoute', (route) => {
    if (route.config?.publishes === true) route.onRequest = [route.onRequest ?? [], turnAway].flat();
  });

  function turnAway(_request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const refusal = publisher.turnAway();
    if (refusal === undefined) return done();
    sendProblem(reply, refusal);
    tell();
  }

  function tell(): void {
    const now = performance.now();
    if (now - toldAt < TELL_EVERY_MS) return;
    toldAt = now;
    logger.warn(`more is published than can be taken: ${publisher.turnedAway} publishes turned away since the start`);
  }
}

/**
 * Checks the Origin of every request to the API before anything else is done with it, answers preflights, and keeps the answers
 * out of caches. Runs for unknown addresses too.
 */
export function useOriginCheck(server: FastifyInstance, access: Access): void {
  server.addHook('onRequest', (request, reply, done) => {
    if (!isApi(request)) return done();
    const { origin } = request.headers;
    reply.headers(access.corsHeaders(origin)).header('cache-control', 'no-store');
    if (!access.isOriginAllowed(origin)) done(new DomainError('origin.forbidden'));
    else if (origin !== undefined && isPreflight(request)) answerPreflight(reply, access, origin);
    else done();
  });
}

/** By the route that was found, since an address can be spelled in many ways; by the address where there is no route. */
function isApi(request: FastifyRequest): boolean {
  return (request.routeOptions.url ?? request.url).startsWith(API_PREFIX);
}

/** Fetch §3.3.2. */
function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

function answerPreflight(reply: FastifyReply, access: Access, origin: string): void {
  reply.code(204).headers(access.preflightHeaders(origin)).send();
}
