import type { Connection, Statement } from './connection.js';
import type { KnownDevices } from './known-devices.js';
import { isPersonal, userOf } from './personal-topic.js';
import { PUSH_QUERIES } from './push-queries.js';

/** Notes what is to be pushed, beside the entries of a batch and with as few calls: one row for each, whatever its audience. */
export class DueWriter {
  readonly #devices: KnownDevices;
  readonly #insert: Statement;
  #rows: unknown[] = [];

  constructor(connection: Connection, devices: KnownDevices) {
    this.#devices = devices;
    this.#insert = connection.prepare(PUSH_QUERIES.insertDue);
  }

  /** Forgets what a failed transaction has left. */
  begin(): void {
    this.#rows = [];
  }

  /** @param at when to decide, in milliseconds since 1970. Precondition: a transaction is open. */
  add(offset: number, topics: readonly string[], at: number): void {
    if (!this.#devices.any) return;
    this.#rows.push([offset, at, topics.every(isPersonal) ? topics.map(userOf) : null]);
  }

  /** Afterwards the table has all that was added. Precondition: a transaction is open. */
  flush(): void {
    if (this.#rows.length === 0) return;
    this.#insert.run([JSON.stringify(this.#rows)]);
    this.#rows = [];
  }
}
