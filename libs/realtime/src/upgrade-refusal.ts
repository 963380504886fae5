import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Logger } from '@nestjs/common';
import { isEncrypted, protectiveHeaders } from '#clarion/access';
import { DomainError, retryHeaders, type Problem } from '#clarion/protocol';
import { problemOf } from './problem-of.js';

const logger = new Logger('UpgradeRefusal');

/**
 * Answers an upgrade with a problem document and ends the connection. Nothing may have been written to the socket. What is no
 * `DomainError` is said to be `internal`. The log has a line with the id that the client is told.
 */
export function refuseUpgrade(socket: Duplex, error: unknown, headers: Readonly<Record<string, string>> = {}): void {
  // A client that resets while it is refused must not take the process with it.
  socket.on('error', () => socket.destroy());
  const problem = problemOf(error, logger);
  const { status } = problem;
  const body = JSON.stringify(problem);
  const head = Object.entries({
    ...protectiveHeaders(isEncrypted(socket)),
    ...headersFor(problem),
    ...(error instanceof DomainError && retryHeaders(error)),
    ...headers,
    'content-length': Buffer.byteLength(body),
  });
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...head.map(([name, value]) => `${name}: ${value}`)];
  // The other half of the connection is the client's to end, and it may never do so.
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function headersFor({ status, requestId = '' }: Problem): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    connection: 'close',
    'x-request-id': requestId,
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  };
}
