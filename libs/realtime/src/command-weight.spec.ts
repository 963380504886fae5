import { expect, it } from 'vitest';
import type { Cursor } from '#clarion/protocol';
import { weightOf } from './command-weight.js';

it.each([
  [1, 1],
  [64, 1],
  [65, 2],
  [1_000, 16],
])('%i ids weigh as much as %i commands', (count, weight) => {
  const ids = Array.from({ length: count }, (_, i) => `n-${i}`);
  expect([weightOf({ op: 'ack', ids }), weightOf({ op: 'mark', state: 'read', ids })]).toEqual([weight, weight]);
});

it('others weigh as one', () => {
  expect(weightOf({ op: 'mark', state: 'read', upTo: 'cursor' as Cursor })).toBe(1);
});
