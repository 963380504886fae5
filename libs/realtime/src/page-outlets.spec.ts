import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Cursor, Topic } from '#clarion/protocol';
import type { Codec } from './gateway.js';
import { LogEvent } from './log-event.js';
import { PageOutlets } from './page-outlets.js';

const T = 't' as Topic;
let encoded = 0;
const codec: Codec<string> = {
  name: 'text',
  encode: (event) => (encoded++, `${event.offset} `),
  join: (frames) => frames.join(''),
  control: ({ name }) => name,
};

const event = (offset: number, body = ''): LogEvent =>
  LogEvent.durable({ offset, id: 'n', topics: [T], publishedAt: 1, body }, 'c' as Cursor);
const EVENTS = [event(1), event(2), event(3)];

function read(pages: PageOutlets, events: readonly LogEvent[] = EVENTS): string {
  return events.reduce((run, one) => run.plus(one, T), pages.root(codec)).joined();
}

beforeEach(() => {
  vi.useFakeTimers();
  encoded = 0;
});
afterEach(() => {
  vi.useRealTimers();
});

test('who reads the same soon after is given the same', () => {
  const pages = new PageOutlets();
  for (let i = 0; i < 10; i++) {
    expect(read(pages)).toBe('1 2 3 ');
    vi.advanceTimersByTime(9);
  }
  expect(encoded).toBe(3);
});

test('nothing is kept, and no timer runs, for nobody', () => {
  const pages = new PageOutlets();
  read(pages);
  vi.advanceTimersByTime(100);
  expect(vi.getTimerCount()).toBe(0);
  expect(read(pages)).toBe('1 2 3 ');
  expect(encoded).toBe(6);
});

test('readers of ever different pages do not make it keep more than a megabyte', () => {
  const pages = new PageOutlets();
  const body = 'x'.repeat(100_000);
  const first = event(1, body);
  read(pages, [first]);
  for (let offset = 2; offset <= 12; offset++) read(pages, [event(offset, body)]);
  expect(encoded).toBe(12);
  read(pages, [first]);
  expect(encoded).toBe(13);
});
