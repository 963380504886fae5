import { Catch, HttpException, Logger, type ArgumentsHost, type HttpServer } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '#clarion/protocol';
import { expectedError } from './expected-error.js';
import { isOwnRoute } from './own-routes.js';
import { sendProblem } from './problem-reply.js';
import type { RouteTable } from './route-table.js';

/**
 * Makes a problem document of whatever was thrown, by us, Nest or Fastify. What nobody expected becomes `internal` and is logged
 * once, with the request's id; the client learns the id alone. HTTP exceptions of an application's own routes are left to Nest.
 */
@Catch()
export class ProblemFilter extends BaseExceptionFilter {
  readonly #logger = new Logger(ProblemFilter.name);
  readonly #routes: RouteTable;

  constructor(routes: RouteTable, adapter?: HttpServer) {
    super(adapter);
    this.#routes = routes;
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    // oxlint-disable-next-line promise/valid-params -- a filter, not a promise
    if (error instanceof HttpException && isForeign(request)) return super.catch(error, host);
    const expected = expectedError(error);
    if (expected === undefined) this.#log(error, request.id);
    if (reply.sent) this.#cut(reply);
    else sendProblem(reply, this.#named(expected ?? new DomainError('internal'), request, reply));
  }

  /** An answer that has begun cannot become another one: the client must see that it is broken. */
  #cut(reply: FastifyReply): void {
    if (!reply.raw.writableEnded) reply.raw.destroy();
  }

  #named(error: DomainError, request: FastifyRequest, reply: FastifyReply): DomainError {
    if (error.code !== 'route.unknown') return error;
    const methods = this.#routes.methodsOf(request.url);
    // A route with parameters may itself have found nothing there.
    if (methods.length === 0 || methods.includes(request.method)) return error;
    reply.header('allow', methods.join(', '));
    return new DomainError('method.unsupported');
  }

  #log(error: unknown, requestId: string): void {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    this.#logger.error(`request ${requestId} failed: ${message}`, stack);
  }
}

/** Whether the request has reached a route that is not of this server. */
function isForeign({ routeOptions: { url } }: FastifyRequest): boolean {
  return !isOwnRoute(url);
}
