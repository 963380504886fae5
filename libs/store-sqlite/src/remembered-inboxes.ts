import type { InboxCounts, InboxScope } from '#clarion/notifications';
import { integer, type Connection, type Statement } from './connection.js';
import { InboxChanges, MAX_CHANGED } from './inbox-changes.js';
import { ENOUGH, InboxCounter, NEVER } from './inbox-counter.js';
import { isListed } from './inbox-filter.js';
import { JudgedScope } from './inbox-judge.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { InboxRows, type Listed } from './inbox-rows.js';
import { rangesOf, type Ranges } from './mark-cells.js';
import type { Packed, PackedSources, SourcesReader } from './packed-sources.js';
import { PEOPLE_QUERIES } from './people-queries.js';

/** More than enough, so that not every mark makes it too few. */
const WANTED = ENOUGH + 100;
/** Of what comes then. */
const MAX_KEPT = 2 * ENOUGH;
/** What is remembered of all people together by one reader, roughly. */
const MAX_BYTES = 16 * 1_024 * 1_024;
const BYTES_OF_ONE = 300;

/** What is new in an inbox: all of it, or at least {@link ENOUGH}. */
interface New {
  readonly unread: readonly number[];
  readonly unseen: readonly number[];
  /** When the first of it is over, milliseconds since 1970. */
  readonly endsAt: number;
}

/** What was new with one state of the log, and is from one time on if nothing else happens. */
interface Remembered extends New, LogState {
  /** Of what the inbox consisted. */
  readonly sources: PackedSources;
  readonly hidden: string;
  readonly from: number;
  /** When something that is asleep comes back. */
  readonly awakeAt: number;
}

interface LogState {
  /** The last offset. */
  readonly head: number;
  /** How often rows were removed from topics. */
  readonly removals: number;
}

/**
 * Remembers what was new in the inboxes of people who are asked for again and again, and looks only at what the log has told since, and at what is remembered
 * where that may be less now: after a mark up to a cursor, when something is over, when rows were removed. Counts anew when that is much, when a mark up to
 * a cursor was taken back, when a snooze has ended, when the inbox consists of something else, and when there was more than is counted and too little is left
 * of what is remembered.
 */
export class RememberedInboxes {
  readonly #connection: Connection;
  readonly #sources: SourcesReader;
  readonly #counter: InboxCounter;
  readonly #changes: InboxChanges;
  readonly #rows: InboxRows;
  readonly #state: Statement;
  readonly #ranges: Statement;
  readonly #nextAwake: Statement;
  /** The one who was asked for last comes last. */
  readonly #known = new Map<string, Remembered>();
  #bytes = 0;
  /** Of the log, when all of this was read. */
  #lifts = 0;

  constructor(connection: Connection, sources: SourcesReader) {
    this.#connection = connection;
    this.#sources = sources;
    this.#counter = new InboxCounter(connection);
    this.#changes = new InboxChanges(connection);
    this.#rows = new InboxRows(connection);
    this.#state = connection.prepare(INBOX_QUERIES.state);
    this.#ranges = connection.prepare(PEOPLE_QUERIES.ranges);
    this.#nextAwake = connection.prepare(INBOX_QUERIES.nextAwake);
  }

  /** The contract of `PeopleStore.counts`, in one snapshot. */
  counts(packed: Packed<InboxScope>): InboxCounts {
    const inbox = this.#connection.read(() => this.#inbox(packed));
    this.#remember(packed.user, inbox);
    return { unread: Math.min(ENOUGH, inbox.unread.length), unseen: Math.min(ENOUGH, inbox.unseen.length) };
  }

