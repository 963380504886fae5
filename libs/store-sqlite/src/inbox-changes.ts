import { changedBy } from '#clarion/notifications/people';
import { integer, text, textOrNull, type Connection, type Row } from './connection.js';
import { ENTRY_QUERIES } from './entry-queries.js';
import { toEntry } from './entry-row.js';
import type { JudgedScope } from './inbox-judge.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { addAll } from './offset-lists.js';
import { personalTopic } from './personal-topic.js';
import { prepareAll, type Prepared } from './prepared.js';
import { READ_QUERIES } from './read-queries.js';

const NAMES = ['since', 'sinceByTopics', 'offsetsOfIds', 'sameKeyBefore', 'about', 'entry'] as const;
const QUERIES = { ...INBOX_QUERIES, ...ENTRY_QUERIES, ...READ_QUERIES };

/** To look at more notifications costs more than to count all of them again. */
export const MAX_CHANGED = 400;
/** Of so few entries all are read, whomever they concern; of more each topic is asked, as also where they have many topics. */
const [FEW_ENTRIES, FEW_ROWS] = [64, 512];

/** Which notifications may stand otherwise than before. */
export interface Changes {
  readonly offsets: ReadonlySet<number>;
  /** Whether any other that was new may be so no more. */
  readonly mayBeLess: boolean;
}

/** Reads in the log which notifications may stand otherwise in an inbox than they did some time ago: all that is said of them is told there. */
export class InboxChanges {
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection) {
    this.#sql = prepareAll(connection, QUERIES, NAMES);
  }

  /** @returns undefined: there are more than {@link MAX_CHANGED}, or nobody can tell which they are. */
  between(known: number, head: number, scope: JudgedScope): Changes | undefined {
    const rows = this.#rows(known, head, scope);
    if (rows.length > MAX_CHANGED) return undefined;
    const [offsets, ids] = [new Set<number>(), new Set<string>()];
    let mayBeLess = false;
    for (const row of rows) {
      const [offset, kind] = [integer(row, 1), textOrNull(row, 2)];
      // Neither when it is over nor its category can be edited.
      if (kind === 'updated') continue;
      if (kind === 'inbox') {
        const changed = changedBy(toEntry(this.#sql.entry.get([offset]) ?? []).body);
        if (changed === 'anything') return undefined;
        if (changed === 'no more is new') mayBeLess = true;
        else for (const id of changed) ids.add(id);
      } else {
        // What came and was retracted since has taken the place of an older one all the same.
        addAll(offsets, this.#collapsedBy(row));
        if (kind === null) offsets.add(offset);
        else addAll(offsets, this.#sql.about.all([offset]));
      }
      if (offsets.size + ids.size > MAX_CHANGED) return undefined;
    }
    if (ids.size > 0) addAll(offsets, this.#sql.offsetsOfIds.all([JSON.stringify([...ids])]));
    return { offsets, mayBeLess };
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

  /** Of which it takes the place by this topic. */
  #collapsedBy(row: Row): readonly Row[] {
    const key = textOrNull(row, 3);
    return key === null ? [] : this.#sql.sameKeyBefore.all([text(row, 0), key, integer(row, 1)]);
  }
}
