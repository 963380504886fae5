import { expect, test, vi } from 'vitest';
import type { Cursor } from '#clarion/protocol';
import { RecentCursors } from './recent-cursors.js';

const make = vi.fn<(offsets: readonly number[]) => Cursor[]>((offsets) =>
  offsets.map((offset) => `c${offset}` as Cursor),
);

test('a cursor is made once, and each offset has its own', () => {
  const recent = new RecentCursors(make);
  const offsets = [0, 1, 2_048, 2_049, 1, 0, 1];
  expect(offsets.map((offset) => recent.at(offset))).toEqual(offsets.map((offset) => `c${offset}`));
  make.mockClear();
  expect([recent.at(1), recent.at(0)]).toEqual(['c1', 'c0']);
  expect(make).not.toHaveBeenCalled();
  recent.forget();
  recent.at(1);
  expect(make).toHaveBeenCalledOnce();
});

test('those that are prepared are made together, also more than are remembered', () => {
  const recent = new RecentCursors(make);
  const offsets = Array.from({ length: 3_000 }, (_, i) => i + 1);
  make.mockClear();
  recent.prepare(offsets);
  expect(recent.at(3_000)).toBe('c3000');
  expect(make).toHaveBeenCalledOnce();
  expect(offsets.map((offset) => recent.at(offset))).toEqual(offsets.map((offset) => `c${offset}`));
});
