import { integerOrNull, text, type Connection } from './connection.js';
import { prepareAll, type Prepared } from './prepared.js';
import { PUSH_QUERIES } from './push-queries.js';

const NAMES = [
  'enqueue',
  'enqueueAll',
  'hostsOfAll',
  'queue',
  'queuesOf',
  'holdQueue',
  'moveQueue',
  'dropQueue',
  'eraseQueues',
  'claimedQueues',
  'releaseQueues',
  'firstWaiting',
  'putHost',
  'dropHost',
] as const;

/** One of the devices for which something waits. */
export interface QueueOf {
  readonly user: string;
  readonly device: string;
}

/**
 * When each device may be tried next, and each host. A queue may outlive what waited in it: whoever finds it empty drops it. Every method needs an open
 * transaction, and {@link refresh} before its end.
 */
export class PushQueues {
  readonly #sql: Prepared<(typeof NAMES)[number]>;
  /** Hosts whose earliest queue may be another one by now. */
  readonly #touched = new Set<string>();

  constructor(connection: Connection) {
    this.#sql = prepareAll(connection, PUSH_QUERIES, NAMES);
  }

  /** Something waits for the device: from now on, unless it has to wait for something else. */
  wait({ user, device }: QueueOf, at: number): void {
    this.#sql.enqueue.run([user, device, at]);
    this.#touch({ user, device });
  }

  /** The same of many. @param pushes as JSON: user and device first. */
  waitAll(pushes: string, at: number): void {
    this.#sql.enqueueAll.run([1, at, pushes]);
    for (const row of this.#sql.hostsOfAll.all([pushes])) this.#touched.add(text(row, 0));
  }

  /** Nobody else has it until then. */
  hold({ user, device }: QueueOf, until: number, push: number): void {
    this.#sql.holdQueue.run([user, device, until, push]);
    this.#touch({ user, device });
  }

  /** What was held for this push may be tried again then, if it was held for it. */
  free({ user, device }: QueueOf, push: number, nextAt: number): void {
    const queue = this.#sql.queue.get([user, device]);
    if (queue === undefined || integerOrNull(queue, 2) !== push) return;
    this.#touched.add(text(queue, 0));
    if (this.#sql.firstWaiting.get([user, device]) === undefined) this.#sql.dropQueue.run([user, device]);
    else this.#sql.holdQueue.run([user, device, nextAt, null]);
  }

  /** The device is somewhere else by now: what it had to wait for is over, unless somebody has it. */
  move({ user, device }: QueueOf, host: string, at: number): void {
    this.#touch({ user, device });
    this.#sql.moveQueue.run([user, device, host, at]);
    this.#touched.add(host);
  }

  drop({ user, device }: QueueOf): void {
    this.#touch({ user, device });
    this.#sql.dropQueue.run([user, device]);
  }

  dropAllOf(user: string): void {
    for (const row of this.#sql.queuesOf.all([user])) this.#touched.add(text(row, 0));
    this.#sql.eraseQueues.run([user]);
  }

  /** What is held may be tried at once. Looks at every queue. */
  releaseAll(): void {
    for (const row of this.#sql.claimedQueues.all([])) this.#touched.add(text(row, 0));
    this.#sql.releaseQueues.run([]);
  }

  /** Hosts are as their queues are. */
  refresh(): void {
    for (const host of this.#touched) this.refreshHost(host);
    this.#touched.clear();
  }

  refreshHost(host: string): void {
    if (this.#sql.putHost.run([host]) === 0) this.#sql.dropHost.run([host]);
  }

  #touch({ user, device }: QueueOf): void {
    const queue = this.#sql.queue.get([user, device]);
    if (queue !== undefined) this.#touched.add(text(queue, 0));
  }
}
