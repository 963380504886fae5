import { topicsOf, topicText } from './layout.js';
import type { Wants } from './messages.js';

/** A part of a reader's target with the topics of reader `index` in place of `{topics}`. */
export function withTopics(template: string, wants: Wants, index: number): string {
  if (!template.includes('{topics}')) return template;
  const items = topicsOf(index, wants).map((topic) => wants.item.replaceAll('{topic}', topicText(topic)));
  return template.replaceAll('{topics}', items.join(wants.separator));
}
