import { changedBy } from '#clarion/notifications/people';
import { integer, text, textOrNull, type Connection, type Row } from './connection.js';
import type { JudgedScope } from './inbox-judge.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { addAll } from './offset-lists.js';
import { personalTopic } from './personal-topic.js';
import { prepareAll, type Prepared } from './prepared.js';

const NAMES = ['since', 'sinceByTopics', 'offsetsOfIds', 'sameKeyBeforeEach', 'aboutEach', 'bodies'] as const;

/** To look at more notifications costs more than to count all of them again. */
export const MAX_CHANGED = 400;
/** Of so few entries all are read, whomever they concern; of more each topic is asked, as also where they have many topics. */
const [FEW_ENTRIES, FEW_ROWS] = [64, 512];
/** Bodies that are read together. */
const AT_ONCE = 32;

/** Which notifications may stand otherwise than before. */
export interface Changes {
  readonly offsets: ReadonlySet<number>;
  /** Whether any other that was new may be so no more. */
  readonly mayBeLess: boolean;
  /** How many rows of the log told that. */
  readonly told: number;
}

/** Reads in the log which notifications may stand otherwise in an inbox than they did some time ago: all that is said of them is told there. */
export class InboxChanges {
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection) {
    this.#sql = prepareAll(connection, INBOX_QUERIES, NAMES);
  }

  /** @returns undefined: more than {@link MAX_CHANGED} told something, or of more something was told, or nobody can tell of which. */
  between(known: number, head: number, scope: JudgedScope): Changes | undefined {
    const rows = this.#rows(known, head, scope);
    if (rows.length > MAX_CHANGED) return undefined;
    const [offsets, about, marks] = [new Set<number>(), [] as number[], [] as number[]];
    const keyed: (readonly [string, string, number])[] = [];
    for (const row of rows) {
      const [offset, kind, key] = [integer(row, 1), textOrNull(row, 2), textOrNull(row, 3)];
      if (kind === 'inbox') marks.push(offset);
      // Neither when it is over nor its category can be edited.
      if (kind === 'inbox' || kind === 'updated') continue;
      if (kind === null) offsets.add(offset);
      else about.push(offset);
      // What came and was retracted since has taken the place of an older one all the same.
      if (key !== null) keyed.push([text(row, 0), key, offset]);
    }
    if (about.length > 0) addAll(offsets, this.#sql.aboutEach.all([JSON.stringify(about)]));
    if (keyed.length > 0) addAll(offsets, this.#sql.sameKeyBeforeEach.all([JSON.stringify(keyed)]));
    const marked = this.#markedBy(marks);
    if (marked === undefined) return undefined;
    const { ids, mayBeLess } = marked;
    if (ids.size > 0) addAll(offsets, this.#sql.offsetsOfIds.all([JSON.stringify([...ids])]));
    return { offsets, mayBeLess, told: rows.length };
  }

  /** What people said, by the events that tell it: some at a time, for each may name a thousand. */
  #markedBy(events: readonly number[]): { readonly ids: ReadonlySet<string>; readonly mayBeLess: boolean } | undefined {
    const ids = new Set<string>();
    let mayBeLess = false;
    for (let from = 0; from < events.length; from += AT_ONCE) {
      for (const row of this.#sql.bodies.all([JSON.stringify(events.slice(from, from + AT_ONCE))])) {
        const changed = changedBy(text(row, 0));
        if (changed === 'anything') return undefined;
        if (changed === 'no more is new') mayBeLess = true;
        else for (const id of changed) ids.add(id);
      }
      if (ids.size > MAX_CHANGED) return undefined;
    }
    return { ids, mayBeLess };
  }

  /** Topic, offset, kind and collapse key of what came by the topics of the inbox, and of what its person has done. */
  #rows(known: number, head: number, { user, topics }: JudgedScope): Row[] {
    if (head === known) return [];
    const own = personalTopic(user);
    if (head - known <= FEW_ENTRIES) {
      const all = this.#sql.since.all([known, FEW_ROWS]);
      if (all.length < FEW_ROWS) return all.filter((row) => row[0] === own || topics.has(text(row, 0)));
    }
    const told = topics.has(own) ? [...topics.keys()] : [...topics.keys(), own];
    return this.#sql.sinceByTopics.all([JSON.stringify(told), known, MAX_CHANGED + 1]);
  }
}
