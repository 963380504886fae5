import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/**
 * The answer to a request whose connection Node has handed over, and which ends with that connection; to be given to the HTTP server's
 * `request` listeners. Undefined: an answer to an earlier request is still on its way there, and the connection was cut. A client that did
 * not wait for it must be ready to ask for both again (RFC 9112 §9.3.2).
 */
export function singleAnswer(request: IncomingMessage): ServerResponse | undefined {
  const { socket } = request;
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.on('finish', endConnection);
  socket.on('error', cut);
  socket.on('end', endToo);
  try {
    response.assignSocket(socket);
  } catch {
    socket.destroy();
    return undefined;
  }
  // What else the client sends concerns nobody; but its end must be noticed.
  socket.resume();
  return response;
}

function endConnection(this: ServerResponse): void {
  this.socket?.destroySoon();
}

function cut(this: Socket): void {
  this.destroy();
}

/** A client that ends its half is taken to have gone, as by Node's HTTP server. */
function endToo(this: Socket): void {
  this.end();
}
