import { expect, test } from 'vitest';
import type { LogEntry } from '#clarion/event-bus';
import type { Cursor, Topic } from '#clarion/protocol';
import { LogEvent } from './log-event.js';

const T = 'a' as Topic;
const entry: LogEntry = { offset: 5, id: 'n', topics: ['a', 'b'], publishedAt: 1, body: '"title":"old"' };
const durable = (traits: Partial<LogEntry> = {}): LogEvent => LogEvent.durable({ ...entry, ...traits }, 'c' as Cursor);

test.each([
  [undefined, 'notification', true],
  ['updated', 'updated', true],
  ['retracted', 'retracted', true],
  ['inbox', 'inbox', false],
] as const)('an entry of kind %s is the event %s', (kind, name, isOptional) => {
  expect(durable({ kind })).toMatchObject({ name, isOptional });
});

test('of an erasure no client hears', () => {
  expect(() => durable({ kind: 'erased' })).toThrow('erasure');
});

test('a tombstone amends nothing but the entry that tells of it amends its notification', () => {
  expect(durable({ kind: 'retracted', about: 5 }).amends).toBeUndefined();
  expect(durable({ kind: 'retracted', about: 3 }).amends).toBe(3);
});

test('a revised event has the newest body in its own place', () => {
  const edit = durable({ offset: 9, kind: 'updated', about: 5, body: '"title":"new"', expiresAt: 7 });
  const revised = durable().revised(edit);
  expect(revised.json(T)).toBe('{"id":"n","cursor":"c","topic":"a","title":"new"}');
  expect(revised).toMatchObject({ name: 'notification', offset: 5, expiresAt: 7, amends: undefined });
});

test('what was taken back stays so, whatever comes late', () => {
  const gone = durable({ offset: 9, kind: 'retracted', about: 5, body: '"retractedAt":"now"' });
  const tombstone = durable().revised(gone);
  expect(tombstone).toMatchObject({ name: 'retracted', offset: 5 });
  expect(tombstone.revised(durable({ offset: 8, kind: 'updated', about: 5 }))).toBe(tombstone);
  const late = durable({ offset: 8, kind: 'updated', about: 5 }).revised(tombstone);
  expect(late).toMatchObject({ name: 'retracted', offset: 8, amends: 5 });
  expect(late.json(T)).toContain('retractedAt');
});

test('without its only topic nothing is left of it', () => {
  expect(durable().without(T)?.topics).toEqual(['b']);
  expect(durable({ topics: ['a'] }).without(T)).toBeUndefined();
});

test('an event of the server itself is what it was made of, on whatever topic', () => {
  const event = LogEvent.control('summary', [T], '{"unread":{"count":1}}', 'k');
  expect(event.json(T)).toBe('{"unread":{"count":1}}');
  expect(event).toMatchObject({
    name: 'summary',
    offset: undefined,
    cursor: undefined,
    collapseKey: 'k',
    isOptional: false,
  });
});

test('a change of preferences is known by its body', () => {
  expect(durable({ kind: 'inbox', body: '"change":"preferences","at":"now"' }).changesPreferences).toBe(true);
  expect(durable({ kind: 'inbox', body: '"change":"marked"' }).changesPreferences).toBe(false);
  expect(durable({ body: '"change":"preferences"' }).changesPreferences).toBe(false);
});