  #inbox({ sources, ...rest }: Packed<InboxScope>): Remembered {
    const { floor, ...state } = this.#stateNow();
    const { user, now } = rest;
    const hidden = JSON.stringify(rest.hiddenCategories);
    const known = this.#knownOf(user, sources, hidden, now);
    if (known?.head === state.head && known.removals === state.removals && now < known.endsAt) return known;
    const scope = { ...rest, sources: this.#sources.read(sources) };
    const ranges = rangesOf(this.#ranges.all([user]));
    // Of what has come since nothing may be missing.
    const isTold = known !== undefined && known.head >= floor;
    const found = (isTold && this.#revised(known, state, scope, ranges)) || this.#counted(scope);
    // What is kept already is kept on: long texts that are new each time cost the garbage collector.
    const kept = known?.sources ?? sources;
    return { sources: kept, hidden, ...state, from: now, awakeAt: this.#nextAwakeAt(scope, ranges), ...found };
  }

  /** Forgets everything when something was removed without which there may be more: nothing else tells that. */
  #stateNow(): LogState & { readonly floor: number } {
    const row = this.#state.get([]) ?? [];
    const lifts = integer(row, 2);
    if (lifts !== this.#lifts) {
      this.#known.clear();
      this.#bytes = 0;
      this.#lifts = lifts;
    }
    return { head: integer(row, 0), removals: integer(row, 1), floor: integer(row, 3) };
  }

  #knownOf(user: string, sources: PackedSources, hidden: string, now: number): Remembered | undefined {
    const known = this.#known.get(user);
    const isSame = known?.sources === sources && known.hidden === hidden;
    return isSame && known.from <= now && now < known.awakeAt ? known : undefined;
  }

  #counted(scope: InboxScope): New {
    const { unread, unseen, expiresAt } = this.#counter.find(scope, WANTED);
    return { unread: [...unread].slice(0, MAX_KEPT), unseen: [...unseen].slice(0, MAX_KEPT), endsAt: expiresAt };
  }

  #nextAwakeAt({ user, now }: InboxScope, { snoozed }: Ranges): number {
    const single = this.#nextAwake.all([user, now]).map((row) => integer(row, 0));
    const ends = snoozed.flatMap(({ until }) => until ?? []);
    return Math.min(NEVER, ...single, ...ends.filter((until) => until > now));
  }

  /** @returns undefined if all must be counted anew. */
  #revised(known: Remembered, state: LogState, scope: InboxScope, ranges: Ranges): New | undefined {
    const judged = new JudgedScope(scope);
    const changes = this.#changes.between(known.head, state.head, judged);
    if (changes === undefined) return undefined;
    const { offsets } = changes;
    const mayBeLess = changes.mayBeLess || known.removals !== state.removals || known.endsAt <= scope.now;
    const changed = mayBeLess ? new Set([...offsets, ...known.unread, ...known.unseen]) : offsets;
    if (changed.size > MAX_CHANGED) return undefined;
    const asked = { request: { ...scope, filter: 'unread' }, scope: judged, ranges } as const;
    const listed = this.#rows.listed([...changed], asked);
    const listedUnseen = listed.filter(({ standing }) => isListed('unseen', standing, scope.now));
    const unread = withChanges(known.unread, changed, listed);
    const unseen = withChanges(known.unseen, changed, listedUnseen);
    if (isTooFew(unread, known.unread) || isTooFew(unseen, known.unseen)) return undefined;
    // All that is remembered was looked at where it may be less: then nothing else ends.
    const ends = listed.map(({ expiresAt }) => expiresAt ?? NEVER);
    return { unread, unseen, endsAt: Math.min(mayBeLess ? NEVER : known.endsAt, ...ends) };
  }

  #remember(user: string, inbox: Remembered): void {
    const before = this.#known.get(user);
    if (before !== undefined) this.#forget(user, before);
    this.#known.set(user, inbox);
    this.#bytes += bytesOf(inbox);
    for (const [oldest, theirs] of this.#known) {
      if (this.#bytes <= MAX_BYTES) return;
      this.#forget(oldest, theirs);
    }
  }

  #forget(user: string, inbox: Remembered): void {
    this.#known.delete(user);
    this.#bytes -= bytesOf(inbox);
  }
}

function bytesOf({ sources, hidden, unread, unseen }: Remembered): number {
  return BYTES_OF_ONE + sources.length + hidden.length + 8 * (unread.length + unseen.length);
}

/** @param listed of the changed those that are new now. */
function withChanges(
  known: readonly number[],
  changed: ReadonlySet<number>,
  listed: readonly Listed[],
): readonly number[] {
  if (changed.size === 0) return known;
  const now = known.filter((offset) => !changed.has(offset));
  for (const { offset } of listed) if (now.length < MAX_KEPT) now.push(offset);
  return now;
}

/** Of more than are counted not all are known. */
function isTooFew(now: readonly number[], before: readonly number[]): boolean {
  return now.length < ENOUGH && before.length >= ENOUGH;
}
