import type { InboxCounts, InboxScope } from '#clarion/notifications';
import { integer, type Connection, type Statement } from './connection.js';
import { InboxChanges } from './inbox-changes.js';
import { ENOUGH, InboxCounter, NEVER, type NewOnes } from './inbox-counter.js';
import { isListed } from './inbox-filter.js';
import { JudgedScope } from './inbox-judge.js';
import { InboxMemory, type CountedInbox, type LogState, type RememberedRow } from './inbox-memory.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { InboxRows, type Listed } from './inbox-rows.js';
import { rangesOf, type Ranges } from './mark-cells.js';
import { addAll } from './offset-lists.js';
import type { Packed, PackedSources, SourcesReader } from './packed-sources.js';
import { PEOPLE_QUERIES } from './people-queries.js';

/** More than enough, so that not every mark makes it too few. */
const WANTED = ENOUGH + 100;
/** Of what comes then. */
const MAX_KEPT = 2 * ENOUGH;
/** What is remembered of all people together by one reader, roughly. */
const MAX_BYTES = 16 * 1_024 * 1_024;
const BYTES_OF_ONE = 300;
/** So many notifications are judged rather than all of them counted again, and more where to judge one costs less than so many rows in a list. */
const [FEW_CHANGED, ROWS_FOR_ONE] = [400, 64];
/** What is in the file is written anew long before so much has changed that all would be counted. */
const MANY_LOOKED_AT = FEW_CHANGED / 4;

const NOTHING_NEW: NewOnes = { unread: new Set(), unseen: new Set(), expiresAt: NEVER, work: 0 };

interface Known extends CountedInbox {
  /** When the first of what is asleep comes back. */
  readonly awakeAt: number;
  /** What counting it anew looks at, roughly, in rows of a list: so much is worth writing to the file. */
  readonly work: number;
  /** How much was looked at since it was written. */
  readonly lookedAt: number;
}

interface Remembered extends Known {
  /** Of what the inbox consists. */
  readonly sources: PackedSources;
  readonly hidden: string;
}

/** What a reader answers, and at times what the next one is to know. */
export interface CountsAndMemory extends InboxCounts {
  readonly toRemember?: RememberedRow;
}

type Found = Pick<Known, 'unread' | 'unseen' | 'endsAt' | 'work' | 'lookedAt'>;

/** What is asked with what is known of the log and of the person. */
interface Question {
  readonly scope: InboxScope;
  readonly state: LogState & { readonly floor: number };
  readonly ranges: Ranges;
}

/**
 * Remembers what was new in the inboxes of people who are asked for again and again, and looks only at what the log has told since, and at what is remembered
 * where that may be less now: after a mark up to a cursor, when something is over, when rows were removed. Where much came, what came is counted. Whom this
 * reader does not know, another one may have known: what takes long to count is in the file as well. Counts anew when more is to be looked at than that is
 * worth, when a mark up to a cursor was taken back or snoozes, or such a snooze has ended, when the inbox consists of something else, and when there was more
 * than is counted and too little is left of what is remembered.
 */
export class RememberedInboxes {
  readonly #connection: Connection;
  readonly #sources: SourcesReader;
  readonly #worthRemembering: number;
  readonly #counter: InboxCounter;
  readonly #changes: InboxChanges;
  readonly #memory: InboxMemory;
  readonly #rows: InboxRows;
  readonly #state: Statement;
  readonly #ranges: Statement;
  readonly #nextAwake: Statement;
  readonly #awakened: Statement;
  /** The one who was asked for last comes last. */
  readonly #known = new Map<string, Remembered>();
  #bytes = 0;
  /** Of the log, when all of this was read. */
  #lifts = 0;
  #erasures = 0;

  /** @param fewCame so many that came are judged one by one; more are counted. */
  constructor(connection: Connection, sources: SourcesReader, worthRemembering: number, fewCame?: number) {
    this.#connection = connection;
    this.#sources = sources;
    this.#worthRemembering = worthRemembering;
    this.#counter = new InboxCounter(connection);
    this.#changes = new InboxChanges(connection, fewCame);
    this.#memory = new InboxMemory(connection, sources);
    this.#rows = new InboxRows(connection);
    this.#state = connection.prepare(INBOX_QUERIES.state);
    this.#ranges = connection.prepare(PEOPLE_QUERIES.ranges);
    this.#nextAwake = connection.prepare(INBOX_QUERIES.nextAwake);
    this.#awakened = connection.prepare(INBOX_QUERIES.awakened);
  }

