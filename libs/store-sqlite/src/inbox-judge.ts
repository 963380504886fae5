import type { LogEntry } from '#clarion/event-bus';
import type { InboxRow, InboxScope, InboxSource, Standing } from '#clarion/notifications';
import type { InboxFilter } from '#clarion/protocol';
import { MARK_STATES } from '#clarion/protocol/plain';
import { integer, integerOrNull, text, textOrNull, type Connection, type Statement } from './connection.js';
import { parseTopics, toEntry } from './entry-row.js';
import { isCollapsed, isListed } from './inbox-filter.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { saidOf, standingOf, type Ranges, type Said } from './mark-cells.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { READ_QUERIES } from './read-queries.js';

/** Where an inbox lists a notification. */
export interface Place {
  readonly offset: number;
  /** By which it is seen. */
  readonly topic: string;
  readonly standing: Standing;
  readonly expiresAt: number | undefined;
}

/** Looks at single notifications, whatever their topics: what is said by an index alone is said faster elsewhere. */
export class InboxJudge {
  readonly #entry: Statement;
  readonly #addressed: Statement;
  readonly #standsIn: Statement;
  readonly #marksOf: Statement;

  constructor(connection: Connection) {
    this.#entry = connection.prepare(READ_QUERIES.entry);
    this.#addressed = connection.prepare(INBOX_QUERIES.addressed);
    this.#standsIn = connection.prepare(INBOX_QUERIES.standsIn);
    this.#marksOf = connection.prepare(PEOPLE_QUERIES.marksOf);
  }

  entry(offset: number): LogEntry | undefined {
    const row = this.#entry.get([offset]);
    return row === undefined ? undefined : toEntry(row);
  }

  /**
   * Whether a list may have it, by what is said of it alone: of thousands that were read nothing more need be looked at.
   * @param topic of its topics one; where ranges are about all topics, the others do not matter.
   */
  mayBeListed(offset: number, topic: string, said: Said, ranges: Ranges, filter: InboxFilter, now: number): boolean {
    const topics = MARK_STATES.some((state) => ranges[state].some((range) => range.topic !== null))
      ? this.#topics(offset)
      : [topic];
    return isListed(filter, standingOf(said, ranges, offset, topics), now);
  }

  #topics(offset: number): string[] {
    const row = this.#addressed.get([offset]);
    return row === undefined ? [] : parseTopics(text(row, 0));
  }

  standing(user: string, { offset, topics }: Pick<LogEntry, 'offset' | 'topics'>, ranges: Ranges): Standing {
    const row = this.#marksOf.get([user, offset]);
    return standingOf(row === undefined ? {} : saidOf(row, 0), ranges, offset, topics);
  }

  /** Where the inbox has the notification, without its body; undefined if it does not list it. */
  place(offset: number, scope: JudgedScope, ranges: Ranges, filter: InboxFilter): Place | undefined {
    const row = this.#addressed.get([offset]);
    if (row === undefined) return undefined;
    const [topics, publishedAt] = [parseTopics(text(row, 0)), integer(row, 1)];
    for (const topic of topics) {
      const stands = scope.has(topic, { offset, publishedAt }) ? this.#standsIn.get([topic, offset]) : undefined;
      if (stands === undefined) continue;
      const [expiresAt, category] = [integerOrNull(stands, 2) ?? undefined, textOrNull(stands, 3) ?? undefined];
      if (stands[1] !== null || !scope.isShown(expiresAt, category)) return undefined;
      const standing = this.standing(scope.user, { offset, topics }, ranges);
      const isThere = isListed(filter, standing, scope.now) && !isCollapsed(integerOrNull(stands, 0), standing);
      return isThere ? { offset, topic, standing, expiresAt } : undefined;
    }
    return undefined;
  }

  /** The notification as the inbox has it; undefined if it does not. */
  judge(offset: number, scope: JudgedScope, ranges: Ranges, filter: InboxFilter): InboxRow | undefined {
    const place = this.place(offset, scope, ranges, filter);
    const entry = place && this.entry(offset);
    return entry && { entry, topic: place.topic, standing: place.standing };
  }
}

/** A scope made ready for many questions. */
export class JudgedScope {
  readonly user: string;
  readonly now: number;
  readonly #sources = new Map<string, InboxSource[]>();
  readonly #hidden: ReadonlySet<string>;

  constructor({ user, now, sources, hiddenCategories }: InboxScope) {
    this.user = user;
    this.now = now;
    this.#hidden = new Set(hiddenCategories);
    for (const source of sources)
      if (this.#sources.get(source.topic)?.push(source) === undefined) this.#sources.set(source.topic, [source]);
  }

  /** By which something may be seen, at some time. */
  get topics(): ReadonlyMap<string, unknown> {
    return this.#sources;
  }

  /** Neither over nor of a hidden category. */
  isShown(expiresAt: number | undefined, category: string | undefined): boolean {
    return (expiresAt === undefined || expiresAt > this.now) && (category === undefined || !this.#hidden.has(category));
  }

  /** Whether a source of this topic has it. */
  has(topic: string, { offset, publishedAt }: Pick<LogEntry, 'offset' | 'publishedAt'>): boolean {
    const sources = this.#sources.get(topic) ?? [];
    return sources.some(
      ({ after, upTo, publishedFrom }) =>
        offset > after && offset <= (upTo ?? Number.MAX_SAFE_INTEGER) && publishedAt >= publishedFrom,
    );
  }
}
