import type { PushSettlement } from '#clarion/notifications';
import { integerOrNull, text, textOrNull, type Connection } from './connection.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { prepareAll, type Prepared } from './prepared.js';
import { PushJudge } from './push-judge.js';
import { PUSH_QUERIES } from './push-queries.js';
import { PushQueues } from './push-queues.js';
import { TAKE_BACK_AFTER_MS } from './take-back-writer.js';

const NAMES = [
  'push',
  'noteSent',
  'noteWaiting',
  'notePark',
  'noteTakenBack',
  'dropPush',
  'noteSuccess',
  'noteFailure',
  'putTakeBack',
  'noteReceipt',
] as const;
const QUERIES = { ...PUSH_QUERIES, ...PEOPLE_QUERIES };

/** A row of `pushes`; without an offset: one that closes others. */
interface Pushed {
  readonly id: number;
  readonly user: string;
  readonly device: string;
  readonly offset: number | null;
  readonly state: string;
  readonly closes: string | null;
}

/** Notes what came of pushes, and what that says of their devices. */
export class PushSettler {
  readonly #connection: Connection;
  readonly #judge: PushJudge;
  readonly #queues: PushQueues;
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#judge = new PushJudge(connection);
    this.#queues = new PushQueues(connection);
    this.#sql = prepareAll(connection, QUERIES, NAMES);
  }

  settle(settlements: readonly PushSettlement[]): void {
    this.#connection.write(() => {
      for (const settlement of settlements) this.#settleOne(settlement);
      this.#queues.refresh();
    });
  }

  #settleOne(settlement: PushSettlement): void {
    const { id, at, state } = settlement;
    const push = this.#find(id);
    if (push === undefined) return;
    // What was sent was sent, though nobody wants it any more; whatever else is late says nothing.
    if (push.state === 'waiting' || (push.state === 'cancelled' && state === 'sent')) this.#note(push, settlement);
    this.#queues.free(push, id, state === 'waiting' ? settlement.nextAt : at);
  }

  #find(id: number): Pushed | undefined {
    const row = this.#sql.push.get([id]);
    if (row === undefined) return undefined;
    const [user, device, state] = [text(row, 0), text(row, 1), text(row, 3)];
    return { id, user, device, offset: integerOrNull(row, 2), state, closes: textOrNull(row, 4) };
  }

  #note(push: Pushed, settlement: PushSettlement): void {
    const { id, user, device } = push;
    const { at, state } = settlement;
    if (state === 'sent') {
      this.#sql.noteSuccess.run([user, device, at]);
      this.#noteSent(push, at);
      return;
    }
    const { reason } = settlement;
    if (state === 'parked' || settlement.failed) this.#sql.noteFailure.run([user, device, at, reason]);
    if (state === 'waiting') this.#sql.noteWaiting.run([id, at, reason, settlement.shortened]);
    else if (push.offset === null) this.#sql.dropPush.run([id]);
    else this.#sql.notePark.run([id, at, reason]);
  }

  #noteSent({ id, user, device, offset, closes }: Pushed, at: number): void {
    if (offset === null) {
      this.#sql.noteTakenBack.run([closes, at]);
      this.#sql.dropPush.run([id]);
      return;
    }
    const entry = this.#judge.entry(offset);
    if (entry === undefined) {
      this.#sql.noteSent.run([id, at, null]);
      return;
    }
    const isToClose = this.#judge.isToClose(user, entry);
    this.#sql.noteSent.run([id, at, isToClose ? 2 : 1]);
    this.#sql.noteReceipt.run([offset, user, 'sent', at, 'push', device]);
    if (isToClose) this.#sql.putTakeBack.run([user, at + TAKE_BACK_AFTER_MS]);
  }
}
