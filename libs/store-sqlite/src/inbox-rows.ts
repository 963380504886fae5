import type { InboxRequest, InboxRow } from '#clarion/notifications';
import type { InboxFilter } from '#clarion/protocol';
import { integerOrNull, type Connection, type Row, type Statement } from './connection.js';
import { ENTRY_COLUMNS, toEntry } from './entry-row.js';
import { isCollapsed, isListed } from './inbox-filter.js';
import { InboxJudge, JudgedScope } from './inbox-judge.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { saidOf, standingOf, type Ranges } from './mark-cells.js';

/** What a page is asked of. */
export interface Asked {
  readonly request: InboxRequest;
  readonly scope: JudgedScope;
  readonly ranges: Ranges;
}

/** Reads many notifications at once, with what their person said of each, and tells which of them a list has. */
export class InboxRows {
  readonly #judge: InboxJudge;
  readonly #rows: Readonly<Record<InboxFilter, Statement>>;

  constructor(connection: Connection) {
    this.#judge = new InboxJudge(connection);
    const [all, inbox] = [connection.prepare(INBOX_QUERIES.rows), connection.prepare(INBOX_QUERIES.rowsOfInbox)];
    this.#rows = {
      all,
      inbox,
      unread: connection.prepare(INBOX_QUERIES.rowsOfUnread),
      unseen: connection.prepare(INBOX_QUERIES.rowsOfUnseen),
      read: inbox,
      archived: all,
      snoozed: all,
    };
  }

  /** In the order of the offsets. */
  listed(offsets: readonly number[], asked: Asked): InboxRow[] {
    const { user, filter, now, hiddenCategories, category } = asked.request;
    const values = [user, JSON.stringify(offsets), now, JSON.stringify(hiddenCategories), category ?? null];
    return this.#rows[filter].all(values).flatMap((row) => this.#listed(row, asked) ?? []);
  }

  #listed(row: Row, { request, scope, ranges }: Asked): InboxRow | undefined {
    const entry = toEntry(row);
    const standing = standingOf(saidOf(row, ENTRY_COLUMNS), ranges, entry.offset, entry.topics);
    if (!isListed(request.filter, standing, scope.now)) return undefined;
    // What only one topic has is gone with the row that it has there.
    const isPlain = entry.topics.length === 1 && entry.collapseKey === undefined;
    if (isPlain) return scope.has(entry.topics[0]!, entry) ? { entry, topic: entry.topics[0]!, standing } : undefined;
    const seen = this.#judge.seenBy(entry, scope);
    if (seen === undefined || isCollapsed(integerOrNull(seen.row, 0), standing)) return undefined;
    return { entry, topic: seen.topic, standing };
  }
}
