import { monotonicMicros } from './clock.js';
import { DeliveryCheck } from './delivery-check.js';
import { Histogram } from './histogram.js';
import { topicsOf } from './layout.js';
import type { ReaderTarget, ReadReport } from './messages.js';
import type { Reader, ReaderEvents } from './reader.js';
import { openNatsReader } from './nats-reader.js';
import { openSocketIoReader } from './socketio-reader.js';
import { openSseReader } from './sse-reader.js';
import { openWebSocketReader } from './websocket-reader.js';

/** Handshakes at a time: below the backlog of a listening socket (511). */
const HANDSHAKES_AT_ONCE = 50;
/** Faults that are told; with a thousand readers they repeat. */
const MAX_FAULTS = 5;

/** A reader, what it must get, and who must get the same. */
interface Member {
  readonly reader: Reader;
  readonly check: DeliveryCheck;
  /** All of a group must get their messages in the same order. */
  readonly group: string;
}

/** Readers of one target, and what they get during a run. */
export class ReaderPool {
  readonly #members: Member[] = [];
  readonly #latency = new Histogram();
  readonly #lost: string[] = [];
  #now = 0;
  /** Whether a reader is lost or has got something wrong: the run can no longer become valid. */
  #hasFailed = false;
  #deliveries = 0;
  #expected = Infinity;
  #cpuAtBegin = process.cpuUsage();
  #onComplete: () => void = () => undefined;

  /** Connects readers `first` to `first + count - 1`; resolves when all of them certainly hear what is published from now on. */
  async open(target: ReaderTarget, first: number, count: number): Promise<void> {
    let next = first;
    const openSome = async (): Promise<void> => {
      while (next < first + count) await this.#openOne(target, next++);
    };
    await Promise.all(Array.from({ length: Math.min(HANDSHAKES_AT_ONCE, count) }, openSome));
  }

  async #openOne(target: ReaderTarget, index: number): Promise<void> {
    const own = topicsOf(index, target.wants);
    const check = new DeliveryCheck(0, { topics: target.wants.topics, own });
    const reader = await openReader(target, index, this.#eventsOf(check));
    // Readers of the same topics; but NATS promises no order between publishers, so that there each reader stands for itself.
    const group = target.transport === 'nats' ? `reader ${index}` : own.join();
    this.#members.push({ reader, check, group });
  }

  #eventsOf(check: DeliveryCheck): ReaderEvents {
    return {
      onData: () => {
        this.#now = monotonicMicros();
      },
      onMark: (lane, sequence, scheduledMicros) => {
        check.accept(lane, sequence);
        this.#latency.record(this.#now - scheduledMicros);
        this.#deliveries += 1;
        if (check.fault !== null) this.#fail();
        else if (this.#deliveries === this.#expected) this.#onComplete();
      },
      onLost: (reason) => {
        this.#lost.push(reason);
        this.#fail();
      },
    };
  }

  /**
   * Begins a run: forgets the one before, and expects every lane from its first message.
   * @throws {Error} when something came after the last run was over.
   */
  begin(lanes: number): void {
    if (this.#deliveries > this.#expected) throw new Error('messages were delivered after all had been: repeats');
    for (const { check } of this.#members) check.reset(lanes);
    this.#latency.reset();
    this.#deliveries = 0;
    this.#expected = Infinity;
    this.#cpuAtBegin = process.cpuUsage();
  }

  /** Waits until every reader has all that was sent, or one has failed, or the time is over, and judges. */
  async finish(sent: readonly number[], timeoutMs: number): Promise<ReadReport> {
    this.#expected = this.#members.reduce((sum, { check }) => sum + check.expected(sent), 0);
    await this.#completed(timeoutMs);
    const cpu = process.cpuUsage(this.#cpuAtBegin);
    return {
      deliveries: this.#deliveries,
      faults: this.#faults(sent),
      orders: Object.fromEntries(this.#members.map(({ group, check }) => [group, check.orderHash])),
      lastAtMicros: this.#now,
      latency: this.#latency.toData(),
      cpuMicros: cpu.user + cpu.system,
    };
  }

  close(): void {
    for (const { reader } of this.#members.splice(0)) reader.close();
    this.#lost.length = 0;
    this.#hasFailed = false;
    this.#deliveries = 0;
    this.#expected = Infinity;
  }

  #fail(): void {
    this.#hasFailed = true;
    this.#onComplete();
  }

  #completed(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const patience = setTimeout(resolve, timeoutMs);
      this.#onComplete = () => {
        clearTimeout(patience);
        resolve();
      };
      if (this.#deliveries >= this.#expected || this.#hasFailed) this.#onComplete();
    });
  }

  #faults(sent: readonly number[]): string[] {
    const verdicts = this.#members.map(({ check }) => check.verdict(sent)).filter((verdict) => verdict !== null);
    const differing = this.#differing();
    return [
      ...tally(this.#lost),
      ...tally(verdicts),
      ...(differing > 0 && verdicts.length === 0
        ? [`${differing} readers got another order than others of the same topics`]
        : []),
    ].slice(0, MAX_FAULTS);
  }

  /** How many readers got another order than the first one of their group. */
  #differing(): number {
    const orders = new Map<string, number>();
    for (const { group, check } of this.#members) if (!orders.has(group)) orders.set(group, check.orderHash);
    return this.#members.filter(({ group, check }) => orders.get(group) !== check.orderHash).length;
  }
}

function openReader(target: ReaderTarget, index: number, events: ReaderEvents): Promise<Reader> {
  switch (target.transport) {
    case 'sse':
      return openSseReader(target, index, events);
    case 'websocket':
      return openWebSocketReader(target, index, events);
    case 'socketio':
      return openSocketIoReader(target, index, events);
    case 'nats':
      return openNatsReader(target, index, events);
  }
}

function tally(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => `${text} (${count} readers)`);
}
