import type { LogEntry } from '#clarion/event-bus';
import type { ActResult, MarkAct, MarkValue, RangeMark } from '#clarion/notifications';
import { beats } from '#clarion/notifications/people';
import type { MarkState } from '#clarion/protocol';
import type { Connection, Statement } from './connection.js';
import type { EntryWriter } from './entry-writer.js';
import { cellsOf, effective, markCell, rangesOf, saidOf, type Ranges } from './mark-cells.js';
import { NotificationFinder } from './notification-finder.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { addPersonal } from './personal-entry.js';
import { InboxMembership } from './inbox-membership.js';
import { isPersonal, personalTopic } from './personal-topic.js';
import type { TakeBackNotes } from './take-back-writer.js';

/** Range marks of one person: each is looked at whenever their inbox is read. */
export const MAX_RANGES = 1_000;
/** Of these, those over all topics in one state, each of which cuts what every topic has: whoever marks as people do has one or two. */
export const MAX_RANGES_OF_ALL = 16;

const NOTHING: ActResult = { outcome: 'acted', entry: null };

/** What the cell of each state counts less than: a mark on single notifications, dominated by a range. */
const DOMINATED: Readonly<Record<MarkState, string>> = {
  seen: 'seen <= ?3',
  read: 'read <= ?3',
  archived: 'archived <= ?3',
  snoozed: '(snoozed < ?3 OR snoozed = ?3 AND coalesce(until, 0) <= coalesce(?5, 0))',
};

/**
 * The cells of one state that a range dominates, of all notifications (the empty topic) or of one topic's: also where retention has taken them from that
 * topic and left them to others.
 */
export function dropDominated(state: MarkState): string {
  const cells = state === 'snoozed' ? 'snoozed = NULL, until = NULL' : `${state} = NULL`;
  return `
    UPDATE marks SET ${cells}
    WHERE user = ?1 AND offset <= ?2 AND ${DOMINATED[state]} AND (
      ?4 = '' OR EXISTS (
        SELECT 1 FROM entries AS e CROSS JOIN json_each(e.topics) AS t WHERE e.offset = marks.offset AND t.value = ?4))`;
}

/** Keeps of all marks only those that may count: in whatever order they come, what is left says the same. */
export class MarkWriter {
  readonly #entries: EntryWriter;
  readonly #finder: NotificationFinder;
  readonly #inbox: InboxMembership;
  readonly #takeBacks: TakeBackNotes;
  readonly #marksOf: Statement;
  readonly #putMarks: Statement;
  readonly #emptyMarks: Statement;
  readonly #ranges: Statement;
  readonly #putRange: Statement;
  readonly #dropRange: Statement;
  readonly #dropDominated: Readonly<Record<MarkState, Statement>>;
  readonly #noteMark: Statement;

