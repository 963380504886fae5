import type { Amendment, Keeper } from './amendment.js';

/** Tells everybody who keeps events of what becomes of them. */
export class Amendments {
  readonly #keepers = new Set<Keeper>();

  add(keeper: Keeper): void {
    this.#keepers.add(keeper);
  }

  /** Idempotent. */
  delete(keeper: Keeper): void {
    this.#keepers.delete(keeper);
  }

  /** @param amendment undefined: there is none. */
  tell(amendment: Amendment | undefined): void {
    if (amendment === undefined) return;
    for (const keeper of this.#keepers) keeper.amend(amendment);
  }
}
