import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Judge, type Reader } from '../assets/judge.js';

/** What each reader showed, one character an id, one reader after the other, which must not matter. */
function compare(...readings: string[]): Judge {
  const judge = new Judge();
  readings.forEach((_, reader) => judge.enter(reader));
  readings.forEach((ids, reader) => [...ids].forEach((id) => judge.shown(reader, id)));
  return judge;
}

/** One fault of each reader, in order. */
function each(judge: Judge, fault: 'lacking' | 'missing' | 'repeated' | 'misplaced'): number[] {
  return judge.verdict().faults.map((faults) => faults[fault]);
}

describe('two readings of one log', () => {
  it('are nothing before the first notification', () => {
    expect(compare('', '').verdict().state).toBe('nothing');
  });

  it('are complete when both showed the same in the same order', () => {
    const judge = compare('abc', 'abc');
    expect(judge.verdict()).toMatchObject({ state: 'complete', matched: 3 });
    expect(each(judge, 'lacking')).toEqual([0, 0]);
  });

  it.each([
    ['abcd', 'ab', [0, 2]],
    ['a', 'abcd', [3, 0]],
  ])('are behind while one has not got to the end: %s, %s', (first, second, lacking) => {
    const judge = compare(first, second);
    expect(judge.verdict().state).toBe('behind');
    expect(each(judge, 'lacking')).toEqual(lacking);
  });

  it.each([
    ['abcd', 'acd', [0, 1]],
    ['ad', 'abcd', [2, 0]],
  ])('are broken by a hole, as soon as something later shows it: %s, %s', (first, second, missing) => {
    const judge = compare(first, second);
    expect(judge.verdict().state).toBe('broken');
    expect(each(judge, 'missing')).toEqual(missing);
  });

  it('are broken when each has something that the other lacks', () => {
    expect(compare('ab', 'ac').verdict().state).toBe('broken');
  });

  it.each([
    ['abca', 'abc', [1, 0]],
    ['abc', 'aabc', [0, 1]],
  ])('are broken by a repeat: %s, %s', (first, second, repeated) => {
    const judge = compare(first, second);
    expect(judge.verdict().state).toBe('broken');
    expect(each(judge, 'repeated')).toEqual(repeated);
  });

  it('are broken by another order', () => {
    const judge = compare('abcd', 'acbd');
    expect(judge.verdict().state).toBe('broken');
    expect(each(judge, 'misplaced')).toEqual([0, 1]);
    expect(each(judge, 'missing')).toEqual([0, 0]);
  });
});

