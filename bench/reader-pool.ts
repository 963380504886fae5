import { monotonicMicros } from './clock.js';
import { DeliveryCheck } from './delivery-check.js';
import { Histogram } from './histogram.js';
import type { ReaderTarget, ReadReport } from './messages.js';
import type { Reader, ReaderEvents } from './reader.js';
import { openSocketIoReader } from './socketio-reader.js';
import { openSseReader } from './sse-reader.js';

/** Handshakes at a time: below the backlog of a listening socket (511). */
const HANDSHAKES_AT_ONCE = 50;
/** Faults that are told; with a thousand readers they repeat. */
const MAX_FAULTS = 5;

/** Readers of one target, and what they get during a run. */
export class ReaderPool {
  readonly #readers: Reader[] = [];
  readonly #checks: DeliveryCheck[] = [];
  readonly #latency = new Histogram();
  readonly #lost: string[] = [];
  #now = 0;
  /** Whether a reader is lost or has got something wrong: the run can no longer become valid. */
  #hasFailed = false;
  #deliveries = 0;
  #expected = Infinity;
  #cpuAtBegin = process.cpuUsage();
  #onComplete: () => void = () => undefined;

  /** Connects `count` readers more; resolves when all of them certainly hear what is published from now on. */
  async open(target: ReaderTarget, count: number): Promise<void> {
    let left = count;
    const openSome = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        await this.#openOne(target);
      }
    };
    await Promise.all(Array.from({ length: Math.min(HANDSHAKES_AT_ONCE, count) }, openSome));
  }

  async #openOne(target: ReaderTarget): Promise<void> {
    const check = new DeliveryCheck(0);
    const events: ReaderEvents = {
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
    const reader =
      target.transport === 'sse' ? await openSseReader(target, events) : await openSocketIoReader(target, events);
    this.#readers.push(reader);
    this.#checks.push(check);
  }

  /**
   * Begins a run: forgets the one before, and expects every lane from its first message.
   * @throws {Error} when something came after the last run was over.
   */
  begin(lanes: number): void {
    if (this.#deliveries > this.#expected) throw new Error('messages were delivered after all had been: repeats');
    for (const check of this.#checks) check.reset(lanes);
    this.#latency.reset();
    this.#deliveries = 0;
    this.#expected = Infinity;
    this.#cpuAtBegin = process.cpuUsage();
  }

  /** Waits until every reader has all that was sent, or one has failed, or the time is over, and judges. */
  async finish(sent: readonly number[], timeoutMs: number): Promise<ReadReport> {
    this.#expected = sent.reduce((sum, count) => sum + count, 0) * this.#readers.length;
    await this.#completed(timeoutMs);
    const cpu = process.cpuUsage(this.#cpuAtBegin);
    return {
      deliveries: this.#deliveries,
      faults: this.#faults(sent),
      orderHash: this.#checks[0]?.orderHash ?? 0,
      lastAtMicros: this.#now,
      latency: this.#latency.toData(),
      cpuMicros: cpu.user + cpu.system,
    };
  }

  close(): void {
    for (const reader of this.#readers.splice(0)) reader.close();
    this.#checks.length = 0;
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
    const verdicts = this.#checks.map((check) => check.verdict(sent)).filter((verdict) => verdict !== null);
    const first = this.#checks[0]?.orderHash;
    const differing = this.#checks.filter((check) => check.orderHash !== first).length;
    return [
      ...tally(this.#lost),
      ...tally(verdicts),
      ...(differing > 0 && verdicts.length === 0 ? [`${differing} readers got another order than the first`] : []),
    ].slice(0, MAX_FAULTS);
  }
}

function tally(texts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => `${text} (${count} readers)`);
}
