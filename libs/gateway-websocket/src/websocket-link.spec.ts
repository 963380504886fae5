import { describe, expect, it } from 'vitest';
import { cursorSchema, type ControlEvent } from '#clarion/protocol';
import { textInFrame, type Batch } from '#clarion/realtime';
import { single, type FrameWriter } from './frame-writer.js';
import { WebSocketCodec } from './websocket-codec.js';
import { WebSocketLink } from './websocket-link.js';

const codec = new WebSocketCodec();
const gap: ControlEvent = { name: 'gap', data: { reason: 'unknown', cursor: cursorSchema.parse('floor') } };
const ready: ControlEvent = { name: 'ready', data: { topics: [], cursor: cursorSchema.parse('floor') } };
const moved: ControlEvent = { name: 'cursor', data: { cursor: cursorSchema.parse('later') } };

/** Keeps what a connection would be given: one list of messages for each write. */
class Record implements FrameWriter {
  readonly writes: unknown[][] = [];
  isFull = false;

  write(batch: Batch<Buffer>): boolean {
    this.writes.push(batch.frames.map((frame) => JSON.parse(textInFrame(frame).toString())));
    expect(batch.joined().equals(Buffer.concat([...batch.frames]))).toBe(true);
    return !this.isFull;
  }
}

function link(record: Record, answerTo?: number): WebSocketLink {
  return new WebSocketLink(codec, record, { close: () => undefined, peer: () => ({}) }, answerTo);
}

describe('the link of a session', () => {
  it('that a subscribe opened answers it first, with the place of ready, in one write', () => {
    const record = new Record();
    const opened = link(record, 7);
    expect(opened.write(single(codec.control(gap)))).toBe(true);
    expect(record.writes).toEqual([]);
    expect(opened.write(single(codec.control(ready)))).toBe(true);
    const reply = { event: 'reply', id: 7, ok: true, data: { topics: [], cursor: 'floor' } };
    expect(record.writes).toEqual([[reply, { event: 'gap', data: gap.data }, { event: 'ready', data: ready.data }]]);
  });

  it('says so when there is no room, and passes on what follows as it comes', () => {
    const record = new Record();
    record.isFull = true;
    const opened = link(record, 7);
    expect(opened.write(single(codec.control(ready)))).toBe(false);
    record.isFull = false;
    expect(opened.write(single(codec.control(moved)))).toBe(true);
    expect(record.writes[1]).toEqual([{ event: 'cursor', data: moved.data }]);
  });

  it('that the request opened holds nothing back', () => {
    const record = new Record();
    link(record).write(single(codec.control(gap)));
    expect(record.writes).toHaveLength(1);
  });
});
