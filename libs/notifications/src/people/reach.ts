/** The token by which whoever keeps connections provides {@link Reach}. */
export const REACH = Symbol('Reach');

/** A connection of a person that is open now. */
export interface OpenReach {
  readonly transport: string;
  readonly device: string | undefined;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Everything that concerns it up to this offset was given to its connection. */
  readonly through: number;
  /** Events between that and the newest. */
  readonly lag: number;
  /** Whether what is ephemeral comes by it, too. */
  readonly hearsEphemeral: boolean;
  /**
   * After which offset it reads what was published to the topic at that time, by whichever selector is there longest; Infinity: none matches, or
   * its rights do not go back so far.
   */
  readsAfter(topic: string, publishedAt: number): number;
  /** Whether its token grants that. */
  mayRead(topic: string, publishedAt: number): boolean;
}

/** The last connection of a person that was closed on this node, since it began. */
export interface LastReach {
  readonly transport: string;
  readonly at: number;
  /** As the wire's `bye` names it; `gone` when the client went away. */
  readonly reason: string;
}

/** Who can be reached now. */
export interface Reach {
  /** Of those who have some, in one look at all connections. */
  connectionsOf(users: readonly string[]): Promise<ReadonlyMap<string, readonly OpenReach[]>>;
  /** Undefined: none was, as far as is remembered. */
  lastOf(user: string): LastReach | undefined;
  /** How many connections read the topic, by its name or by a wildcard. */
  readers(topic: string): number;
}

/** Where nobody keeps connections. */
export const NOBODY_REACHED: Reach = {
  connectionsOf: async () => new Map(),
  lastOf: () => undefined,
  readers: () => 0,
};
