import type { ClaimedPush, ClaimRequest } from './push-store.js';

/** A push that is under way. */
export interface Flight {
  readonly push: ClaimedPush;
  readonly host: string;
  readonly abort: AbortController;
  /** Resolves when what came of it is written, or was given up; never rejects. */
  readonly landed: Promise<void>;
}

/** How much of what may be claimed now. */
export type FlightRoom = Omit<ClaimRequest, 'now' | 'leaseMs'>;

/** What is under way: so many at once, so many for each host, one for each device. */
export class Flights {
  readonly #max: number;
  readonly #maxPerHost: number;
  readonly #flights = new Map<number, Flight>();
  readonly #perHost = new Map<string, number>();

  constructor(max: number, maxPerHost: number) {
    this.#max = max;
    this.#maxPerHost = maxPerHost;
  }

  get size(): number {
    return this.#flights.size;
  }

  has(id: number): boolean {
    return this.#flights.has(id);
  }

  add(flight: Flight): void {
    this.#flights.set(flight.push.id, flight);
    this.#perHost.set(flight.host, (this.#perHost.get(flight.host) ?? 0) + 1);
  }

  delete(id: number): void {
    const flight = this.#flights.get(id);
    if (flight === undefined) return;
    this.#flights.delete(id);
    const left = (this.#perHost.get(flight.host) ?? 0) - 1;
    if (left > 0) this.#perHost.set(flight.host, left);
    else this.#perHost.delete(flight.host);
  }

  list(): Flight[] {
    return [...this.#flights.values()];
  }

  of(user: string): Flight[] {
    return this.list().filter(({ push }) => push.device.user === user);
  }

  /** What may be claimed now; undefined: nothing. */
  room(): FlightRoom | undefined {
    const limit = this.#max - this.#flights.size;
    if (limit <= 0) return undefined;
    const left = [...this.#perHost].map(([host, count]) => [host, this.#maxPerHost - count] as const);
    return {
      limit,
      exceptDevices: this.list().map(({ push: { device } }) => ({ user: device.user, device: device.id })),
      exceptHosts: left.flatMap(([host, room]) => (room <= 0 ? [host] : [])),
      perHost: this.#maxPerHost,
      room: Object.fromEntries(left.filter(([, room]) => room > 0)),
    };
  }
}
