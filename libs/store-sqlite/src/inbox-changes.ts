import { idsChangedBy } from '#clarion/notifications/people';
import { integer, text, textOrNull, type Connection, type Row } from './connection.js';
import { ENTRY_QUERIES } from './entry-queries.js';
import { toEntry } from './entry-row.js';
import type { JudgedScope } from './inbox-judge.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { addAll } from './offset-lists.js';
import { personalTopic } from './personal-topic.js';
import { prepareAll, type Prepared } from './prepared.js';
import { READ_QUERIES } from './read-queries.js';

const NAMES = ['since', 'sinceByTopics', 'offsetOfId', 'sameKeyBefore', 'about', 'entry'] as const;
const QUERIES = { ...INBOX_QUERIES, ...ENTRY_QUERIES, ...READ_QUERIES };

/** To look at more one by one costs more than to count all of it again. */
const MAX_CHANGES = 32;
/** Of so few entries all are read, whomever they concern; of more each topic is asked, as also where they have many topics. */
const [FEW_ENTRIES, FEW_ROWS] = [64, 512];

/** Reads in the log which notifications may stand otherwise in an inbox than they did some time ago: all that is said of them is told there. */
export class InboxChanges {
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection) {
    this.#sql = prepareAll(connection, QUERIES, NAMES);
  }

  /** @returns the offsets of these notifications; undefined: they are too many, or nobody can tell which they are. */
  between(known: number, head: number, scope: JudgedScope): ReadonlySet<number> | undefined {
    const rows = this.#rows(known, head, scope);
    if (rows.length > MAX_CHANGES) return undefined;
    const [offsets, ids] = [new Set<number>(), new Set<string>()];
    for (const row of rows) {
      const [offset, kind] = [integer(row, 1), textOrNull(row, 2)];
      // Neither when it is over nor its category can be edited.
      if (kind === 'updated') continue;
      if (kind === 'inbox') {
        const marked = idsChangedBy(toEntry(this.#sql.entry.get([offset]) ?? []).body);
        if (marked === undefined || marked.length > MAX_CHANGES) return undefined;
        for (const id of marked) ids.add(id);
      } else {
        // What came and was retracted since has taken the place of an older one all the same.
        addAll(offsets, this.#collapsedBy(row));
        if (kind === null) offsets.add(offset);
        else addAll(offsets, this.#sql.about.all([offset]));
      }
      if (offsets.size + ids.size > MAX_CHANGES) return undefined;
    }
    for (const id of ids) addAll(offsets, this.#sql.offsetOfId.all([id]));
    return offsets;
  }

  /** Topic, offset, kind and collapse key of what came by the topics of the inbox, and of what its person has done. */
  #rows(known: number, head: number, { user, topics }: JudgedScope): Row[] {
    const own = personalTopic(user);
    if (head - known <= FEW_ENTRIES) {
      const all = this.#sql.since.all([known, FEW_ROWS]);
      if (all.length < FEW_ROWS) return all.filter((row) => row[0] === own || topics.has(text(row, 0)));
    }
    const told = topics.has(own) ? [...topics.keys()] : [...topics.keys(), own];
    return this.#sql.sinceByTopics.all([JSON.stringify(told), known, MAX_CHANGES + 1]);
  }

  /** Of which it takes the place by this topic. */
  #collapsedBy(row: Row): readonly Row[] {
    const key = textOrNull(row, 3);
    return key === null ? [] : this.#sql.sameKeyBefore.all([text(row, 0), key, integer(row, 1)]);
  }
}
