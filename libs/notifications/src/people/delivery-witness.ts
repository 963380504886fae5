/** The token by which whoever delivers finds a {@link DeliveryWitness}. */
export const DELIVERY_WITNESS = Symbol('DeliveryWitness');

/** By what a notification went to somebody. */
export interface Via {
  readonly transport: string;
  /** The client's own name of its device; null: it has none. */
  readonly device: string | null;
}

/** A stored notification that names the person. */
export interface PersonalNotification {
  readonly offset: number;
  readonly topics: readonly string[];
}

/**
 * Told by whoever delivers. Nothing of it may cost the way of a notification anything but a call: what is heard is gathered, and written later; it may
 * be lost in a crash.
 */
export interface DeliveryWitness {
  /** These were given to a connection of the person, whom they name; in log order. */
  sent(user: string, notifications: readonly PersonalNotification[], via: Via): void;
  /**
   * The person's client has come back with a cursor at this offset: what that device was sent before is received.
   * @param reads whether it reads a topic: of what came by others this cursor tells nothing.
   */
  cameBack(user: string, through: number, via: Via, reads: (topic: string) => boolean): void;
  /** It was offered to so many connections by topics that are nobody's own. */
  offered(offset: number, connections: number): void;
}
