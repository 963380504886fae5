import type { RetentionPolicy } from '#clarion/notifications';
import type { RemoteWorker } from './remote-worker.js';
import type { OverfullTopic } from './retention-planner.js';
import type { ReaderCalls, WriterCalls } from './store-workers.js';

/**
 * Applies a retention policy step by step: a reader finds what may go, the writer removes it in short transactions, and appends take
 * their turns between them. It can end after any step; the next run goes on from what is then kept.
 */
export class Pruning {
  readonly #reader: RemoteWorker<ReaderCalls>;
  readonly #writer: RemoteWorker<WriterCalls>;
  readonly #signal: AbortSignal;

  constructor(reader: RemoteWorker<ReaderCalls>, writer: RemoteWorker<WriterCalls>, signal: AbortSignal) {
    this.#reader = reader;
    this.#writer = writer;
    this.#signal = signal;
  }

  /** @returns the floor afterwards. @throws the signal's reason, between two steps. */
  async run(policy: RetentionPolicy, now: number): Promise<number> {
    const floor = await this.#raiseFloor(policy, now);
    await this.#dropUnlisted(floor, now);
    await this.#dropExpired(floor, now - policy.historyMaxAgeMs);
    await this.#trimTopics(floor, policy.historyMaxPerTopic);
    while (await this.#step(this.#writer.call('dropOrphans', null)));
    while (await this.#step(this.#writer.call('dropEmptyIntervals', null)));
    while (await this.#step(this.#writer.call('dropRemembered', null)));
    await this.#dropClaims(now);
    await this.#step(this.#writer.call('dropEpochs', null));
    await this.#step(this.#writer.call('emptyWal', null));
    return floor;
  }

  async #raiseFloor(policy: RetentionPolicy, now: number): Promise<number> {
    const before = await this.#reader.call('bounds', null);
    let plan = { floor: before.floor, more: true };
    while (plan.more) plan = await this.#step(this.#reader.call('planFloor', { policy, now, floor: plan.floor }));
    if (plan.floor > before.floor) await this.#step(this.#writer.call('raiseFloor', plan.floor));
    return plan.floor;
  }

  async #dropUnlisted(floor: number, now: number): Promise<void> {
    let offsets = await this.#step(this.#reader.call('planUnlisted', { floor, now }));
    while (offsets.length > 0) {
      await this.#step(this.#writer.call('dropEntries', offsets));
      offsets = await this.#step(this.#reader.call('planUnlisted', { floor, now }));
    }
  }

  async #dropExpired(floor: number, publishedBefore: number): Promise<void> {
    let after: number | null = 0;
    while (after !== null) {
      const plan: ReaderCalls['planExpired']['result'] = await this.#step(
        this.#reader.call('planExpired', { after, floor, publishedBefore }),
      );
      if (plan.offsets.length > 0) await this.#step(this.#writer.call('dropEntries', plan.offsets));
      after = plan.next;
    }
  }

  async #trimTopics(floor: number, maxPerTopic: number): Promise<void> {
    let from: string | null = floor > 0 ? '' : null;
    while (from !== null) {
      const plan: ReaderCalls['planOverfull']['result'] = await this.#step(
        this.#reader.call('planOverfull', { from, floor, maxPerTopic }),
      );
      for (const topic of plan.topics) await this.#trim(topic);
      from = plan.next;
    }
  }

  async #trim(topic: OverfullTopic): Promise<void> {
    while (await this.#step(this.#writer.call('trimTopic', topic)));
  }

  async #dropClaims(now: number): Promise<void> {
    while (await this.#step(this.#writer.call('dropClaims', now)));
  }

  async #step<T>(step: Promise<T>): Promise<T> {
    const result = await step;
    this.#signal.throwIfAborted();
    return result;
  }
}
