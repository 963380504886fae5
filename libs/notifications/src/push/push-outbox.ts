import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Access } from '#clarion/access';
import type { Person } from '../people/person.js';
import { mayRead, personOfDevice } from './device-person.js';
import { Flights, type Flight, type FlightRoom } from './flights.js';
import { messageOf } from './push-message.js';
import type { PushChannel, PushOutcome } from './push-channel.js';
import type { PushStats } from './push-stats.js';
import { settlementOf } from './push-outcomes.js';
import { TAKE_BACK_AFTER_MS, type ClaimedPush, type PushSettlement, type PushStore } from './push-store.js';
import { Settlements } from './settlements.js';

/** How long what was claimed is kept from others: longer than an attempt may last, and its being written. Milliseconds. */
const LEASE_MS = 180_000;
/** An attempt that a channel has not ended by itself is ended. Milliseconds. */
const MAX_ATTEMPT_MS = 60_000;
/** When the store is asked again after it failed. Milliseconds. */
const RETRY_MS = 1_000;

export interface OutboxLimits {
  readonly concurrency: number;
  readonly perHost: number;
  readonly maxAttempts: number;
}

/** What the outbox must know of others. */
export interface OutboxSurroundings {
  readonly access: Access;
  /** For the badge. */
  readonly unread: (person: Person) => Promise<number>;
  /** The subscription is no more. @returns whether the device was removed: false when it is somewhere else by now. */
  readonly remove: (push: ClaimedPush) => Promise<boolean>;
  /** Something was written that is to be looked at again then. Milliseconds since 1970. */
  readonly wake: (at: number) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Sends what waits, each as soon as its time has come and there is room: so many at once, so many for each host, one for each device. An endpoint
 * that hangs holds one place of its host, until its attempt is over. What was sent and could not be written any more is sent again.
 */
export class PushOutbox {
  readonly #store: Pick<PushStore, 'claim' | 'settle'>;
  readonly #channel: PushChannel;
  readonly #limits: OutboxLimits;
  readonly #around: OutboxSurroundings;
  readonly #stats: PushStats;
  readonly #flights: Flights;
  readonly #settlements: Settlements;
  #pumping: Promise<void> | undefined;
  #again = false;
  #isStopped = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    store: Pick<PushStore, 'claim' | 'settle'>,
    channel: PushChannel,
    limits: OutboxLimits,
    around: OutboxSurroundings,
    stats: PushStats,
  ) {
    this.#store = store;
    this.#channel = channel;
    this.#limits = limits;
    this.#around = around;
    this.#stats = stats;
    this.#flights = new Flights(limits.concurrency, limits.perHost);
    this.#settlements = new Settlements(store, around.onError);
  }