describe('any number of readings', () => {
  it('of which one is missing something are broken, and that one is blamed', () => {
    const judge = compare('abcde', 'abcde', 'abde', 'abcde', 'abcd');
    expect(judge.verdict().state).toBe('broken');
    expect(each(judge, 'missing')).toEqual([0, 0, 1, 0, 0]);
    expect(each(judge, 'lacking')).toEqual([0, 0, 0, 0, 1]);
  });

  it('agree on what all have shown', () => {
    expect(compare('abc', 'abcd', 'ab').verdict()).toMatchObject({ state: 'behind', matched: 2 });
    expect(compare('abc', 'abc', 'abc').verdict()).toMatchObject({ state: 'complete', matched: 3 });
  });

  it('may be one, which can only repeat itself', () => {
    expect(compare('abc').verdict()).toMatchObject({ state: 'complete', matched: 3 });
    expect(compare('aba').verdict().state).toBe('broken');
  });

  it('may be none', () => {
    expect(compare().verdict()).toMatchObject({ state: 'nothing', matched: 0, faults: [] });
  });

  it('show a fault wherever it is, however they arrive between one another, for good', () => {
    const log = Array.from({ length: 12 }, (_, i) => `id-${i}`);
    const cases = fc.integer({ min: 2, max: 5 }).chain((readers) =>
      fc.record({
        readers: fc.constant(readers),
        kind: fc.constantFrom('hole' as const, 'repeat' as const, 'swap' as const),
        at: fc.nat({ max: log.length - 2 }),
        faulty: fc.nat({ max: readers - 1 }),
        turns: fc.array(fc.nat({ max: readers - 1 }), { minLength: 60, maxLength: 60 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ readers, kind, at, faulty, turns }) => {
        const sound = Array.from({ length: readers }, () => log);
        expect(interleaved(sound, turns).verdict()).toMatchObject({ state: 'complete', matched: log.length });
        const judge = interleaved(sound.with(faulty, withFault(log, kind, at)), turns);
        expect(judge.verdict().state).toBe('broken');
        for (const id of ['more', 'and more']) sound.forEach((_, reader) => judge.shown(reader, id));
        expect(judge.verdict().state).toBe('broken');
      }),
    );
  });
});

describe('a reader that comes later', () => {
  it('is behind until it has shown what the others had', () => {
    const judge = compare('abc', 'abc');
    judge.enter(2);
    expect(each(judge, 'lacking')).toEqual([0, 0, 3]);
    for (const id of 'abc') judge.shown(2, id);
    expect(judge.verdict()).toMatchObject({ state: 'complete', matched: 3 });
  });

  it('is broken by a hole among what the others had', () => {
    const judge = compare('abc', 'abc');
    judge.enter(2);
    for (const id of 'ac') judge.shown(2, id);
    expect(judge.verdict().state).toBe('broken');
    expect(each(judge, 'missing')).toEqual([0, 0, 1]);
  });
});

describe('a reader that leaves', () => {
  it('is judged no more, nor waited for', () => {
    const judge = compare('abc', 'abc', 'ac');
    judge.acknowledged('b');
    judge.leave(2);
    judge.shown(2, 'late');
    expect(judge.verdict()).toMatchObject({ state: 'complete', matched: 3, owed: 0 });
  });

  it('comes back as a new one', () => {
    const judge = compare('abc', 'ac');
    judge.leave(1);
    judge.enter(1);
    for (const id of 'abc') judge.shown(1, id);
    expect(judge.verdict()).toMatchObject({ state: 'complete', matched: 3 });
  });
});

describe('what was acknowledged', () => {
  it('is owed until all have shown it', () => {
    const judge = compare('a', 'a', 'a');
    judge.acknowledged('b');
    expect(judge.verdict()).toMatchObject({ state: 'behind', owed: 1 });
    for (const reader of [0, 1, 2]) judge.shown(reader, 'b');
    expect(judge.verdict()).toMatchObject({ state: 'complete', owed: 0, acknowledged: 1 });
  });

  it('is not owed when it was shown before its acknowledgement came', () => {
    const judge = compare('a', 'a');
    judge.acknowledged('a');
    expect(judge.verdict()).toMatchObject({ state: 'complete', owed: 0 });
  });

  it('shows a loss that all readings share', () => {
    const judge = compare('ac', 'ac');
    judge.acknowledged('b');
    expect(judge.verdict().state).toBe('behind');
  });
});

describe('giving up', () => {
  it('is final, with its first reason', () => {
    const judge = compare('abc', 'abc');
    judge.giveUp('a gap');
    judge.giveUp('another');
    expect(judge.verdict()).toMatchObject({ state: 'void', reason: 'a gap' });
  });

  it('happens when two drift too far apart, instead of growing', () => {
    const judge = compare('', '');
    for (let i = 0; i <= 10_000; i++) judge.shown(0, `id-${i}`);
    expect(judge.verdict().state).toBe('void');
    expect(each(judge, 'lacking')).toEqual([0, 10_000]);
  });
});

function withFault(log: readonly string[], kind: 'hole' | 'repeat' | 'swap', at: number): string[] {
  const before = log.slice(0, at);
  const [one = '', two = '', ...after] = log.slice(at);
  if (kind === 'hole') return [...before, two, ...after];
  return kind === 'repeat' ? [...before, one, two, one, ...after] : [...before, two, one, ...after];
}

/** Feeds the readings in the order of `turns`, and then what is left of them. */
function interleaved(readings: readonly (readonly string[])[], turns: readonly Reader[]): Judge {
  const judge = compare(...readings.map(() => ''));
  const left = readings.map((ids) => [...ids]);
  const rest = left.flatMap((_, reader) => Array<Reader>(20).fill(reader));
  for (const reader of [...turns, ...rest]) {
    const id = left[reader]?.shift();
    if (id !== undefined) judge.shown(reader, id);
  }
  return judge;
}

describe('what is taken back', () => {
  it('is not lacking where it came too late to be shown', () => {
    const judge = compare('abc', 'a');
    judge.withdrawn('b');
    judge.shown(1, 'c');
    expect(judge.verdict()).toMatchObject({ state: 'complete', matched: 2, owed: 0 });
  });

  it('is not awaited by those who join later, nor owed to anybody', () => {
    const judge = compare('ab');
    judge.acknowledged('c');
    judge.withdrawn('c');
    judge.withdrawn('a');
    judge.enter(1);
    judge.shown(1, 'b');
    expect(judge.verdict()).toMatchObject({ state: 'complete', matched: 1, owed: 0 });
  });

  it('is no fault where it was passed over before that was known', () => {
    const judge = compare('abc', 'ac');
    expect(judge.verdict().state).toBe('broken');
    judge.withdrawn('b');
    expect(judge.verdict().state).toBe('complete');
  });

  it('still may not be shown twice', () => {
    const judge = compare('a', 'a');
    judge.withdrawn('a');
    judge.shown(0, 'a');
    expect(judge.verdict().state).toBe('broken');
  });
});
