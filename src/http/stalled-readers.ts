import type { Server } from 'node:http';
import { Socket } from 'node:net';

/**
 * Milliseconds in which a client must have taken something of its answer. Node looks only so often whether a write has moved, so that
 * a client that takes nothing, or a few bytes at a time, is cut after one or two of these: within the 15 s that half-sent requests have.
 */
const STALL_MS = 3_000;

/**
 * Cuts clients that ask and do not take the answer, such as slow readers: an answer holds memory until it is taken. By a reset, since
 * whatever the system still holds for such a client would be kept for it otherwise. Event streams and WebSockets do without this
 * (`setTimeout(0)`): their sessions hold little for a slow reader. Call it once, before the server listens.
 */
export function cutStalledReaders(server: Server): void {
  server.setTimeout(STALL_MS, (socket: Socket) => {
    // A session of HTTP/2 has a flow control of its own, and no answer of its own.
    if (!(socket instanceof Socket)) return;
    if (socket.writableLength > 0) socket.resetAndDestroy();
    // Whoever listens here does what Node would do after its other timeout, for connections that wait for a next request.
    else if (socket.timeout !== server.timeout) socket.destroy();
  });
}
