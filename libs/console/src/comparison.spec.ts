import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Comparison, type Reader } from '../assets/comparison.js';

/** What each reader showed, one character an id. The first reader is told of first, which must not matter. */
function compare(first: string, second: string): Comparison {
  const comparison = new Comparison();
  for (const id of first) comparison.shown(0, id);
  for (const id of second) comparison.shown(1, id);
  return comparison;
}

describe('two readings of one log', () => {
  it('are nothing before the first notification', () => {
    expect(compare('', '').verdict().state).toBe('nothing');
  });

  it('are complete when both showed the same in the same order', () => {
    expect(compare('abc', 'abc').verdict()).toMatchObject({ state: 'complete', matched: 3, lacking: [0, 0] });
  });

  it('are behind while one has not got to the end', () => {
    expect(compare('abcd', 'ab').verdict()).toMatchObject({ state: 'behind', lacking: [0, 2] });
    expect(compare('a', 'abcd').verdict()).toMatchObject({ state: 'behind', lacking: [3, 0] });
  });

  it('are broken by a hole, as soon as something later shows it', () => {
    expect(compare('abcd', 'acd').verdict()).toMatchObject({ state: 'broken', missing: [0, 1], matched: 3 });
    expect(compare('ad', 'abcd').verdict()).toMatchObject({ state: 'broken', missing: [2, 0] });
  });

  it('are broken when each has something that the other lacks', () => {
    expect(compare('ab', 'ac').verdict()).toMatchObject({ state: 'broken', lacking: [1, 1] });
  });

  it('are broken by a repeat', () => {
    expect(compare('abca', 'abc').verdict()).toMatchObject({ state: 'broken', repeated: [1, 0] });
    expect(compare('abc', 'aabc').verdict()).toMatchObject({ state: 'broken', repeated: [0, 1] });
  });

  it('are broken by another order', () => {
    expect(compare('abcd', 'acbd').verdict()).toMatchObject({ state: 'broken', misplaced: [0, 1], missing: [0, 0] });
  });

  it('stay broken, whatever follows', () => {
    const comparison = compare('abc', 'ac');
    for (const id of 'xyz') for (const reader of [0, 1] as const) comparison.shown(reader, id);
    expect(comparison.verdict().state).toBe('broken');
  });

  it('find a fault wherever it is, however the two arrive between one another', () => {
    const log = Array.from({ length: 12 }, (_, i) => `id-${i}`);
    const faults = fc.record({
      kind: fc.constantFrom('hole' as const, 'repeat' as const, 'swap' as const),
      at: fc.nat({ max: log.length - 2 }),
      side: fc.constantFrom<Reader>(0, 1),
      turns: fc.array(fc.constantFrom<Reader>(0, 1), { minLength: 40, maxLength: 40 }),
    });
    fc.assert(
      fc.property(faults, ({ kind, at, side, turns }) => {
        const faulty = withFault(log, kind, at);
        const readings = side === 0 ? [faulty, log] : [log, faulty];
        expect(interleaved(readings, turns).verdict().state).toBe('broken');
        expect(interleaved([log, log], turns).verdict().state).toBe('complete');
      }),
    );
  });
});

describe('what was acknowledged', () => {
  it('is owed until both have shown it', () => {
    const comparison = compare('a', 'a');
    comparison.acknowledged('b');
    expect(comparison.verdict()).toMatchObject({ state: 'behind', owed: 1 });
    comparison.shown(0, 'b');
    comparison.shown(1, 'b');
    expect(comparison.verdict()).toMatchObject({ state: 'complete', owed: 0, acknowledged: 1 });
  });

  it('is not owed when it was shown before its acknowledgement came', () => {
    const comparison = compare('a', 'a');
    comparison.acknowledged('a');
    expect(comparison.verdict()).toMatchObject({ state: 'complete', owed: 0 });
  });

  it('shows a loss that both readings share', () => {
    const comparison = compare('ac', 'ac');
    comparison.acknowledged('b');
    expect(comparison.verdict().state).toBe('behind');
  });
});

describe('giving up', () => {
  it('is final, with its first reason', () => {
    const comparison = compare('abc', 'abc');
    comparison.giveUp('a gap');
    comparison.giveUp('another');
    expect(comparison.verdict()).toMatchObject({ state: 'void', reason: 'a gap' });
  });

  it('happens when the two drift too far apart, instead of growing', () => {
    const comparison = new Comparison();
    for (let i = 0; i <= 10_000; i++) comparison.shown(0, `id-${i}`);
    expect(comparison.verdict()).toMatchObject({ state: 'void', lacking: [0, 10_000] });
  });
});

function withFault(log: readonly string[], kind: 'hole' | 'repeat' | 'swap', at: number): readonly string[] {
  const before = log.slice(0, at);
  const [one = '', two = '', ...after] = log.slice(at);
  if (kind === 'hole') return [...before, two, ...after];
  return kind === 'repeat' ? [...before, one, two, one, ...after] : [...before, two, one, ...after];
}

/** Feeds both readings in the order of `turns`, and then what is left of them. */
function interleaved(readings: readonly (readonly string[])[], turns: readonly Reader[]): Comparison {
  const comparison = new Comparison();
  const left = readings.map((ids) => [...ids]);
  for (const reader of [...turns, ...Array<Reader>(20).fill(0), ...Array<Reader>(20).fill(1)]) {
    const id = left[reader]?.shift();
    if (id !== undefined) comparison.shown(reader, id);
  }
  return comparison;
}
