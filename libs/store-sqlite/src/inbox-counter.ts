import type { InboxCounts, InboxScope } from '#clarion/notifications';
import { MAX_COUNT } from '#clarion/protocol/plain';
import { integer, integerOrNull, text, type Connection, type Row, type Statement } from './connection.js';
import { CoveredOffsets, type Covered } from './covered-offsets.js';
import { HiddenRows, NOTHING_HIDDEN, ROWS_FOR_STRETCH, type HiddenRowsOptions } from './hidden-rows.js';
import { isListed } from './inbox-filter.js';
import { InboxJudge, JudgedScope } from './inbox-judge.js';
import { planInbox, type InboxPlan, type Segment } from './inbox-plan.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { cellsOf, rangesOf, type Ranges } from './mark-cells.js';
import { addAll, offsetsIn } from './offset-lists.js';
import { OldestRows } from './oldest-rows.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { segmentList } from './segment-list.js';

/** More is not counted. */
export const ENOUGH = MAX_COUNT + 1;
/** The end of what does not end by itself. */
export const NEVER = Number.MAX_SAFE_INTEGER;
/** Marks that may lift something, and what crossing ranges may be about, looked at for one count. */
const MAX_LOOKED_AT = 100_000;

/** What is counted with. */
interface Count {
  readonly scope: InboxScope;
  readonly judged: JudgedScope;
  readonly ranges: Ranges;
  readonly plan: InboxPlan;
  readonly covered: Covered;
  readonly filter: 'unread' | 'unseen';
  /** So many are enough. */
  readonly wanted: number;
}

/** What is new, by offset: at least as much of it as was wanted, or all. */
export interface NewOnes {
  readonly unread: ReadonlySet<number>;
  readonly unseen: ReadonlySet<number>;
  /** The earliest end of all of that, milliseconds since 1970. */
  readonly expiresAt: number;
  /** What finding it took, in rows of a list. */
  readonly work: number;
}

/** What was found so far: what may be seen by several topics is found by each, once. */
interface Found {
  readonly unread: Set<number>;
  readonly unseen: Set<number>;
  /** What must be looked at one by one. */
  readonly unsure: Set<number>;
  expiresAt: number;
  rows: number;
  isShared: boolean;
  work: number;
}

/** A row that is walked costs as much as so many in a list. */
const WALKED = 4;

/**
 * Finds what is new in people's inboxes where it lies, by the index. What may be seen by several topics is found by each of them and told apart by its
 * offset; where a range by topic hides it, only what is not hidden is looked at. What a mark of its own lifts out of a range is looked at one by one.
 */
export class InboxCounter {
  readonly #connection: Connection;
  readonly #judge: InboxJudge;
  readonly #covered: CoveredOffsets;
  readonly #oldest: OldestRows;
  readonly #hidden: HiddenRows;
  readonly #ranges: Statement;
  readonly #counting: Readonly<Record<'unread' | 'unseen', Statement>>;
  readonly #lifting: Statement;
  readonly #shared: Statement;

