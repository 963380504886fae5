import type { LogEntry } from '#clarion/event-bus';
import type { NewEntry } from '#clarion/notifications';
import { BulkInsert } from './bulk-insert.js';
import { integer, type Connection, type SqlValue, type Statement } from './connection.js';
import { ENTRY_QUERIES } from './entry-queries.js';
import { hasTraits } from './entry-row.js';
import { isShared } from './personal-topic.js';

/** The end of the log: the last offset given, and the running sum of bytes there. */
interface Tail {
  offset: number;
  total: number;
}

/** What may take the place of an older one in inboxes. */
interface Collapse {
  readonly offset: number;
  readonly id: string;
  readonly entry: NewEntry;
}

const ENTRY = ['offset', 'id', 'published_at', 'bytes', 'total', 'topics', 'body'];
const ENTRY_WITH_TRAITS = [
  ...ENTRY,
  'kind',
  'about',
  'expires_at',
  'category',
  'urgent',
  'collapse_key',
  'appended_at',
];
const AUDIENCE = ['topic', 'offset'];
const AUDIENCE_WITH_TRAITS = [...AUDIENCE, 'kind', 'expires_at', 'category', 'shared', 'collapse_key'];

/**
 * Gives entries their places and gathers their rows, so that many go into the file with few calls. What was added is in the tables only after
 * `flush`, and the end of the log moves only with `commit`: had the transaction failed, its offsets would be given again.
 */
export class EntryWriter {
  readonly #entries: BulkInsert;
  readonly #entriesWithTraits: BulkInsert;
  readonly #audience: BulkInsert;
  readonly #audienceWithTraits: BulkInsert;
  readonly #sameKeyBefore: Statement;
  readonly #collapse: Statement;
  #committed: Tail;
  #tail: Tail;
  #rows = noRows();

  constructor(connection: Connection) {
    this.#entries = new BulkInsert(connection, 'entries', ENTRY);
    this.#entriesWithTraits = new BulkInsert(connection, 'entries', ENTRY_WITH_TRAITS);
    this.#audience = new BulkInsert(connection, 'audience', AUDIENCE);
    this.#audienceWithTraits = new BulkInsert(connection, 'audience', AUDIENCE_WITH_TRAITS);
    this.#sameKeyBefore = connection.prepare(ENTRY_QUERIES.sameKeyBefore);
    this.#collapse = connection.prepare(ENTRY_QUERIES.collapse);
    this.#committed = readTail(connection);
    this.#tail = { ...this.#committed };
  }

  /** The last offset given, also by the present transaction. */
  get lastOffset(): number {
    return this.#tail.offset;
  }

  /** Forgets what a failed transaction has left. */
  begin(): void {
    this.#tail = { ...this.#committed };
    this.#rows = noRows();
  }

  /** Gives an offset to what is no entry. */
  skip(): number {
    return ++this.#tail.offset;
  }

  /** @param appendedAt when it came into the log, if that was not when it was published; milliseconds since 1970. */
  add(id: string, entry: NewEntry, appendedAt: number | null = null): LogEntry {
    const topics = entry.topics.length === 1 ? entry.topics : [...new Set(entry.topics)];
    const bytes = topics.reduce((sum, topic) => sum + Buffer.byteLength(topic), Buffer.byteLength(entry.body));
    const offset = ++this.#tail.offset;
    const total = (this.#tail.total += bytes);
    const row = [offset, id, entry.publishedAt, bytes, total, JSON.stringify(topics), entry.body];
    const isPlain = appendedAt === null && !hasTraits(entry);
    if (isPlain) this.#rows.entries.push(...row);
    else this.#rows.entriesWithTraits.push(...row, ...traitCells(entry), appendedAt);
    this.#addAudience(offset, topics, entry, isPlain);
    if (entry.collapseKey !== undefined && entry.kind === undefined) this.#rows.collapses.push({ offset, id, entry });
    return { offset, id, ...entry };
  }

  /** Afterwards the tables have all that was added. Precondition: a transaction is open. */
  flush(): void {
    const { entries, entriesWithTraits, audience, audienceWithTraits, collapses } = this.#rows;
    this.#entries.run(entries);
    this.#entriesWithTraits.run(entriesWithTraits);
    this.#audience.run(audience);
    this.#audienceWithTraits.run(audienceWithTraits);
    for (const collapse of collapses) this.#collapseOlder(collapse);
    this.#rows = noRows();
  }

  /** To be called when the transaction was committed. */
  commit(): void {
    this.#committed = { ...this.#tail };
  }

  #addAudience(offset: number, topics: readonly string[], entry: NewEntry, isPlain: boolean): void {
    const { audience, audienceWithTraits } = this.#rows;
    for (const topic of topics) {
      const shared = topics.length > 1 && isShared(topic, topics);
      if (isPlain && !shared) audience.push(topic, offset);
      else audienceWithTraits.push(topic, offset, ...audienceCells(entry, shared));
    }
  }

  /** Each is replaced once, by the next one: a constant number of rows, however many there were. */
  #collapseOlder({ offset, id, entry: { topics, collapseKey = '', publishedAt } }: Collapse): void {
    for (const topic of new Set(topics)) {
      const before = this.#sameKeyBefore.get([topic, collapseKey, offset]);
      if (before !== undefined) this.#collapse.run([topic, integer(before, 0), id, publishedAt]);
    }
  }
}

/** The rows gathered so far, value after value. */
function noRows() {
  return {
    entries: [] as SqlValue[],
    entriesWithTraits: [] as SqlValue[],
    audience: [] as SqlValue[],
    audienceWithTraits: [] as SqlValue[],
    collapses: [] as Collapse[],
  };
}

function traitCells({ kind, about, expiresAt, category, urgent, collapseKey }: NewEntry): SqlValue[] {
  return [
    kind ?? null,
    about ?? null,
    expiresAt ?? null,
    category ?? null,
    urgent === undefined ? null : 1,
    collapseKey ?? null,
  ];
}

function audienceCells({ kind, expiresAt, category, collapseKey }: NewEntry, shared: boolean): SqlValue[] {
  const key = kind === undefined ? (collapseKey ?? null) : null;
  return [kind ?? null, expiresAt ?? null, category ?? null, shared ? 1 : null, key];
}

/** From what is kept: pruning never removes the newest epoch nor lowers the floor, so no offset is ever given twice. */
function readTail(connection: Connection): Tail {
  const row = connection.prepare(ENTRY_QUERIES.tail).get([]);
  return row === undefined ? { offset: 0, total: 0 } : { offset: integer(row, 0), total: integer(row, 1) };
}
