import type { InboxCounts, InboxScope } from '#clarion/notifications';
import { MAX_COUNT, type InboxFilter } from '#clarion/protocol';
import { integer, text, type Connection, type Row, type Statement } from './connection.js';
import { InboxJudge, JudgedScope } from './inbox-judge.js';
import { planInbox, type InboxPlan, type Segment } from './inbox-plan.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { cellsOf, rangesOf, type Ranges } from './mark-cells.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { segmentList } from './segment-list.js';
import { isListed } from './inbox-filter.js';

const ENOUGH = MAX_COUNT + 1;
/** Marks that may lift something, and what crossing ranges may be about, looked at for one count. */
const MAX_LOOKED_AT = 100_000;

/** What is counted with. */
interface Count {
  readonly scope: InboxScope;
  readonly judged: JudgedScope;
  readonly ranges: Ranges;
  readonly plan: InboxPlan;
}

/** What one walk has found. */
interface Walked {
  unread: number;
  unseen: number;
  readonly shared: number[];
  rows: number;
}

/**
 * Counts what is new in people's inboxes. What one topic alone has is counted where it lies, by the index; what may be seen by several topics, and
 * what a mark of its own lifts out of a range, is looked at one by one.
 */
export class InboxCounter {
  readonly #connection: Connection;
  readonly #judge: InboxJudge;
  readonly #ranges: Statement;
  readonly #counting: Readonly<Record<'unread' | 'unseen', Statement>>;
  readonly #lifting: Statement;
  readonly #shared: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#judge = new InboxJudge(connection);
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
    return this.#connection.read(() => {
      const ranges = rangesOf(this.#ranges.all([scope.user]));
      const judged = new JudgedScope(scope);
      const of = (filter: 'unread' | 'unseen'): InboxCounts =>
        this.#count({ scope, judged, ranges, plan: planInbox(scope, ranges, filter) }, filter);
      const counts = of('unread');
      // What is unseen is unread too; but of more than enough not all were looked at.
      return counts.unread < ENOUGH ? counts : { unread: ENOUGH, unseen: Math.min(ENOUGH, of('unseen').unseen) };
    });
  }

  #count(count: Count, filter: 'unread' | 'unseen'): InboxCounts {
    const crossing = this.#crossing(count.plan);
    for (let limit = ENOUGH; ; limit *= 8) {
      const walked = this.#walk(count, filter, limit);
      const single = this.#lookAt([...walked.shared, ...crossing], count, filter);
      const unread = Math.min(ENOUGH, walked.unread + single.unread);
      // Shared ones use up the limit and may count for nothing.
      if (unread === ENOUGH || walked.rows < limit)
        return { unread, unseen: Math.min(unread, walked.unseen + single.unseen) };
    }
  }

  #walk({ scope, plan }: Count, filter: 'unread' | 'unseen', limit: number): Walked {
    const hidden = JSON.stringify(scope.hiddenCategories);
    const crosses = plan.crossing.length > 0 ? 1 : 0;
    const walked: Walked = { unread: 0, unseen: 0, shared: [], rows: 0 };
    for (const alike of groupsOf(plan.walked)) {
      const { base, publishedFrom } = alike[0]!;
      const cells = cellsOf(base).map((cell) => cell ?? 0);
      const values = [segmentList(alike), scope.user, hidden, scope.now, crosses, limit - walked.rows];
      add(walked, this.#counting[filter].get([...values, ...cells, publishedFrom]));
      if (walked.rows >= limit) break;
    }
    return walked;
  }

  /** What ranges of a topic may say otherwise of, though it is seen by another one. */
  #crossing({ crossing }: InboxPlan): Set<number> {
    const offsets = new Set<number>();
    for (const { topic, after, upTo } of crossing)
      addAll(offsets, this.#shared.all([topic, after, upTo, MAX_LOOKED_AT]));
    return offsets;
  }

  /** The shared ones, and those that were not walked past. */
  #lookAt(shared: readonly number[], { scope, judged, ranges, plan }: Count, filter: InboxFilter): InboxCounts {
    const offsets = new Set(shared);
    const lifted = new Set<number>();
    if (plan.skips) addAll(lifted, this.#lifting.all([scope.user, plan.after, Number.MAX_SAFE_INTEGER, MAX_LOOKED_AT]));
    const walked = segmentsByTopic(plan.walked);
    const counts = { unread: 0, unseen: 0 };
    for (const offset of new Set([...offsets, ...lifted])) {
      const row = this.#judge.judge(offset, judged, ranges, filter);
      if (row === undefined || (!offsets.has(offset) && isWalked(walked.get(row.topic), offset))) continue;
      counts.unread += 1;
      if (isListed('unseen', row.standing, scope.now)) counts.unseen += 1;
      if (counts.unread === ENOUGH) break;
    }
    return counts;
  }
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

function add(walked: Walked, row: Row | undefined): void {
  if (row === undefined) return;
  walked.unread += integer(row, 0);
  walked.unseen += integer(row, 1);
  walked.shared.push(...offsetsIn(text(row, 2)));
  walked.rows += integer(row, 3);
}

function offsetsIn(json: string): number[] {
  const offsets: unknown = JSON.parse(json);
  return Array.isArray(offsets) ? offsets.map(Number) : [];
}

function addAll(offsets: Set<number>, rows: readonly Row[]): void {
  for (const row of rows) offsets.add(integer(row, 0));
}

function segmentsByTopic(segments: readonly Segment[]): Map<string, Segment[]> {
  const byTopic = new Map<string, Segment[]>();
  for (const segment of segments)
    if (byTopic.get(segment.topic)?.push(segment) === undefined) byTopic.set(segment.topic, [segment]);
  return byTopic;
}

function isWalked(segments: readonly Segment[] | undefined, offset: number): boolean {
  return segments !== undefined && segments.some(({ after, upTo }) => offset > after && offset <= upTo);
}
