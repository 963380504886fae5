import type { PushRule } from '#clarion/protocol';
import type { CategoryBook } from '../people/category-book.js';

/** Of what has no category, or one that does not say. */
const DEFAULT_RULE: PushRule = { when: 'ifNotAcked' };

/** The rule of now for what has this category; of one that is not declared (any longer) as for none. */
export function pushRuleOf(categories: Pick<CategoryBook, 'get'>, category: string | undefined): PushRule {
  return categories.get(category)?.push ?? DEFAULT_RULE;
}