  /** The contract of `PeopleStore.counts`, in one snapshot. */
  counts(packed: Packed<InboxScope>): CountsAndMemory {
    const inbox = this.#connection.read(() => this.#inbox(packed));
    const counts = { unread: Math.min(ENOUGH, inbox.unread.length), unseen: Math.min(ENOUGH, inbox.unseen.length) };
    const isDue = inbox.work >= this.#worthRemembering && inbox.lookedAt >= MANY_LOOKED_AT;
    this.#remember(packed.user, isDue ? { ...inbox, lookedAt: 0 } : inbox);
    return isDue ? { ...counts, toRemember: this.#memory.toRow(packed, inbox) } : counts;
  }

  #inbox(packed: Packed<InboxScope>): Remembered {
    const { floor, ...state } = this.#stateNow();
    const { user, sources, now } = packed;
    const hidden = JSON.stringify(packed.hiddenCategories);
    const before = this.#known.get(user);
    const isSame = before?.sources === sources && before.hidden === hidden;
    if (isSame && isUntouched(before, state, now)) return before;
    const scope = { ...packed, sources: this.#sources.read(sources) };
    const asked = { scope, state: { ...state, floor }, ranges: rangesOf(this.#ranges.all([user])) };
    const known = isSame ? before : this.#knownOf(before, packed, hidden, state);
    const found = (known && this.#revised(known, asked)) || this.#counted(scope);
    // What is kept already is kept on: long texts that are new each time cost the garbage collector.
    const kept = isSame ? before.sources : sources;
    return { sources: kept, hidden, ...state, countedAt: now, awakeAt: this.#nextAwakeAt(asked), ...found };
  }

  /** Forgets everything when something was removed without which there may be more: nothing else tells that. */
  #stateNow(): Question['state'] {
    const row = this.#state.get([]) ?? [];
    const [lifts, erasures] = [integer(row, 2), integer(row, 3)];
    if (lifts !== this.#lifts || erasures !== this.#erasures) {
      this.#known.clear();
      this.#bytes = 0;
      this.#lifts = lifts;
      this.#erasures = erasures;
    }
    return { head: integer(row, 0), removals: integer(row, 1), lifts, erasures, floor: integer(row, 4) };
  }

  /** Of the same inbox: what is followed since then began with nothing. */
  #knownOf(
    before: Remembered | undefined,
    packed: Packed<InboxScope>,
    hidden: string,
    state: LogState,
  ): Known | undefined {
    if (before === undefined) return this.#inFile(packed, state);
    if (before.hidden !== hidden) return undefined;
    const [then, now] = [before.sources, packed.sources].map((sources) => this.#sources.asOf(sources, before.head));
    return then === now ? before : undefined;
  }

  #inFile(packed: Packed<InboxScope>, state: LogState): Known | undefined {
    const inFile = this.#memory.read(packed, state);
    return inFile && { ...inFile, awakeAt: 0, work: this.#worthRemembering, lookedAt: 0 };
  }

  #counted(scope: InboxScope): Found {
    const { unread, unseen, expiresAt, work } = this.#counter.find(scope, WANTED);
    return {
      unread: [...unread].slice(0, MAX_KEPT),
      unseen: [...unseen].slice(0, MAX_KEPT),
      endsAt: expiresAt,
      work,
      lookedAt: Infinity,
    };
  }

  #nextAwakeAt({ scope: { user, now }, ranges: { snoozed } }: Question): number {
    const single = this.#nextAwake.all([user, now]).map((row) => integer(row, 0));
    const ends = snoozed.flatMap(({ until }) => until ?? []);
    return Math.min(NEVER, ...single, ...ends.filter((until) => until > now));
  }

  /** @returns undefined if all must be counted anew. */
  #revised(known: Known, { scope, state, ranges }: Question): Found | undefined {
    // Retention may have taken what tells of marks. Where it took anything else there is less of what it has passed.
    if (known.head < state.floor && this.#memory.lastMark(scope.user) > known.head) return undefined;
    const judged = new JudgedScope(scope);
    const most = Math.max(FEW_CHANGED, Math.floor(known.work / ROWS_FOR_ONE));
    const changes = this.#changes.between(known, state.head, judged, most);
    const awakened = this.#awakenedSince(known, scope, ranges, most);
    if (changes === undefined || awakened === undefined) return undefined;
    const mayBeLess = changes.mayBeLess || known.endsAt <= scope.now;
    const upTo = mayBeLess ? NEVER : known.removals === state.removals ? 0 : state.floor;
    const all = [...changes.offsets, ...awakened, ...knownUpTo(known, upTo)];
    const { muchCameBy } = changes;
    const changed = new Set(muchCameBy === undefined ? all : all.filter((offset) => offset <= known.head));
    if (changed.size > most) return undefined;
    const asked = { request: { ...scope, filter: 'unread' }, scope: judged, ranges } as const;
    const listed = this.#rows.listed([...changed], asked);
    const listedUnseen = listed.filter(({ standing }) => isListed('unseen', standing, scope.now));
    const came = muchCameBy ? this.#counter.find(since(known.head, scope, muchCameBy), WANTED) : NOTHING_NEW;
    const unread = withChanges(known.unread, changed, [...listed.map(offsetOf), ...came.unread]);
    const unseen = withChanges(known.unseen, changed, [...listedUnseen.map(offsetOf), ...came.unseen]);
    if (isTooFew(unread, known.unread) || isTooFew(unseen, known.unseen)) return undefined;
    const ends = listed.map(({ expiresAt }) => expiresAt ?? NEVER);
    // Where all that is remembered was looked at, nothing else ends.
    const endsAt = Math.min(mayBeLess ? NEVER : known.endsAt, came.expiresAt, ...ends);
    const lookedAt = Math.max(changes.told, changes.offsets.size + awakened.size);
    // What was marked up to a cursor counting does not look at.
    const work = (changes.markedUpTo ? 0 : known.work) + lookedAt;
    return { unread, unseen, endsAt, work, lookedAt: known.lookedAt + lookedAt };
  }

  /** What was snoozed by itself and is no more; undefined where all is new that nobody can tell. */
  #awakenedSince(known: Known, { user, now }: InboxScope, { snoozed }: Ranges, most: number): Set<number> | undefined {
    const awakened = new Set<number>();
    if (now < known.awakeAt && now >= known.countedAt) return awakened;
    const hasEnded = snoozed.some(({ until }) => until !== null && until > known.countedAt && until <= now);
    if (hasEnded || now < known.countedAt) return undefined;
    addAll(awakened, this.#awakened.all([user, known.countedAt, now, most + 1]));
    return awakened.size > most ? undefined : awakened;
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

function isUntouched(known: Known, { head, removals }: LogState, now: number): boolean {
  const isTime = known.countedAt <= now && now < known.awakeAt && now < known.endsAt;
  return known.head === head && known.removals === removals && isTime;
}

function bytesOf({ sources, hidden, unread, unseen }: Remembered): number {
  return BYTES_OF_ONE + sources.length + hidden.length + 8 * (unread.length + unseen.length);
}

function knownUpTo({ unread, unseen }: CountedInbox, upTo: number): readonly number[] {
  return upTo === 0 ? [] : [...unread, ...unseen].filter((offset) => offset <= upTo);
}

function offsetOf({ offset }: Listed): number {
  return offset;
}

/** @param added what is new now, of the changed and of what came. */
function withChanges(
  known: readonly number[],
  changed: ReadonlySet<number>,
  added: readonly number[],
): readonly number[] {
  if (changed.size === 0 && added.length === 0) return known;
  const now = known.filter((offset) => !changed.has(offset));
  return [...now, ...added.slice(0, MAX_KEPT - now.length)];
}

/** What of it came after `head`, by these topics. */
function since(head: number, scope: InboxScope, topics: ReadonlySet<string>): InboxScope {
  const sources = scope.sources.filter(({ topic }) => topics.has(topic));
  return { ...scope, sources: sources.map((one) => (one.after < head ? { ...one, after: head } : one)) };
}

/** Of more than are counted not all are known. */
function isTooFew(now: readonly number[], before: readonly number[]): boolean {
  return now.length < ENOUGH && before.length >= ENOUGH;
}
