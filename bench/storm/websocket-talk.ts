import { clientFrame, FrameReader, OPCODE } from '../websocket-frames.js';
import type { WebSocketOpening } from '../websocket-opening.js';
import type { Conversation } from './conversation.js';

/** A WebSocket's text messages; answers pings, and takes a goodbye for what it is: an end. */
export class WebSocketTalk implements Conversation {
  readonly hello: string;
  readonly #opening: WebSocketOpening;
  readonly #onText: (text: string) => void;
  readonly #send: (bytes: Buffer) => void;
  readonly #frames = new FrameReader((opcode, bytes, at, end) => this.#onFrame(opcode, bytes.subarray(at, end)));

  constructor(opening: WebSocketOpening, onText: (text: string) => void, send: (bytes: Buffer) => void) {
    this.hello = opening.request;
    this.#opening = opening;
    this.#onText = onText;
    this.#send = send;
  }

  push(piece: Buffer): void {
    const frames = this.#opening.framesIn(piece);
    if (frames !== null) this.#frames.push(frames);
  }

  say(text: string): void {
    this.#send(clientFrame(OPCODE.text, Buffer.from(text)));
  }

  #onFrame(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.#send(clientFrame(OPCODE.pong, payload));
    else if (opcode === OPCODE.text) this.#onText(payload.toString('latin1'));
    else if (opcode === OPCODE.close)
      throw new Error(`the server closed the WebSocket: ${payload.toString('latin1', 2)}`);
  }
}
