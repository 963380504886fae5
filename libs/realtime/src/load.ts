import { randomInt } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { CloseReason } from './gateway.js';

export interface LoadMarks {
  /** Open streams from which on new ones are asked to poll; 0: no such mark. */
  readonly connections: number;
  /** Delay of the event loop, 99th percentile of the last second, from which on new streams are asked to poll; 0: no such mark. Milliseconds. */
  readonly delayMs: number;
  /** When they may try again; doubled at random. Milliseconds. */
  readonly retryMs: number;
}

const CHECK_MS = 1_000;
/** The load must fall this far below a mark before streams are welcome again, so that they do not come and go. */
const RELIEF = 0.8;

/** Knows whether this node has more load than its marks allow, and what clients are told then. */
export class Load {
  readonly #marks: LoadMarks;
  readonly #connections: () => number;
  readonly #delay = monitorEventLoopDelay({ resolution: 10 });
  #timer: NodeJS.Timeout | undefined;
  #high = false;
  #delayMs = 0;

  /** @param connections how many streams are open. */
  constructor(marks: LoadMarks, connections: () => number) {
    this.#marks = marks;
    this.#connections = connections;
  }

  /** @param onHigh called each second while the load is too high. */
  start(onHigh: () => void): void {
    const { connections, delayMs } = this.#marks;
    if (connections === 0 && delayMs === 0) return;
    if (delayMs > 0) this.#delay.enable();
    this.#timer = setInterval(() => {
      this.#measure();
      if (this.isHigh()) onHigh();
    }, CHECK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }

  /** Whether streams should step down. A mark that was crossed holds until the load is a fifth below it. */
  isHigh(): boolean {
    const share = this.#high ? RELIEF : 1;
    const { connections, delayMs } = this.#marks;
    this.#high =
      (connections > 0 && this.#connections() > connections * share) ||
      (delayMs > 0 && this.#delayMs > delayMs * share);
    return this.#high;
  }

  /** What a client is told that should step down. */
  reason(): CloseReason {
    const { retryMs } = this.#marks;
    return { name: 'overloaded', retryAfterMs: retryMs + randomInt(retryMs + 1), use: 'polling' };
  }

  #measure(): void {
    this.#delayMs = this.#delay.percentile(99) / 1e6;
    this.#delay.reset();
  }
}
