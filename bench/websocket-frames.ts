import { randomBytes } from 'node:crypto';

export const OPCODE = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** The payload is in `bytes`, from `at` to `end`: a buffer of its own for each would cost more than finding it. Copy what must stay. */
export type FrameListener = (opcode: number, bytes: Buffer, at: number, end: number) => void;

const NOTHING = Buffer.alloc(0);
const MASK_BIT = 0x80;

/**
 * Reads the frames that a server sends (RFC 6455 §5.2) from pieces cut anywhere. Fragments are reported as they come; a masked frame,
 * which a server must not send, or one of 4 GiB and more is an error.
 */
export class FrameReader {
  readonly #onFrame: FrameListener;
  #partial: Buffer = NOTHING;

  constructor(onFrame: FrameListener) {
    this.#onFrame = onFrame;
  }

  push(piece: Buffer): void {
    const bytes = this.#partial.length > 0 ? Buffer.concat([this.#partial, piece]) : piece;
    let at = 0;
    for (let end = this.#frame(bytes, at); end > 0; end = this.#frame(bytes, at)) at = end;
    this.#partial = at < bytes.length ? Buffer.from(bytes.subarray(at)) : NOTHING;
  }

  /** Reports the frame at `at` and returns where it ends; 0 when it is not yet complete. */
  #frame(bytes: Buffer, at: number): number {
    if (bytes.length < at + 2) return 0;
    const short = bytes[at + 1]!;
    if (short >= MASK_BIT) throw new Error('a server must not mask its frames');
    const head = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    if (bytes.length < head) return 0;
    const end = head + payloadLength(bytes, at, short);
    if (bytes.length < end) return 0;
    this.#onFrame(bytes[at]! & 0x0f, bytes, head, end);
    return end;
  }
}

function payloadLength(bytes: Buffer, at: number, short: number): number {
  if (short < 126) return short;
  if (short === 126) return bytes.readUInt16BE(at + 2);
  if (bytes.readUInt32BE(at + 2) !== 0) throw new Error('a frame is too large');
  return bytes.readUInt32BE(at + 6);
}

/** A mask that changes nothing, for frames whose bytes are overwritten later. */
export const NO_MASK = Buffer.alloc(4);

/** One whole frame as a client sends it, masked. Payloads below 64 KiB. */
export function clientFrame(opcode: number, payload: Buffer, mask = randomBytes(4)): Buffer {
  const long = payload.length >= 126;
  const head = Buffer.alloc(long ? 4 : 2);
  head[0] = 0x80 | opcode;
  head[1] = MASK_BIT | (long ? 126 : payload.length);
  if (long) head.writeUInt16BE(payload.length, 2);
  const masked = Buffer.from(payload);
  for (let i = 0; i < masked.length; i++) masked[i]! ^= mask[i % 4]!;
  return Buffer.concat([head, mask, masked]);
}
