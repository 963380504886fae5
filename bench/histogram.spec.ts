import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.js';

const durations = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 200 });

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('Histogram', () => {
  it('knows every quantile to within 1/32, never below the true one', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, quantile) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(values.length * quantile) - 1)] ?? 0;
        const found = histogramOf(values).quantile(quantile);
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found).toBeLessThanOrEqual(exact * (1 + 1 / 32));
      }),
    );
  });

  it('adds up the data of several as if one had counted all', () => {
    fc.assert(
      fc.property(durations, durations, (first, second) => {
        const sum = histogramOf(first);
        sum.add(histogramOf(second).toData());
        expect(sum.toData()).toEqual(histogramOf([...first, ...second]).toData());
        expect(sum.count).toBe(first.length + second.length);
      }),
    );
  });

  it('takes what is out of range as the nearest in range', () => {
    const histogram = histogramOf([-5, 2 ** 40]);
    expect([histogram.quantile(0), histogram.quantile(1)]).toEqual([0, 2 ** 31 - 1]);
  });

  it('is empty at first and after a reset', () => {
    const histogram = histogramOf([7]);
    histogram.reset();
    expect([histogram.count, histogram.max, histogram.quantile(0.99)]).toEqual([0, 0, 0]);
    expect(histogram.toData()).toEqual(new Histogram().toData());
  });
});
