import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covers, isSelector, isTopic, matches, type Selector, type Topic } from './topic-grammar.js';

/** So that a run can be had again: `CLARION_TEST_SEED=… npx vitest …`. Every failure names it as well. */
const seed = Number(process.env['CLARION_TEST_SEED'] ?? Date.now() % 2 ** 31);
const isLong = process.env['CLARION_TEST_LONG'] === '1';
const PAIRS = 100_000;
/** Of selectors, each judged by several topics. */
const SELECTOR_PAIRS = isLong ? 100_000 : 20_000;
const TIMEOUT_MS = 60_000;

/** What a selector means, as a regular expression: nothing is shared with what is tested, neither code nor thought. */
function reference(meant: string): RegExp {
  const open = meant.startsWith('*') ? '(?!users(/|$)|\\$)' : '';
  const pattern = meant
    .replace(/[.|+$]/g, '\\$&')
    .replace(/\*\*$/, '.+')
    .replace(/(^|\/)\*(?=\/|$)/g, '$1[^/]+');
  return new RegExp(`^${open}${pattern}$`);
}

/** Few segments, so that they meet; some of them mean something in regular expressions, in paths or in other grammars of topics. */
const segment = fc.constantFrom('a', 'b', 'users', 'me', '.', '..', '+', 'a.b', 'A', '=', '~|', '2F');
const first = fc.oneof({ weight: 6, arbitrary: segment }, fc.constantFrom('$sys', '$a', 'users'));
const rest = fc.array(segment, { maxLength: 5 });
const topics = fc.tuple(first, rest).map(([head, tail]) => topic([head, ...tail].join('/')));

const wildcards = fc.record({ stars: fc.nat({ max: 63 }), open: fc.boolean(), cut: fc.nat({ max: 6 }) });

/** A selector that was made of a topic and may match it, or nearly. */
function widened(from: Topic, { stars, open, cut }: { stars: number; open: boolean; cut: number }): Selector {
  const parts = from.split('/').map((part, i) => ((stars >> i) & 1 ? '*' : part));
  return selector(open ? [...parts.slice(0, cut), '**'].join('/') : parts.join('/'));
}

const related = fc
  .tuple(topics, topics, wildcards, fc.boolean())
  .map(([one, other, how, same]) => ({ text: one, pattern: widened(same ? one : other, how) }));

const nearSelectors = fc
  .tuple(topics, topics, wildcards, wildcards, fc.boolean())
  .map(([one, other, how, anotherHow, same]) => ({
    wide: widened(one, how),
    narrow: widened(same ? one : other, anotherHow),
  }));

/** Counterexamples are in what differs from this. */
const HELD = { failed: false, counterexample: null };

function selector(text: string): Selector {
  if (!isSelector(text)) throw new Error(`no selector: ${text}`);
  return text;
}

function topic(text: string): Topic {
  if (!isTopic(text)) throw new Error(`no topic: ${text}`);
  return text;
}

/** Topics that this selector matches: with what it names, and with segments that no other selector names. */
function examplesOf(pattern: Selector): Topic[] {
  const filled = pattern.replace(/(^|\/)\*(?=\/|$)/g, '$1zz');
  const ends = ['zz', 'zz/zz', 'zz/zz/zz', 'a', 'users', 'me/a'];
  const all = filled.endsWith('**') ? ends.map((end) => filled.slice(0, -2) + end) : [filled];
  return all.filter((text) => reference(pattern).test(text)).map(topic);
}

describe(`with the seed ${seed}`, { timeout: TIMEOUT_MS }, () => {
  it(`matches as the reference does, in ${PAIRS} pairs`, () => {
    let matched = 0;
    const property = fc.property(related, ({ text, pattern }) => {
      const expected = reference(pattern).test(text);
      matched += expected ? 1 : 0;
      return matches(pattern, text) === expected;
    });
    expect(fc.check(property, { numRuns: PAIRS, seed })).toMatchObject(HELD);
    expect(matched).toBeGreaterThan(PAIRS / 10);
    expect(matched).toBeLessThan(PAIRS * 0.9);
  });

  it('covers only where every topic of the narrower is one of the wider', () => {
    const property = fc.property(nearSelectors, topics, ({ wide, narrow }, text) => {
      if (!covers(wide, narrow)) return true;
      return [text, ...examplesOf(narrow)].every((one) => !matches(narrow, one) || matches(wide, one));
    });
    expect(fc.check(property, { numRuns: SELECTOR_PAIRS, seed })).toMatchObject(HELD);
  });

  it('covers wherever that is so: else there is a topic of the narrower that the wider lacks', () => {
    let covered = 0;
    const property = fc.property(nearSelectors, ({ wide, narrow }) => {
      const contained = examplesOf(narrow).every((example) => reference(wide).test(example));
      covered += contained ? 1 : 0;
      return covers(wide, narrow) === contained;
    });
    expect(fc.check(property, { numRuns: SELECTOR_PAIRS, seed })).toMatchObject(HELD);
    expect(covered).toBeGreaterThan(SELECTOR_PAIRS / 50);
  });
});

describe('hostile patterns', () => {
  const HOSTILE: readonly (readonly [string, string])[] = [
    ['stars that invite backtracking', `${'*/'.repeat(15)}b`],
    ['stars and an open end', `${'*/'.repeat(15)}**`],
    ['open ends everywhere', Array(16).fill('**').join('/')],
    ['segments beyond the last', 'a/'.repeat(127)],
    ['one long segment', 'a'.repeat(255)],
    ['one long segment, and then nothing good', `${'a'.repeat(254)}!`],
    ['short segments, and then nothing good', `${'a/'.repeat(126)}!`],
    ['stars that are no segments', '*'.repeat(255)],
    ['a megabyte of stars', '*/'.repeat(500_000)],
    ['a megabyte of one segment', 'a'.repeat(1_000_000)],
    ['a megabyte of dots', '../'.repeat(333_333)],
    ['a megabyte of what is reserved', '$'.repeat(1_000_000)],
  ];
  const HARMLESS = selector(Array(16).fill('orders').join('/'));
  const LONG_TOPIC = topic(Array(16).fill('a').join('/'));
  const judge = (text: string): boolean => isSelector(text) && matches(text, LONG_TOPIC);

  /** Nanoseconds of one judgement, the median of several runs: what else the machine does is in few of them. */
  function cost(text: string): number {
    const runs = Array.from({ length: 21 }, () => {
      const started = process.hrtime.bigint();
      for (let i = 0; i < 200; i++) judge(text);
      return Number(process.hrtime.bigint() - started) / 200;
    });
    return runs.toSorted((a, b) => a - b)[10]!;
  }

  it.each(HOSTILE)('%s: costs no more than a few harmless ones', (_, text) => {
    cost(HARMLESS);
    expect(cost(text) / cost(HARMLESS)).toBeLessThan(30);
  });

  it.runIf(isLong).each(HOSTILE)('%s: costs less than a millisecond', (_, text) => {
    expect(cost(text)).toBeLessThan(1_000_000);
  });
});
