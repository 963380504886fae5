import type { Access, Principal } from '#clarion/access';
import { DomainError, type HistoryQuery, type Selector, type Topic } from '#clarion/protocol';
import { renderNotification } from './notification-body.js';
import type { NotificationLog } from './notification-log.js';

/** One page of a topic's notifications, each already as JSON text; newest first. */
export interface HistoryPage {
  readonly notifications: readonly string[];
  readonly nextPage?: string;
}

/** What was published to one topic, in pages. Reading it moves no cursor. */
export class TopicHistories {
  readonly #log: NotificationLog;
  readonly #access: Access;

  constructor(log: NotificationLog, access: Access) {
    this.#log = log;
    this.#access = access;
  }

  /** @throws {DomainError} `topic.forbidden`, `credentials.missing`; `query.invalid` for a page token that is not of this log. */
  async page(who: Principal, query: HistoryQuery): Promise<HistoryPage> {
    // A topic is a selector without wildcards, and `users/me` is resolved by the grant.
    const grant = this.#access.readGrant(who, query.topic as string as Selector);
    const topic = grant.selector as string as Topic;
    const before = query.page === undefined ? undefined : this.#before(query.page);
    const { entries, more } = await this.#log.history({
      topic,
      limit: query.limit,
      publishedFrom: grant.historyFrom,
      ...(before !== undefined && { before }),
    });
    const last = entries.at(-1);
    return {
      notifications: entries.map((entry) => renderNotification(entry, this.#log.cursorAt(entry.offset), topic)),
      ...(more && last !== undefined && { nextPage: this.#log.pageTokenAt(last.offset) }),
    };
  }

  #before(page: string): number {
    const offset = this.#log.locatePage(page);
    if (offset === undefined)
      throw new DomainError('query.invalid', undefined, [{ pointer: '/page', detail: 'not a page token of this log' }]);
    return offset;
  }
}
