const FIN_TEXT = 0x81;
/** Payloads from these sizes on have their length in 2, and in 8 more bytes. */
const LENGTH_16_FROM = 126;
const LENGTH_64_FROM = 65_536;

/**
 * One finished, unmasked WebSocket text frame (RFC 6455 §5.2), as a server sends it on a connection without extensions. Codecs
 * make it once for all who read the same.
 */
export function textFrame(text: string): Buffer {
  const bytes = Buffer.byteLength(text);
  const header = headerBytes(bytes);
  const buffer = Buffer.allocUnsafe(header + bytes);
  buffer[0] = FIN_TEXT;
  if (header === 2) buffer[1] = bytes;
  else if (header === 4) {
    buffer[1] = 126;
    buffer.writeUInt16BE(bytes, 2);
  } else {
    buffer[1] = 127;
    buffer.writeBigUInt64BE(BigInt(bytes), 2);
  }
  buffer.write(text, header);
  return buffer;
}

/** The text in a frame of {@link textFrame}, for a sender that frames by itself: a view of the same memory. */
export function textInFrame(frame: Buffer): Buffer {
  const length = frame[1];
  return frame.subarray(length === 127 ? 10 : length === 126 ? 4 : 2);
}

function headerBytes(payloadBytes: number): 2 | 4 | 10 {
  if (payloadBytes < LENGTH_16_FROM) return 2;
  return payloadBytes < LENGTH_64_FROM ? 4 : 10;
}
