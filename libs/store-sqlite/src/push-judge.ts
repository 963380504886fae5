import type { LogEntry } from '#clarion/event-bus';
import type { Standing } from '#clarion/notifications';
import { integerOrNull, text, type Connection, type Statement } from './connection.js';
import { isCollapsed } from './inbox-filter.js';
import { InboxJudge } from './inbox-judge.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { rangesOf } from './mark-cells.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { isPersonal, personalTopic } from './personal-topic.js';
import { PUSH_QUERIES } from './push-queries.js';

/** By which of its topics somebody has a notification. */
export interface Had {
  /** In the publisher's order, without those in which it was collapsed before they had read it. */
  readonly topics: readonly string[];
  /** With them. */
  readonly all: readonly string[];
}

/** Whether a notification is still to be pushed to somebody: or why not. */
export type Verdict =
  | { readonly entry: LogEntry; readonly topics: readonly string[] }
  | {
      readonly lost:
        'removed' | 'retracted' | 'expired' | 'archived' | 'read' | 'snoozed' | 'collapsed' | 'unfollowed' | 'too_late';
    };

/** How notifications stand with people, as their inboxes have it. */
export class PushJudge {
  readonly #inbox: InboxJudge;
  readonly #ranges: Statement;
  readonly #topicsHad: Statement;
  readonly #standsIn: Statement;

  constructor(connection: Connection) {
    this.#inbox = new InboxJudge(connection);
    this.#ranges = connection.prepare(PEOPLE_QUERIES.ranges);
    this.#topicsHad = connection.prepare(PUSH_QUERIES.topicsHad);
    this.#standsIn = connection.prepare(INBOX_QUERIES.standsIn);
  }

  entry(offset: number): LogEntry | undefined {
    return this.#inbox.entry(offset);
  }

  standing(user: string, entry: LogEntry): Standing {
    return this.#inbox.standing(user, entry, rangesOf(this.#ranges.all([user])));
  }

  /**
   * Their own topic, and what they followed when it was published and follow still.
   * @param head only what they follow since this offset or before it.
   */
  had(user: string, entry: LogEntry, standing: Standing, head = Number.MAX_SAFE_INTEGER): Had {
    const followed = this.#followed(user, entry, head);
    const all = entry.topics.filter((topic) => topic === personalTopic(user) || followed.has(topic));
    return { all, topics: all.filter((topic) => this.#stands(topic, entry, standing)) };
  }

  verdict(user: string, offset: number, now: number): Verdict {
    const entry = this.entry(offset);
    if (entry === undefined) return { lost: 'removed' };
    if (entry.kind !== undefined) return { lost: 'retracted' };
    if (entry.expiresAt !== undefined && entry.expiresAt <= now) return { lost: 'expired' };
    const standing = this.standing(user, entry);
    if (standing.archived !== undefined) return { lost: 'archived' };
    if (standing.read !== undefined) return { lost: 'read' };
    if ((standing.snoozed?.until ?? 0) > now) return { lost: 'snoozed' };
    const { topics, all } = this.had(user, entry, standing);
    return topics.length > 0 ? { entry, topics } : { lost: all.length > 0 ? 'collapsed' : 'unfollowed' };
  }

  /** Whether a device that shows it should show it no longer. */
  isToClose(user: string, entry: LogEntry): boolean {
    if (entry.kind !== undefined) return true;
    const { read, archived } = this.standing(user, entry);
    return read !== undefined || archived !== undefined;
  }

  #followed(user: string, { offset, topics }: LogEntry, head: number): Set<string> {
    const others = topics.filter((topic) => !isPersonal(topic));
    if (others.length === 0) return new Set();
    return new Set(this.#topicsHad.all([JSON.stringify(others), user, offset, head]).map((row) => text(row, 0)));
  }

  #stands(topic: string, { offset }: LogEntry, standing: Standing): boolean {
    const row = this.#standsIn.get([topic, offset]);
    return row !== undefined && !isCollapsed(integerOrNull(row, 0), standing);
  }
}
