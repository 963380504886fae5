import type { BusMessage, EventBus } from '#clarion/event-bus';
import type { PushAlarm } from './push-alarm.js';
import type { PushOutbox } from './push-outbox.js';
import type { PushPlanner } from './push-planner.js';
import type { PushStats } from './push-stats.js';
import { TAKE_BACK_AFTER_MS, type PushStore } from './push-store.js';

/** Whatever was not heard of is found so much later at most. Milliseconds. */
const SAFETY_MS = 30_000;
/** What waits is counted again at most so often. Milliseconds. */
const COUNT_EVERY_MS = 5_000;
/** After the store failed: the first pause, doubled each time, and the longest. Milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** What is under way when the server ends may take so long, within the time that draining has. Milliseconds. */
const GRACE_MS = 4_000;

export type LoopStore = Pick<PushStore, 'nextAt' | 'releaseAll' | 'waiting'>;

/**
 * Does what is due when it is due. It sleeps until the next moment that the store knows of, or is woken for an earlier one: by a publish, by a mark
 * or a retraction, by what came of a push. Where nobody has a device that is one question to the store each time, and one every 30 s.
 */
export class PushLoop {
  readonly #store: LoopStore;
  readonly #planner: PushPlanner;
  readonly #outbox: PushOutbox;
  readonly #alarm: PushAlarm;
  readonly #bus: Pick<EventBus, 'subscribe'>;
  readonly #stats: PushStats;
  readonly #onError: (error: unknown) => void;
  #unsubscribe: () => void = () => undefined;
  #turning: Promise<void> | undefined;
  #again = false;
  #failures = 0;
  #countedAt = 0;
  #stopped: Promise<void> | undefined;

  constructor(
    store: LoopStore,
    planner: PushPlanner,
    outbox: PushOutbox,
    alarm: PushAlarm,
    bus: Pick<EventBus, 'subscribe'>,
    stats: PushStats,
    onError: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#planner = planner;
    this.#outbox = outbox;
    this.#alarm = alarm;
    this.#bus = bus;
    this.#stats = stats;
    this.#onError = onError;
  }

  /** What an earlier process had claimed is free again: this is the only one. */
  async start(): Promise<void> {
    await this.#store.releaseAll();
    this.#unsubscribe = this.#bus.subscribe((message) => this.#hear(message));
    this.#alarm.onRing(() => this.#wake());
    this.#alarm.set(Date.now());
  }

  /** Does all that is due by now; resolves when it is known, and written, what came of it. @throws what the store threw. */
  async run(): Promise<void> {
    await this.#planner.run();
    await this.#outbox.run();
  }

  /** What is under way to a person's devices is ended; resolves when it is written what came of it. */
  settle(user: string): Promise<void> {
    return this.#outbox.settle(user);
  }

  /** Begins nothing more; resolves when it is written what came of all that was begun. The store must be open until then. */
  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  async #end(): Promise<void> {
    this.#unsubscribe();
    this.#alarm.onRing(undefined);
    this.#planner.stop();
    await Promise.all([this.#outbox.stop(GRACE_MS), this.#turning]);
  }

  /** For notifications a comparison each. */
  #hear(message: BusMessage): void {
    if (message.kind !== 'committed') return;
    for (const { kind } of message.entries)
      if (kind !== undefined && kind !== 'updated') this.#alarm.set(Date.now() + TAKE_BACK_AFTER_MS);
  }

  #wake(): void {
    this.#again = true;
    this.#turning ??= this.#turnAll();
  }

  async #turnAll(): Promise<void> {
    await Promise.resolve();
    while (this.#again && this.#stopped === undefined) {
      this.#again = false;
      await this.#turn();
    }
    this.#turning = undefined;
  }

  async #turn(): Promise<void> {
    const from = Date.now();
    let next = from + SAFETY_MS;
    try {
      next = Math.min(await this.#work(from), next);
      await this.#count(from);
      this.#failures = 0;
    } catch (error) {
      this.#onError(error);
      next = from + Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, MAX_PAUSE_MS);
    }
    this.#alarm.set(next);
  }

  /** @returns when there is more to do. */
  async #work(now: number): Promise<number> {
    const first = (await this.#store.nextAt(-1)) ?? Infinity;
    if (first > now) return first;
    await this.#planner.run(() => void this.#outbox.pump());
    await this.#outbox.pump();
    // What waits since before now waits for room, and whatever lands makes some.
    return (await this.#store.nextAt(now)) ?? Infinity;
  }

  async #count(now: number): Promise<void> {
    if (Math.abs(now - this.#countedAt) < COUNT_EVERY_MS) return;
    this.#countedAt = now;
    this.#stats.waiting = await this.#store.waiting();
  }
}
