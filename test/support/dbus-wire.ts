/** As much of D-Bus's wire format (D-Bus Specification, “Message Protocol”) as a desktop for tests needs; little endian alone. */

export type DBusValue = string | number | boolean | readonly string[];

export interface DBusHead {
  readonly type: number;
  readonly serial: number;
  readonly member: string;
  readonly destination: string;
  readonly body: Buffer;
}

/** What is sent: a reply (`replyTo`), an error, or a signal (`path`). */
export interface DBusOutgoing {
  readonly replyTo?: number;
  readonly error?: string;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly destination?: string;
  readonly sender: string;
  readonly signature?: string;
  readonly values?: readonly DBusValue[];
}

const FIXED_BYTES = 16;
/** Codes of header fields, and their types. */
const FIELDS = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  error: [4, 's'],
  replyTo: [5, 'u'],
  destination: [6, 's'],
  sender: [7, 's'],
  signature: [8, 'g'],
} as const;
const MEMBER = FIELDS.member[0];
const DESTINATION = FIELDS.destination[0];

/** Bytes of the message that begins here; `Infinity` while that is not known. */
export function frameLength(bytes: Buffer): number {
  if (bytes.length < FIXED_BYTES) return Number.POSITIVE_INFINITY;
  return padded(FIXED_BYTES + bytes.readUInt32LE(12), 8) + bytes.readUInt32LE(4);
}

export function parseHead(frame: Buffer): DBusHead {
  const fields = new Map<number, string | number>();
  const end = FIXED_BYTES + frame.readUInt32LE(12);
  const reader = new DBusReader(frame, FIXED_BYTES);
  while (reader.at < end) {
    reader.align(8);
    const code = reader.byte();
    const type = reader.signature();
    fields.set(code, type === 'u' ? reader.uint() : type === 'g' ? reader.signature() : reader.string());
  }
  return {
    type: frame.readUInt8(1),
    serial: frame.readUInt32LE(8),
    member: String(fields.get(MEMBER) ?? ''),
    destination: String(fields.get(DESTINATION) ?? ''),
    body: frame.subarray(padded(end, 8)),
  };
}

/** Reads values one after another, each from where its type is aligned. */
export class DBusReader {
  constructor(
    private readonly bytes: Buffer,
    public at = 0,
  ) {}

  align(to: number): void {
    this.at = padded(this.at, to);
  }

  byte(): number {
    return this.bytes.readUInt8(this.at++);
  }

  uint(): number {
    this.align(4);
    this.at += 4;
    return this.bytes.readUInt32LE(this.at - 4);
  }

  string(): string {
    return this.#text(this.uint());
  }

  signature(): string {
    return this.#text(this.byte());
  }

  strings(): string[] {
    const end = this.uint() + this.at;
    const all: string[] = [];
    while (this.at < end) all.push(this.string());
    return all;
  }

  /** Ended by a zero that its length does not count. */
  #text(length: number): string {
    this.at += length + 1;
    return this.bytes.toString('utf8', this.at - length - 1, this.at - 1);
  }
}

let serial = 0;

export function dbusMessage(message: DBusOutgoing): Buffer {
  const body = new DBusWriter();
  const types = message.signature?.match(/as|./g) ?? [];
  for (const [i, type] of types.entries()) body.value(type, message.values?.[i] ?? '');
  const fields = new DBusWriter();
  for (const [name, [code, type]] of Object.entries(FIELDS)) {
    const value = message[name as keyof typeof FIELDS];
    if (value === undefined || value === '') continue;
    fields.align(8);
    fields.byte(code);
    fields.value('g', type);
    fields.value(type, value);
  }
  const head = Buffer.alloc(FIXED_BYTES);
  const type = message.path !== undefined ? 4 : message.error !== undefined ? 3 : 2;
  head.set([0x6c, type, 1, 1]);
  head.writeUInt32LE(body.bytes.length, 4);
  head.writeUInt32LE(++serial, 8);
  head.writeUInt32LE(fields.bytes.length, 12);
  const gap = Buffer.alloc(padded(fields.bytes.length, 8) - fields.bytes.length);
  return Buffer.concat([head, fields.bytes, gap, body.bytes]);
}

class DBusWriter {
  bytes = Buffer.alloc(0);

  align(to: number): void {
    this.#add(Buffer.alloc(padded(this.bytes.length, to) - this.bytes.length));
  }

  byte(value: number): void {
    this.#add(Buffer.of(value));
  }

  value(type: string, value: DBusValue): void {
    if (type === 'g') this.#text(Buffer.of(String(value).length), String(value));
    else if (type === 'as') this.#array(value as readonly string[]);
    else if (type === 'u' || type === 'b') this.#uint(Number(value));
    else this.#string(String(value));
  }

  #array(values: readonly string[]): void {
    // Strings are aligned as lengths are, so that an array can be written apart.
    const items = new DBusWriter();
    for (const value of values) items.value('s', value);
    this.#uint(items.bytes.length);
    this.#add(items.bytes);
  }

  #string(text: string): void {
    this.#uint(Buffer.byteLength(text));
    this.#text(Buffer.alloc(0), text);
  }

  #uint(value: number): void {
    this.align(4);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    this.#add(bytes);
  }

  #text(length: Buffer, text: string): void {
    this.#add(Buffer.concat([length, Buffer.from(`${text}\0`)]));
  }

  #add(bytes: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, bytes]);
  }
}

function padded(length: number, to: number): number {
  return Math.ceil(length / to) * to;
}
