/**
 * Baseline: plain `socket.io` with its default settings. A topic is a room; `POST /publish { topic, data }` is a bare `node:http`
 * handler that emits the body to the room.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Server } from 'socket.io';
import { z } from 'zod';

const authSchema = z.object({ topics: z.array(z.string()) });
const messageSchema = z.object({ topic: z.string(), data: z.unknown() });

const http = createServer((request, response) => {
  if (request.method === 'POST') onBody(request, (body) => publish(body, response));
  else response.end();
});
const io = new Server(http);

io.on('connection', (socket) => socket.join(authSchema.parse(socket.handshake.auth).topics));
http.listen(Number(process.env['PORT']), '127.0.0.1');

function publish(body: string, response: ServerResponse): void {
  const message = messageSchema.parse(JSON.parse(body));
  io.to(message.topic).emit('notification', message);
  response.writeHead(202).end();
}

function onBody(request: IncomingMessage, then: (body: string) => void): void {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (piece: string) => (body += piece));
  request.on('end', () => then(body));
}
