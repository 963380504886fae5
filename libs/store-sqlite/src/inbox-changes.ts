import { idsChangedBy } from '#clarion/notifications/people';
import { integer, text, textOrNull, type Connection, type Row } from './connection.js';
import { ENTRY_QUERIES } from './entry-queries.js';
import { toEntry } from './entry-row.js';
import type { JudgedScope } from './inbox-judge.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { personalTopic } from './personal-topic.js';
import { prepareAll, type Prepared } from './prepared.js';
import { READ_QUERIES } from './read-queries.js';

const NAMES = ['since', 'sinceByTopics', 'offsetOfId', 'sameKeyBefore', 'entry'] as const;
const QUERIES = { ...INBOX_QUERIES, ...ENTRY_QUERIES, ...READ_QUERIES };

/** To look at more one by one costs more than to count all of it again. */
const MAX_CHANGES = 64;
/** An entry may have any number of topics; of so many all together it is as fast to ask each of a thousand. */
const MAX_TOLD = 512;

/** Reads in the log which notifications may stand otherwise in an inbox than they did some time ago: all that is said of them is told there. */
export class InboxChanges {
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection) {
    this.#sql = prepareAll(connection, QUERIES, NAMES);
  }

  /** @returns the offsets of these notifications; undefined: they are too many, or nobody can tell which they are. */
  between(known: number, head: number, scope: JudgedScope): ReadonlySet<number> | undefined {
    const rows = this.#rows(known, head, scope);
    const changed = new Set<number>();
    if (rows.length > MAX_CHANGES) return undefined;
    for (const row of rows) {
      const told = this.#told(row);
      if (told === undefined) return undefined;
      for (const offset of told) changed.add(offset);
    }
    return changed.size > MAX_CHANGES ? undefined : changed;
  }

  /** Topic, offset, kind and collapse key: of few entries all are looked at, else each of the topics is asked. */
  #rows(known: number, head: number, { user, topics }: JudgedScope): Row[] {
    const own = personalTopic(user);
    const all = head - known > MAX_CHANGES ? [] : this.#sql.since.all([known, MAX_TOLD]);
    if (all.length > 0 && all.length < MAX_TOLD) return all.filter((row) => topics.has(text(row, 0)) || row[0] === own);
    const asked = JSON.stringify([...new Set(topics.keys()).add(own)]);
    return this.#sql.sinceByTopics.all([asked, known, MAX_CHANGES + 1]);
  }

  #told(row: Row): readonly number[] | undefined {
    const [offset, kind] = [integer(row, 1), textOrNull(row, 2)];
    if (kind === null) return [offset, ...this.#collapsedBy(row)];
    // Neither when it is over nor its category can be edited.
    if (kind === 'updated') return [];
    const { about, body } = toEntry(this.#sql.entry.get([offset]) ?? []);
    // What came and was retracted since has taken the place of an older one all the same.
    if (kind === 'retracted') return about === undefined ? undefined : [about, ...this.#collapsedBy(row)];
    const ids = idsChangedBy(body);
    if (ids === undefined || ids.length > MAX_CHANGES) return undefined;
    return ids.flatMap((id) => this.#sql.offsetOfId.all([id]).map((found) => integer(found, 0)));
  }

  /** Of which it takes the place by this topic. */
  #collapsedBy(row: Row): readonly number[] {
    const key = textOrNull(row, 3);
    if (key === null) return [];
    return this.#sql.sameKeyBefore.all([text(row, 0), key, integer(row, 1)]).map((found) => integer(found, 0));
  }
}
