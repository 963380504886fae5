import type { Socket } from 'node:net';
import { MarkScanner } from './mark.js';
import type { ReaderTarget } from './messages.js';
import { openReader, type Reader, type ReaderEvents, type ReaderProtocol } from './reader.js';
import { ofReader } from './reader-topics.js';
import { clientFrame, FrameReader, OPCODE } from './websocket-frames.js';
import { WebSocketOpening } from './websocket-opening.js';

type WebSocketTarget = Extract<ReaderTarget, { transport: 'websocket' }>;

/** A reader of text frames that answers pings and otherwise does no more than find the marks in them. */
export function openWebSocketReader(target: WebSocketTarget, index: number, events: ReaderEvents): Promise<Reader> {
  const path = ofReader(target.path, target.wants, index);
  return openReader(target.port, events, (socket, ready) => {
    const opening = new WebSocketOpening(target.port, path, target.headers);
    return new WebSocketProtocol(opening, target.readyText, events, socket, ready);
  });
}

class WebSocketProtocol implements ReaderProtocol {
  readonly hello: string;
  readonly #opening: WebSocketOpening;
  readonly #scanner: MarkScanner;
  readonly #frames = new FrameReader((opcode, bytes, at, end) => this.#onFrame(opcode, bytes, at, end));
  readonly #socket: Socket;
  readonly #ready: () => void;
  /** What a frame must have in it for the reader to be ready; null: it is. */
  #readyText: string | null;
  #isOpen = false;

  constructor(
    opening: WebSocketOpening,
    readyText: string | null,
    events: ReaderEvents,
    socket: Socket,
    ready: () => void,
  ) {
    this.hello = opening.request;
    this.#opening = opening;
    this.#readyText = readyText;
    this.#scanner = new MarkScanner(events.onMark);
    this.#socket = socket;
    this.#ready = ready;
  }

  push(piece: Buffer): void {
    const frames = this.#opening.framesIn(piece);
    if (frames === null) return;
    if (!this.#isOpen && this.#readyText === null) this.#ready();
    this.#isOpen = true;
    this.#frames.push(frames);
    // Marks are looked for in the bytes as they came: one search over many frames is cheaper than one for each.
    this.#scanner.push(frames);
  }

  #onFrame(opcode: number, bytes: Buffer, at: number, end: number): void {
    if (opcode === OPCODE.ping) this.#socket.write(clientFrame(OPCODE.pong, bytes.subarray(at, end)));
    else if (opcode === OPCODE.close)
      throw new Error(`the server closed the WebSocket: ${bytes.toString('latin1', at + 2, end)}`);
    else if (this.#readyText !== null && bytes.subarray(at, end).includes(this.#readyText)) {
      this.#readyText = null;
      this.#ready();
    }
  }
}
