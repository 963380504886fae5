/** The token by which a {@link DeliveryWitness} is provided to the whole application; without one nothing is noted. */
export const DELIVERY_WITNESS = Symbol('DeliveryWitness');

/** By what a notification went to somebody. */
export interface Via {
  readonly transport: string;
  /** The client's own name of its device; null: it has none. */
  readonly device: string | null;
}

/**
 * Told by whoever delivers. Nothing of it may cost the way of a notification anything but a call: what is heard is gathered, and written later; it may
 * be lost in a crash.
 */
export interface DeliveryWitness {
  /** These were given to a connection of the person by their own topic; in log order. */
  sent(user: string, offsets: readonly number[], via: Via): void;
  /** The person's client has come back with a cursor at this offset: all that was sent before is received. */
  cameBack(user: string, through: number, via: Via): void;
  /** It was offered to so many connections by topics that are nobody's own. */
  offered(offset: number, connections: number): void;
}

/** Of an application that keeps no receipts. */
export const NO_WITNESS: DeliveryWitness = Object.freeze({
  sent: () => undefined,
  cameBack: () => undefined,
  offered: () => undefined,
});
