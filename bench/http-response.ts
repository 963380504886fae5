/** What one connection hears of its responses, in order. Slices point into the socket's buffer: copy what must stay. */
export interface ResponseListener {
  /** @param willClose the connection takes no further request (`Connection: close`). */
  onHead(status: number, willClose: boolean): void;
  onBody(slice: Buffer): void;
  onEnd(): void;
}

const CR = 0x0d;
const LF = 0x0a;
const MAX_HEAD_BYTES = 16 * 1024;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);

type State = 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'rest';

/**
 * Reads a sequence of HTTP/1.1 responses from pieces cut anywhere (RFC 9112 §6–7): bodies with `Content-Length`, chunked, without
 * a body (204), or until the connection closes. Made for load generation: no other header but `Connection` is looked at.
 * @throws {Error} when what arrives is not HTTP.
 */
export class HttpResponseReader {
  readonly #listener: ResponseListener;
  #state: State = 'head';
  #remaining = 0;
  #partial: Buffer = NOTHING;

  constructor(listener: ResponseListener) {
    this.#listener = listener;
  }

  push(piece: Buffer): void {
    const bytes = this.#partial.length > 0 ? Buffer.concat([this.#partial, piece]) : piece;
    this.#partial = NOTHING;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#step(bytes, at);
      if (next < 0) {
        this.#partial = Buffer.from(bytes.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** Reads one part from `at` and returns where it ends; -1 when more bytes are needed to know. */
  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#head(bytes, at);
      case 'length':
      case 'chunk':
        return this.#sized(bytes, at);
      case 'chunk-size':
        return this.#chunkSize(bytes, at);
      case 'chunk-end':
        return this.#line(bytes, at, 'chunk-size');
      case 'trailer':
        return this.#trailer(bytes, at);
      case 'rest':
        this.#listener.onBody(bytes.subarray(at));
        return bytes.length;
    }
  }

  #head(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(END_OF_HEAD, at);
    if (end < 0) {
      if (bytes.length - at > MAX_HEAD_BYTES) throw new Error('the head of a response is too large');
      return -1;
    }
    const head = bytes.toString('latin1', at, end);
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
    if (status === undefined) throw new Error(`not an HTTP response: ${head.slice(0, 80)}`);
    this.#listener.onHead(Number(status), /\r\nconnection: *close/i.test(head));
    this.#beginBody(head, Number(status));
    return end + END_OF_HEAD.length;
  }

  #beginBody(head: string, status: number): void {
    if (status < 200) return;
    const length = status === 204 ? '0' : /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) this.#state = 'chunk-size';
    else if (length === undefined) this.#state = 'rest';
    else if (length === '0') this.#end();
    else {
      this.#state = 'length';
      this.#remaining = Number(length);
    }
  }

  #sized(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#remaining);
    this.#remaining -= end - at;
    this.#listener.onBody(bytes.subarray(at, end));
    if (this.#remaining === 0) {
      if (this.#state === 'length') this.#end();
      else this.#state = 'chunk-end';
    }
    return end;
  }

  #chunkSize(bytes: Buffer, at: number): number {
    let size = 0;
    let i = at;
    for (let digit = hexDigit(bytes[i]); digit >= 0; digit = hexDigit(bytes[++i])) size = size * 16 + digit;
    const lineFeed = bytes[i] === CR ? i + 1 : bytes.indexOf(LF, i);
    if (lineFeed < 0 || lineFeed >= bytes.length) return -1;
    if (i === at || bytes[lineFeed] !== LF) throw new Error('the size of a chunk is not readable');
    this.#remaining = size;
    this.#state = size === 0 ? 'trailer' : 'chunk';
    return lineFeed + 1;
  }

  #trailer(bytes: Buffer, at: number): number {
    const end = this.#line(bytes, at, 'trailer');
    if (end >= 0 && end - at <= 2) this.#end();
    return end;
  }

  #line(bytes: Buffer, at: number, next: State): number {
    const lineFeed = bytes.indexOf(LF, at);
    if (lineFeed < 0) return -1;
    this.#state = next;
    return lineFeed + 1;
  }

  #end(): void {
    this.#state = 'head';
    this.#listener.onEnd();
  }
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
