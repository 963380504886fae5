import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { textInFrame, type Batch } from '#clarion/realtime';

/** The way out of one connection for finished text frames, in order. */
export interface FrameWriter {
  /** Takes all of the batch; false: it is full. What comes after a goodbye is dropped. */
  write(batch: Batch<Buffer>): boolean;
  /** May have changed when the connection has drained. */
  readonly isFull: boolean;
}

/** A batch of one. */
export function single(frame: Buffer): Batch<Buffer> {
  return { frames: [frame], joined: () => frame };
}

/**
 * Writes on the connection itself, past the `ws` library: a whole batch is one write. That keeps the stream whole because without
 * an extension `ws` writes each of its own frames (pings, pongs, the close) at once and undivided: nothing of it can be
 * waiting, and nothing gets between its parts.
 */
export class PlainWriter implements FrameWriter {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;

  constructor(socket: WebSocket, stream: Duplex) {
    this.#socket = socket;
    this.#stream = stream;
  }

  get isFull(): boolean {
    return this.#stream.writableNeedDrain;
  }

  write(batch: Batch<Buffer>): boolean {
    return this.#socket.readyState !== this.#socket.OPEN || this.#stream.write(batch.joined());
  }
}

/** Hands each message to `ws`, which compresses them one after the other, at some later time; so frames of our own must not go beside it. */
export class DeflatingWriter implements FrameWriter {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #room: () => void;
  #pendingBytes = 0;
  #held = false;

  /** @param room called when messages have left, if there is room then. */
  constructor(socket: WebSocket, stream: Duplex, room: () => void) {
    this.#socket = socket;
    this.#stream = stream;
    this.#room = room;
  }

  get isFull(): boolean {
    return this.#held || this.#stream.writableNeedDrain;
  }

  write(batch: Batch<Buffer>): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return true;
    for (const frame of batch.frames) this.#send(textInFrame(frame));
    if (this.#pendingBytes >= this.#stream.writableHighWaterMark) this.#held = true;
    return !this.isFull;
  }

  #send(text: Buffer): void {
    this.#pendingBytes += text.length;
    // Called when the bytes have left, and as well when they never will.
    this.#socket.send(text, { binary: false, compress: true }, () => this.#sent(text.length));
  }

  #sent(bytes: number): void {
    this.#pendingBytes -= bytes;
    if (!this.#held || this.#pendingBytes > 0) return;
    this.#held = false;
    if (!this.isFull) this.#room();
  }
}
