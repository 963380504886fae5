const PREFIX = 'users/';

/** The own topic of a person. */
export function personalTopic(user: string): string {
  return `${PREFIX}${user}`;
}

/** Whether it is the own topic of somebody. */
export function isPersonal(topic: string): boolean {
  return topic.startsWith(PREFIX) && !topic.includes('/', PREFIX.length);
}

/** Precondition: the topic is somebody's own. */
export function userOf(topic: string): string {
  return topic.slice(PREFIX.length);
}

/** Whether somebody who sees it by this topic may see it by another one too: nobody does by the own topics of two people. */
export function isShared(topic: string, topics: readonly string[]): boolean {
  return topics.some((other) => other !== topic && !(isPersonal(topic) && isPersonal(other)));
}
