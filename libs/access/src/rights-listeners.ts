/** Credentials that are not good any more: a key, or all tokens of a person that were issued at or before `before` (ms since 1970). */
export type RightsChange =
  | { readonly kind: 'key'; readonly id: string }
  | { readonly kind: 'user'; readonly sub: string; readonly before: number };

export type RightsListener = (change: RightsChange) => void;

/** Those who keep connections open for others, and must know when they may no longer. */
export class RightsListeners {
  readonly #listeners = new Set<RightsListener>();

  /** @returns what ends it. */
  add(listener: RightsListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Every listener hears of it, also when one before it throws; then this throws what the first one threw. */
  tell(change: RightsChange): void {
    const failures: unknown[] = [];
    for (const listener of this.#listeners) {
      try {
        listener(change);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
