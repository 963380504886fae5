import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventStreamRequest } from './event-stream-request.js';
import { singleAnswer } from './single-answer.js';

const STREAM = 'GET /v1/events?topics=a HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\n\r\n';

const server = createServer({ IncomingMessage: EventStreamRequest });
/** What was answered, in order: the address, and whether Node handed over the connection. */
let seen: { url: string | undefined; handedOver: boolean }[] = [];
let handedOver = new WeakSet<IncomingMessage>();

server.on('upgrade', (request: IncomingMessage) => {
  handedOver.add(request);
  const response = singleAnswer(request);
  if (response !== undefined) server.emit('request', request, response);
});
server.on('request', (request: IncomingMessage, response: ServerResponse) => {
  seen.push({ url: request.url, handedOver: handedOver.has(request) });
  if (request.url !== '/late') response.end('done');
});

beforeEach(async () => {
  seen = [];
  handedOver = new WeakSet();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
});

/** All that the server says to these bytes until it ends the connection. */
async function talk(bytes: string): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}

describe('a request for an event stream', () => {
  it('has its connection handed over, is answered as any other, and ends with its connection', async () => {
    const answer = await talk(STREAM);
    expect(seen).toEqual([{ url: '/v1/events?topics=a', handedOver: true }]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n[^]*done$/i);
  });

  it('is heard over HTTP/1.0 and among other kinds that are accepted', async () => {
    await talk(STREAM.replace('HTTP/1.1', 'HTTP/1.0').replace('text/', 'application/json, Text/'));
    expect(seen).toEqual([{ url: '/v1/events?topics=a', handedOver: true }]);
  });

  it('hears nothing of what the client sends behind it', async () => {
    await talk(`${STREAM}GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n`);
    expect(seen.map(({ url }) => url)).toEqual(['/v1/events?topics=a']);
  });

  it('may come on a connection that was used before', async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET /before HTTP/1.1\r\nHost: h\r\n\r\n');
    await once(socket, 'readable');
    socket.write(STREAM);
    expect((await text(socket)).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(seen).toEqual([
      { url: '/before', handedOver: false },
      { url: '/v1/events?topics=a', handedOver: true },
    ]);
  });

  it('ends the connection when an earlier answer is still awaited: bytes of two answers never mix', async () => {
    expect(await talk(`GET /late HTTP/1.1\r\nHost: h\r\n\r\n${STREAM}`)).toBe('');
    expect(seen.map(({ url }) => url)).toEqual(['/late']);
  });
});

describe('any other request', () => {
  it.each([
    ['by another method', STREAM.replace('GET', 'HEAD')],
    ['of another address', STREAM.replace('/v1/events', '/v1/eventsabc')],
    ['with a body', STREAM.replace('Host: h', 'Host: h\r\nContent-Length: 0')],
    ['for something else', STREAM.replace('text/event-stream', 'application/json')],
  ])('%s stays with Node', async (_, bytes) => {
    await talk(bytes.replace('Host: h', 'Host: h\r\nConnection: close'));
    expect(seen).toMatchObject([{ handedOver: false }]);
  });
});