  /** Sends all whose time has come by now; resolves when it is known, and written, what came of all that is under way. */
  async run(): Promise<void> {
    do {
      await this.pump();
      await Promise.all(this.#flights.list().map(({ landed }) => landed));
    } while (this.#flights.size > 0 || this.#pumping !== undefined);
  }

  /** Begins what there is room for. Resolves when that is under way; whatever lands makes room, and goes on by itself. */
  pump(): Promise<void> {
    this.#again = true;
    this.#pumping ??= this.#fill();
    return this.#pumping;
  }

  /** What is under way to this person's devices is ended; resolves when it is written what came of it. */
  async settle(user: string): Promise<void> {
    await this.#end(this.#flights.of(user));
  }

  /** Begins nothing more. What is under way may take `graceMs`, and is ended then; resolves when it is written what came of all of it. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    const grace = setTimeout(() => void this.#end(this.#flights.list()), graceMs);
    await this.#pumping;
    await Promise.all(this.#flights.list().map(({ landed }) => landed));
    clearTimeout(grace);
  }

  async #end(flights: readonly Flight[]): Promise<void> {
    for (const { abort } of flights) abort.abort();
    if (this.#isStopped) this.#settlements.close();
    await Promise.all(flights.map(({ landed }) => landed));
  }

  async #fill(): Promise<void> {
    // What lands in the same turn makes room for one claim.
    await nextTurn();
    try {
      while (this.#again && !this.#isStopped) {
        this.#again = false;
        const room = this.#flights.room();
        // Whatever lands pumps again.
        if (room === undefined) return;
        await this.#claim(room);
      }
    } catch (error) {
      this.#around.onError(error);
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.pump(), RETRY_MS).unref();
    } finally {
      // In the turn in which the loop ended: whoever pumps from now on begins another.
      this.#pumping = undefined;
    }
  }

  async #claim(room: FlightRoom): Promise<void> {
    const { pushes, cancelled } = await this.#store.claim({ ...room, now: Date.now(), leaseMs: LEASE_MS });
    for (const [reason, times] of Object.entries(cancelled)) {
      this.#stats.count('cancelled', reason, times);
      this.#again = true;
    }
    for (const push of pushes) {
      this.#again = true;
      this.#begin(push);
      // To encrypt takes up to a millisecond of this thread: whatever else waits for it comes between.
      await nextTurn();
    }
  }

  #begin(push: ClaimedPush): void {
    // Its lease is over, though the attempt is not: one is enough.
    if (this.#flights.has(push.id)) return;
    const abort = new AbortController();
    const landed = this.#fly(push, abort)
      .catch(this.#around.onError)
      .then(() => {
        this.#flights.delete(push.id);
        this.#stats.inFlight = this.#flights.size;
        void this.pump();
      });
    this.#flights.add({ push, host: this.#channel.hostOf(push.device.endpoint), abort, landed });
    this.#stats.inFlight = this.#flights.size;
  }

  async #fly(push: ClaimedPush, abort: AbortController): Promise<void> {
    const outcome = await this.#attempt(push, abort);
    if (outcome.outcome === 'gone' && (await this.#around.remove(push))) return this.#stats.count('gone');
    const { settlement, counted } = settlementOf(push, outcome, this.#limits.maxAttempts, Date.now());
    this.#stats.count(counted, 'reason' in settlement ? settlement.reason : undefined);
    await this.#settlements.write(settlement);
    this.#wakeFor(settlement);
  }

  async #attempt(push: ClaimedPush, abort: AbortController): Promise<PushOutcome> {
    if (push.until <= Date.now()) return { outcome: 'refused', reason: 'too_late' };
    const person = personOfDevice(push.device, this.#around.access);
    if (person === undefined) return { outcome: 'refused', reason: 'token.revoked' };
    if (push.kind === 'show' && !mayRead(person, push.topic, push.entry.publishedAt))
      return { outcome: 'refused', reason: 'right.missing' };
    let isLate = false;
    const deadline = setTimeout(() => {
      isLate = true;
      abort.abort();
    }, MAX_ATTEMPT_MS);
    try {
      const unread = await this.#unread(person);
      const outcome = await this.#channel.deliver(push.device, messageOf(push, unread, Date.now()), abort.signal);
      return isLate && outcome.outcome === 'later' ? { outcome: 'later', reason: 'timeout' } : outcome;
    } catch (error) {
      // A bug, of this one push perhaps: it is tried again, so many times, and holds up no other.
      this.#around.onError(error);
      return { outcome: 'later', reason: 'error' };
    } finally {
      clearTimeout(deadline);
    }
  }

  /** A badge is not worth a notification. */
  async #unread(person: Person): Promise<number | undefined> {
    try {
      return await this.#around.unread(person);
    } catch (error) {
      this.#around.onError(error);
      return undefined;
    }
  }

  /** Another attempt; and what was sent may have been read meanwhile, and is to be taken back. */
  #wakeFor(settlement: PushSettlement): void {
    this.#around.wake(settlement.state === 'waiting' ? settlement.nextAt : settlement.at + TAKE_BACK_AFTER_MS);
  }
}
