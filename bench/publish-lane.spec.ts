import { describe, expect, it } from 'vitest';
import { MarkScanner, markedPayload } from './mark.js';
import type { PublishTarget } from './messages.js';
import { PublishLane } from './publish-lane.js';
import { singlePosts, topicBody } from './publish-targets.js';

const POSTS = singlePosts({
  port: 80,
  path: '/v1/notifications',
  message: topicBody('bench/', markedPayload(60)),
  topics: 3,
  headers: { authorization: 'Bearer key' },
});
const BATCHES: PublishTarget = { ...POSTS, batch: { size: 3, before: '{"notifications":[', after: ']}' } };

/** The messages in a request: lane and sequence number of each. */
function marksIn(request: Buffer): string[] {
  const marks: string[] = [];
  new MarkScanner((lane, sequence, at) => marks.push(`${lane}:${sequence} at ${at}`)).push(request);
  return marks;
}

function topicsIn(request: Buffer): string[] {
  return [...request.toString('latin1').matchAll(/bench[/.](\d{5})/g)].map(([, topic]) => topic ?? '');
}

describe('PublishLane', () => {
  it('numbers its messages as they are accepted, and goes round the topics from its own number', () => {
    const lane = new PublishLane(7, POSTS);
    const first = Buffer.from(lane.next(1_000));
    const again = Buffer.from(lane.next(2_000));
    lane.onAccepted();
    const second = Buffer.from(lane.next(3_000));
    expect([first, again, second].flatMap(marksIn)).toEqual(['7:1 at 1000', '7:1 at 2000', '7:2 at 3000']);
    expect([first, again, second].flatMap(topicsIn)).toEqual(['00001', '00001', '00002']);
    expect([lane.accepted, lane.scheduledMicros]).toEqual([1, 3_000]);
  });

  it('makes a whole HTTP request', () => {
    const [head = '', body = ''] = new PublishLane(0, POSTS).next(1).toString('latin1').split('\r\n\r\n');
    expect(head.split('\r\n')).toEqual(
      expect.arrayContaining([
        'POST /v1/notifications HTTP/1.1',
        'authorization: Bearer key',
        `content-length: ${body.length}`,
      ]),
    );
    expect(JSON.parse(body)).toMatchObject({
      topic: 'bench/00000',
      data: { mark: expect.stringMatching(/^@@\d{26}$/) },
    });
  });

  it('puts several messages into a batch, which are accepted together', () => {
    const lane = new PublishLane(1, BATCHES);
    lane.next(5);
    lane.onAccepted();
    const request = lane.next(5);
    expect(marksIn(request)).toEqual(['1:4 at 5', '1:5 at 5', '1:6 at 5']);
    expect(topicsIn(request)).toEqual(['00001', '00002', '00000']);
    expect(JSON.parse(request.toString('latin1').split('\r\n\r\n')[1] ?? '')).toMatchObject({
      notifications: { length: 3 },
    });
  });

  it('publishes to the topic in a path, or in the subject of NATS, with the size of the message', () => {
    const message = markedPayload(60);
    const nchan = singlePosts({ port: 80, path: '/publish/bench.{topic}', message, topics: 3 });
    expect(new PublishLane(2, nchan).next(1).toString('latin1')).toMatch(/^POST \/publish\/bench\.00002 HTTP/);
    const nats: PublishTarget = { ...nchan, protocol: 'nats', path: 'bench.{topic}' };
    expect(new PublishLane(2, nats).next(1).toString('latin1')).toMatch(
      /^PUB bench\.00002 60\r\n\{.{58}\}\r\nPING\r\n$/,
    );
  });

  it('names itself in a frame, which is masked so that it can be overwritten', () => {
    const webSocket: PublishTarget = {
      ...POSTS,
      protocol: 'websocket',
      message: `{"id":"{lane}","data":${markedPayload(60)}}`,
      topics: 1,
    };
    const frame = new PublishLane(12, webSocket).next(1);
    expect([...frame.subarray(0, 2), ...frame.subarray(2, 6)]).toEqual([0x81, 0x80 | (frame.length - 6), 0, 0, 0, 0]);
    expect(JSON.parse(frame.toString('latin1', 6))).toMatchObject({ id: '012' });
  });

  it('refuses a target that has no place for topics or marks', () => {
    expect(() => new PublishLane(0, { ...POSTS, message: markedPayload(60) })).toThrow(RangeError);
    expect(() => new PublishLane(0, { ...POSTS, message: '{"topic":"{topic}"}' })).toThrow(RangeError);
  });
});
