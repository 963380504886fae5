/**
 * Baseline: `ws` with its default settings, as it is written where speed matters: for each message one frame is built, and the same bytes
 * are written to the socket of every reader of the topic (https://github.com/websockets/ws/issues/617). Readers name their topics in the address;
 * `POST /publish { topic, data }` is a bare `node:http` handler that sends the body on.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { z } from 'zod';

const messageSchema = z.object({ topic: z.string(), data: z.unknown() });
const FINAL_TEXT = 0x81;

const readers = new Map<string, Set<Duplex>>();

const http = createServer((request, response) => {
  if (request.method === 'POST') onBody(request, (body) => publish(body, response));
  else response.end();
});
const server = new WebSocketServer({ server: http });

server.on('connection', (webSocket, request) => {
  const topics = new URL(request.url ?? '/', 'http://localhost').searchParams.get('topics')?.split(',') ?? [];
  for (const topic of topics) join(topic, request.socket);
  webSocket.on('close', () => topics.forEach((topic) => leave(topic, request.socket)));
});
http.listen(Number(process.env['PORT']), '127.0.0.1');

function join(topic: string, socket: Duplex): void {
  const sockets = readers.get(topic) ?? new Set();
  readers.set(topic, sockets.add(socket));
}

function leave(topic: string, socket: Duplex): void {
  const sockets = readers.get(topic);
  sockets?.delete(socket);
  if (sockets?.size === 0) readers.delete(topic);
}

function publish(body: string, response: ServerResponse): void {
  const message = messageSchema.parse(JSON.parse(body));
  const frame = textFrame(Buffer.from(JSON.stringify(message)));
  for (const socket of readers.get(message.topic) ?? []) socket.write(frame);
  response.writeHead(202).end();
}

/** RFC 6455 §5.2, for payloads below 64 KiB. */
function textFrame(payload: Buffer): Buffer {
  const { length } = payload;
  const head = length < 126 ? [FINAL_TEXT, length] : [FINAL_TEXT, 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), payload]);
}

function onBody(request: IncomingMessage, then: (body: string) => void): void {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (piece: string) => (body += piece));
  request.on('end', () => then(body));
}
