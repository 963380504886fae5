import type { Access, Principal, ReadGrant } from '#clarion/access';
import { DomainError, MAX_SELECTORS, type Selector } from '#clarion/protocol';
import type { Receiver } from './fan-out.js';
import type { InterestIndex } from './interest-index.js';
import { Interest } from './interest.js';

/** The selectors of one session: granted, known to the index as its own, and the same as its interest. */
export class SessionSelectors {
  readonly interest = new Interest();
  readonly #access: Access;
  readonly #index: InterestIndex<Receiver>;
  readonly #reader: Receiver;

  constructor(access: Access, index: InterestIndex<Receiver>, reader: Receiver) {
    this.#access = access;
    this.#index = index;
    this.#reader = reader;
  }

  /**
   * The rights to all of the selectors, with `users/me` resolved.
   * @throws {DomainError} when one is not granted, or when the session would have too many; nothing has changed then.
   */
  grants(who: Principal, selectors: readonly Selector[]): ReadGrant[] {
    const grants = selectors.map((selector) => this.#access.readGrant(who, selector));
    const added = new Set(grants.map(({ selector }) => selector).filter((selector) => !this.interest.has(selector)));
    if (this.interest.size + added.size > MAX_SELECTORS)
      throw new DomainError('body.invalid', undefined, [
        { pointer: '/topics', detail: `a session has at most ${MAX_SELECTORS} selectors` },
      ]);
    return grants;
  }

  add(grants: readonly ReadGrant[]): void {
    for (const grant of grants) {
      if (!this.interest.has(grant.selector)) this.#index.add(grant.selector, this.#reader);
      this.interest.add(grant);
    }
  }

  delete(selectors: readonly Selector[]): void {
    for (const selector of selectors) if (this.interest.delete(selector)) this.#index.delete(selector, this.#reader);
  }

  /** Takes over the rights of now; what is not granted any more is read no longer. */
  regrant(who: Principal): void {
    for (const selector of this.interest.selectors) {
      try {
        this.add([this.#access.readGrant(who, selector)]);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        this.delete([selector]);
      }
    }
  }

  clear(): void {
    this.delete(this.interest.selectors);
  }
}
