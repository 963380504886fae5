import {
  hasWildcard,
  isOpenToWildcards,
  isSelector,
  matches,
  type Selector,
  type Topic,
} from '#clarion/protocol/plain';

/** Selectors taken apart: topics to be found by equality, and patterns. */
export class Selection {
  readonly exact: ReadonlySet<string>;
  readonly patterns: readonly Selector[];

  constructor(selectors: readonly string[]) {
    const isPattern = (selector: string): selector is Selector => isSelector(selector) && hasWildcard(selector);
    this.patterns = [...new Set(selectors.filter(isPattern))];
    this.exact = new Set(selectors.filter((selector) => !isPattern(selector)));
  }

  matchesAny(topics: readonly string[]): boolean {
    return topics.some(
      (topic) => this.exact.has(topic) || this.patterns.some((pattern) => matchesTopic(pattern, topic)),
    );
  }
}

/** Topics are opaque here: foreign protocols bring others than our grammar's, and patterns apply to them as they stand. */
export function matchesTopic(pattern: Selector, topic: string): boolean {
  return matches(pattern, topic as Topic);
}

/** A half-open range of texts in the order of their UTF-8 bytes. */
export interface TextRange {
  readonly from: string;
  readonly before: string;
}

/** Above every text in UTF-8. */
const LAST_TEXT = '\u{10ffff}';

/** Where the topics lie that a pattern can match: those that begin with the segments before its first wildcard. */
export function rangeOf(pattern: Selector): TextRange {
  const prefix = pattern.slice(0, pattern.indexOf('*'));
  return { from: prefix, before: prefix === '' ? LAST_TEXT : afterPrefix(prefix) };
}

/** Where to look for the next topic after `topic`. A pattern that begins with a wildcard passes over all people's topics in one step. */
export function nextAfter(pattern: Selector, topic: string): string {
  const [first = ''] = topic.split('/', 1);
  if (pattern.startsWith('*') && !isOpenToWildcards(first))
    return first.startsWith('$') ? afterPrefix('$') : afterPrefix(`${first}/`);
  // No text lies between the two: topics contain no NUL.
  return `${topic}\u0001`;
}

/** The least text that is greater than everything beginning with `prefix`, whose last character is ASCII. */
function afterPrefix(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}
