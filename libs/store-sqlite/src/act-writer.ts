import type { ActResult, LogAct } from '#clarion/notifications';
import { ChoiceWriter } from './choice-writer.js';
import type { Connection } from './connection.js';
import { DeviceWriter } from './device-writer.js';
import { EditWriter } from './edit-writer.js';
import type { EntryWriter } from './entry-writer.js';
import type { ErasedPeople } from './erased-people.js';
import { Eraser } from './eraser.js';
import { FollowWriter } from './follow-writer.js';
import type { KnownDevices } from './known-devices.js';
import { MarkWriter } from './mark-writer.js';
import { PreferencesWriter } from './preferences-writer.js';
import { ReceiptWriter } from './receipt-writer.js';
import { TakeBackNotes } from './take-back-writer.js';

/** Carries out acts within the writer's transaction. Each decides before it writes: what is refused has changed nothing. */
export class ActWriter {
  readonly #edits: EditWriter;
  readonly #marks: MarkWriter;
  readonly #follows: FollowWriter;
  readonly #preferences: PreferencesWriter;
  readonly #receipts: ReceiptWriter;
  readonly #choices: ChoiceWriter;
  readonly #devices: DeviceWriter;
  readonly #eraser: Eraser;

  constructor(connection: Connection, entries: EntryWriter, devices: KnownDevices, erased: ErasedPeople) {
    const takeBacks = new TakeBackNotes(connection, devices);
    this.#edits = new EditWriter(connection, entries, takeBacks);
    this.#marks = new MarkWriter(connection, entries, takeBacks);
    this.#follows = new FollowWriter(connection, entries);
    this.#preferences = new PreferencesWriter(connection, entries);
    this.#receipts = new ReceiptWriter(connection, erased);
    this.#choices = new ChoiceWriter(connection, entries, erased);
    this.#devices = new DeviceWriter(connection, entries, devices);
    this.#eraser = new Eraser(connection, entries, devices, erased);
  }

  /**
   * @param id of the entry that is appended, unless that is about a notification. Precondition: a transaction is open, and the tables have what
   * came before in it.
   */
  act(id: string, act: LogAct): ActResult {
    if (act.kind === 'edit') return this.#edits.edit(act);
    if (act.kind === 'retract') return this.#edits.retract(act);
    if (act.kind === 'mark') return this.#marks.mark(id, act);
    if (act.kind === 'preferences') return this.#preferences.replace(id, act);
    if (act.kind === 'ack') return { outcome: 'acted', entry: null, offsets: this.#receipts.acknowledge(act) };
    if (act.kind === 'erase') return this.#eraser.erase(id, act);
    if (act.kind === 'choose') return this.#choices.choose(id, act);
    if (act.kind === 'device') return this.#devices.put(id, act);
    if (act.kind === 'renewDevice') return this.#devices.renew(id, act);
    if (act.kind === 'removeDevice') return this.#devices.remove(id, act);
    return this.#follows[act.kind](id, act);
  }
}
