import type { ServerResponse } from 'node:http';
import { byeOf, type Batch, type CloseReason, type Link, type Session } from '#clarion/realtime';
import type { SseCodec } from './sse-codec.js';

/** One HTTP response that is a stream of events. */
export class SseLink implements Link<Buffer> {
  readonly codec: SseCodec;
  readonly #response: ServerResponse;
  readonly #begin: () => Buffer;
  #begun = false;

  /** @param begin sends the response's head and returns the first bytes of its body; called once, before anything else is written. */
  constructor(codec: SseCodec, response: ServerResponse, begin: () => Buffer) {
    this.codec = codec;
    this.#response = response;
    this.#begin = begin;
  }

  /** Has the session hear of the response. */
  bind(session: Session, closed: () => void): void {
    this.#response.on('drain', () => session.writable());
    // Writing to a socket that was just cut is an error of the response; what matters of it is that the response closes.
    this.#response.on('error', () => this.#response.destroy());
    this.#response.once('close', () => {
      session.ended();
      closed();
    });
  }

  write(batch: Batch<Buffer>): boolean {
    return this.#send(batch.joined());
  }

  close(reason: CloseReason): void {
    this.#send(this.codec.control({ name: 'bye', data: byeOf(reason) }));
    this.#response.end();
  }

  /** Sends a heartbeat, also soon after an event: a spared one would leave silence for nearly two. A reader that is full needs none. */
  beat(): void {
    if (!this.#response.writableNeedDrain) this.#response.write(this.codec.heartbeat);
  }

  /** Cuts a client that takes nothing any more. */
  destroy(): void {
    this.#response.destroy();
  }

  #send(bytes: Buffer): boolean {
    if (!this.#begun) {
      this.#begun = true;
      this.#response.write(this.#begin());
    }
    return this.#response.write(bytes);
  }
}
