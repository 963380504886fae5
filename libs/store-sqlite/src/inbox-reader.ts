import type { InboxRequest, InboxRow, InboxSlice, Standing } from '#clarion/notifications';
import type { InboxFilter } from '#clarion/protocol';
import { integer, integerOrNull, text, textOrNull, type Connection, type Row, type Statement } from './connection.js';
import { isCollapsed, isListed } from './inbox-filter.js';
import { InboxJudge, JudgedScope } from './inbox-judge.js';
import { joined, planInbox, type Sourced } from './inbox-plan.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { rangesOf, saidOf, standingOf, type Ranges } from './mark-cells.js';
import { NewestFirst, type Stream } from './newest-first.js';
import { offsetsOrNullsIn } from './offset-lists.js';
import { OldestRows } from './oldest-rows.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { segmentList } from './segment-list.js';

/** Notifications that one page looks at; with these it ends, however few it has. */
const MAX_LOOKED_AT = 1_000;

/** What a stream brings: `row` is what the index of a topic has of it; without, the notification itself must be looked at. */
interface Candidate {
  readonly offset: number;
  readonly row?: Row;
  readonly segment?: Sourced;
}

/** What one page is made with. */
interface Look {
  readonly scope: JudgedScope;
  readonly ranges: Ranges;
  readonly request: InboxRequest;
}

/** Pages of people's inboxes, newest first: the newest of each stretch of a topic first, and from there as many as are needed. */
export class InboxReader {
  readonly #connection: Connection;
  readonly #judge: InboxJudge;
  readonly #ranges: Statement;
  readonly #heads: Statement;
  readonly #stretch: Statement;
  readonly #oldest: OldestRows;
  readonly #shared: Statement;
  readonly #marked: Readonly<Record<Exclude<InboxFilter, 'all'>, Statement>>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#judge = new InboxJudge(connection);
    this.#ranges = connection.prepare(PEOPLE_QUERIES.ranges);
    this.#heads = connection.prepare(INBOX_QUERIES.heads);
    this.#stretch = connection.prepare(INBOX_QUERIES.stretch);
    this.#oldest = new OldestRows(connection);
    this.#shared = connection.prepare(INBOX_QUERIES.shared);
    const lifting = connection.prepare(INBOX_QUERIES.markedInbox);
    this.#marked = {
      inbox: lifting,
      unread: lifting,
      unseen: lifting,
      read: connection.prepare(INBOX_QUERIES.markedRead),
      archived: connection.prepare(INBOX_QUERIES.markedArchived),
      snoozed: connection.prepare(INBOX_QUERIES.markedSnoozed),
    };
  }

  /** The contract of `PeopleStore.inbox`, in one snapshot. */
  page(request: InboxRequest): InboxSlice {
    return this.#connection.read(() => {
      const ranges = rangesOf(this.#ranges.all([request.user]));
      const look = { scope: new JudgedScope(request), ranges, request };
      return this.#gather(new NewestFirst(this.#streams(look)), look);
    });
  }

  /** The contract of `PeopleStore.standing`. */
  standing(user: string, offset: number): Standing {
    return this.#connection.read(() => {
      const entry = this.#judge.entry(offset);
      return entry === undefined ? {} : this.#judge.standing(user, entry, rangesOf(this.#ranges.all([user])));
    });
  }

  #gather(candidates: NewestFirst<Candidate>, look: Look): InboxSlice {
    const rows: InboxRow[] = [];
    let last: number | undefined;
    for (let looked = 0; looked < MAX_LOOKED_AT && rows.length < look.request.limit; looked++) {
      const candidate = candidates.next();
      if (candidate === undefined) return { rows, next: null };
      if (candidate.offset === last) continue;
      const row = this.#listed(candidate, look);
      last = candidate.offset;
      if (row !== undefined) rows.push(row);
    }
    return { rows, next: candidates.isExhausted ? null : (last ?? null) };
  }

  #listed({ offset, row, segment }: Candidate, { scope, ranges, request }: Look): InboxRow | undefined {
    const { filter } = request;
    if (row === undefined || segment === undefined || row[3] !== null) {
      const isHidden =
        row !== undefined &&
        segment !== undefined &&
        !this.#judge.mayBeListed(offset, segment.topic, saidOf(row, 5), ranges, filter, scope.now);
      if (isHidden) return undefined;
      const judged = this.#judge.judge(offset, scope, ranges, filter);
      return judged !== undefined && isWanted(judged.entry.category, request) ? judged : undefined;
    }
    const category = textOrNull(row, 2) ?? undefined;
    const expiresAt = integerOrNull(row, 1) ?? undefined;
    if (!isWanted(category, request) || !scope.isShown(expiresAt, category)) return undefined;
    const standing = standingOf(saidOf(row, 5), ranges, offset, [segment.topic]);
    if (!isListed(filter, standing, scope.now) || isCollapsed(integerOrNull(row, 4), standing)) return undefined;
    const entry = this.#judge.entry(offset);
    if (entry === undefined || entry.publishedAt < segment.publishedFrom) return undefined;
    return { entry, topic: segment.topic, standing };
  }

  #streams({ ranges, request }: Look): Stream<Candidate>[] {
    const plan = planInbox(request, ranges, request.filter, request.before);
    const streams = this.#stretches(joined(plan.walked), request.user);
    for (const range of this.#oldest.lookedAt(plan.crossing, request.sources))
      streams.push({
        head: range.upTo,
        fetch: (upTo, count) => offsetsOf(this.#shared.all([range.topic, range.after, upTo, count])),
      });
    const { filter, user, before = Number.MAX_SAFE_INTEGER } = request;
    if (plan.skips && filter !== 'all')
      streams.push({
        head: before - 1,
        fetch: (upTo, count) => offsetsOf(this.#marked[filter].all([user, plan.after, upTo, count])),
      });
    return streams;
  }

  /** Where each begins is found for all at once: most of hundreds of topics have nothing among the newest. */
  #stretches(segments: readonly Sourced[], user: string): Stream<Candidate>[] {
    const heads = offsetsOrNullsIn(text(this.#heads.get([segmentList(segments)]) ?? [], 0));
    return segments.flatMap((segment, i) => {
      const head = heads[i] ?? null;
      if (head === null) return [];
      const fetch = (upTo: number, count: number): Candidate[] =>
        this.#stretch
          .all([user, segment.topic, segment.after, upTo, count])
          .map((row) => ({ offset: integer(row, 0), row, segment }));
      return [{ head, fetch }];
    });
  }
}

function offsetsOf(rows: readonly Row[]): Candidate[] {
  return rows.map((row) => ({ offset: integer(row, 0) }));
}

function isWanted(category: string | undefined, request: InboxRequest): boolean {
  return request.category === undefined || request.category === category;
}
