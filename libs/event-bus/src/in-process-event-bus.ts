import type { BusListener, BusMessage, EventBus } from './event-bus.js';

/** The bus of a single process: plain calls, in order, nothing lost. `publish` resolves when every subscriber has had the message. */
export class InProcessEventBus implements EventBus {
  readonly #listeners = new Set<BusListener>();
  /** Published by a listener that is being called: its turn comes after the message of that call. */
  readonly #waiting: BusMessage[] = [];
  #delivering = false;

  async publish(message: BusMessage): Promise<void> {
    this.#waiting.push(message);
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#deliver(next);
    } finally {
      this.#delivering = false;
    }
  }

  subscribe(listener: BusListener): () => void {
    const own: BusListener = (message) => listener(message);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  /** To those who subscribed before it was published and have not unsubscribed meanwhile. */
  #deliver(message: BusMessage): void {
    for (const listener of [...this.#listeners]) if (this.#listeners.has(listener)) listener(message);
  }
}