  constructor(connection: Connection, options?: Partial<HiddenRowsOptions>) {
    this.#connection = connection;
    this.#judge = new InboxJudge(connection);
    this.#covered = new CoveredOffsets(connection);
    this.#oldest = new OldestRows(connection);
    this.#hidden = new HiddenRows(connection, options);
    this.#ranges = connection.prepare(PEOPLE_QUERIES.ranges);
    this.#counting = {
      unread: connection.prepare(INBOX_QUERIES.countUnread),
      unseen: connection.prepare(INBOX_QUERIES.countUnseen),
    };
    this.#lifting = connection.prepare(INBOX_QUERIES.markedInbox);
    this.#shared = connection.prepare(INBOX_QUERIES.shared);
  }

  /** The contract of `PeopleStore.counts`, in one snapshot. */
  counts(scope: InboxScope): InboxCounts {
    const { unread, unseen } = this.#connection.read(() => this.find(scope, ENOUGH));
    return { unread: Math.min(ENOUGH, unread.size), unseen: Math.min(ENOUGH, unseen.size) };
  }

  /** Precondition: a snapshot is being read. @param wanted at least {@link ENOUGH}. */
  find(scope: InboxScope, wanted: number): NewOnes {
    const ranges = rangesOf(this.#ranges.all([scope.user]));
    const judged = new JudgedScope(scope);
    const of = (filter: Count['filter']): Found => {
      const plan = planInbox(scope, ranges, filter);
      return this.#find({ scope, judged, ranges, plan, covered: this.#covered.of(plan.covered), filter, wanted });
    };
    const found = of('unread');
    // Of what is shared, ranges by other topics were not asked whether it was seen.
    const isSure = !found.isShared || ranges.seen.every(({ topic }) => topic === null);
    // What is unseen is unread too; but of more than enough not all was looked at.
    if (isSure && (found.unread.size < wanted || found.unseen.size >= wanted)) return found;
    const { unseen, expiresAt, work } = of('unseen');
    return {
      unread: found.unread,
      unseen,
      expiresAt: Math.min(expiresAt, found.expiresAt),
      work: found.work + work,
    };
  }

  #find(count: Count): Found {
    const { scope, plan, covered, filter, wanted } = count;
    const crossing = this.#crossing(plan, scope);
    // Where ranges cross, what is shared must be looked at whatever its mark says.
    const isCrossed = plan.crossing.length > 0;
    const hidden = isCrossed ? NOTHING_HIDDEN : this.#hidden.of(plan.walked, scope.user, filter, covered);
    const { clear, mixed } = this.#hidden.sides(plan.walked, hidden);
    const before = plan.walked.length * ROWS_FOR_STRETCH + hidden.offsets.length;
    for (let [limit, work] = [wanted, before]; ;) {
      const found = nothingFound();
      this.#walk(found, clear, count, limit);
      const left = this.#hidden.left(found.unread.size >= wanted ? [] : mixed, hidden, limit);
      const above = found.rows;
      this.#walk(found, left.segments, count, above + limit);
      for (const offset of crossing) found.unsure.add(offset);
      this.#lookAt(found, count);
      work += found.rows * WALKED + left.listed;
      found.work = work;
      // The same rows use up the limit by each of their topics, and some count for nothing.
      const isOver = left.isAll && Math.max(above, found.rows - above) < limit;
      if (found.unread.size >= wanted || isOver) return found;
      limit *= growth(wanted, found.unread.size);
    }
  }

  #walk(found: Found, segments: readonly Segment[], count: Count, limit: number): void {
    const { scope, plan, covered, filter } = count;
    const hidden = JSON.stringify(scope.hiddenCategories);
    const hiding = covered.uncertainUpTo > 0 ? segmentList(plan.covered) : '{}';
    for (const alike of groupsOf(segments)) {
      if (found.rows >= limit) return;
      const { base, publishedFrom } = alike[0]!;
      const [seen, read, archived, snoozed] = cellsOf(base).map((cell) => cell ?? 0);
      const values = [segmentList(alike), scope.user, hidden, scope.now, plan.crossing.length > 0 ? 1 : 0];
      const bases = [seen ?? 0, read ?? 0, archived ?? 0, snoozed ?? 0, publishedFrom];
      add(found, this.#counting[filter].get([...values, limit - found.rows, ...bases, hiding, covered.uncertainUpTo]));
    }
  }

  /** What ranges of a topic may say otherwise of, though it is seen by another one. */
  #crossing({ crossing }: InboxPlan, { sources }: InboxScope): Set<number> {
    const offsets = new Set<number>();
    for (const { topic, after, upTo } of this.#oldest.lookedAt(crossing, sources))
      addAll(offsets, this.#shared.all([topic, after, upTo, MAX_LOOKED_AT]));
    return offsets;
  }

  /** What is unsure, and what marks may lift out of where nothing is counted. */
  #lookAt(found: Found, { scope, judged, ranges, plan, filter, wanted }: Count): void {
    if (found.unread.size >= wanted) return;
    const offsets = new Set(found.unsure);
    if (plan.skips || plan.covered.length > 0)
      addAll(offsets, this.#lifting.all([scope.user, plan.after, Number.MAX_SAFE_INTEGER, MAX_LOOKED_AT]));
    if (offsets.size === 0) return;
    for (const offset of offsets) {
      const place = this.#judge.place(offset, judged, ranges, filter);
      if (place === undefined) continue;
      found.unread.add(offset);
      if (isListed('unseen', place.standing, scope.now)) found.unseen.add(offset);
      found.expiresAt = Math.min(found.expiresAt, place.expiresAt ?? NEVER);
      if (found.unread.size >= wanted) return;
    }
  }
}

/** By so much more is walked where that was not enough. */
function growth(wanted: number, found: number): number {
  return Math.min(8, Math.max(2, Math.ceil((1.25 * wanted) / found)));
}

function nothingFound(): Found {
  return {
    unread: new Set(),
    unseen: new Set(),
    unsure: new Set(),
    expiresAt: NEVER,
    rows: 0,
    work: 0,
    isShared: false,
  };
}

/** Stretches of which the same is said, and asked. */
function groupsOf(segments: readonly Segment[]): Segment[][] {
  const groups = new Map<Segment['base'], Map<number, Segment[]>>();
  for (const segment of segments) {
    const alike = groups.get(segment.base) ?? new Map<number, Segment[]>();
    groups.set(segment.base, alike);
    if (alike.get(segment.publishedFrom)?.push(segment) === undefined) alike.set(segment.publishedFrom, [segment]);
  }
  return [...groups.values()].flatMap((alike) => [...alike.values()]);
}

function add(found: Found, row: Row | undefined): void {
  if (row === undefined) return;
  for (const offset of offsetsIn(text(row, 0))) {
    found.unread.add(offset);
    found.unseen.add(offset);
  }
  for (const offset of offsetsIn(text(row, 1))) found.unread.add(offset);
  for (const offset of offsetsIn(text(row, 2))) found.unsure.add(offset);
  found.rows += integer(row, 3);
  found.isShared ||= integer(row, 4) > 0;
  found.expiresAt = Math.min(found.expiresAt, integerOrNull(row, 5) ?? NEVER);
}
