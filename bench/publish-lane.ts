import { connect, type Socket } from 'node:net';
import { HttpResponseReader } from './http-response.js';
import { writeMark } from './mark.js';
import type { PublishTarget } from './messages.js';

/** Bytes kept of a refusal, to be shown. */
const MAX_REFUSAL_BYTES = 500;

/**
 * One kept HTTP connection that has at most one POST in flight. The request is built once; each sending overwrites the digits of
 * its mark, so that the publisher costs little beside any server.
 */
export class PublishLane {
  readonly index: number;
  readonly #request: Buffer;
  readonly #markAt: number;
  readonly #onAnswer: (lane: PublishLane) => void;
  readonly #onFailure: (reason: string) => void;
  #socket: Socket | null = null;
  #status = 0;
  #refusal = '';
  #answered = 0;
  #scheduledMicros = 0;

  constructor(
    index: number,
    target: PublishTarget,
    onAnswer: (lane: PublishLane) => void,
    onFailure: (reason: string) => void,
  ) {
    this.index = index;
    this.#request = requestBytes(target, index);
    this.#markAt = this.#request.indexOf('@@');
    this.#onAnswer = onAnswer;
    this.#onFailure = onFailure;
  }

  /** Messages answered with 2xx. */
  get answered(): number {
    return this.#answered;
  }

  /** When the message in flight, or the last one, should have been sent. */
  get scheduledMicros(): number {
    return this.#scheduledMicros;
  }

  connect(port: number): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true }, resolve);
      const response = new HttpResponseReader({
        onHead: (status) => void (this.#status = status),
        onBody: (slice) => this.#onBody(slice),
        onEnd: () => this.#onEnd(),
      });
      socket.on('data', (piece) => {
        try {
          response.push(piece);
        } catch (error) {
          this.#onFailure(error instanceof Error ? error.message : String(error));
        }
      });
      socket.on('error', (error) => this.#onFailure(`a publishing connection failed: ${error.message}`));
      socket.on('close', () => this.#onFailure('a publishing connection was closed'));
      this.#socket = socket;
    });
  }

  /** Sends the next message of this lane. Precondition: connected, and nothing is in flight. */
  send(scheduledMicros: number): void {
    this.#scheduledMicros = scheduledMicros;
    writeMark(this.#request, this.#markAt, this.index, this.#answered + 1, scheduledMicros);
    this.#socket?.write(this.#request);
  }

  close(): void {
    this.#socket?.removeAllListeners('close').destroy();
  }

  #onBody(slice: Buffer): void {
    if (this.#status >= 300 && this.#refusal.length < MAX_REFUSAL_BYTES) this.#refusal += slice.toString('latin1');
  }

  #onEnd(): void {
    if (this.#status < 200 || this.#status > 299) {
      this.#onFailure(`a publish was answered with ${this.#status}: ${this.#refusal}`);
      return;
    }
    this.#answered += 1;
    this.#onAnswer(this);
  }
}

function requestBytes(target: PublishTarget, lane: number): Buffer {
  const body = target.body.replaceAll('{lane}', String(lane).padStart(3, '0'));
  const headers = {
    host: `127.0.0.1:${target.port}`,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...target.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${target.path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}
