import { randomBytes } from 'node:crypto';
import type { AppendRequest, AppendResult, Epoch, IdempotencyClaim } from '#clarion/notifications';
import { BulkInsert } from './bulk-insert.js';
import { integer, integerOrNull, text, type Connection, type SqlValue, type Statement } from './connection.js';

/** The end of the log: the last offset given, and the running sum of bytes there. */
interface Tail {
  offset: number;
  total: number;
}

/** The rows that a batch has gathered so far, value after value. */
interface Gathered {
  readonly tail: Tail;
  readonly entries: SqlValue[];
  readonly audience: SqlValue[];
}

/** Everything that adds to the log. There is one per file, so that it may keep the end of the log in memory. */
export class LogWriter {
  readonly #connection: Connection;
  readonly #entries: BulkInsert;
  readonly #audience: BulkInsert;
  readonly #findClaim: Statement;
  readonly #insertClaim: Statement;
  #tail: Tail;

  constructor(connection: Connection) {
    this.#connection = connection;
    const columns = ['offset', 'id', 'published_at', 'bytes', 'total', 'topics', 'body'];
    this.#entries = new BulkInsert(connection, 'entries', columns);
    this.#audience = new BulkInsert(connection, 'audience', ['topic', 'offset']);
    this.#findClaim = connection.prepare('SELECT fingerprint, id, offset FROM idempotency WHERE scope = ? AND key = ?');
    this.#insertClaim = connection.prepare(
      'INSERT INTO idempotency (scope, key, fingerprint, id, offset, expires_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#tail = readTail(connection);
  }

  /** Gives the next offset to the start of a new epoch, which no reader ever sees as an entry. */
  beginEpoch(): Epoch {
    const epoch = { id: randomBytes(8).toString('hex'), firstOffset: this.#tail.offset + 1 };
    const insert = this.#connection.prepare('INSERT INTO epochs (first_offset, id) VALUES (?, ?)');
    this.#connection.write(() => insert.run([epoch.firstOffset, epoch.id]));
    this.#tail = { ...this.#tail, offset: epoch.firstOffset };
    return epoch;
  }

  /** The contract of `NotificationStore.append`: returns after the commit, or throws with nothing stored. */
  append(batch: readonly AppendRequest[]): AppendResult[] {
    const gathered: Gathered = { tail: { ...this.#tail }, entries: [], audience: [] };
    const results = this.#connection.write(() => {
      const answers = batch.map((request) => this.#appendOne(request, gathered));
      this.#entries.run(gathered.entries);
      this.#audience.run(gathered.audience);
      return answers;
    });
    // Only now: had the commit failed, its offsets would be given again.
    this.#tail = gathered.tail;
    return results;
  }

  #appendOne({ id, entry, idempotency }: AppendRequest, gathered: Gathered): AppendResult {
    const offset = entry === null ? null : gathered.tail.offset + 1;
    const repeated = idempotency && this.#claim(idempotency, id, offset);
    if (repeated !== undefined) return repeated;
    if (entry !== null) gather(id, entry, gathered);
    return { outcome: 'appended', id, offset };
  }

  /** Claims the key for this request; or answers for the one that has it. */
  #claim(
    { scope, key, fingerprint, expiresAt }: IdempotencyClaim,
    id: string,
    offset: number | null,
  ): AppendResult | undefined {
    if (this.#insertClaim.run([scope, key, fingerprint, id, offset, expiresAt]) === 1) return undefined;
    const first = this.#findClaim.get([scope, key]);
    if (first === undefined || text(first, 0) !== fingerprint) return { outcome: 'mismatch' };
    return { outcome: 'replayed', id: text(first, 1), offset: integerOrNull(first, 2) };
  }
}

/** Gives the next offset to the entry. */
function gather(id: string, entry: NonNullable<AppendRequest['entry']>, { tail, entries, audience }: Gathered): void {
  const topics = [...new Set(entry.topics)];
  const bytes = topics.reduce((sum, topic) => sum + Buffer.byteLength(topic), Buffer.byteLength(entry.body));
  const offset = ++tail.offset;
  tail.total += bytes;
  entries.push(offset, id, entry.publishedAt, bytes, tail.total, JSON.stringify(topics), entry.body);
  for (const topic of topics) audience.push(topic, offset);
}

/** From what is kept: pruning never removes the newest epoch nor lowers the floor, so no offset is ever given twice. */
function readTail(connection: Connection): Tail {
  const row = connection
    .prepare(
      `SELECT max(
         (SELECT floor FROM log),
         coalesce((SELECT max(offset) FROM entries), 0),
         coalesce((SELECT max(first_offset) FROM epochs), 0)
       ), coalesce((SELECT total FROM entries ORDER BY offset DESC LIMIT 1), 0)`,
    )
    .get([]);
  return row === undefined ? { offset: 0, total: 0 } : { offset: integer(row, 0), total: integer(row, 1) };
}
