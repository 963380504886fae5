/**
 * Every message carries a mark: plain ASCII of fixed width, which no server needs to escape and a reader finds in raw bytes without
 * parsing JSON: `@@` lane (3 digits) sequence (8) scheduled time in microseconds (15).
 *
 * A lane is one of the publisher's connections, which has one request in flight: per lane, order is known; between lanes, the
 * server decides it, and must tell all readers the same.
 */
const LANE_DIGITS = 3;
const SEQUENCE_DIGITS = 8;
const TIME_DIGITS = 15;

const LANE_AT = 2;
const SEQUENCE_AT = LANE_AT + LANE_DIGITS;
const TIME_AT = SEQUENCE_AT + SEQUENCE_DIGITS;

export const MARK_BYTES = TIME_AT + TIME_DIGITS;
export const MAX_LANES = 10 ** LANE_DIGITS;

const AT_SIGN = 0x40;
const ZERO = 0x30;
/** How a mark begins. */
export const MARK_NEEDLE = Buffer.from('@@');
const NOTHING = Buffer.alloc(0);

/** Called for each mark: the lane from 0, the sequence in it from 1, and the time at which it should have been sent. */
export type MarkListener = (lane: number, sequence: number, scheduledMicros: number) => void;

/** The JSON of `data`, exactly `bytes` long (at least 60), with an empty mark to be written later. */
export function markedPayload(bytes: number): string {
  const empty = JSON.stringify({ mark: '@@'.padEnd(MARK_BYTES, '0'), padding: '' });
  if (bytes < empty.length) throw new RangeError(`a payload needs at least ${empty.length} bytes`);
  return JSON.stringify({ mark: '@@'.padEnd(MARK_BYTES, '0'), padding: 'x'.repeat(bytes - empty.length) });
}

/** Writes a mark over the one that begins at `at`. */
export function writeMark(into: Buffer, at: number, lane: number, sequence: number, scheduledMicros: number): void {
  writeDigits(into, at + LANE_AT, LANE_DIGITS, lane);
  writeDigits(into, at + SEQUENCE_AT, SEQUENCE_DIGITS, sequence);
  writeDigits(into, at + TIME_AT, TIME_DIGITS, scheduledMicros);
}

/** Finds the marks in a stream that arrives in pieces cut anywhere. One for each connection. */
export class MarkScanner {
  readonly #onMark: MarkListener;
  /** The end of the piece before, from where a mark seems to have begun. */
  #tail: Buffer = NOTHING;
  /** Distance between the last two marks: where the next one very likely is, which spares a search. */
  #stride = 0;

  constructor(onMark: MarkListener) {
    this.#onMark = onMark;
  }

  push(piece: Buffer): void {
    if (this.#tail.length > 0) {
      const seam = Buffer.concat([this.#tail, piece.subarray(0, MARK_BYTES - 1)]);
      const end = this.#scan(seam);
      if (piece.length < MARK_BYTES) return this.#keepTail(seam, end);
    }
    this.#keepTail(piece, this.#scan(piece));
  }

  /** Reports the complete marks in `bytes` and returns where the last one ends. */
  #scan(bytes: Buffer): number {
    let end = 0;
    for (let at = this.#next(bytes, 0, -1); at >= 0; at = this.#next(bytes, end, at)) {
      this.#onMark(
        readDigits(bytes, at + LANE_AT, LANE_DIGITS),
        readDigits(bytes, at + SEQUENCE_AT, SEQUENCE_DIGITS),
        readDigits(bytes, at + TIME_AT, TIME_DIGITS),
      );
      end = at + MARK_BYTES;
    }
    return end;
  }

  #next(bytes: Buffer, from: number, previous: number): number {
    const guess = previous + this.#stride;
    if (previous >= 0 && guess >= from && bytes[guess] === AT_SIGN && bytes[guess + 1] === AT_SIGN) {
      return guess + MARK_BYTES <= bytes.length ? guess : -1;
    }
    const at = bytes.indexOf(MARK_NEEDLE, from);
    if (at < 0 || at + MARK_BYTES > bytes.length) return -1;
    if (previous >= 0) this.#stride = at - previous;
    return at;
  }

  #keepTail(bytes: Buffer, from: number): void {
    const last = bytes.subarray(Math.max(from, bytes.length - MARK_BYTES + 1));
    const begin = last.indexOf(AT_SIGN);
    this.#tail = begin < 0 ? NOTHING : Buffer.from(last.subarray(begin));
  }
}

/** Writes a number in decimal, with leading zeros. */
export function writeDigits(into: Buffer, at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    into[i] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

function readDigits(bytes: Buffer, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) value = value * 10 + bytes[i]! - ZERO;
  return value;
}
