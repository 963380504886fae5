/** How long after an erasure somebody may still be asked for by what was known of them before. Milliseconds. */
const ENDING_MS = 10_000;
const MAX_ERASED = 10_000;

interface Erasure {
  readonly offset: number;
  readonly at: number;
}

/** Whom the writer has erased: what a reader counted of them before, or counts of what they were, must not be written after. */
export class ErasedPeople {
  /** The latest comes last. */
  readonly #erasures = new Map<string, Erasure>();

  /** @param offset of the entry that tells it. */
  add(user: string, offset: number): void {
    this.#erasures.delete(user);
    this.#erasures.set(user, { offset, at: Date.now() });
    if (this.#erasures.size > MAX_ERASED) this.#erasures.delete(this.#erasures.keys().next().value!);
  }

  /** Whether what was counted of this person when the log ended at `head` is of somebody who is gone. */
  has(user: string, head: number): boolean {
    const erasure = this.#erasures.get(user);
    return erasure !== undefined && (head < erasure.offset || Date.now() < erasure.at + ENDING_MS);
  }
}
