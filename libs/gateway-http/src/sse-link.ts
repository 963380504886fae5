import type { ServerResponse } from 'node:http';
import type { Http2ServerResponse, ServerHttp2Stream } from 'node:http2';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import {
  byeOf,
  isDismissal,
  type Batch,
  type CloseReason,
  type Link,
  type Peer,
  type Session,
} from '#clarion/realtime';
import type { SseCodec } from './sse-codec.js';

/** What a stream begins with; used once, before anything else is written. */
export interface Opening {
  /** Sends the response's head, which must leave the body as it is: neither chunked nor of a known length. */
  sendHead(): void;
  /** The first bytes of the body. */
  readonly body: Buffer;
}

/** A response to a request over HTTP/1.1 or HTTP/2. */
export type StreamedResponse = ServerResponse | Http2ServerResponse;

const NOT_COUNTED = { bytesWritten: undefined, bytesRead: undefined };

/** One HTTP response that is a stream of events. */
export class SseLink implements Link<Buffer> {
  readonly codec: SseCodec;
  readonly #response: StreamedResponse;
  readonly #address: string;
  #opening: Opening | undefined;
  #body: Writable | undefined;
  #session: Session | undefined;

  constructor(codec: SseCodec, response: StreamedResponse, address: string, opening: Opening) {
    this.codec = codec;
    this.#response = response;
    this.#address = address;
    this.#opening = opening;
  }

  /** Has the session hear of the response. */
  bind(session: Session, closed: (link: SseLink) => void): void {
    this.#session = session;
    this.#response.on('close', () => {
      session.ended();
      closed(this);
    });
  }

  write(batch: Batch<Buffer>): boolean {
    return this.#send(batch.joined());
  }

  close(reason: CloseReason): void {
    if (this.#body?.writableNeedDrain === true && isDismissal(reason)) return this.destroy();
    this.#send(this.codec.control({ name: 'bye', data: byeOf(reason) }));
    this.#response.end();
  }

  /** Over HTTP/2 several streams have one connection, and none has a count of its own. */
  peer(): Peer {
    const { bytesWritten, bytesRead } = this.#body instanceof Socket ? this.#body : NOT_COUNTED;
    return { address: this.#address, bytesSent: bytesWritten, bytesReceived: bytesRead };
  }

  /** Sends a heartbeat, also soon after an event: a spared one would leave silence for nearly two. A reader that is full needs none. */
  beat(): void {
    const body = this.#body;
    if (body?.writable === true && !body.writableNeedDrain) body.write(this.codec.heartbeat);
  }

  /** Cuts a client that takes nothing any more. */
  destroy(): void {
    this.#response.destroy();
  }

  /** What is written to a connection that was just cut is lost; the response closes in a moment. */
  #send(bytes: Buffer): boolean {
    const opening = this.#opening;
    if (opening !== undefined) return this.#begin(opening, bytes);
    return this.#body?.writable !== true || this.#body.write(bytes);
  }

  #begin(opening: Opening, bytes: Buffer): boolean {
    this.#opening = undefined;
    this.#response.cork();
    opening.sendHead();
    const body = bodyOf(this.#response);
    this.#body = body;
    body.on('drain', () => this.#session?.writable());
    body.write(opening.body);
    const hasRoom = body.write(bytes);
    this.#response.uncork();
    return hasRoom;
  }
}

/**
 * Where the body of a response goes whose head is out: onto the connection, or its stream of an HTTP/2 connection. The response itself
 * adds nothing to such a body, and would only look at each piece of it once more. But one
 * whose turn has not come yet, since the client did not wait for an earlier answer, has no connection, and keeps what it is given until
 * then.
 */
function bodyOf(response: StreamedResponse): Writable {
  if ('stream' in response) return unhurried(response.stream);
  if (response.socket !== null) return unhurried(response.socket);
  response.on('error', () => response.destroy());
  return response;
}

function unhurried(body: Socket | ServerHttp2Stream): Writable {
  body.setTimeout(0);
  return body;
}
