import { describe, expect, it } from 'vitest';
import type { Figure } from './findings.js';
import { bound, compare } from './verdict.js';

function figure(value: number, counts = true): Figure {
  return { of: 'some server', value, digits: 1, counts };
}

const ABOUT = { target: 1, what: 'a ratio' };

describe('compare', () => {
  it('is met from the ratio on that is asked for, and names both figures', () => {
    const verdict = (ours: number) => compare({ ...ABOUT, ours: figure(ours), theirs: figure(10), atLeast: 8 });
    expect([verdict(79.9).verdict, verdict(80).verdict]).toEqual(['not met', 'met']);
    expect(verdict(80).figures).toBe('80.0 (some server) / 10.0 (some server) = 8.00');
  });

  it('is met up to the ratio that is allowed', () => {
    const verdict = (ours: number) =>
      compare({ ...ABOUT, ours: figure(ours), theirs: figure(10), atMost: 0.85 }).verdict;
    expect([verdict(8.5), verdict(8.6)]).toEqual(['met', 'not met']);
  });

  it('allows what is added, and shows it apart', () => {
    const about = { ...ABOUT, theirs: figure(10), atMost: 1, allowance: figure(2) };
    expect(compare({ ...about, ours: figure(12) })).toMatchObject({
      verdict: 'met',
      figures: '(12.0 (some server) − 2.0 (some server)) / 10.0 (some server) = 1.00',
    });
    expect(compare({ ...about, ours: figure(12.1) }).verdict).toBe('not met');
  });

  it('is never met where a figure is absent', () => {
    for (const absent of [{ ours: null }, { theirs: null }, { allowance: null }, { theirs: figure(0) }])
      expect(compare({ ...ABOUT, ours: figure(1), theirs: figure(1), atLeast: 0, ...absent }).verdict).toBe(
        'not measured',
      );
  });

  it('is not met by a figure of ours that misses its latency limit, and compares theirs all the same', () => {
    const about = { ...ABOUT, atLeast: 8 };
    expect(compare({ ...about, ours: figure(90, false), theirs: figure(10) })).toMatchObject({
      verdict: 'not met',
      figures: '90.0 (some server; misses the latency limit) / 10.0 (some server) = 9.00',
    });
    expect(compare({ ...about, ours: figure(90), theirs: figure(10, false) }).verdict).toBe('met');
  });
});

describe('bound', () => {
  it('is met within the bounds, by a figure that counts', () => {
    const verdict = (ours: Figure | null) => bound({ ...ABOUT, ours, atLeast: 2, atMost: 4 }).verdict;
    expect([figure(1.9), figure(2), figure(4), figure(4.1), figure(3, false), null].map(verdict)).toEqual([
      'not met',
      'met',
      'met',
      'not met',
      'not met',
      'not measured',
    ]);
  });
});
