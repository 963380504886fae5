import { describe, expect, it } from 'vitest';
import { backoffMs } from './push-backoff.js';

const HOUR = 3_600_000;

describe('the pause after a failed attempt', () => {
  it.each([
    [1, 1_000],
    [2, 4_000],
    [3, 16_000],
    [4, 64_000],
    [5, 256_000],
    [6, 1_024_000],
    [7, HOUR],
    [100, HOUR],
    [10_000, HOUR],
  ])('after the attempt %i is up to %i ms, and anything below', (attempt, most) => {
    expect(backoffMs(attempt, 0, () => 1 - Number.EPSILON)).toBe(most);
    expect(backoffMs(attempt, 0, () => 0.5)).toBe(most / 2);
    expect(backoffMs(attempt, 0, () => 0)).toBe(0);
  });

  it.each([
    ['is never shorter than was asked for', 1, 30_000, 0.5, 30_000],
    ['is longer than was asked for when it would be anyway', 7, 30_000, 0.5, HOUR / 2],
    ['believes a day of what was asked for', 1, 10 * 86_400_000, 0.5, 86_400_000],
  ])('%s', (_what, attempt, retryAfterMs, random, expected) => {
    expect(backoffMs(attempt, retryAfterMs, () => random)).toBe(expected);
  });

  it('differs', () => {
    expect(new Set(Array.from({ length: 20 }, () => backoffMs(6))).size).toBeGreaterThan(10);
  });
});
