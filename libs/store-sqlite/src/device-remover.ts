import type { Connection } from './connection.js';
import type { KnownDevices } from './known-devices.js';
import { prepareAll, type Prepared } from './prepared.js';
import { PUSH_QUERIES } from './push-queries.js';
import { PushQueues, type QueueOf } from './push-queues.js';

const NAMES = [
  'deleteDevice',
  'goWaiting',
  'dropWaitingCloses',
  'hideShown',
  'hideToClose',
  'eraseDevices',
  'erasePushes',
  'eraseTakeBack',
  'eraseChoices',
] as const;

/** Removes devices, and what waits for them; what became of earlier pushes is still told. Precondition of all: a transaction is open. */
export class DeviceRemover {
  readonly #devices: KnownDevices;
  readonly #queues: PushQueues;
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection, devices: KnownDevices) {
    this.#devices = devices;
    this.#queues = new PushQueues(connection);
    this.#sql = prepareAll(connection, PUSH_QUERIES, NAMES);
  }

  /** @returns whether it was there. */
  remove({ user, device }: QueueOf, at: number): boolean {
    if (this.#sql.deleteDevice.run([user, device]) === 0) return false;
    this.#sql.dropWaitingCloses.run([user, device]);
    this.#sql.goWaiting.run([user, device, at]);
    this.#sql.hideShown.run([user, device]);
    this.#sql.hideToClose.run([user, device]);
    this.#queues.drop({ user, device });
    this.#queues.refresh();
    this.#devices.changed();
    return true;
  }

  /** All of a person, and what they have chosen. */
  erase(user: string): void {
    this.#queues.dropAllOf(user);
    for (const table of ['eraseDevices', 'erasePushes', 'eraseTakeBack', 'eraseChoices'] as const)
      this.#sql[table].run([user]);
    this.#queues.refresh();
    this.#devices.changed();
  }
}
