import { HttpException } from '@nestjs/common';
import { DomainError, type ErrorCode } from '#clarion/protocol';

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'credentials.missing',
  403: 'right.missing',
  404: 'route.unknown',
  405: 'method.unsupported',
  406: 'transport.unavailable',
  408: 'request.timeout',
  413: 'body.too_large',
  415: 'media_type.unsupported',
  429: 'rate.limited',
  431: 'header.too_large',
  503: 'overloaded',
};

/**
 * What the framework threw, in our words; undefined for a bug. Messages of frameworks are dropped: they are no contract, and
 * may tell too much.
 */
export function expectedError(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  if (isGone(error)) return new DomainError('request.invalid');
  const status = error instanceof HttpException ? error.getStatus() : fastifyStatus(error);
  if (status === undefined || (status >= 500 && status !== 503)) return undefined;
  return new DomainError(CODES[status] ?? 'request.invalid');
}

/** What Node says of a request whose client went away before all of it had come: nobody is left to answer, and nothing is wrong here. */
function isGone(error: unknown): boolean {
  return error instanceof Error && error.message === 'aborted' && 'code' in error && error.code === 'ECONNRESET';
}

/** Errors of Fastify itself have a code `FST_…`; those of other libraries are not trusted to mean an answer. */
function fastifyStatus(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('statusCode' in error)) return undefined;
  const { code, statusCode } = error;
  return typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number' ? statusCode : undefined;
}
