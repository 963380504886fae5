import type { InboxCounts, InboxRow, InboxScope } from '#clarion/notifications';
import { MAX_COUNT } from '#clarion/protocol/plain';
import { integer, integerOrNull, type Connection, type Statement } from './connection.js';
import { InboxChanges } from './inbox-changes.js';
import { InboxCounter } from './inbox-counter.js';
import { isListed } from './inbox-filter.js';
import { InboxJudge, JudgedScope } from './inbox-judge.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { rangesOf } from './mark-cells.js';
import { unpackSources, type Packed } from './packed-sources.js';
import { PEOPLE_QUERIES } from './people-queries.js';

const ENOUGH = MAX_COUNT + 1;
/** More than enough, so that not every mark makes it too few. */
const KEPT = 2 * ENOUGH;
/** Bytes of what is remembered of all people together, roughly. */
const MAX_BYTES = 16 * 1_024 * 1_024;
const BYTES_OF_ONE = 300;

/** What is new in an inbox: all of it, or at least {@link ENOUGH}. */
interface New {
  readonly unread: readonly number[];
  readonly unseen: readonly number[];
  /** When something of it is over, or something else is back, by itself: milliseconds since 1970. */
  readonly until: number;
}

/** What was new at one moment. */
interface Remembered extends New {
  /** Of what the inbox consisted. */
  readonly asked: string;
  /** Up to where the log was known, and how often something had been removed from it. */
  readonly head: number;
  readonly removals: number;
  /** The time at which it was so, milliseconds since 1970. */
  readonly from: number;
}

/**
 * Remembers what was new in the inboxes of people who are asked for again and again, and looks only at what the log has told since. Counts anew when that is
 * much, when something was removed, when something ends by itself, when another inbox is asked for, and when of more than are counted too few are left.
 */
export class RememberedInboxes {
  readonly #connection: Connection;
  readonly #counter: InboxCounter;
  readonly #changes: InboxChanges;
  readonly #judge: InboxJudge;
  readonly #state: Statement;
  readonly #ranges: Statement;
  readonly #nextAwake: Statement;
  /** The one who was asked for last comes last. */
  readonly #known = new Map<string, Remembered>();
  #bytes = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
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
    const state = this.#state.get([]) ?? [];
    const [head, removals] = [integer(state, 0), integer(state, 1)];
    const [asked, now] = [`${JSON.stringify(rest.hiddenCategories)}${sources}`, rest.now];
    const known = this.#known.get(rest.user);
    const isGood = known?.removals === removals && known.asked === asked && known.from <= now && now < known.until;
    if (isGood && known.head === head) return known;
    const scope = { ...rest, sources: unpackSources(sources) };
    const found = (isGood ? this.#revised(known, head, scope) : undefined) ?? this.#counted(scope);
    return { asked, head, removals, from: now, ...found };
  }

  #counted(scope: InboxScope): New {
    const { unread, unseen, expiresAt } = this.#counter.find(scope);
    const until = Math.min(expiresAt, this.#nextAwakeAt(scope));
    return { unread: [...unread].slice(0, KEPT), unseen: [...unseen].slice(0, KEPT), until };
  }

  #nextAwakeAt({ user, now }: InboxScope): number {
    const single = integerOrNull(this.#nextAwake.get([user, now]) ?? [null], 0) ?? Number.MAX_SAFE_INTEGER;
    const { snoozed } = rangesOf(this.#ranges.all([user]));
    const ends = snoozed.flatMap(({ until }) => (until !== null && until > now ? until : []));
    return Math.min(single, ...ends);
  }

  /** @returns undefined if all must be counted anew. */
  #revised(known: Remembered, head: number, scope: InboxScope): New | undefined {
    const judged = new JudgedScope(scope);
    const changed = this.#changes.between(known.head, head, judged);
    if (changed === undefined) return undefined;
    if (changed.size === 0) return { unread: known.unread, unseen: known.unseen, until: known.until };
    const ranges = rangesOf(this.#ranges.all([scope.user]));
    const rows = [...changed].flatMap((offset) => this.#judge.judge(offset, judged, ranges, 'unread') ?? []);
    const unseenRows = rows.filter(({ standing }) => isListed('unseen', standing, scope.now));
    const unread = withChanges(known.unread, changed, rows);
    const unseen = withChanges(known.unseen, changed, unseenRows);
    if (isTooFew(unread, known.unread) || isTooFew(unseen, known.unseen)) return undefined;
    const ends = rows.map(({ entry }) => entry.expiresAt ?? Number.MAX_SAFE_INTEGER);
    return { unread, unseen, until: Math.min(known.until, ...ends) };
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

function bytesOf({ asked, unread, unseen }: Remembered): number {
  return BYTES_OF_ONE + asked.length + 8 * (unread.length + unseen.length);
}

/** @param rows those of the changed that are there now. */
function withChanges(known: readonly number[], changed: ReadonlySet<number>, rows: readonly InboxRow[]): number[] {
  const others = known.filter((offset) => !changed.has(offset));
  return [...others, ...rows.map(({ entry }) => entry.offset)].slice(0, KEPT);
}

/** Of more than are counted not all are known. */
function isTooFew(now: readonly number[], before: readonly number[]): boolean {
  return now.length < ENOUGH && before.length >= ENOUGH;
}
