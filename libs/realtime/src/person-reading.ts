import type { Subscriber } from '#clarion/access';
import { userTopic, type Topic } from '#clarion/protocol';
import type { InterestIndex } from './interest-index.js';

/** One of a person's own readers of their own topic, on this node; undefined: there is none. */
export function personReading(index: InterestIndex, topic: Topic): Subscriber | undefined {
  for (const readers of index.readersOf(topic))
    for (const { reader } of readers)
      if (reader.who?.kind === 'subscriber' && userTopic(reader.who.sub) === topic) return reader.who;
  return undefined;
}
