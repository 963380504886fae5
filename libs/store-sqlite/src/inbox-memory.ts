import { createHash } from 'node:crypto';
import type { InboxScope } from '#clarion/notifications';
import { integer, integerOrNull, text, type Connection, type Statement } from './connection.js';
import { offsetsIn } from './offset-lists.js';
import type { Packed, SourcesReader } from './packed-sources.js';
import { PEOPLE_QUERIES } from './people-queries.js';

/** Of the log, when something was read. */
export interface LogState {
  /** The last offset. */
  readonly head: number;
  /** How often rows were removed from topics. */
  readonly removals: number;
  /** How often without these something may have been there again. */
  readonly lifts: number;
  /** How often somebody was erased. */
  readonly erasures: number;
}

/** What was new in an inbox with one state of the log: all of it, or more than is counted. Times are milliseconds since 1970. */
export interface CountedInbox extends LogState {
  readonly unread: readonly number[];
  readonly unseen: readonly number[];
  readonly countedAt: number;
  /** When the first of it is over. */
  readonly endsAt: number;
}

/** On its way to the file. */
export interface RememberedRow extends Omit<CountedInbox, 'erasures' | 'unread' | 'unseen'> {
  readonly user: string;
  readonly consistsOf: string;
  /** JSON of their offsets. */
  readonly unread: string;
  readonly unseen: string;
}

/** What is remembered of inboxes in the file, for whichever reader is asked next. It may be old, but never of another inbox. */
export class InboxMemory {
  readonly #sources: SourcesReader;
  readonly #remembered: Statement;
  readonly #lastMark: Statement;

  constructor(connection: Connection, sources: SourcesReader) {
    this.#sources = sources;
    this.#remembered = connection.prepare(PEOPLE_QUERIES.remembered);
    this.#lastMark = connection.prepare(PEOPLE_QUERIES.lastMark);
  }

  /** What was new in this very inbox; undefined where that is not known. */
  read(scope: Packed<InboxScope>, { lifts, erasures }: LogState): CountedInbox | undefined {
    const row = this.#remembered.get([scope.user, lifts]);
    if (row === undefined || text(row, 0) !== this.#consistsOf(scope, integer(row, 1))) return undefined;
    return {
      head: integer(row, 1),
      removals: integer(row, 2),
      lifts,
      erasures,
      countedAt: integer(row, 3),
      endsAt: integer(row, 4),
      unread: offsetsIn(text(row, 5)),
      unseen: offsetsIn(text(row, 6)),
    };
  }

  /** The offset of the event by which somebody marked something last, since that is noted. */
  lastMark(user: string): number {
    const row = this.#lastMark.get([user]);
    return row === undefined ? 0 : (integerOrNull(row, 0) ?? 0);
  }

  /** What is to be read one day. */
  toRow(scope: Packed<InboxScope>, inbox: CountedInbox): RememberedRow {
    const { head, removals, lifts, countedAt, endsAt } = inbox;
    const [unread, unseen] = [JSON.stringify(inbox.unread), JSON.stringify(inbox.unseen)];
    const consistsOf = this.#consistsOf(scope, head);
    return { user: scope.user, consistsOf, head, removals, lifts, countedAt, endsAt, unread, unseen };
  }

  /** Of what an inbox consisted when the log ended at `head`, as a hash. */
  #consistsOf({ sources, hiddenCategories }: Packed<InboxScope>, head: number): string {
    const hash = createHash('sha256').update(this.#sources.asOf(sources, head));
    return hash.update(JSON.stringify(hiddenCategories)).digest('base64');
  }
}
