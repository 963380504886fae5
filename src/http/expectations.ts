import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * Has requests answered that expect something other than `100-continue` of the server: RFC 9110 §10.1.1 lets it take no notice of that,
 * and Node would refuse them in words of its own.
 */
export function ignoreExpectations(server: Server): void {
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    server.emit('request', request, response),
  );
}
