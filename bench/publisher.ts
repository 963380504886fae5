import { monotonicMicros } from './clock.js';
import { Histogram } from './histogram.js';
import type { Load, PublishReport, PublishTarget } from './messages.js';
import { PublishConnection, type PublishListener } from './publish-connection.js';
import { PublishLane } from './publish-lane.js';

/** How long before a message is due the timer, which is only good to a millisecond or two, is left for a close watch. */
const WATCH_MS = 2;
/** At shorter intervals there is nothing but timers: watching all the time would take a core from the server. */
const MIN_WATCHED_INTERVAL_MS = 10;
/** How long the answers in flight may take once the time is over. */
const LAST_ANSWERS_MS = 20_000;

/**
 * Publishes one load and resolves when everything sent is answered.
 * @param stop ends the load before its time; what is due by then is still sent.
 * @throws {Error} when a publish is refused, a connection lost, or the last answers do not come.
 */
export async function publishLoad(target: PublishTarget, load: Load, stop?: AbortSignal): Promise<PublishReport> {
  const run = new PublishRun(target, load);
  stop?.addEventListener('abort', () => run.stop(), { once: true });
  try {
    return await run.report();
  } finally {
    run.close();
  }
}

class PublishRun {
  readonly #load: Load;
  readonly #lanes: PublishLane[];
  readonly #connections: PublishConnection[];
  readonly #lanesPerConnection: number;
  /** Taken in turn, so that none is idle until the server closes it (Node's default: after 5 s). */
  readonly #free: PublishLane[] = [];
  readonly #latency = new Histogram();
  #resolve: () => void = () => undefined;
  #reject: (reason: Error) => void = () => undefined;
  /** Scheduled times that found no free lane (open loop); at most rate × duration. */
  readonly #overdue: number[] = [];
  #inFlight = 0;
  #firstAt = 0;
  #lastAt = 0;
  #endAt = Infinity;
  #isOver = false;

  constructor(target: PublishTarget, load: Load) {
    this.#load = load;
    this.#lanesPerConnection = target.lanesPerConnection;
    const listener: PublishListener = {
      onAccepted: (lane) => this.#onAccepted(lane),
      onFailure: (reason) => this.#reject(new Error(reason)),
    };
    this.#lanes = Array.from({ length: load.lanes }, (_, index) => new PublishLane(index, target));
    this.#connections = Array.from(
      { length: Math.ceil(load.lanes / target.lanesPerConnection) },
      () => new PublishConnection(target, listener),
    );
  }

  async report(): Promise<PublishReport> {
    await this.#settled(
      (resolve) => void Promise.all(this.#connections.map((connection) => connection.connect())).then(resolve),
    );
    const cpuBefore = process.cpuUsage();
    await this.#settled(() => this.#start());
    const cpu = process.cpuUsage(cpuBefore);
    return {
      sent: this.#lanes.map((lane) => lane.accepted),
      firstAtMicros: this.#firstAt,
      lastAtMicros: this.#lastAt,
      latency: this.#latency.toData(),
      cpuMicros: cpu.user + cpu.system,
    };
  }

  /** Begins a step, and waits until it resolves or anything fails. */
  #settled(begin: (resolve: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      begin(resolve);
    });
  }

  /** Nothing is due from now on. */
  stop(): void {
    this.#endAt = monotonicMicros();
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #start(): void {
    this.#firstAt = monotonicMicros();
    this.#endAt = Math.min(this.#endAt, this.#firstAt + this.#load.durationMs * 1_000);
    if (this.#load.kind === 'closed') for (const lane of this.#lanes) this.#send(lane, monotonicMicros());
    else {
      this.#free.push(...this.#lanes);
      this.#schedule(this.#firstAt, 1_000_000 / this.#load.perSecond);
    }
  }

  /** Sends what is due, and waits for the next due time. */
  #schedule(dueAt: number, intervalMicros: number): void {
    let due = dueAt;
    for (const now = monotonicMicros(); due <= now && due < this.#endAt; due += intervalMicros)
      this.#sendDue(Math.floor(due));
    if (due >= this.#endAt) return this.#over();
    const restMs = (due - monotonicMicros()) / 1_000;
    const again = (): void => this.#schedule(due, intervalMicros);
    const watchMs = intervalMicros < MIN_WATCHED_INTERVAL_MS * 1_000 ? 0 : WATCH_MS;
    if (restMs > watchMs) setTimeout(again, restMs - watchMs);
    else setImmediate(again);
  }

  #sendDue(scheduledMicros: number): void {
    const lane = this.#free.shift();
    if (lane === undefined) this.#overdue.push(scheduledMicros);
    else this.#send(lane, scheduledMicros);
  }

  #send(lane: PublishLane, scheduledMicros: number): void {
    this.#inFlight += 1;
    this.#connections[Math.floor(lane.index / this.#lanesPerConnection)]?.send(lane, scheduledMicros);
  }

  #onAccepted(lane: PublishLane): void {
    const now = monotonicMicros();
    this.#latency.record(now - lane.scheduledMicros);
    this.#lastAt = now;
    this.#inFlight -= 1;
    if (this.#load.kind === 'closed') this.#continueLane(lane, now);
    else this.#releaseLane(lane);
    if (this.#isOver && this.#inFlight === 0) this.#resolve();
  }

  #continueLane(lane: PublishLane, now: number): void {
    if (now < this.#endAt) this.#send(lane, now);
    else if (!this.#isOver) this.#over();
  }

  #releaseLane(lane: PublishLane): void {
    const overdue = this.#overdue.shift();
    if (overdue === undefined) this.#free.push(lane);
    else this.#send(lane, overdue);
  }

  #over(): void {
    this.#isOver = true;
    if (this.#inFlight === 0) this.#resolve();
    else setTimeout(() => this.#reject(new Error('the last publishes were not answered')), LAST_ANSWERS_MS).unref();
  }
}
