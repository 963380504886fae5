import type { ActResult, LogAct } from '#clarion/notifications';
import type { Connection } from './connection.js';
import { EditWriter } from './edit-writer.js';
import type { EntryWriter } from './entry-writer.js';
import { Eraser } from './eraser.js';
import { FollowWriter } from './follow-writer.js';
import { MarkWriter } from './mark-writer.js';
import { PreferencesWriter } from './preferences-writer.js';
import { ReceiptWriter } from './receipt-writer.js';

/** Carries out acts within the writer's transaction. Each decides before it writes: what is refused has changed nothing. */
export class ActWriter {
  readonly #entries: EntryWriter;
  readonly #edits: EditWriter;
  readonly #marks: MarkWriter;
  readonly #follows: FollowWriter;
  readonly #preferences: PreferencesWriter;
  readonly #receipts: ReceiptWriter;
  readonly #eraser: Eraser;

  constructor(connection: Connection, entries: EntryWriter) {
    this.#entries = entries;
    this.#edits = new EditWriter(connection, entries);
    this.#marks = new MarkWriter(connection, entries);
    this.#follows = new FollowWriter(connection, entries);
    this.#preferences = new PreferencesWriter(connection, entries);
    this.#receipts = new ReceiptWriter(connection);
    this.#eraser = new Eraser(connection, entries);
  }

  /** @param id of the entry that is appended, unless that is about a notification. Precondition: a transaction is open. */
  act(id: string, act: LogAct): ActResult {
    // What came before in the batch must be there to be read.
    this.#entries.flush();
    if (act.kind === 'edit') return this.#edits.edit(act);
    if (act.kind === 'retract') return this.#edits.retract(act);
    if (act.kind === 'mark') return this.#marks.mark(id, act);
    if (act.kind === 'preferences') return this.#preferences.replace(id, act);
    if (act.kind === 'ack') return { outcome: 'acted', entry: null, offsets: this.#receipts.acknowledge(act) };
    if (act.kind === 'erase') return this.#eraser.erase(id, act);
    if (act.kind === 'follow' || act.kind === 'unfollow') return this.#follows[act.kind](id, act);
    throw new Error(`${act.kind} is not built yet`);
  }
}
