import type { Socket } from 'node:net';
import { MarkScanner } from './mark.js';
import type { ReaderTarget } from './messages.js';
import { openReader, type Reader, type ReaderEvents, type ReaderProtocol } from './reader.js';
import { ofReader } from './reader-topics.js';
import { clientFrame, FrameReader, OPCODE } from './websocket-frames.js';
import { WebSocketOpening } from './websocket-opening.js';

type SocketIoTarget = Extract<ReaderTarget, { transport: 'socketio' }>;

/** Engine.IO packet types (protocol 4), the first byte of a text frame. */
const PACKET = { open: 0x30, ping: 0x32, message: 0x34 } as const;
const PONG = '3';
/** The Socket.IO packet type (protocol 5) after Engine.IO's `message`. */
const CONNECT_ERROR = '4';

/** A reader of Socket.IO over WebSocket that answers pings and otherwise does no more than find the marks in its frames. */
export function openSocketIoReader(target: SocketIoTarget, index: number, events: ReaderEvents): Promise<Reader> {
  const own = { ...target, connectPacket: ofReader(target.connectPacket, target.wants, index) };
  return openReader(target.port, events, (socket, ready) => new SocketIoProtocol(own, events, socket, ready));
}

class SocketIoProtocol implements ReaderProtocol {
  readonly hello: string;
  readonly #target: SocketIoTarget;
  readonly #socket: Socket;
  readonly #ready: () => void;
  readonly #scanner: MarkScanner;
  readonly #frames = new FrameReader((opcode, bytes, at, end) => this.#onFrame(opcode, bytes, at, end));
  readonly #opening: WebSocketOpening;
  #isReady = false;

  constructor(target: SocketIoTarget, events: ReaderEvents, socket: Socket, ready: () => void) {
    this.#target = target;
    this.#socket = socket;
    this.#ready = ready;
    this.#scanner = new MarkScanner(events.onMark);
    this.#opening = new WebSocketOpening(target.port, '/socket.io/?EIO=4&transport=websocket');
    this.hello = this.#opening.request;
  }

  push(piece: Buffer): void {
    const frames = this.#opening.framesIn(piece);
    if (frames !== null) this.#onFrameBytes(frames);
  }

  /** Marks are looked for in the bytes as they came: one search over many frames is cheaper than one for each. */
  #onFrameBytes(piece: Buffer): void {
    this.#frames.push(piece);
    this.#scanner.push(piece);
  }

  #onFrame(opcode: number, bytes: Buffer, at: number, end: number): void {
    if (opcode === OPCODE.ping) this.#socket.write(clientFrame(OPCODE.pong, bytes.subarray(at, end)));
    else if (opcode === OPCODE.close)
      throw new Error(`the server closed the WebSocket: ${bytes.toString('latin1', at + 2, end)}`);
    else if (opcode === OPCODE.text) this.#onPacket(bytes, at, end);
  }

  #onPacket(bytes: Buffer, at: number, end: number): void {
    if (bytes[at] === PACKET.ping) this.#send(PONG);
    else if (this.#isReady) return;
    else if (bytes[at] === PACKET.open) this.#send(this.#target.connectPacket);
    else if (bytes[at] === PACKET.message) this.#onFirstMessages(bytes.toString('latin1', at, end));
  }

  #onFirstMessages(packet: string): void {
    if (packet[1] === CONNECT_ERROR) throw new Error(`the namespace refused: ${packet.slice(0, 200)}`);
    if (!packet.startsWith(this.#target.readyText)) return;
    this.#isReady = true;
    this.#ready();
  }

  #send(text: string): void {
    this.#socket.write(clientFrame(OPCODE.text, Buffer.from(text)));
  }
}