  constructor(connection: Connection, entries: EntryWriter, takeBacks: TakeBackNotes) {
    this.#entries = entries;
    this.#takeBacks = takeBacks;
    this.#finder = new NotificationFinder(connection);
    this.#inbox = new InboxMembership(connection);
    this.#marksOf = connection.prepare(PEOPLE_QUERIES.marksOf);
    this.#putMarks = connection.prepare(PEOPLE_QUERIES.putMarks);
    this.#emptyMarks = connection.prepare(PEOPLE_QUERIES.emptyMarks);
    this.#ranges = connection.prepare(PEOPLE_QUERIES.ranges);
    this.#putRange = connection.prepare(PEOPLE_QUERIES.putRange);
    this.#dropRange = connection.prepare(PEOPLE_QUERIES.dropRange);
    this.#noteMark = connection.prepare(PEOPLE_QUERIES.noteMark);
    const dropping = (state: MarkState): Statement => connection.prepare(dropDominated(state));
    this.#dropDominated = {
      seen: dropping('seen'),
      read: dropping('read'),
      archived: dropping('archived'),
      snoozed: dropping('snoozed'),
    };
  }

  mark(id: string, act: MarkAct): ActResult {
    const ranges = rangesOf(this.#ranges.all([act.user]));
    const refusal = 'ids' in act.target ? this.#markEach(act, act.target.ids, ranges) : this.#markRange(act, ranges);
    if (refusal !== undefined) return refusal;
    const entry = addPersonal(this.#entries, id, act);
    this.#noteMark.run([act.user, entry.offset]);
    return { outcome: 'acted', entry };
  }

  /** @returns what to answer instead when nothing was changed. */
  #markEach(act: MarkAct, ids: readonly string[], ranges: Ranges): ActResult | undefined {
    const found = [...new Set(ids)].map((id) => this.#finder.first(id));
    const theirs = found.filter((entry) => entry !== undefined && this.#inbox.has(act.user, entry));
    if (theirs.length < found.length) return { outcome: 'refused', code: 'notification.unknown' };
    const changed = theirs.flatMap((entry) =>
      entry !== undefined && this.#markOne(act, entry, ranges) ? entry.offset : [],
    );
    if (changed.length === 0) return NOTHING;
    this.#takeBacks.marked(act, changed);
    return undefined;
  }

  /** @returns whether it changed anything. */
  #markOne(act: MarkAct, { offset, topics }: LogEntry, ranges: Ranges): boolean {
    const row = this.#marksOf.get([act.user, offset]);
    const said = row === undefined ? {} : saidOf(row, 0);
    const before = effective(act.state, said, ranges, offset, topics);
    const value = valueOf(act);
    if (before !== undefined && !beats(value, before)) return false;
    this.#putMarks.run([act.user, offset, ...cellsOf({ ...said, [act.state]: value })]);
    return true;
  }

  #markRange(act: MarkAct, ranges: Ranges): ActResult | undefined {
    const range = rangeOf(act, this.#entries.lastOffset);
    if (range.topic !== null && isPersonal(range.topic) && range.topic !== personalTopic(act.user))
      return { outcome: 'refused', code: 'topic.forbidden' };
    const others = ranges[act.state];
    if (others.some((other) => contains(other, range) && !beats(range, other))) return NOTHING;
    const dominated = others.filter((other) => contains(range, other) && !beats(other, range));
    const left = others.filter((other) => !dominated.includes(other) && other.topic === null);
    const isFull = range.topic === null && left.length >= MAX_RANGES_OF_ALL;
    if (isFull || countAll(ranges) - dominated.length >= MAX_RANGES)
      return {
        outcome: 'refused',
        code: 'body.invalid',
        detail:
          'too many marks up to a cursor, each an earlier one than the mark before it: mark up to a later cursor, or by ids',
      };
    this.#putInPlaceOf(dominated, range, act);
    this.#takeBacks.markedUpTo(act, range.upTo, range.topic);
    return undefined;
  }

  #putInPlaceOf(dominated: readonly RangeMark[], range: RangeMark, { user, state }: MarkAct): void {
    for (const { topic, upTo } of dominated) this.#dropRange.run([user, state, topic ?? '', upTo]);
    const [topic, cell] = [range.topic ?? '', markCell(range)];
    this.#putRange.run([user, state, topic, range.upTo, cell, range.until]);
    const values = [user, range.upTo, cell, topic];
    this.#dropDominated[state].run(state === 'snoozed' ? [...values, range.until] : values);
    this.#emptyMarks.run([user, range.upTo]);
  }
}

function valueOf({ at, undo, until }: MarkAct): MarkValue {
  return { at: Math.max(0, at), undone: undo, until: undo ? null : until };
}

/** What nobody has published yet is not marked. */
function rangeOf(act: MarkAct, head: number): RangeMark {
  if ('ids' in act.target) throw new Error('a mark by ids is no range');
  return { ...valueOf(act), upTo: Math.min(act.target.upTo, head), topic: act.target.topic };
}

/** Whether all that the inner one is about, the outer one is about too. */
function contains(outer: RangeMark, inner: RangeMark): boolean {
  return outer.upTo >= inner.upTo && (outer.topic === null || outer.topic === inner.topic);
}

function countAll({ seen, read, archived, snoozed }: Ranges): number {
  return seen.length + read.length + archived.length + snoozed.length;
}
