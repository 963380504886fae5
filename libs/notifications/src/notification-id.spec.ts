import { expect, test } from 'vitest';
import { NotificationIds } from './notification-id.js';

const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('ids are UUIDs of version 7 that tell their millisecond, and no two are equal', () => {
  const ids = new NotificationIds();
  const first = Date.parse('2026-11-20T16:00:00.000Z');
  const made = Array.from({ length: 5_000 }, (_, i) => {
    const now = first + Math.floor(i / 7);
    const id = ids.next(now);
    expect(id).toMatch(UUID_7);
    expect(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(now);
    return id;
  });
  expect(new Set(made).size).toBe(made.length);
});
