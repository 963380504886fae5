import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  covers,
  isReserved,
  isSelector,
  isTopic,
  isUserId,
  matches,
  userTopic,
  type Selector,
  type Topic,
} from './topic-grammar.js';

const LITERALS = ['a', 'b', 'users', '$sys'];

/** What the words say, without a thought of speed: `*` is one segment, a final `**` one or more, neither stands for a closed first one. */
function naiveMatches(patterns: readonly string[], segments: readonly string[]): boolean {
  const closed = segments[0] === 'users' || segments[0]?.startsWith('$') === true;
  if (closed && patterns[0]?.startsWith('*') === true) return false;
  return naiveRest(patterns, segments);
}

function naiveRest([pattern, ...patterns]: readonly string[], [segment, ...segments]: readonly string[]): boolean {
  if (pattern === undefined || segment === undefined) return pattern === undefined && segment === undefined;
  if (pattern === '**') return true;
  return (pattern === '*' || pattern === segment) && naiveRest(patterns, segments);
}

function topicsUpTo(depth: number, alphabet: readonly string[]): string[] {
  if (depth === 1) return [...alphabet];
  const longer = topicsUpTo(depth - 1, alphabet).flatMap((shorter) =>
    alphabet.map((segment) => `${shorter}/${segment}`),
  );
  return [...alphabet, ...longer];
}

const inner = fc.constantFrom('a', 'b', 'users');
const topics = fc
  .tuple(fc.constantFrom(...LITERALS), fc.array(inner, { maxLength: 4 }))
  .map(([first, rest]) => [first, ...rest].join('/'));

/** Of up to `depth` segments. */
function selectorsUpTo(depth: number): fc.Arbitrary<string> {
  const segments = fc.array(fc.oneof(inner, fc.constant('*')), { maxLength: depth - 1 });
  return fc
    .tuple(fc.constantFrom(...LITERALS, '*', '**'), segments, fc.boolean())
    .map(([first, rest, open]) =>
      first === '**' ? '**' : [first, ...(open ? [...rest.slice(1), '**'] : rest)].join('/'),
    );
}

const selectors = selectorsUpTo(5);

function selector(text: string): Selector {
  if (!isSelector(text)) throw new Error(`no selector: ${text}`);
  return text;
}

function topic(text: string): Topic {
  if (!isTopic(text)) throw new Error(`no topic: ${text}`);
  return text;
}

describe('the grammar', () => {
  it.each([
    'a',
    'orders/42',
    'users/u-42',
    '$sys/load',
    'A.b:c@d~e|f+g=h-i',
    'a'.repeat(255),
    Array(16).fill('s').join('/'),
  ])('takes the topic %j', (text) => {
    expect(isTopic(text)).toBe(true);
    expect(isSelector(text)).toBe(true);
  });

  it.each([
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    'a b',
    'a\n',
    'a\0',
    'ä',
    'a/$b',
    'a,b',
    'a'.repeat(256),
    Array(17).fill('s').join('/'),
  ])('refuses %j as both', (text) => {
    expect(isTopic(text)).toBe(false);
    expect(isSelector(text)).toBe(false);
  });

  it.each(['*', '**', '*/a', 'a/*', 'a/*/b', 'a/**', '*/*/**', '$sys/*', `${Array(15).fill('*').join('/')}/**`])(
    'takes %j as a selector only',
    (text) => {
      expect(isSelector(text)).toBe(true);
      expect(isTopic(text)).toBe(false);
    },
  );

  it.each(['**/a', 'a/**/b', 'a*', '*a', '***', '$*', '$', `${Array(16).fill('*').join('/')}/**`])(
    'refuses %j as a selector',
    (text) => {
      expect(isSelector(text)).toBe(false);
    },
  );

  it.each([
    ['u-42', true],
    ['a'.repeat(249), true],
    ['a'.repeat(250), false],
    ['me', false],
    ['.', false],
    ['..', false],
    ['...', true],
    ['.hidden', true],
    ['', false],
    ['a/b', false],
    ['*', false],
    ['$x', false],
    ['a b', false],
  ])('user id %j: %s', (id, fits) => {
    expect(isUserId(id)).toBe(fits);
  });

  it('has room for every user id in their own topic', () => {
    expect(isTopic(userTopic('a'.repeat(249)))).toBe(true);
  });

  it('knows reserved topics by their first character', () => {
    expect(isReserved('$sys/load')).toBe(true);
    expect(isReserved('a/b')).toBe(false);
  });
});

describe('matches', () => {
  it('agrees with the plain reading of the words', () => {
    fc.assert(
      fc.property(selectors, topics, (pattern, text) => {
        expect(matches(selector(pattern), topic(text))).toBe(naiveMatches(pattern.split('/'), text.split('/')));
      }),
      { numRuns: 5_000 },
    );
  });

  it('never lets a wildcard in the first place reach people or reserved topics', () => {
    const wide = selectors.filter((pattern) => pattern.startsWith('*'));
    const closed = topics.filter((text) => text.startsWith('users') || text.startsWith('$'));
    fc.assert(
      fc.property(wide, closed, (pattern, text) => {
        expect(matches(selector(pattern), topic(text))).toBe(false);
      }),
    );
  });

  it.each([
    ['**', 'users/u-1', false],
    ['*/u-1', 'users/u-1', false],
    ['**', 'users', false],
    ['**', '$sys/load', false],
    ['users/*', 'users/u-1', true],
    ['users/**', 'users/u-1/inbox', true],
    ['**', 'a/users', true],
    ['a/**', 'a', false],
  ])('%s on %s: %s', (pattern, text, expected) => {
    expect(matches(selector(pattern), topic(text))).toBe(expected);
  });
});

describe('covers', () => {
  const everyTopic = topicsUpTo(4, [...LITERALS, 'z']).filter(isTopic);

  /** Topics of up to four segments, one of them foreign to all selectors, tell selectors of up to three apart. */
  it('holds exactly when every topic of the narrower is one of the wider', () => {
    fc.assert(
      fc.property(selectorsUpTo(3), selectorsUpTo(3), (wide, narrow) => {
        const reached = everyTopic.filter((text) => matches(selector(narrow), text));
        const contained = reached.every((text) => matches(selector(wide), text));
        expect(covers(selector(wide), selector(narrow))).toBe(contained);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('cost', () => {
  /** Far above what linear work takes, far below what backtracking would. */
  const BOUND_MS = 2_000;

  it('is linear where patterns invite backtracking', () => {
    const stars = selector(`${Array(15).fill('*').join('/')}/b`);
    const long = topic(Array(16).fill('a').join('/'));
    const started = performance.now();
    for (let i = 0; i < 20_000; i++) expect(matches(stars, long)).toBe(false);
    expect(performance.now() - started).toBeLessThan(BOUND_MS);
  });

  it.each([
    'a/'.repeat(500_000),
    '*/'.repeat(500_000),
    `${'a'.repeat(1_000_000)}!`,
    '$'.repeat(1_000_000),
    `${'a/'.repeat(126)}!`,
  ])('refuses long nonsense at once (%#)', (text) => {
    const started = performance.now();
    for (let i = 0; i < 100; i++) expect(isTopic(text) || isSelector(text) || isUserId(text)).toBe(false);
    expect(performance.now() - started).toBeLessThan(BOUND_MS);
  });
});
