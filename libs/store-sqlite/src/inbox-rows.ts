import type { InboxRequest, InboxRow, Standing } from '#clarion/notifications';
import type { InboxFilter } from '#clarion/protocol';
import { integer, integerOrNull, text, type Connection, type Statement } from './connection.js';
import { toEntry } from './entry-row.js';
import { isCollapsed, isListed } from './inbox-filter.js';
import { InboxJudge, type JudgedScope } from './inbox-judge.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { saidOf, standingOf, type Ranges } from './mark-cells.js';

/** What a page, or a count, is asked of. */
export interface Asked {
  readonly request: Pick<InboxRequest, 'user' | 'now' | 'hiddenCategories' | 'filter' | 'category'>;
  readonly scope: JudgedScope;
  readonly ranges: Ranges;
}

/** What a list has: by which topic, how it stands, and when it is over. */
export interface Listed {
  readonly offset: number;
  readonly topic: string;
  readonly standing: Standing;
  readonly expiresAt: number | null;
}

/** Looks at many notifications at once: first at all that tells whether a list has them, then at what they are. */
export class InboxRows {
  readonly #judge: InboxJudge;
  readonly #candidates: Readonly<Record<InboxFilter, Statement>>;
  readonly #entries: Statement;

  constructor(connection: Connection) {
    this.#judge = new InboxJudge(connection);
    const all = connection.prepare(INBOX_QUERIES.candidates);
    const inbox = connection.prepare(INBOX_QUERIES.candidatesOfInbox);
    this.#candidates = {
      all,
      inbox,
      unread: connection.prepare(INBOX_QUERIES.candidatesOfUnread),
      unseen: connection.prepare(INBOX_QUERIES.candidatesOfUnseen),
      read: inbox,
      archived: all,
      snoozed: all,
    };
    this.#entries = connection.prepare(INBOX_QUERIES.entries);
  }

  /** Which of them the list has, in their order. */
  listed(offsets: readonly number[], asked: Asked): Listed[] {
    const { user, filter, now, hiddenCategories, category } = asked.request;
    const values = [user, JSON.stringify(offsets), now, JSON.stringify(hiddenCategories), category ?? null];
    const rows = JSON.parse(text(this.#candidates[filter].get(values) ?? [], 0)) as readonly Candidate[];
    return rows.flatMap((row) => this.#listed(row, asked) ?? []);
  }

  /** With the notifications themselves. */
  read(listed: readonly Listed[]): InboxRow[] {
    const rows = this.#entries.all([JSON.stringify(listed.map(({ offset }) => offset))]);
    return listed.map(({ topic, standing }, i) => ({ entry: toEntry(rows[i] ?? []), topic, standing }));
  }

  #listed([topics, ...row]: Candidate, { request, scope, ranges }: Asked): Listed | undefined {
    const offset = integer(row, 0);
    const standing = standingOf(saidOf(row, 3), ranges, offset, topics);
    if (!isListed(request.filter, standing, scope.now)) return undefined;
    const [entry, expiresAt] = [{ offset, topics, publishedAt: integer(row, 1) }, integerOrNull(row, 8)];
    const [only, hasKey, hasRow] = [topics.length === 1 ? topics[0] : undefined, row[2] === 1, row[9] === 1];
    if (only !== undefined && hasRow && !hasKey)
      return scope.has(only, entry) ? { offset, topic: only, standing, expiresAt } : undefined;
    const seen = this.#judge.seenBy(entry, scope);
    if (seen === undefined || isCollapsed(integerOrNull(seen.row, 0), standing)) return undefined;
    return { offset, topic: seen.topic, standing, expiresAt };
  }
}

/** As the query tells it. */
type Candidate = readonly [topics: readonly string[], offset: number, ...rest: unknown[]];
