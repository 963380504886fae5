import type { NotificationLog } from './notification-log.js';
import type { RetentionPolicy } from './store.js';

/** Applies the retention policy on a timer; one run at a time. */
export class Retention {
  readonly #log: NotificationLog;
  readonly #policy: RetentionPolicy;
  readonly #onError: (error: unknown) => void;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(log: NotificationLog, policy: RetentionPolicy, intervalMs: number, onError: (error: unknown) => void) {
    this.#log = log;
    this.#policy = policy;
    this.#intervalMs = intervalMs;
    this.#onError = onError;
  }

  start(): void {
    this.#timer = setInterval(() => (this.#running ??= this.#run()), this.#intervalMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#log.prune(this.#policy, Date.now());
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#running = undefined;
    }
  }
}
