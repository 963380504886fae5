import type {
  Choice,
  DuePush,
  PushMark,
  PushRecord,
  PushState,
  StoredDevice,
  StoredDevices,
  TicketHolder,
} from '#clarion/notifications';
import { integer, integerOrNull, text, textOrNull, type Connection, type Row } from './connection.js';
import { toDevice } from './device-row.js';
import { toEntry } from './entry-row.js';
import { prepareAll, type Prepared } from './prepared.js';
import { PUSH_QUERIES } from './push-queries.js';
import { StoreError } from './store-error.js';

const NAMES = [
  'devicesOf',
  'due',
  'dueAt',
  'nextAt',
  'ticket',
  'pushesOf',
  'choicesOf',
  'choicesOfUser',
  'waiting',
] as const;

const STATES: readonly PushState[] = ['waiting', 'sent', 'parked', 'cancelled', 'gone'];

/** What is asked of devices and pushes, beside whom a notification may be pushed to. */
export class PushReader {
  readonly #connection: Connection;
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#sql = prepareAll(connection, PUSH_QUERIES, NAMES);
  }

  devices(user: string): StoredDevice[] {
    return this.#sql.devicesOf.all([user]).map(toDevice);
  }

  due(now: number, limit: number): DuePush[] {
    return this.#sql.due.all([now, limit]).map((row) => ({
      offset: integer(row, 0),
      dueAt: integer(row, 1),
      mark: text(row, 2) as PushMark,
    }));
  }

  dueAt(offset: number): number | undefined {
    const row = this.#sql.dueAt.get([offset]);
    return row === undefined ? undefined : integer(row, 0);
  }

  nextAt(after: number): number | undefined {
    const times = (this.#sql.nextAt.get([after]) ?? []).filter((cell) => typeof cell === 'number');
    return times.length === 0 ? undefined : Math.min(...times);
  }

  ticket(ticket: string): TicketHolder | undefined {
    const row = this.#sql.ticket.get([ticket]);
    return row === undefined ? undefined : { user: text(row, 0), device: text(row, 1), entry: toEntry(row.slice(2)) };
  }

  pushes(offset: number, users: readonly string[]): PushRecord[] {
    return this.#connection.read(() =>
      users.flatMap((user) => this.#sql.pushesOf.all([offset, user]).map((row) => toRecord(user, row))),
    );
  }

  choices(offset: number, users: readonly string[]): Choice[] {
    return this.#connection.read(() => users.flatMap((user) => this.#choices(offset, user)));
  }

  choicesOf(user: string, offsets: readonly number[]): Choice[] {
    return this.#connection.read(() => offsets.flatMap((offset) => this.#choices(offset, user)));
  }

  export(user: string): StoredDevices {
    return this.#connection.read(() => ({
      devices: this.devices(user),
      choices: this.#sql.choicesOfUser
        .all([user])
        .map((row) => toChoice(user, row))
        .toSorted(byTime),
    }));
  }

  /** Walks the index of what waits: 100,000 take some milliseconds. */
  waiting(): { due: number; pushes: number } {
    const row = this.#sql.waiting.get([]) ?? [0, 0];
    return { due: integer(row, 0), pushes: integer(row, 1) };
  }

  #choices(offset: number, user: string): Choice[] {
    const rows = this.#sql.choicesOf.all([offset, user]);
    return rows.map((row) => toChoice(user, [offset, ...row])).toSorted(byTime);
  }
}

function toRecord(user: string, row: Row): PushRecord {
  return {
    user,
    device: text(row, 0),
    state: stateOf(text(row, 1)),
    plannedAt: integer(row, 2),
    at: integer(row, 3),
    attempts: integer(row, 4),
    reason: textOrNull(row, 5),
    takenBackAt: integerOrNull(row, 6),
  };
}

/** The columns offset, action, at, transport and device. */
function toChoice(user: string, row: Row): Choice {
  return {
    user,
    offset: integer(row, 0),
    action: text(row, 1),
    at: integer(row, 2),
    transport: text(row, 3),
    device: textOrNull(row, 4),
  };
}

function byTime(one: Choice, other: Choice): number {
  return one.at - other.at;
}

function stateOf(name: string): PushState {
  const state = STATES.find((known) => known === name);
  if (state === undefined) throw new StoreError('unreadable', `the database is damaged: a push of state ${name}`);
  return state;
}
