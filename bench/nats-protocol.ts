/** What a NATS server says to one client. */
export interface NatsListener {
  /** A PONG is due. */
  onPing(): void;
  onPong(): void;
  onMessage(): void;
}

/** The first thing that a client says; all else as the server has it by default. */
export const NATS_CONNECT = 'CONNECT {"verbose":false,"pedantic":false}\r\n';
export const NATS_PONG = 'PONG\r\n';

const LF = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const MAX_LINE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);
/** The first byte of each operation: `INFO`, `MSG`, `+OK`, `-ERR`. */
const OPERATION = { info: 0x49, message: 0x4d, ok: 0x2b, error: 0x2d } as const;

/**
 * Reads what a NATS server sends, from pieces cut anywhere (https://docs.nats.io/reference/reference-protocols/nats-protocol). Made for load
 * generation: payloads are skipped.
 * @throws {Error} when the server reports an error, or says what is not NATS.
 */
export class NatsParser {
  readonly #listener: NatsListener;
  #partial: Buffer = NOTHING;
  /** What is left of the payload of the message that has begun, with its end of line. */
  #payloadLeft = 0;

  constructor(listener: NatsListener) {
    this.#listener = listener;
  }

  push(piece: Buffer): void {
    const bytes = this.#partial.length > 0 ? Buffer.concat([this.#partial, piece]) : piece;
    let at = this.#skipPayload(bytes, 0);
    for (let end = bytes.indexOf(LF, at); end >= 0; end = bytes.indexOf(LF, at)) {
      this.#line(bytes, at, end);
      at = this.#skipPayload(bytes, end + 1);
    }
    if (bytes.length - at > MAX_LINE_BYTES) throw new Error('a line of the NATS server is too long');
    this.#partial = at < bytes.length ? Buffer.from(bytes.subarray(at)) : NOTHING;
  }

  #skipPayload(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#payloadLeft);
    this.#payloadLeft -= end - at;
    return end;
  }

  #line(bytes: Buffer, at: number, end: number): void {
    if (bytes[at] === OPERATION.message) this.#message(bytes, end);
    else if (bytes[at] !== OPERATION.info && bytes[at] !== OPERATION.ok) this.#word(bytes.toString('latin1', at, end));
  }

  /** `MSG <subject> <sid> <bytes>`, `end` at the line feed. */
  #message(bytes: Buffer, end: number): void {
    let size = 0;
    let place = 1;
    for (let i = end - 2; bytes[i] !== SPACE; i--) {
      size += (bytes[i]! - ZERO) * place;
      place *= 10;
    }
    this.#payloadLeft = size + 2;
    this.#listener.onMessage();
  }

  #word(line: string): void {
    if (line === 'PING\r') this.#listener.onPing();
    else if (line === 'PONG\r') this.#listener.onPong();
    else throw new Error(`the NATS server said: ${line.slice(0, 200)}`);
  }
}
