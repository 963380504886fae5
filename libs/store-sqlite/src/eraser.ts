import type { ActResult, EraseAct } from '#clarion/notifications';
import { AddresseeRemover } from './addressee-remover.js';
import { integer, type Connection, type Statement } from './connection.js';
import { DeviceRemover } from './device-remover.js';
import type { EntryWriter } from './entry-writer.js';
import type { ErasedPeople } from './erased-people.js';
import type { KnownDevices } from './known-devices.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { personalTopic } from './personal-topic.js';

/** For SQLite: no limit. */
const ALL = -1;

/** Removes what is kept of a person. */
export class Eraser {
  readonly #entries: EntryWriter;
  readonly #erased: ErasedPeople;
  readonly #addressees: AddresseeRemover;
  readonly #trimmedOf: Statement;
  readonly #countErasure: Statement;
  readonly #devices: DeviceRemover;
  readonly #tables: readonly Statement[];

  constructor(connection: Connection, entries: EntryWriter, devices: KnownDevices, erased: ErasedPeople) {
    this.#erased = erased;
    this.#entries = entries;
    this.#addressees = new AddresseeRemover(connection);
    this.#trimmedOf = connection.prepare(PEOPLE_QUERIES.trimmedOf);
    this.#countErasure = connection.prepare(PEOPLE_QUERIES.countErasure);
    this.#devices = new DeviceRemover(connection, devices);
    const { eraseMarks, eraseRanges, eraseFollows, eraseReceipts, eraseTrimmed } = PEOPLE_QUERIES;
    const { eraseRemembered, eraseClaims, erasePerson } = PEOPLE_QUERIES;
    const kept = [eraseMarks, eraseRanges, eraseFollows, eraseReceipts, eraseTrimmed];
    const all = [...kept, eraseRemembered, eraseClaims, erasePerson];
    this.#tables = all.map((sql) => connection.prepare(sql));
  }

  erase(id: string, { user, at }: EraseAct): ActResult {
    const topic = personalTopic(user);
    this.#addressees.remove(user, ALL);
    for (const row of this.#trimmedOf.all([user])) this.#addressees.takeOff(integer(row, 0), topic);
    // No other inbox had what is gone now; of this one no reader may remember anything.
    this.#countErasure.run([]);
    for (const table of this.#tables) table.run([user]);
    this.#devices.erase(user);
    const entry = this.#entries.add(id, { kind: 'erased', topics: [], publishedAt: at, body: topic });
    // Acts that are asked for while this lasts are of before.
    this.#erased.add(user, entry.offset, Math.max(at, Date.now()));
    return { outcome: 'acted', entry };
  }
}
