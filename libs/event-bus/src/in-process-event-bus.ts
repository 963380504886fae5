import type { BusListener, BusMessage, EventBus } from './event-bus.js';

/** The bus of a single process: plain calls, in order, nothing lost. */
export class InProcessEventBus implements EventBus {
  readonly #listeners = new Set<BusListener>();

  async publish(message: BusMessage): Promise<void> {
    for (const listener of this.#listeners) listener(message);
  }

  subscribe(listener: BusListener): () => void {
    const own: BusListener = (message) => listener(message);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }
}
