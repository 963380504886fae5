import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '#clarion/protocol';

/** Answered also while the server goes away: they are how others learn of it. */
const ALWAYS_ANSWERED = /^\/(?:health|metrics)(?:[/?]|$)/;

/** What became of one request. */
export interface FinishedRequest {
  readonly id: string;
  readonly method: string;
  /** Without the query, which may hold a token. */
  readonly path: string;
  /** The route's pattern, `unknown` where there was none: bounded in number, unlike paths. */
  readonly route: string;
  readonly status: number;
  /** Until the answer had ended; for streams, as long as they lasted. */
  readonly ms: number;
  /** The client went away before the answer had ended. */
  readonly aborted: boolean;
}

/** A request that is being answered, since `from` on the process's clock. */
type Begun = Pick<FinishedRequest, 'id' | 'method' | 'path' | 'route'> & { readonly from: number };

/** Knows every HTTP request that is being answered, streams among them, and gives each its id. */
export class Requests {
  #inFlight = 0;
  #draining = false;
  readonly #waiting: Array<() => void> = [];
  readonly #observers: Array<(request: FinishedRequest) => void> = [];

  /** Must come before the routes. */
  install(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      this.#begin(request, reply);
      reply.header('x-request-id', request.id);
      if (this.#draining && !ALWAYS_ANSWERED.test(request.url)) refuse(request, reply);
      else if (lacksHost(request.raw)) done(new DomainError('request.invalid', 'there is no Host'));
      else done();
    });
  }

  /** How many are being answered now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Calls `observer` for each request once its answer has ended. */
  observe(observer: (request: FinishedRequest) => void): void {
    this.#observers.push(observer);
  }

  /** From now on new requests are told to go elsewhere; resolves when those in flight have their answers. */
  drain(): Promise<void> {
    this.#draining = true;
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #begin(request: FastifyRequest, { raw }: FastifyReply): void {
    this.#inFlight++;
    // All that is to be said at the end, since a stream lets go of the request that it answers.
    const begun = {
      id: request.id,
      method: request.method,
      path: pathOf(request.url),
      route: request.routeOptions.url ?? 'unknown',
      from: performance.now(),
    };
    // 'close' comes once for every answer, also one that was taken over or whose client went away; Fastify's onResponse does not.
    raw.on('close', () => this.#end(begun, raw));
  }

  #end({ id, method, path, route, from }: Begun, { statusCode: status, writableFinished }: ServerResponse): void {
    this.#inFlight--;
    const ms = performance.now() - from;
    const finished = { id, method, path, route, status, ms, aborted: !writableFinished };
    for (const observe of this.#observers) observe(finished);
    if (this.#inFlight === 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** RFC 9112 §3.2: a server must refuse that. */
function lacksHost({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.host === undefined && httpVersion === '1.1';
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** Without a place to go the client tries again; the closed connection sends it to another node, or to our next start. */
function refuse(request: FastifyRequest, reply: FastifyReply): void {
  const problem = new DomainError('draining').toProblem(request.id);
  reply
    .code(problem.status)
    .headers({
      'content-type': 'application/problem+json',
      'retry-after': '1',
      // HTTP/2 says it of the whole connection, by GOAWAY.
      ...(request.raw.httpVersionMajor === 1 && { connection: 'close' }),
    })
    .send(JSON.stringify(problem));
}
