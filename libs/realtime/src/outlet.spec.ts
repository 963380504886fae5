import { expect, test } from 'vitest';
import type { Cursor, Topic } from '#clarion/protocol';
import type { Codec } from './gateway.js';
import { LogEvent } from './log-event.js';
import { Outlet } from './outlet.js';

let encoded = 0;
let joined = 0;
const codec: Codec<string> = {
  name: 'text',
  encode: (event, topic) => (encoded++, `${event.offset}@${topic} `),
  join: (frames) => (joined++, frames.join('')),
  control: ({ name }) => name,
};
const T = 't' as Topic;
const event = (offset: number): LogEvent =>
  LogEvent.durable({ offset, id: 'n', topics: [T], publishedAt: 1, body: '' }, 'c' as Cursor);

test('readers of the same events share one run, encoded and joined once', () => {
  encoded = joined = 0;
  const outlet = new Outlet(codec);
  const events = [event(1), event(2), event(3)];
  const runs = Array.from({ length: 100 }, () => events.reduce((run, one) => run.plus(one, T), outlet.root));
  expect(new Set(runs).size).toBe(1);
  expect(new Set(runs.map((run) => run.joined()))).toEqual(new Set(['1@t 2@t 3@t ']));
  expect([encoded, joined]).toEqual([3, 1]);
});

test('readers of other events get runs of their own, in their order', () => {
  const outlet = new Outlet(codec);
  const [first, second, third] = [event(1), event(2), event(3)];
  const shared = outlet.root.plus(first, T);
  expect(shared.plus(second, T).plus(third, T).joined()).toBe('1@t 2@t 3@t ');
  expect(shared.plus(third, T).joined()).toBe('1@t 3@t ');
  expect(shared.plus(third, T)).toBe(shared.plus(third, T));
  expect(shared.plus(third, 'u' as Topic).joined()).toBe('1@t 3@u ');
  expect(shared.plus(second, T).joined()).toBe('1@t 2@t ');
});

test('a reset forgets: what is given again is encoded again, and old runs stay whole', () => {
  encoded = 0;
  const outlet = new Outlet(codec);
  const one = event(1);
  const before = outlet.root.plus(one, T);
  outlet.reset();
  expect(outlet.root.plus(one, T)).not.toBe(before);
  expect(encoded).toBe(2);
  expect(before.joined()).toBe('1@t ');
});
