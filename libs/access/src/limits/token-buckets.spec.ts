import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rate } from './rate.js';
import { TokenBuckets } from './token-buckets.js';

/** Buckets on a clock that the test turns. */
function bucketsOf(rate: Rate, maxKeys = 1_000) {
  const clock = { ms: 1_000_000 };
  return { clock, buckets: new TokenBuckets(rate, maxKeys, () => clock.ms) };
}

const takeMany = (buckets: TokenBuckets, key: string, times: number) =>
  Array.from({ length: times }, () => buckets.take(key));

test('as many as the quota at once, then one as often as the window refills one', () => {
  const { clock, buckets } = bucketsOf(new Rate(5, 10));
  expect(takeMany(buckets, 'a', 7)).toEqual([0, 0, 0, 0, 0, 2_000, 2_000]);
  clock.ms += 1_999;
  expect(buckets.take('a')).toBe(1);
  clock.ms += 1;
  expect(takeMany(buckets, 'a', 2)).toEqual([0, 2_000]);
});

test('keys do not share', () => {
  const { buckets } = bucketsOf(new Rate(1, 60));
  expect([buckets.take('a'), buckets.take('a'), buckets.take('b')]).toEqual([0, 60_000, 0]);
});

test('a bucket holds no more than the quota, however long nobody came', () => {
  const { clock, buckets } = bucketsOf(new Rate(2, 1));
  buckets.take('a');
  clock.ms += 3_600_000;
  expect(takeMany(buckets, 'a', 3)).toEqual([0, 0, 500]);
});

test('whoever does as it is told is never told again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 600 }), (quota, windowS) => {
      const { clock, buckets } = bucketsOf(new Rate(quota, windowS));
      takeMany(buckets, 'a', quota);
      const again = Array.from({ length: quota * 3 }, () => {
        clock.ms += buckets.take('a');
        return buckets.take('a');
      });
      expect(again.filter((waitMs) => waitMs > 0)).toEqual([]);
    }),
  );
});

test('in any window no more is allowed than what a full bucket and its refilling hold', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), steps, (quota, pauses) => {
      const { clock, buckets } = bucketsOf(new Rate(quota, 10));
      const from = clock.ms;
      let allowed = 0;
      for (const pause of pauses) {
        clock.ms += pause;
        if (buckets.take('a') === 0) allowed++;
      }
      expect(allowed).toBeLessThanOrEqual(quota + ((clock.ms - from) / 10_000) * quota + 1e-6);
    }),
  );
});

test('full buckets are forgotten, so that keys of long ago cost nothing', () => {
  const { clock, buckets } = bucketsOf(new Rate(10, 1));
  for (let i = 0; i < 500; i++) buckets.take(`old-${i}`);
  clock.ms += 1_000;
  for (let i = 0; i < 500; i++) buckets.take(`new-${i}`);
  expect(buckets.size).toBeLessThanOrEqual(501);
  clock.ms += 60_000;
  for (let i = 0; i < 1_000; i++) buckets.take('one');
  expect(buckets.size).toBe(1);
});

test('of more keys than may be, the one longest untouched is forgotten, and none that was just used', () => {
  const { buckets } = bucketsOf(new Rate(1, 3_600), 100);
  for (let i = 0; i < 10_000; i++) {
    buckets.take(`k-${i}`);
    buckets.take('steady');
    expect(buckets.size).toBeLessThanOrEqual(100);
  }
  expect(buckets.take('steady')).toBeGreaterThan(0);
  expect(buckets.take('k-9999')).toBeGreaterThan(0);
  expect(buckets.take('k-0')).toBe(0);
});
