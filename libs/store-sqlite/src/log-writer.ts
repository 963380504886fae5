import { randomBytes } from 'node:crypto';
import type { AppendRequest, AppendResult, Epoch, IdempotencyClaim } from '#clarion/notifications';
import { integer, integerOrNull, text, type Connection, type Statement } from './connection.js';

/** The end of the log: the last offset given, and the running sum of bytes there. */
interface Tail {
  offset: number;
  total: number;
}

/** Everything that adds to the log. There is one per file, so that it may keep the end of the log in memory. */
export class LogWriter {
  readonly #connection: Connection;
  readonly #insertEntry: Statement;
  readonly #insertAudience: Statement;
  readonly #findClaim: Statement;
  readonly #insertClaim: Statement;
  #tail: Tail;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#insertEntry = connection.prepare(
      'INSERT INTO entries (offset, id, published_at, bytes, total, topics, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#insertAudience = connection.prepare('INSERT INTO audience (topic, offset) VALUES (?, ?)');
    this.#findClaim = connection.prepare('SELECT fingerprint, id, offset FROM idempotency WHERE scope = ? AND key = ?');
    this.#insertClaim = connection.prepare(
      'INSERT INTO idempotency (scope, key, fingerprint, id, offset, expires_at) VALUES (?, ?, ?, ?, ?, ?)',
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
    const tail = { ...this.#tail };
    const results = this.#connection.write(() => batch.map((request) => this.#appendOne(request, tail)));
    // Only now: had the commit failed, its offsets would be given again.
    this.#tail = tail;
    return results;
  }

  #appendOne(request: AppendRequest, tail: Tail): AppendResult {
    const { id, entry, idempotency } = request;
    const repeated = idempotency && this.#judgeClaim(idempotency);
    if (repeated !== undefined) return repeated;
    const offset = entry === null ? null : this.#insert(id, entry, tail);
    if (idempotency !== undefined) {
      const { scope, key, fingerprint, expiresAt } = idempotency;
      this.#insertClaim.run([scope, key, fingerprint, id, offset, expiresAt]);
    }
    return { outcome: 'appended', id, offset };
  }

  #judgeClaim(claim: IdempotencyClaim): AppendResult | undefined {
    const first = this.#findClaim.get([claim.scope, claim.key]);
    if (first === undefined) return undefined;
    if (text(first, 0) !== claim.fingerprint) return { outcome: 'mismatch' };
    return { outcome: 'replayed', id: text(first, 1), offset: integerOrNull(first, 2) };
  }

  #insert(id: string, entry: NonNullable<AppendRequest['entry']>, tail: Tail): number {
    const topics = [...new Set(entry.topics)];
    const bytes = Buffer.byteLength(entry.body);
    tail.offset += 1;
    tail.total += bytes;
    this.#insertEntry.run([tail.offset, id, entry.publishedAt, bytes, tail.total, JSON.stringify(topics), entry.body]);
    for (const topic of topics) this.#insertAudience.run([topic, tail.offset]);
    return tail.offset;
  }
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
