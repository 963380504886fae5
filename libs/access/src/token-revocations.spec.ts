import { describe, expect, it } from 'vitest';
import { TokenRevocations } from './token-revocations.js';

describe('revoked tokens', () => {
  const revocations = new TokenRevocations();
  revocations.set({ sub: 'u-1', before: 1_000 });

  it.each([
    ['issued before', 'u-1', 999, true],
    ['issued in that very millisecond', 'u-1', 1_000, true],
    ['issued after', 'u-1', 1_000.5, false],
    ['that do not say when', 'u-1', undefined, true],
    ['of others', 'u-2', 1, false],
    ['of others, that do not say when', 'u-2', undefined, false],
    ['of nobody', '__proto__', 1, false],
  ])('%s', (_, sub, issuedAt, isVoid) => {
    expect(revocations.isVoid(sub, issuedAt)).toBe(isVoid);
  });

  it('are followed by good ones, from the next millisecond on', () => {
    expect(['u-1', 'u-2'].map((sub) => revocations.firstGood(sub, 1_000))).toEqual([1_001, 1_000]);
    expect(revocations.firstGood('u-1', 5_000)).toBe(5_000);
  });

  it('stay so, whatever is said later of an earlier time', () => {
    const again = new TokenRevocations();
    for (const before of [2_000, 1_000]) again.set({ sub: 'u-1', before });
    expect(again.isVoid('u-1', 1_500)).toBe(true);
  });
});
