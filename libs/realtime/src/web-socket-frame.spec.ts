import { describe, expect, it } from 'vitest';
import { Receiver } from 'ws';
import { textFrame, textInFrame } from './web-socket-frame.js';

/** What a client of the `ws` library reads from these bytes. */
function read(bytes: Buffer): string[] {
  const texts: string[] = [];
  const receiver = new Receiver();
  receiver.on('message', (text: Buffer) => texts.push(text.toString()));
  receiver.write(bytes);
  return texts;
}

describe('a text frame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 200_000])('of %i bytes is what a client reads', (bytes) => {
    const text = 'x'.repeat(bytes);
    expect(read(textFrame(text))).toEqual([text]);
    expect(textInFrame(textFrame(text)).toString()).toBe(text);
  });

  it('counts bytes, not characters', () => {
    const text = 'ä漢🚀'.repeat(40);
    expect(read(Buffer.concat([textFrame(text), textFrame('after')]))).toEqual([text, 'after']);
  });
});
