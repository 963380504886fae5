import type { LogEntry } from '#clarion/event-bus';
import type { MarkAct } from '#clarion/notifications';
import { integer, text, type Connection, type Row } from './connection.js';
import { closedOf, closesOf, type Closing } from './closing.js';
import type { KnownDevices } from './known-devices.js';
import { prepareAll, type Prepared } from './prepared.js';
import { PushJudge } from './push-judge.js';
import { PUSH_QUERIES } from './push-queries.js';
import { PushQueues } from './push-queues.js';

/** What is read one after the other is taken back together: milliseconds. */
export const TAKE_BACK_AFTER_MS = 2_000;
/** What one push may close, and what is looked at of one person at a time. */
const MAX_CLOSED = 1_000;
/** Of what was retracted, looked at in one transaction. */
const STEP_ROWS = 1_000;

const NOTING = ['closeEach', 'closeUpTo', 'putTakeBack', 'putRetracted', 'dropDue'] as const;
const PLANNING = [
  'dueTakeBacks',
  'dropTakeBack',
  'putTakeBack',
  'toClose',
  'setShown',
  'waitingClose',
  'addToClose',
  'insertClose',
  'dueRetracted',
  'retractedPushes',
  'moveRetracted',
  'dropRetracted',
] as const;

/** Notes, where something is read or retracted, that devices show it still. Precondition of all: a transaction is open. */
export class TakeBackNotes {
  readonly #devices: KnownDevices;
  readonly #sql: Prepared<(typeof NOTING)[number]>;

  constructor(connection: Connection, devices: KnownDevices) {
    this.#devices = devices;
    this.#sql = prepareAll(connection, PUSH_QUERIES, NOTING);
  }

  /** The person has marked these offsets. */
  marked(act: MarkAct, offsets: readonly number[]): void {
    if (!this.#takesBack(act)) return;
    if (this.#sql.closeEach.run([act.user, JSON.stringify(offsets)]) > 0) this.#put(act);
  }

  /** All up to an offset; by a topic, or (null) by any. */
  markedUpTo(act: MarkAct, upTo: number, topic: string | null): void {
    if (!this.#takesBack(act)) return;
    if (this.#sql.closeUpTo.run([act.user, upTo, topic ?? '']) > 0) this.#put(act);
  }

  /** What was not decided yet need not be. */
  retracted(offset: number, at: number): void {
    if (!this.#devices.any) return;
    this.#sql.dropDue.run([offset]);
    this.#sql.putRetracted.run([offset, at + TAKE_BACK_AFTER_MS]);
  }

  #takesBack({ state, undo }: MarkAct): boolean {
    return !undo && (state === 'read' || state === 'archived') && this.#devices.any;
  }

  #put({ user, at }: MarkAct): void {
    this.#sql.putTakeBack.run([user, at + TAKE_BACK_AFTER_MS]);
  }
}

/** One of what a person's devices are to close. */
interface ToClose extends Closing {
  readonly device: string;
  readonly until: number;
}

/** Makes pushes that close what is read. */
export class TakeBackWriter {
  readonly #connection: Connection;
  readonly #judge: PushJudge;
  readonly #queues: PushQueues;
  readonly #sql: Prepared<(typeof PLANNING)[number]>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#judge = new PushJudge(connection);
    this.#queues = new PushQueues(connection);
    this.#sql = prepareAll(connection, PUSH_QUERIES, PLANNING);
  }

  /** The contract of `PushStore.planTakeBacks`. */
  plan(now: number, limit: number): number {
    return this.#connection.write(() => {
      this.#findRetracted(now);
      const users = this.#sql.dueTakeBacks.all([now, limit]).map((row) => text(row, 0));
      for (const user of users) this.#takeBack(user, now);
      this.#queues.refresh();
      return users.length;
    });
  }

  /** One step through the pushes of what was retracted, whose people then have something to take back. */
  #findRetracted(now: number): void {
    const due = this.#sql.dueRetracted.get([now]);
    if (due === undefined) return;
    const offset = integer(due, 0);
    const rows = this.#sql.retractedPushes.all([offset, text(due, 1), text(due, 2), STEP_ROWS]);
    const shown = rows.filter((row) => row[3] === 1);
    this.#sql.setShown.run([JSON.stringify(shown.map((row) => integer(row, 0))), 2]);
    for (const user of new Set(shown.map((row) => text(row, 1)))) this.#sql.putTakeBack.run([user, now]);
    const last = rows.at(-1);
    if (last === undefined || rows.length < STEP_ROWS) this.#sql.dropRetracted.run([offset]);
    else this.#sql.moveRetracted.run([offset, text(last, 1), text(last, 2)]);
  }

  #takeBack(user: string, now: number): void {
    const rows = this.#sql.toClose.all([user, MAX_CLOSED]);
    if (rows.length < MAX_CLOSED) this.#sql.dropTakeBack.run([user]);
    const entries = new Map(
      [...new Set(rows.map((row) => integer(row, 2)))].map((offset) => [offset, this.#read(user, offset)]),
    );
    const entryOf = (row: Row): LogEntry | 'unread' | undefined => entries.get(integer(row, 2));
    this.#setShown(
      rows.filter((row) => entryOf(row) === 'unread'),
      1,
    );
    this.#setShown(
      rows.filter((row) => entryOf(row) !== 'unread'),
      null,
    );
    const closing = rows.flatMap((row) => toClose(row, entryOf(row)));
    for (const device of new Set(closing.map((one) => one.device)))
      this.#close(
        user,
        device,
        closing.filter((one) => one.device === device),
        now,
      );
  }

  /** `unread`: again, or still. */
  #read(user: string, offset: number): LogEntry | 'unread' | undefined {
    const entry = this.#judge.entry(offset);
    return entry === undefined || this.#judge.isToClose(user, entry) ? entry : 'unread';
  }

  #setShown(rows: readonly Row[], shown: number | null): void {
    this.#sql.setShown.run([JSON.stringify(rows.map((row) => integer(row, 0))), shown]);
  }

  /** What was shown has gone out before: what waits to close others may close it as well. */
  #close(user: string, device: string, closing: readonly ToClose[], now: number): void {
    const until = Math.max(...closing.map((one) => one.until));
    const waiting = this.#sql.waitingClose.get([user, device]);
    const before = waiting === undefined ? [] : closedOf(text(waiting, 1));
    if (waiting !== undefined && before.length + closing.length <= MAX_CLOSED)
      this.#sql.addToClose.run([integer(waiting, 0), closesOf([...before, ...closing]), until]);
    else this.#sql.insertClose.run([user, device, closesOf(closing), until, now]);
    this.#queues.wait({ user, device }, now);
  }
}

/** Nothing of what is no longer kept: nobody knows how the device calls it. */
function toClose(row: Row, entry: LogEntry | 'unread' | undefined): ToClose[] {
  if (entry === undefined || entry === 'unread') return [];
  const { id, collapseKey } = entry;
  return [
    {
      push: integer(row, 0),
      device: text(row, 1),
      until: integer(row, 3),
      id,
      collapseKey: collapseKey ?? null,
    },
  ];
}
