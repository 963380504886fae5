import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientFrame, FrameReader, OPCODE } from './websocket-frames.js';

type Frame = readonly [opcode: number, payload: string];

/** A frame as a server sends it, not masked, with the shortest of the three length forms (RFC 6455 §5.2). */
function serverFrame([opcode, payload]: Frame): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.from(payload, 'latin1')]);
}

function read(stream: Buffer, size: number): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader((opcode, bytes, at, end) => frames.push([opcode, bytes.toString('latin1', at, end)]));
  for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size));
  return frames;
}

describe('FrameReader', () => {
  it('reads frames however they are cut', () => {
    const opcode = fc.constantFrom(...Object.values(OPCODE));
    const payload = fc.string({ maxLength: 300, unit: 'binary-ascii' });
    fc.assert(
      fc.property(fc.array(fc.tuple(opcode, payload)), fc.integer({ min: 1, max: 400 }), (frames, size) => {
        expect(read(Buffer.concat(frames.map(serverFrame)), size)).toEqual(frames);
      }),
    );
  });

  it.each([125, 126, 65_535, 65_536])('reads a payload of %i bytes', (length) => {
    const frame: Frame = [OPCODE.text, 'x'.repeat(length)];
    expect(read(serverFrame(frame), 1_000)).toEqual([frame]);
  });

  it('refuses what no server may send', () => {
    expect(() => read(clientFrame(OPCODE.text, Buffer.from('hi')), 100)).toThrow('mask');
    expect(() => read(Buffer.from([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0]), 100)).toThrow('too large');
  });
});

describe('clientFrame', () => {
  it.each([0, 1, 125, 126, 1_000])('masks %i bytes so that they can be read back', (length) => {
    const payload = Buffer.alloc(length, 'abc');
    const frame = clientFrame(OPCODE.text, payload);
    const head = length < 126 ? 2 : 4;
    const mask = frame.subarray(head, head + 4);
    expect(frame[0]).toBe(0x81);
    expect([...frame.subarray(1, head)]).toEqual(
      length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff],
    );
    expect(frame.subarray(head + 4).map((byte, index) => byte ^ (mask[index % 4] ?? 0))).toEqual(payload);
  });
});
