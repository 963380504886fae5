import type {
  CandidatePage,
  Choice,
  Claim,
  ClaimRequest,
  DecidedPage,
  DuePush,
  PushMark,
  PushRecord,
  PushSettlement,
  PushStore,
  StoredDevice,
  StoredDevices,
  TicketHolder,
  VapidKeys,
} from '#clarion/notifications';
import type { StoreThreads } from './store-threads.js';

/** What is kept of devices and pushes, in the file of the log and through its threads. Every rejection is a `StoreError`. */
export class SqlitePushStore implements PushStore {
  readonly #threads: StoreThreads;

  constructor(threads: StoreThreads) {
    this.#threads = threads;
  }

  keepVapidKeys(made: VapidKeys): Promise<VapidKeys> {
    return this.#threads.withWriter((writer) => writer.call('keepVapidKeys', made));
  }

  devices(user: string): Promise<StoredDevice[]> {
    return this.#threads.withReader((reader) => reader.call('devices', user));
  }

  due(now: number, limit: number): Promise<DuePush[]> {
    return this.#threads.withReader((reader) => reader.call('duePushes', { now, limit }));
  }

  nextAt(after: number): Promise<number | undefined> {
    return this.#threads.withReader((reader) => reader.call('nextPushAt', after));
  }

  candidates(offset: number, mark: PushMark, limit: number): Promise<CandidatePage> {
    return this.#threads.withReader((reader) => reader.call('pushCandidates', { offset, mark, limit }));
  }

  plan(decided: DecidedPage): Promise<boolean> {
    return this.#threads.withWriter((writer) => writer.call('planPushes', decided));
  }

  claim(request: ClaimRequest): Promise<Claim> {
    return this.#threads.withWriter((writer) => writer.call('claimPushes', request));
  }

  settle(settlements: readonly PushSettlement[]): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('settlePushes', settlements));
  }

  releaseAll(): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('releasePushes', null));
  }

  planTakeBacks(now: number, limit: number): Promise<number> {
    return this.#threads.withWriter((writer) => writer.call('planTakeBacks', { now, limit }));
  }

  ticket(ticket: string): Promise<TicketHolder | undefined> {
    return this.#threads.withReader((reader) => reader.call('pushTicket', ticket));
  }

  pushes(offset: number, users: readonly string[]): Promise<PushRecord[]> {
    return this.#threads.withReader((reader) => reader.call('pushes', { offset, users }));
  }

  choices(offset: number, users: readonly string[]): Promise<Choice[]> {
    return this.#threads.withReader((reader) => reader.call('choices', { offset, users }));
  }

  choicesOf(user: string, offsets: readonly number[]): Promise<Choice[]> {
    return this.#threads.withReader((reader) => reader.call('choicesOf', { user, offsets }));
  }

  export(user: string): Promise<StoredDevices> {
    return this.#threads.withReader((reader) => reader.call('exportDevices', user));
  }

  dueAt(offset: number): Promise<number | undefined> {
    return this.#threads.withReader((reader) => reader.call('pushDueAt', offset));
  }

  waiting(): Promise<{ due: number; pushes: number }> {
    return this.#threads.withReader((reader) => reader.call('waitingPushes', null));
  }
}
