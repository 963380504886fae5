import type { Socket } from 'socket.io';
import {
  byeOf,
  isDismissal,
  type Batch,
  type CloseReason,
  type Link,
  type Peer,
  type Session,
} from '#clarion/realtime';
import { carrierOf } from './carrier.js';
import type { PublishLane } from './publish-lane.js';
import type { SocketIoCodec, SocketIoFrame } from './socketio-codec.js';

const NOT_COUNTED = { bytesWritten: undefined, bytesRead: undefined };

/**
 * One Socket.IO client. It writes through Engine.IO's own queue, so that an upgrade from polling to WebSocket, acknowledgements
 * and heartbeats keep their order; on WebSocket a whole batch goes as one write of finished frames.
 */
export class SocketIoLink implements Link<SocketIoFrame> {
  readonly codec: SocketIoCodec;
  /** Once it has published. */
  lane: PublishLane | undefined;
  /** Where the client is. */
  readonly address: string;
  readonly #socket: Socket;
  /** Whether Engine.IO passed on what it was given last; else it waits for the transport. */
  #flushed = true;
  #full = false;
  #session: Session | undefined;

  constructor(codec: SocketIoCodec, socket: Socket, address: string) {
    this.codec = codec;
    this.#socket = socket;
    this.address = address;
    socket.conn.on('drain', () => this.#drained());
  }

  /** Has the session hear of the socket. */
  bind(session: Session): void {
    this.#session = session;
  }

  write(batch: Batch<SocketIoFrame>): boolean {
    const { conn } = this.#socket;
    this.#flushed = false;
    const frame = batch.joined();
    // A transport that is WebSocket stays it. Any other may still change before its queue is sent: it gets packet by packet.
    if (conn.transport.name === 'websocket') conn.write(frame.packet, frame.options);
    else for (const single of batch.frames) conn.write(single.packet, single.options);
    this.#full = !this.#flushed;
    return this.#flushed;
  }

  /** Each poll may be a connection of its own: nobody counts them. */
  peer(): Peer {
    const { bytesWritten, bytesRead } = carrierOf(this.#socket.conn.transport) ?? NOT_COUNTED;
    return { address: this.address, bytesSent: bytesWritten, bytesReceived: bytesRead };
  }

  /** As soon as what was published is answered. */
  close(reason: CloseReason): void {
    if (this.lane === undefined) this.#end(reason);
    else this.lane.close(() => this.#end(reason));
  }

  /** After a bye that calls for a return the connection itself is closed: the stock client comes back by itself. */
  #end(reason: CloseReason): void {
    const data = byeOf(reason);
    // What is queued may be answers to publishes: a client is given the time of the drain to take those.
    const stuck = this.#full && this.lane === undefined;
    const { conn } = this.#socket;
    if (stuck && isDismissal(reason)) return this.#cut();
    this.#flushed = false;
    this.#socket.emit('bye', data);
    // A poll that was answered with the bye takes no goodbye of Engine.IO: that would wait for the next poll, of a client that has gone.
    const answered = this.#flushed && conn.transport.name === 'polling';
    if (data.reconnect) conn.close(stuck || answered);
    else this.#socket.disconnect(true);
  }

  /** Discards what waits; Engine.IO alone would wait half a minute for its WebSocket's goodbye. */
  #cut(): void {
    const { conn } = this.#socket;
    const carrier = carrierOf(conn.transport);
    if (carrier === undefined) conn.close(true);
    else carrier.destroy();
  }

  #drained(): void {
    this.#flushed = true;
    if (!this.#full) return;
    this.#full = false;
    this.#session?.writable();
  }
}
