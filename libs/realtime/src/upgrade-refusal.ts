import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { isEncrypted, protectiveHeaders } from '#clarion/access';
import { ERRORS, retryHeaders, type DomainError } from '#clarion/protocol';

/** Answers an upgrade with a problem document and ends the connection. Nothing may have been written to the socket. */
export function refuseUpgrade(
  socket: Duplex,
  error: DomainError,
  headers: Readonly<Record<string, string>> = {},
): void {
  // A client that resets while it is refused must not take the process with it.
  socket.on('error', () => socket.destroy());
  const { status } = ERRORS[error.code];
  const body = JSON.stringify(error.toProblem());
  const head = Object.entries({
    ...protectiveHeaders(isEncrypted(socket)),
    ...headersFor(error),
    ...headers,
    'content-length': Buffer.byteLength(body),
  });
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...head.map(([name, value]) => `${name}: ${value}`)];
  // The other half of the connection is the client's to end, and it may never do so.
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function headersFor(error: DomainError): Record<string, string> {
  const { status } = ERRORS[error.code];
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    connection: 'close',
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    ...retryHeaders(error),
  };
}
