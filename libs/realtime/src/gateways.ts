import type { Gateway } from './gateway.js';

/** The gateways of this application, which register themselves. */
export class Gateways {
  readonly #gateways = new Map<string, Gateway>();

  /** @throws {Error} when the name is taken. */
  register(gateway: Gateway): void {
    if (this.#gateways.has(gateway.name)) throw new Error(`two gateways are called ${gateway.name}`);
    this.#gateways.set(gateway.name, gateway);
  }

  get names(): string[] {
    return [...this.#gateways.keys()];
  }

  /** Drains all at once; resolves when each has let go of its connections, or `signal` made it. */
  async drain(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#gateways.values()].map((gateway) => gateway.drain(signal)));
  }
}
