import type { Connection, Statement } from './connection.js';
import { PUSH_QUERIES } from './push-queries.js';

/**
 * Whether anybody has a device, remembered between appends: where nobody has one, nothing of push costs anything. There is one writer, and devices
 * come and go within its transactions alone.
 */
export class KnownDevices {
  readonly #anyDevice: Statement;
  #committed: boolean | undefined;
  #any: boolean | undefined;

  constructor(connection: Connection) {
    this.#anyDevice = connection.prepare(PUSH_QUERIES.anyDevice);
  }

  /** As of now, also by the present transaction. */
  get any(): boolean {
    this.#any ??= this.#anyDevice.get([]) !== undefined;
    return this.#any;
  }

  /** To be called when devices have come or gone. */
  changed(): void {
    this.#any = undefined;
  }

  /** Forgets what a failed transaction has left. */
  begin(): void {
    this.#any = this.#committed;
  }

  /** To be called when the transaction was committed. */
  commit(): void {
    this.#committed = this.#any;
  }
}
