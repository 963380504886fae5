import { DomainError, isSelector, type Selector } from '#clarion/protocol';
import type { InterestIndex } from './interest-index.js';
import { walk } from './walk.js';

export interface TopicsRequest {
  /** Only topics that begin so. */
  readonly prefix?: string | undefined;
  readonly limit: number;
  /** The `nextPage` of an earlier answer. */
  readonly page?: string | undefined;
}

export interface TopicView {
  /** As its readers name it: a topic, or a wildcard. */
  readonly topic: Selector;
  /** How many read exactly it. */
  readonly connections: number;
}

export interface TopicsPage {
  readonly topics: readonly TopicView[];
  /** Absent: there are no more. */
  readonly nextPage?: string;
}

/**
 * What is read on this node, by name. The order is the same for all pages, so that what is read all the time is neither left out nor listed twice.
 * @throws {DomainError} `query.invalid` for what is no page token.
 */
export async function listTopics(
  index: InterestIndex,
  { prefix = '', limit, page }: TopicsRequest,
): Promise<TopicsPage> {
  const after = page === undefined ? '' : topicIn(page);
  const first = new FirstByName(limit + 1);
  await walk(index.lists(), (readers) => {
    const topic = readers[0]?.selector;
    if (topic !== undefined && topic > after && topic.startsWith(prefix))
      first.add({ topic, connections: readers.length });
    return false;
  });
  const topics = first.views.slice(0, limit);
  const last = topics.at(-1);
  return { topics, ...(first.views.length > limit && last !== undefined && { nextPage: pageAfter(last.topic) }) };
}

/** Of all that are added, the first ones in the order of their names. */
class FirstByName {
  readonly views: TopicView[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(view: TopicView): void {
    const last = this.views[this.#most - 1];
    if (last !== undefined && last.topic < view.topic) return;
    this.views.splice(this.#placeOf(view.topic), 0, view);
    if (this.views.length > this.#most) this.views.pop();
  }

  /** By halving. */
  #placeOf(topic: Selector): number {
    let from = 0;
    let to = this.views.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.views[middle]!.topic < topic) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function pageAfter(topic: Selector): string {
  return Buffer.from(topic).toString('base64url');
}

function topicIn(page: string): Selector {
  const topic = Buffer.from(page, 'base64url').toString();
  if (!isSelector(topic))
    throw new DomainError('query.invalid', undefined, [{ pointer: '/page', detail: 'not a page token' }]);
  return topic;
}
