import { userTopic } from '#clarion/protocol';
import type { FollowInterval } from './people-store.js';

/** Those of the topics by which a person has in their inbox what is published to them now. */
export function followedNow<T extends string>(
  topics: readonly T[],
  user: string,
  follows: readonly FollowInterval[],
): T[] {
  const had = new Set<string>([userTopic(user), ...follows.flatMap(({ topic, to }) => (to === null ? topic : []))]);
  return topics.filter((topic) => had.has(topic));
}
