import type { LogEntry } from '#clarion/event-bus';
import type { InboxScope, InboxSource, Standing } from '#clarion/notifications';
import type { InboxFilter } from '#clarion/protocol';
import { integer, integerOrNull, text, textOrNull, type Connection, type Row, type Statement } from './connection.js';
import { parseTopics, toEntry } from './entry-row.js';
import { isCollapsed, isListed } from './inbox-filter.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { saidOf, standingOf, type Ranges } from './mark-cells.js';
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

/** Looks at single notifications, whatever their topics: many are looked at faster elsewhere. */
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

  standing(user: string, { offset, topics }: Pick<LogEntry, 'offset' | 'topics'>, ranges: Ranges): Standing {
    const row = this.#marksOf.get([user, offset]);
    return standingOf(row === undefined ? {} : saidOf(row, 0), ranges, offset, topics);
  }

  /** The first of its topics by which an inbox has it, unless retention took it there, and what is known of it there: `standsIn`. */
  seenBy(
    entry: Pick<LogEntry, 'offset' | 'publishedAt' | 'topics'>,
    scope: JudgedScope,
  ): { readonly topic: string; readonly row: Row } | undefined {
    for (const topic of entry.topics) {
      const row = scope.has(topic, entry) ? this.#standsIn.get([topic, entry.offset]) : undefined;
      if (row !== undefined) return { topic, row };
    }
    return undefined;
  }

  /** Where the inbox has the notification, without its body; undefined if it does not list it. */
  place(offset: number, scope: JudgedScope, ranges: Ranges, filter: InboxFilter): Place | undefined {
    const addressed = this.#addressed.get([offset]);
    if (addressed === undefined) return undefined;
    const entry = { offset, topics: parseTopics(text(addressed, 0)), publishedAt: integer(addressed, 1) };
    const seen = this.seenBy(entry, scope);
    if (seen === undefined) return undefined;
    const { topic, row } = seen;
    const [expiresAt, category] = [integerOrNull(row, 2) ?? undefined, textOrNull(row, 3) ?? undefined];
    if (row[1] !== null || !scope.isShown(expiresAt, category)) return undefined;
    const standing = this.standing(scope.user, entry, ranges);
    const isThere = isListed(filter, standing, scope.now) && !isCollapsed(integerOrNull(row, 0), standing);
    return isThere ? { offset, topic, standing, expiresAt } : undefined;
  }
}

type SourcesByTopic = ReadonlyMap<string, readonly InboxSource[]>;

/** Sources are kept where they are many (`SourcesReader`). */
const SORTED = new WeakMap<readonly InboxSource[], SourcesByTopic>();

/** A scope made ready for many questions. */
export class JudgedScope {
  readonly user: string;
  readonly now: number;
  readonly #sources: SourcesByTopic;
  readonly #hidden: ReadonlySet<string>;

  constructor({ user, now, sources, hiddenCategories }: InboxScope) {
    this.user = user;
    this.now = now;
    this.#hidden = new Set(hiddenCategories);
    this.#sources = SORTED.get(sources) ?? sortedByTopic(sources);
    SORTED.set(sources, this.#sources);
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

function sortedByTopic(sources: readonly InboxSource[]): SourcesByTopic {
  const sorted = new Map<string, InboxSource[]>();
  for (const source of sources)
    if (sorted.get(source.topic)?.push(source) === undefined) sorted.set(source.topic, [source]);
  return sorted;
}
