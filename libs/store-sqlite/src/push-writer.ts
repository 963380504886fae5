import type { DecidedPage, NewPush, VapidKeys } from '#clarion/notifications';
import { text, type Connection } from './connection.js';
import { prepareAll, type Prepared } from './prepared.js';
import { PUSH_QUERIES } from './push-queries.js';
import { PushQueues } from './push-queues.js';

const NAMES = ['keepVapid', 'vapid', 'moveDue', 'endDue', 'insertPushes', 'overfull', 'supersede'] as const;

/** Keeps what was decided. */
export class PushWriter {
  readonly #connection: Connection;
  readonly #queues: PushQueues;
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#queues = new PushQueues(connection);
    this.#sql = prepareAll(connection, PUSH_QUERIES, NAMES);
  }

  keepVapidKeys({ publicKey, privateKey }: VapidKeys): VapidKeys {
    return this.#connection.write(() => {
      this.#sql.keepVapid.run([publicKey, privateKey]);
      const kept = this.#sql.vapid.get([]) ?? [publicKey, privateKey];
      return { publicKey: text(kept, 0), privateKey: text(kept, 1) };
    });
  }

  /** @returns whether it was written. */
  plan(decided: DecidedPage): boolean {
    return this.#connection.write(() => {
      if (!this.#move(decided)) return false;
      if (decided.pushes.length > 0) this.#keep(decided);
      return true;
    });
  }

  #move({ offset, from, next }: DecidedPage): boolean {
    const moved = next === null ? this.#sql.endDue.run([offset, from]) : this.#sql.moveDue.run([offset, from, next]);
    return moved === 1;
  }

  #keep({ offset, at, pushes }: DecidedPage): void {
    const rows = JSON.stringify(pushes.map(cellsOf));
    this.#sql.insertPushes.run([offset, at, rows]);
    this.#queues.waitAll(rows, at);
    for (const row of this.#sql.overfull.all([rows])) this.#sql.supersede.run([text(row, 0), text(row, 1), at]);
    this.#queues.refresh();
  }
}

/** User and device first. */
function cellsOf({ user, device, topic, ticket, until }: NewPush): unknown[] {
  return [user, device, topic, ticket, until];
}
