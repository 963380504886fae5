import type { EventEmitter } from 'node:events';
import type { Principal } from '../principal.js';

/** What a seat tells the limits that gave it. */
export interface SeatGiver {
  /** @throws {DomainError} `rate.limited`; nothing is counted then. */
  seatUser(who: Principal): string | undefined;
  unseat(address: string | undefined, user: string | undefined): void;
}

/** One connection that is counted, until it leaves. */
export class Seat {
  readonly #giver: SeatGiver;
  readonly #address: string | undefined;
  #user: string | undefined;
  #isLeft = false;

  /** @param address by what it was counted; undefined: it was not. */
  constructor(giver: SeatGiver, address: string | undefined) {
    this.#giver = giver;
    this.#address = address;
  }

  /**
   * Counts it as this user's too, once that is known.
   * @throws {DomainError} `rate.limited` when the user has as many as they may; the seat is still to be left.
   */
  take(who: Principal): void {
    if (!this.#isLeft && this.#user === undefined) this.#user = this.#giver.seatUser(who);
  }

  /** Idempotent. */
  leave(): void {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#giver.unseat(this.#address, this.#user);
  }

  /** Leaves when the connection closes. */
  leaveWith(connection: EventEmitter): void {
    connection.on('close', () => this.leave());
  }
}
