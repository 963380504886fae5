import { topicsOf, topicText } from './layout.js';
import type { Wants } from './messages.js';

/** A part of a reader's target with the topics of reader `index` in place of `{topics}`, and its token in place of `{token}`. */
export function ofReader(template: string, wants: Wants, index: number): string {
  const { item, separator, tokens = [] } = wants;
  const items = topicsOf(index, wants).map((topic) => item.replaceAll('{topic}', topicText(topic)));
  return template
    .replaceAll('{topics}', items.join(separator))
    .replaceAll('{token}', tokens[index % tokens.length] ?? '');
}
