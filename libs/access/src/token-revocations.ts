import type { TokenRevocation } from './access-store.js';

/** Whose tokens were voided, and until when they had been issued. In memory; grows by one entry for each person ever disconnected. */
export class TokenRevocations {
  readonly #before = new Map<string, number>();

  /** From now on tokens of this subject that were issued at or before `before` are void. An earlier, further-reaching word stays. */
  set({ sub, before }: TokenRevocation): void {
    this.#before.set(sub, Math.max(before, this.#before.get(sub) ?? 0));
  }

  /** The first moment at or after `atMs` at which a token may be issued to this subject and be good. */
  firstGood(sub: string, atMs: number): number {
    return Math.max(atMs, (this.#before.get(sub) ?? -Infinity) + 1);
  }

  /** @param issuedAtMs milliseconds since 1970; undefined: the token does not say, and is void as soon as any token of the subject is. */
  isVoid(sub: string, issuedAtMs: number | undefined): boolean {
    const before = this.#before.get(sub);
    return before !== undefined && (issuedAtMs === undefined || issuedAtMs <= before);
  }
}
