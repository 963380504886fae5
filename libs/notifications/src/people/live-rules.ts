import type { Cause } from '#clarion/protocol';

/** The token by which {@link LiveRules} are provided to the whole application; without them nothing is withheld. */
export const LIVE_RULES = Symbol('LiveRules');

/** What people do not want to hear now, for whoever delivers: kept in memory while they are connected, so that it is decided without waiting. */
export interface LiveRules {
  /**
   * Keeps this person's rules in memory, once more for each call, until as many of {@link release}; also if it fails.
   * @returns undefined when they are there already; else a promise until they are.
   */
  hold(user: string): Promise<void> | undefined;
  release(user: string): void;
  /** The person has chosen anew: what is held is read again. Costs nothing for those who are not held. */
  changed(user: string): void;
  /**
   * Why this person does not hear the event, seen by `topic`, now; undefined: they do.
   * Precondition: the person is held, and the promise has resolved.
   * @param now milliseconds since 1970.
   */
  withheld(
    user: string,
    event: { readonly category?: string; readonly urgent?: true },
    topic: string,
    now: number,
  ): Cause | undefined;
  /** Whether {@link withheld} may name a cause for what has no category. A look-up: ask anew when {@link revision} has grown. */
  mayWithhold(user: string): boolean;
  /** Grows whenever {@link mayWithhold} may say something else than before of somebody. */
  readonly revision: number;
}

/** Of an application whose people have no preferences. */
export const NO_RULES: LiveRules = Object.freeze({
  hold: () => undefined,
  release: () => undefined,
  changed: () => undefined,
  withheld: () => undefined,
  mayWithhold: () => false,
  revision: 0,
});
