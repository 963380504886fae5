import { describe, expect, it } from 'vitest';
import { Arrivals } from './arrivals.js';

function judge(numbers: readonly number[]): string | null {
  const arrivals = new Arrivals(40, 3);
  for (const number of numbers) arrivals.accept(number);
  return arrivals.verdict();
}

describe('Arrivals', () => {
  it('has nothing to say of all, in order, once', () => {
    expect(judge([40, 41, 42])).toBeNull();
  });

  it.each([
    ['nothing', [], '3 of 3 are missing'],
    ['a lost end', [40, 41], '1 of 3 are missing'],
    ['a lost beginning', [41, 42], 'one came too early'],
    ['a hole', [40, 42], 'one came too early'],
    ['a repeat', [40, 40, 41, 42], 'one came twice, or late'],
    ['a repeat after the end', [40, 41, 42, 42], 'one came twice, or late'],
    ['a wrong order', [41, 40, 42], 'one came too early'],
    ["somebody else's", [40, 41, 42, 43], 'one came that was meant for others'],
    ["somebody else's before", [39, 40, 41, 42], 'one came that was meant for others'],
  ])('finds %s', (_, numbers, fault) => {
    expect(judge(numbers)).toBe(fault);
  });

  it('is complete as soon as the last is there', () => {
    const arrivals = new Arrivals(1, 2);
    arrivals.accept(1);
    expect(arrivals.isComplete).toBe(false);
    arrivals.accept(2);
    expect(arrivals.isComplete).toBe(true);
  });
});
