import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { EventStreamRequest } from '#clarion/gateway-http';
import { expect, it } from 'vitest';
import { requestBelow, withoutBasePath } from './base-path.js';

it.each([
  ['/clarion/v1/events?topics=a', '/v1/events?topics=a'],
  ['/clarion/', '/'],
  ['/v1/events', '/v1/events'],
  ['/clarion', '/clarion'],
  ['/clarion?a', '/clarion?a'],
  ['/clarionx/v1', '/clarionx/v1'],
  ['/CLARION/v1', '/CLARION/v1'],
  ['/clarion/clarion/v1', '/clarion/v1'],
  ['*', '*'],
])('%s is read as %s', (url, inner) => {
  expect(withoutBasePath('/clarion', url)).toBe(inner);
});

it('without a base path requests are of the class that costs nothing', () => {
  expect(requestBelow('')).toBe(EventStreamRequest);
});

it('whoever reads a request’s address reads it without the path, also of a stream, whose connection is handed over', async () => {
  const server = createServer({ IncomingMessage: requestBelow('/clarion') });
  const read: (string | undefined)[] = [];
  server.on('request', ({ url }, response) => {
    read.push(url);
    response.end();
  });
  server.on('upgrade', ({ url }, socket) => {
    read.push(`handed over: ${url}`);
    socket.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, accept: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept: ${accept}\r\n\r\n`);
    return text(socket);
  };
  await ask('/clarion/v1/notifications', '*/*');
  await ask('/clarion/v1/events?topics=a', 'text/event-stream');
  await ask('/v1/events', 'text/event-stream');
  expect(read).toEqual(['/v1/notifications', 'handed over: /v1/events?topics=a', 'handed over: /v1/events']);
  server.close();
});
