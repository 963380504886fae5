import { describe, expect, it } from 'vitest';
import { textFrame, textInFrame } from './web-socket-frame.js';

/** RFC 6455 §5.2: FIN and opcode 1, then the length in 7 bits, 16 bits after 126, or 64 bits after 127. */
const HEADERS: [number, number[]][] = [
  [0, [0x81, 0]],
  [1, [0x81, 1]],
  [125, [0x81, 125]],
  [126, [0x81, 126, 0, 126]],
  [65_535, [0x81, 126, 0xff, 0xff]],
  [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  [200_000, [0x81, 127, 0, 0, 0, 0, 0, 3, 0x0d, 0x40]],
];

describe('a text frame', () => {
  it.each(HEADERS)('of %i bytes', (bytes, header) => {
    const text = 'x'.repeat(bytes);
    expect(textFrame(text).equals(Buffer.concat([Buffer.from(header), Buffer.from(text)]))).toBe(true);
    expect(textInFrame(textFrame(text)).toString()).toBe(text);
  });

  it('counts bytes, not characters', () => {
    const text = 'ä漢🚀'.repeat(13);
    expect([...textFrame(text).subarray(0, 2)]).toEqual([0x81, 9 * 13]);
    expect(textInFrame(textFrame(text)).toString()).toBe(text);
  });
});
