import { randomBytes } from 'node:crypto';
import type { AppendRequest, AppendResult, Epoch, IdempotencyClaim, LogAct } from '#clarion/notifications';
import { ActWriter } from './act-writer.js';
import { integerOrNull, text, type Connection, type Statement } from './connection.js';
import { DueWriter } from './due-writer.js';
import { EntryWriter } from './entry-writer.js';
import { ErasedPeople } from './erased-people.js';
import { KnownDevices } from './known-devices.js';

/** Everything that adds to the log. There is one per file, so that it may keep the end of the log in memory. */
export class LogWriter {
  readonly #connection: Connection;
  readonly #entries: EntryWriter;
  readonly #devices: KnownDevices;
  readonly #due: DueWriter;
  readonly #acts: ActWriter;
  readonly #findClaim: Statement;
  readonly #insertClaim: Statement;

  constructor(connection: Connection, erased = new ErasedPeople()) {
    this.#connection = connection;
    this.#entries = new EntryWriter(connection);
    this.#devices = new KnownDevices(connection);
    this.#due = new DueWriter(connection, this.#devices);
    this.#acts = new ActWriter(connection, this.#entries, this.#devices, erased);
    this.#findClaim = connection.prepare('SELECT fingerprint, id, offset FROM idempotency WHERE scope = ? AND key = ?');
    this.#insertClaim = connection.prepare(
      'INSERT INTO idempotency (scope, key, fingerprint, id, offset, expires_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
  }

  /** Gives the next offset to the start of a new epoch, which no reader ever sees as an entry. */
  beginEpoch(): Epoch {
    this.#entries.begin();
    const epoch = { id: randomBytes(8).toString('hex'), firstOffset: this.#entries.skip() };
    const insert = this.#connection.prepare('INSERT INTO epochs (first_offset, id) VALUES (?, ?)');
    this.#connection.write(() => insert.run([epoch.firstOffset, epoch.id]));
    this.#entries.commit();
    return epoch;
  }

  /** The contract of `NotificationStore.append`: returns after the commit, or throws with nothing stored. */
  append(batch: readonly AppendRequest[]): AppendResult[] {
    this.#entries.begin();
    this.#devices.begin();
    this.#due.begin();
    const results = this.#connection.write(() => {
      const answers = batch.map((request) => this.#appendOne(request));
      this.#entries.flush();
      this.#due.flush();
      return answers;
    });
    this.#entries.commit();
    this.#devices.commit();
    return results;
  }

  #appendOne({ id, entry, idempotency, act, pushAt }: AppendRequest): AppendResult {
    if (act !== undefined) return this.#act(id, act);
    const offset = entry === null ? null : this.#entries.lastOffset + 1;
    const repeated = idempotency && this.#claim(idempotency, id, offset);
    if (repeated !== undefined) return repeated;
    if (entry !== null) {
      this.#entries.add(id, entry);
      if (pushAt !== undefined) this.#due.add(this.#entries.lastOffset, entry.topics, pushAt);
    }
    return { outcome: 'appended', id, offset };
  }

  /** What came before in the batch must be there to be read. */
  #act(id: string, act: LogAct): AppendResult {
    this.#entries.flush();
    this.#due.flush();
    return this.#acts.act(id, act);
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
