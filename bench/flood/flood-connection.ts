import { connect, type Socket } from 'node:net';
import { monotonicMicros } from '../clock.js';
import type { PublishLane } from '../publish-lane.js';

/** What came back for a publish. */
export interface FloodAnswer {
  readonly status: number;
  /** Whether it says when to come back. */
  readonly hasRetryAfter: boolean;
  /** From the sending. */
  readonly micros: number;
}

const END_OF_HEAD = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: (?<bytes>\d+)/i;
const RETRY_AFTER = /\r\nretry-after: \d/i;

/** A kept HTTP connection with at most one publish in flight. Refusals are answers like others: the lane publishes the same message again. */
export class FloodConnection {
  readonly lane: PublishLane;
  readonly #socket: Socket;
  readonly #onAnswer: (connection: FloodConnection, answer: FloodAnswer) => void;
  #text = '';
  #sentMicros = 0;

  private constructor(
    socket: Socket,
    lane: PublishLane,
    onAnswer: (connection: FloodConnection, answer: FloodAnswer) => void,
    onLost: (reason: string) => void,
  ) {
    this.lane = lane;
    this.#socket = socket;
    this.#onAnswer = onAnswer;
    socket.on('data', (piece) => this.#take(piece.toString('latin1')));
    socket.on('error', (error) => onLost(error.message));
    socket.on('close', () => onLost('the server closed a connection'));
  }

  /** @param onLost the connection ended by itself: nothing can be sent any more. */
  static open(
    port: number,
    lane: PublishLane,
    onAnswer: (connection: FloodConnection, answer: FloodAnswer) => void,
    onLost: (reason: string) => void,
  ): Promise<FloodConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new FloodConnection(socket, lane, onAnswer, onLost));
      });
    });
  }

  /** Precondition: the publish before it was answered. */
  send(): void {
    this.#sentMicros = monotonicMicros();
    this.#socket.write(this.lane.next(this.#sentMicros));
  }

  close(): void {
    this.#socket.removeAllListeners('close').destroy();
  }

  #take(piece: string): void {
    this.#text += piece;
    const headEnd = this.#text.indexOf(END_OF_HEAD);
    if (headEnd < 0) return;
    const head = this.#text.slice(0, headEnd);
    const bytes = Number(LENGTH.exec(head)?.groups?.['bytes'] ?? 0);
    if (this.#text.length < headEnd + END_OF_HEAD.length + bytes) return;
    this.#text = '';
    const status = Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
    if (status >= 200 && status < 300) this.lane.onAccepted();
    this.#onAnswer(this, {
      status,
      hasRetryAfter: RETRY_AFTER.test(head),
      micros: monotonicMicros() - this.#sentMicros,
    });
  }
}
