import { describe, expect, it } from 'vitest';
import { DomainError } from './errors.js';
import { parseWanted, parseWantedQuery } from './wanted.js';

function outcome(act: () => { device?: string }): unknown {
  try {
    return act().device;
  } catch (error) {
    if (error instanceof DomainError) return [error.code, error.errors?.[0]?.pointer];
    throw error;
  }
}

describe('the name of a device', () => {
  const refused = ['query.invalid', '/device'];
  it.each<[string, unknown, unknown]>([
    ['is as it is', 'phone-1.home_A', 'phone-1.home_A'],
    ['has at most 64 characters', 'x'.repeat(64), 'x'.repeat(64)],
    ['has no more', 'x'.repeat(65), refused],
    ['is not empty', '', refused],
    ['has no spaces', 'my phone', refused],
    ['has no line ends', 'phone\n', refused],
    ['is text', 7, refused],
    ['is not nothing', null, refused],
    ['may be absent', undefined, undefined],
  ])('%s', (_, device, expected) => {
    expect(outcome(() => parseWanted('a', undefined, undefined, device))).toEqual(expected);
  });

  it('comes in a query, too', () => {
    expect(outcome(() => parseWantedQuery(new URLSearchParams('topics=a&device=phone')))).toBe('phone');
    expect(outcome(() => parseWantedQuery(new URLSearchParams('topics=a&device=')))).toEqual(refused);
    expect(outcome(() => parseWantedQuery(new URLSearchParams('topics=a')))).toBeUndefined();
  });
});
