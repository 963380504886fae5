/** How long after an erasure somebody may still be asked for by what was known of them before. Milliseconds. */
const ENDING_MS = 10_000;
const MAX_ERASED = 10_000;

interface Erasure {
  readonly offset: number;
  readonly at: number;
  /** When nobody knows of before any more, by this thread's clock. */
  readonly overAt: number;
}

/** Whom the writer has erased: what was under way then must not be written after, be it what a reader has counted of them or what they have received. */
export class ErasedPeople {
  /** The latest comes last. */
  readonly #erasures = new Map<string, Erasure>();
  /** Whether the WAL may still have what was kept of somebody. An earlier process may have left it so. */
  mayBeInWal = true;

  /** @param offset of the entry that tells it. @param at until when what was asked for is of before. */
  add(user: string, offset: number, at: number): void {
    this.mayBeInWal = true;
    this.#erasures.delete(user);
    this.#erasures.set(user, { offset, at, overAt: Date.now() + ENDING_MS });
    if (this.#erasures.size > MAX_ERASED) this.#erasures.delete(this.#erasures.keys().next().value!);
  }

  /** Whether this person was erased at that time or later. Milliseconds since 1970. */
  hasSince(user: string, at: number): boolean {
    return at <= (this.#erasures.get(user)?.at ?? -Infinity);
  }

  /** Whether what was counted of this person when the log ended at `head` is of somebody who is gone. */
  has(user: string, head: number): boolean {
    const erasure = this.#erasures.get(user);
    return erasure !== undefined && (head < erasure.offset || Date.now() < erasure.overAt);
  }
}
