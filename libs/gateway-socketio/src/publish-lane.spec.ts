import { describe, expect, it } from 'vitest';
import { ANONYMOUS, APPLICATION } from '#clarion/access';
import type { Published, Publisher } from '#clarion/notifications';
import { cursorSchema, DomainError, MAX_BATCH_ITEMS, MAX_PUBLISH_BYTES, type Problem } from '#clarion/protocol';
import { PublishLane, type LaneHost } from './publish-lane.js';

/** A publisher whose answers the test gives, and what a client is told. */
class World {
  readonly calls: { resolve(published: Published): void; reject(error: unknown): void }[] = [];
  readonly answers: unknown[] = [];
  readonly host: LaneHost;
  readonly lane: PublishLane;
  refusal: DomainError | undefined;

  constructor(maxMessageBytes = 65_536) {
    const publish: Publisher['publish'] = () => new Promise((resolve, reject) => this.calls.push({ resolve, reject }));
    const problem = (error: unknown): Problem =>
      (error instanceof DomainError ? error : new DomainError('internal')).toProblem();
    this.host = { underWay: 0, publisher: { publish, turnAway: () => this.refusal }, maxMessageBytes, problem };
    this.lane = new PublishLane(this.host);
  }

  publish(body: unknown = { topic: 'orders/1', title: 't' }, who: typeof APPLICATION | typeof ANONYMOUS = APPLICATION) {
    this.lane.publish(who, body, (data) => this.answers.push(data));
  }
}

const turn = (): Promise<void> => new Promise((next) => setImmediate(next));
const cursor = cursorSchema.parse('c-1');

describe('the publishes of a Socket.IO client', () => {
  it('begin at once, and are answered as they are done', async () => {
    const world = new World();
    for (let i = 0; i < 3; i++) world.publish();
    expect([world.calls.length, world.host.underWay]).toEqual([3, 3]);
    world.calls[2]?.resolve({ id: 'n-3', replayed: false });
    await turn();
    world.calls[0]?.resolve({ id: 'n-1', cursor, replayed: true });
    world.calls[1]?.reject(new DomainError('overloaded'));
    await turn();
    expect(world.answers).toMatchObject([
      { id: 'n-3' },
      { id: 'n-1', cursor, replayed: true },
      { error: { code: 'overloaded' } },
    ]);
    expect(world.answers[0]).toEqual({ id: 'n-3' });
    expect(world.host.underWay).toBe(0);
  });

  it('that are refused never reach the publisher', async () => {
    const world = new World(1_000_000);
    world.publish({}, ANONYMOUS);
    for (const body of [null, Buffer.from('x'), { data: { a: new Uint8Array(1) } }, { topic: 'a b', title: 't' }])
      world.publish(body);
    world.publish({ topic: 'a', data: 'x'.repeat(MAX_PUBLISH_BYTES) });
    await turn();
    const codes = world.answers.map((answer) => Object(Object(answer)['error'])['code']);
    expect(codes).toEqual([
      'credentials.missing',
      'body.invalid',
      'json.invalid',
      'json.invalid',
      'body.invalid',
      'body.too_large',
    ]);
    expect(world.calls).toEqual([]);
  });

  it('are turned away while too many of all clients wait, and welcome again afterwards', async () => {
    const world = new World();
    world.refusal = new DomainError('overloaded', undefined, undefined, { retryAfterMs: 1_000 });
    world.publish();
    await turn();
    expect(world.answers).toMatchObject([{ error: { code: 'overloaded', retryAfterMs: 1_000 } }]);
    expect(world.calls).toEqual([]);
    world.refusal = undefined;
    world.publish();
    expect(world.calls).toHaveLength(1);
  });

  it('are as many as one batch may have; more are refused until there is room', async () => {
    const world = new World();
    for (let i = 0; i <= MAX_BATCH_ITEMS; i++) world.publish();
    await turn();
    expect(world.calls).toHaveLength(MAX_BATCH_ITEMS);
    expect(world.answers).toMatchObject([{ error: { code: 'rate.limited' } }]);
    world.calls[0]?.resolve({ id: 'n-1', replayed: false });
    await turn();
    world.publish();
    expect(world.calls).toHaveLength(MAX_BATCH_ITEMS + 1);
  });

  it('hold up the end until all are answered, and none is begun then', async () => {
    const world = new World();
    let ends = 0;
    world.publish();
    world.lane.close(() => ends++);
    world.publish();
    await turn();
    expect([ends, world.calls.length]).toEqual([0, 1]);
    expect(world.answers).toMatchObject([{ error: { code: 'draining' } }]);
    world.calls[0]?.resolve({ id: 'n-1', replayed: false });
    await turn();
    expect([ends, world.answers.length]).toEqual([1, 2]);
    const idle = new World();
    idle.lane.close(() => ends++);
    expect(ends).toBe(2);
  });
});
