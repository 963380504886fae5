import type { Principal, ReadGrant } from '#clarion/access';
import { DomainError, type Selector } from '#clarion/protocol';
import { Interest } from './interest.js';
import type { SessionContext } from './session-context.js';
import type { Receiver } from './subscription.js';

type SelectorsContext = Pick<SessionContext, 'access' | 'index' | 'limits' | 'presence' | 'screen'>;

/** The selectors of one session: granted, known to the index as its own, and the same as its interest. */
export class SessionSelectors {
  readonly interest: Interest;
  readonly #context: SelectorsContext;

  /** @param user who reads, if it is a person. */
  constructor(context: SelectorsContext, reader: Receiver, user: string | undefined) {
    this.#context = context;
    this.interest = new Interest(reader, context.screen, user);
  }

  /**
   * The rights to all of the selectors, with `users/me` resolved.
   * @throws {DomainError} when one is not granted, or when the session would have too many; nothing has changed then.
   */
  grants(who: Principal, selectors: readonly Selector[]): ReadGrant[] {
    const grants = selectors.map((selector) => this.#context.access.readGrant(who, selector));
    const added = new Set(grants.map(({ selector }) => selector).filter((selector) => !this.interest.has(selector)));
    assertFew(this.interest.size + added.size, this.#context.limits.maxSelectors);
    return grants;
  }

  /** @param after where the session is; 0: it has not begun. */
  add(grants: readonly ReadGrant[], after = 0): void {
    for (const grant of grants) {
      const added = this.interest.add(grant, after);
      if (added === undefined) continue;
      this.#context.index.add(added);
      this.#context.presence.entered(added);
    }
  }

  delete(selectors: readonly Selector[]): void {
    for (const selector of selectors) {
      const gone = this.interest.delete(selector);
      if (gone === undefined) continue;
      this.#context.index.delete(gone);
      this.#context.presence.left(gone);
    }
  }

  /** Takes over the rights of now; what is not granted any more is read no longer. */
  regrant(who: Principal): void {
    for (const selector of this.interest.selectors) {
      try {
        this.add([this.#context.access.readGrant(who, selector)]);
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

/** @throws {DomainError} `body.invalid` when a reader would have more selectors than it may. */
export function assertFew(selectors: number, most: number): void {
  if (selectors > most)
    throw new DomainError('body.invalid', undefined, [
      { pointer: '/topics', detail: `a session has at most ${most} selectors` },
    ]);
}
