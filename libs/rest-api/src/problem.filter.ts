import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '#clarion/protocol';
import { expectedError } from './expected-error.js';
import { sendProblem } from './problem-reply.js';
import type { RouteTable } from './route-table.js';

/**
 * Makes a problem document of whatever was thrown, by us, Nest or Fastify. What nobody expected becomes `internal` and is logged
 * once, with the request's id; the client learns the id alone.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger(ProblemFilter.name);
  readonly #routes: RouteTable;

  constructor(routes: RouteTable) {
    this.#routes = routes;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
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
    if (methods.length === 0) return error;
    reply.header('allow', methods.join(', '));
    return new DomainError('method.unsupported');
  }

  #log(error: unknown, requestId: string): void {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    this.#logger.error(`request ${requestId} failed: ${message}`, stack);
  }
}
