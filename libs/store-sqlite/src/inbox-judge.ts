import type { LogEntry } from '#clarion/event-bus';
import type { InboxRow, InboxScope, InboxSource, Standing } from '#clarion/notifications';
import type { InboxFilter } from '#clarion/protocol';
import { MARK_STATES } from '#clarion/protocol/plain';
import { integerOrNull, text, type Connection, type Statement } from './connection.js';
import { parseTopics, toEntry } from './entry-row.js';
import { isCollapsed, isListed } from './inbox-filter.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { saidOf, standingOf, type Ranges, type Said } from './mark-cells.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { READ_QUERIES } from './read-queries.js';

/** Looks at single notifications, whatever their topics: what is said by an index alone is said faster elsewhere. */
export class InboxJudge {
  readonly #entry: Statement;
  readonly #topicsOf: Statement;
  readonly #standsIn: Statement;
  readonly #marksOf: Statement;

  constructor(connection: Connection) {
    this.#entry = connection.prepare(READ_QUERIES.entry);
    this.#topicsOf = connection.prepare(INBOX_QUERIES.topicsOf);
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
    const row = this.#topicsOf.get([offset]);
    return row === undefined ? [] : parseTopics(text(row, 0));
  }

  standing(user: string, { offset, topics }: LogEntry, ranges: Ranges): Standing {
    const row = this.#marksOf.get([user, offset]);
    return standingOf(row === undefined ? {} : saidOf(row, 0), ranges, offset, topics);
  }

  /** The notification as the inbox has it; undefined if it does not. */
  judge(offset: number, scope: JudgedScope, ranges: Ranges, filter: InboxFilter): InboxRow | undefined {
    const entry = this.entry(offset);
    if (entry === undefined || entry.kind !== undefined || !scope.isShown(entry)) return undefined;
    for (const topic of entry.topics) {
      if (!scope.has(topic, entry)) continue;
      const row = this.#standsIn.get([topic, offset]);
      if (row === undefined) continue;
      const standing = this.standing(scope.user, entry, ranges);
      const isThere = isListed(filter, standing, scope.now) && !isCollapsed(integerOrNull(row, 0), standing);
      return isThere ? { entry, topic, standing } : undefined;
    }
    return undefined;
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
  isShown({ expiresAt, category }: { readonly expiresAt?: number; readonly category?: string }): boolean {
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
