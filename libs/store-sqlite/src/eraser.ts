import type { ActResult, EraseAct } from '#clarion/notifications';
import { integer, type Connection, type Statement } from './connection.js';
import { DeviceRemover } from './device-remover.js';
import type { EntryWriter } from './entry-writer.js';
import type { ErasedPeople } from './erased-people.js';
import { EntryRemover } from './entry-remover.js';
import type { KnownDevices } from './known-devices.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { personalTopic } from './personal-topic.js';
import { RETENTION_QUERIES } from './retention-queries.js';

/** Removes what is kept of a person. */
export class Eraser {
  readonly #entries: EntryWriter;
  readonly #erased: ErasedPeople;
  readonly #remover: EntryRemover;
  readonly #addressedTo: Statement;
  readonly #trimmedOf: Statement;
  readonly #dropAudience: Statement;
  readonly #takeNameOff: Statement;
  readonly #countErasure: Statement;
  readonly #devices: DeviceRemover;
  readonly #tables: readonly Statement[];

  constructor(connection: Connection, entries: EntryWriter, devices: KnownDevices, erased: ErasedPeople) {
    this.#erased = erased;
    this.#entries = entries;
    this.#remover = new EntryRemover(connection);
    this.#addressedTo = connection.prepare(PEOPLE_QUERIES.addressedTo);
    this.#trimmedOf = connection.prepare(PEOPLE_QUERIES.trimmedOf);
    this.#dropAudience = connection.prepare(RETENTION_QUERIES.dropAudience);
    this.#takeNameOff = connection.prepare(PEOPLE_QUERIES.takeNameOff);
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
    for (const row of this.#addressedTo.all([topic])) {
      if (integer(row, 1) === 1) this.#remover.remove(integer(row, 0));
      else this.#takeOff(integer(row, 0), topic);
    }
    for (const row of this.#trimmedOf.all([user])) this.#takeOff(integer(row, 0), topic);
    // No other inbox had what is gone now; of this one no reader may remember anything.
    this.#countErasure.run([]);
    for (const table of this.#tables) table.run([user]);
    this.#devices.erase(user);
    const entry = this.#entries.add(id, { kind: 'erased', topics: [], publishedAt: at, body: topic });
    // Acts that are asked for while this lasts are of before.
    this.#erased.add(user, entry.offset, Math.max(at, Date.now()));
    return { outcome: 'acted', entry };
  }

  #takeOff(offset: number, topic: string): void {
    this.#takeNameOff.run([offset, topic]);
    this.#dropAudience.run([topic, offset]);
    // Retention may have left it to nobody else.
    this.#remover.removeIfUnaddressed(offset);
  }
}
