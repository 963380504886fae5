import { describe, expect, it } from 'vitest';
import { APPLICATION, ANONYMOUS } from '#clarion/access';
import type { Published, Publisher } from '#clarion/notifications';
import { DomainError, MAX_BATCH_BYTES, MAX_BATCH_ITEMS, MAX_PUBLISH_BYTES, cursorSchema } from '#clarion/protocol';
import { textInFrame } from '#clarion/realtime';
import type { Request } from './message.js';
import { PublishLane } from './publish-lane.js';
import { WebSocketCodec } from './websocket-codec.js';

/** A publisher whose answers the test gives, and what the connection would write. */
class World {
  readonly calls: { resolve(published: Published): void; reject(error: unknown): void }[] = [];
  readonly writes: unknown[][] = [];
  room = 0;
  readonly lane: PublishLane;

  constructor() {
    const publish: Publisher['publish'] = () => new Promise((resolve, reject) => this.calls.push({ resolve, reject }));
    const codec = new WebSocketCodec();
    this.lane = new PublishLane({
      publisher: { publish },
      codec,
      problem: (error) => (error instanceof DomainError ? error : new DomainError('internal')).toProblem(),
      say: ({ frames, joined }) => {
        this.writes.push(frames.map((frame) => JSON.parse(textInFrame(frame).toString())));
        expect(joined().equals(Buffer.concat([...frames]))).toBe(true);
      },
      room: () => this.room++,
    });
  }
}

function request(id: number | string, bytes = 100): Request {
  return { op: 'publish', id, bytes, body: { topic: 'orders/1', title: 't' } };
}

const turn = (): Promise<void> => new Promise((next) => setImmediate(next));
const cursor = cursorSchema.parse('c-1');

describe('the publishes of a WebSocket', () => {
  it('begin at once, and those done in one turn are answered with one write', async () => {
    const world = new World();
    const { lane, calls, writes } = world;
    for (const id of [1, 'zwei "2"', 3]) lane.publish(APPLICATION, request(id));
    expect(calls).toHaveLength(3);
    await turn();
    calls[1]?.resolve({ id: 'n-2', replayed: false });
    calls[0]?.resolve({ id: 'n-1', cursor, replayed: true });
    await turn();
    expect(writes).toEqual([
      [
        { event: 'reply', id: 'zwei "2"', ok: true, data: { id: 'n-2' } },
        { event: 'reply', id: 1, ok: true, data: { id: 'n-1', cursor: 'c-1', replayed: true } },
      ],
    ]);
    expect([lane.isEmpty, world.room]).toEqual([false, 1]);
    calls[2]?.reject(new DomainError('overloaded'));
    await turn();
    expect(writes[1]).toMatchObject([{ id: 3, ok: false, error: { code: 'overloaded', status: 503 } }]);
    expect(lane.isEmpty).toBe(true);
  });

  it('that are refused never reach the publisher', async () => {
    const { lane, calls, writes } = new World();
    lane.publish(APPLICATION, request(1, MAX_PUBLISH_BYTES + 1));
    lane.publish(ANONYMOUS, { ...request(2), body: {} });
    lane.publish(APPLICATION, { ...request(3), body: { topic: 'a b' } });
    await turn();
    expect(writes.flat()).toMatchObject([
      { id: 1, error: { code: 'body.too_large' } },
      { id: 2, error: { code: 'credentials.missing' } },
      { id: 3, error: { code: 'body.invalid', errors: [{ pointer: '/topic' }, { pointer: '' }] } },
    ]);
    expect(calls).toEqual([]);
  });

  it('are as many as one batch may have', async () => {
    const { lane, calls } = new World();
    for (let id = 0; id < MAX_BATCH_ITEMS; id++) {
      expect(lane.isFull).toBe(false);
      lane.publish(APPLICATION, request(id));
    }
    expect(lane.isFull).toBe(true);
    calls[0]?.resolve({ id: 'n-1', replayed: false });
    await turn();
    expect(lane.isFull).toBe(false);
  });

  it('are as large as one batch may be', () => {
    const { lane } = new World();
    for (let bytes = 0; bytes < MAX_BATCH_BYTES; bytes += MAX_PUBLISH_BYTES) {
      expect(lane.isFull).toBe(false);
      lane.publish(APPLICATION, request(1, MAX_PUBLISH_BYTES));
    }
    expect(lane.isFull).toBe(true);
  });
});
