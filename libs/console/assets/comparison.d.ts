/** Which of the two readers, by its place. */
export type Reader = 0 | 1;

/**
 * `nothing`: no notification yet. `complete`: both have shown the same, in the same order, and all that was acknowledged.
 * `behind`: so far the same, but one still lacks what the other has, or something acknowledged has not come.
 * `broken`: what was shown cannot be two readings of one log. `void`: no longer comparable, `reason` says why.
 */
export interface Verdict {
  readonly state: 'nothing' | 'complete' | 'behind' | 'broken' | 'void';
  /** Notifications that both have shown. */
  readonly matched: number;
  /** For each reader, what the other has shown and it has not yet. */
  readonly lacking: readonly [number, number];
  readonly missing: readonly [number, number];
  readonly repeated: readonly [number, number];
  /** Shown after something that comes later in the log. */
  readonly misplaced: readonly [number, number];
  /** Acknowledged to the publisher and not yet shown by both. */
  readonly owed: number;
  readonly acknowledged: number;
  readonly reason?: string;
}

/**
 * Holds what two readers of one log have shown against each other, by ids alone. O(1) for each id while they agree. Repeats are
 * found among a reader's last 20,000 ids; readers more than 10,000 notifications apart are no longer compared.
 */
export class Comparison {
  shown(reader: Reader, id: string): void;
  /** The server has promised that this notification, which both readers want, is not lost. */
  acknowledged(id: string): void;
  /** Gives up comparing: the server has announced a gap, say. The first reason stays. */
  giveUp(reason: string): void;
  verdict(): Verdict;
}
