import type { LogEntry } from '#clarion/event-bus';
import type { Connection, Statement } from './connection.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { personalTopic } from './personal-topic.js';

/** What somebody may mark, or choose from. */
export class InboxMembership {
  readonly #followedThen: Statement;

  constructor(connection: Connection) {
    this.#followedThen = connection.prepare(PEOPLE_QUERIES.followedThen);
  }

  /** Tombstones and what has expired are as good as others: a device that was offline cannot know. */
  has(user: string, { offset, topics }: LogEntry): boolean {
    return (
      topics.includes(personalTopic(user)) ||
      topics.some((topic) => this.#followedThen.get([user, topic, offset]) !== undefined)
    );
  }
}
