import type { InboxCounts, InboxScope } from '#clarion/notifications';
import { integer, type Connection, type Statement } from './connection.js';
import { InboxChanges } from './inbox-changes.js';
import { ENOUGH, InboxCounter, NEVER } from './inbox-counter.js';
import { isListed } from './inbox-filter.js';
import { InboxJudge, JudgedScope, type Place } from './inbox-judge.js';
import { INBOX_QUERIES } from './inbox-queries.js';
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
  /** When something of it is over, or something else is back, by itself; milliseconds since 1970. */
  readonly until: number;
}

/** What was new with one end of the log, and is from one time until another if nothing else happens. */
interface Remembered extends New {
  /** Of what the inbox consisted. */
  readonly sources: PackedSources;
  readonly hidden: string;
  readonly head: number;
  readonly from: number;
}

/**
 * Remembers what was new in the inboxes of people who are asked for again and again, and looks only at what the log has told since. Counts anew when that is
 * much, when rows were removed, when something has ended by itself, when the inbox consists of something else, and when there was more than is counted and
 * too little is left of what is remembered.
 */
export class RememberedInboxes {
  readonly #connection: Connection;
  readonly #sources: SourcesReader;
  readonly #counter: InboxCounter;
  readonly #changes: InboxChanges;
  readonly #judge: InboxJudge;
  readonly #state: Statement;
  readonly #ranges: Statement;
  readonly #nextAwake: Statement;
  /** The one who was asked for last comes last. */
  readonly #known = new Map<string, Remembered>();
  #bytes = 0;
  /** Of the log, when all of this was read. */
  #removals = 0;

  constructor(connection: Connection, sources: SourcesReader) {
    this.#connection = connection;
    this.#sources = sources;
    this.#counter = new InboxCounter(connection);
    this.#changes = new InboxChanges(connection);
    this.#judge = new InboxJudge(connection);
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
    const head = this.#head();
    const hidden = JSON.stringify(rest.hiddenCategories);
    const known = this.#knownOf(rest.user, sources, hidden, rest.now);
    if (known?.head === head) return known;
    const scope = { ...rest, sources: this.#sources.read(sources) };
    const found = (known && this.#revised(known, head, scope)) ?? this.#counted(scope);
    // What is kept already is kept on: long texts that are new each time cost the garbage collector.
    return { sources: known?.sources ?? sources, hidden, head, from: rest.now, ...found };
  }

  /** Forgets everything when something was removed. */
  #head(): number {
    const state = this.#state.get([]) ?? [];
    const removals = integer(state, 1);
    if (removals !== this.#removals) {
      this.#known.clear();
      this.#bytes = 0;
      this.#removals = removals;
    }
    return integer(state, 0);
  }

  #knownOf(user: string, sources: PackedSources, hidden: string, now: number): Remembered | undefined {
    const known = this.#known.get(user);
    const isSame = known?.sources === sources && known.hidden === hidden;
    return isSame && known.from <= now && now < known.until ? known : undefined;
  }

  #counted(scope: InboxScope): New {
    const { unread, unseen, expiresAt } = this.#counter.find(scope, WANTED);
    const until = Math.min(expiresAt, this.#nextAwakeAt(scope, rangesOf(this.#ranges.all([scope.user]))));
    return { unread: [...unread].slice(0, MAX_KEPT), unseen: [...unseen].slice(0, MAX_KEPT), until };
  }

  /** When something that is asleep comes back. */
  #nextAwakeAt({ user, now }: InboxScope, { snoozed }: Ranges): number {
    const single = this.#nextAwake.all([user, now]).map((row) => integer(row, 0));
    const ends = snoozed.flatMap(({ until }) => until ?? []);
    return Math.min(NEVER, ...single, ...ends.filter((until) => until > now));
  }

  /** @returns undefined if all must be counted anew. */
  #revised(known: Remembered, head: number, scope: InboxScope): New | undefined {
    const judged = new JudgedScope(scope);
    const changed = this.#changes.between(known.head, head, judged);
    if (changed === undefined) return undefined;
    const ranges = rangesOf(this.#ranges.all([scope.user]));
    const places = [...changed].flatMap((offset) => this.#judge.place(offset, judged, ranges, 'unread') ?? []);
    const unseenPlaces = places.filter(({ standing }) => isListed('unseen', standing, scope.now));
    const unread = withChanges(known.unread, changed, places);
    const unseen = withChanges(known.unseen, changed, unseenPlaces);
    if (isTooFew(unread, known.unread) || isTooFew(unseen, known.unseen)) return undefined;
    const ends = places.map(({ expiresAt }) => expiresAt ?? NEVER);
    return { unread, unseen, until: Math.min(known.until, this.#nextAwakeAt(scope, ranges), ...ends) };
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

/** @param places of the changed those that are new now. */
function withChanges(
  known: readonly number[],
  changed: ReadonlySet<number>,
  places: readonly Place[],
): readonly number[] {
  if (changed.size === 0) return known;
  const now = known.filter((offset) => !changed.has(offset));
  for (const { offset } of places) if (now.length < MAX_KEPT) now.push(offset);
  return now;
}

/** Of more than are counted not all are known. */
function isTooFew(now: readonly number[], before: readonly number[]): boolean {
  return now.length < ENOUGH && before.length >= ENOUGH;
}
