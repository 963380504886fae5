import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import type { FastifyError, FastifyHttpOptions, FastifyReply, FastifyRequest, RawServerDefault } from 'fastify';
import { isEncrypted, protectiveHeaders } from '#clarion/access';
import { DomainError, MAX_PUBLISH_BYTES, type ErrorCode } from '#clarion/protocol';
import { expectedError } from './expected-error.js';
import { PROBLEM_TYPE, sendProblem } from './problem-reply.js';

/** Milliseconds in which a request must have arrived, head and body. Answers may take as long as they like. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Node looks for late requests only so often; both together stay below the promised 15 seconds. */
const TIMEOUT_CHECK_MS = 2_000;

const logger = new Logger('HttpServer');

const CLIENT_ERRORS: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request.timeout',
  HPE_HEADER_OVERFLOW: 'header.too_large',
};

/** What must be said when Fastify is created, for `new FastifyAdapter({ ...httpServerOptions })`; the rest is `configureHttp`'s. */
export const httpServerOptions = {
  bodyLimit: MAX_PUBLISH_BYTES,
  requestTimeout: REQUEST_TIMEOUT_MS,
  http: { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
  frameworkErrors: answerFrameworkError,
  clientErrorHandler: answerClientError,
} satisfies FastifyHttpOptions<RawServerDefault>;

/** Addresses that cannot be decoded never reach a route, nor Nest, nor the hooks that name requests. */
function answerFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ ...protectiveHeaders(isEncrypted(request.raw.socket)), 'x-request-id': request.id });
  const expected = expectedError(error) ?? new DomainError('internal');
  logger.debug({ requestId: request.id, code: expected.code, msg: 'refused' });
  sendProblem(reply, expected);
}

/** Bytes that Node could not read as a request: there is no request to answer to, only a socket. */
function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = new DomainError(CLIENT_ERRORS[error.code ?? ''] ?? 'request.invalid').toProblem(randomUUID());
  logger.debug({ requestId: problem.requestId, code: problem.code, reason: error.code, msg: 'refused' });
  const body = JSON.stringify(problem);
  const protective = Object.entries(protectiveHeaders(isEncrypted(socket))).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const head = `HTTP/1.1 ${problem.status} ${problem.title}\r\ncontent-type: ${PROBLEM_TYPE}\r\n${protective.join('')}x-request-id: ${problem.requestId}\r\n`;
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`, () =>
    socket.destroy(),
  );
}
