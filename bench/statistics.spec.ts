import { describe, expect, it } from 'vitest';
import { summarise } from './statistics.js';

describe('summarise', () => {
  it.each([
    { values: [3], median: 3, min: 3, max: 3 },
    { values: [10, 9, 100], median: 10, min: 9, max: 100 },
    { values: [4, 1, 3, 2], median: 2.5, min: 1, max: 4 },
  ])('finds median and range of $values', ({ values, ...expected }) => {
    expect(summarise(values)).toEqual({ ...expected, values });
  });

  it('has nothing to say of nothing', () => {
    expect(summarise([])).toBeNull();
  });
});
