/** Which of the readers, by a number of the caller's choice. */
export type Reader = number;

/** What is known against one reader, from the worst of its comparisons with the others. */
export interface Faults {
  readonly reader: Reader;
  /** Shown by another and not yet by this one. */
  readonly lacking: number;
  readonly missing: number;
  readonly repeated: number;
  /** Shown after something that comes later in the log. */
  readonly misplaced: number;
}

/**
 * `nothing`: no notification yet. `complete`: all have shown the same, in the same order, and all that was acknowledged.
 * `behind`: so far the same, but one still lacks what another has, or something acknowledged has not come.
 * `broken`: what was shown cannot be readings of one log. `void`: no longer comparable, `reason` says why.
 */
export interface Verdict {
  readonly state: 'nothing' | 'complete' | 'behind' | 'broken' | 'void';
  /** Notifications that all have shown. */
  readonly matched: number;
  readonly faults: readonly Faults[];
  /** Acknowledged to the publisher and not yet shown by all. */
  readonly owed: number;
  readonly acknowledged: number;
  readonly reason?: string;
}

/**
 * Judges whether all readers of one log have shown the same, by ids alone: each is compared with each. Repeats are found among a
 * reader's last 20,000 ids; readers more than 10,000 notifications apart are no longer compared.
 */
export class Judge {
  /** This reader is judged from now on; it is to begin where the others began. */
  enter(reader: Reader): void;
  /** What this reader has shown is forgotten. */
  leave(reader: Reader): void;
  shown(reader: Reader, id: string): void;
  /** The server has promised that this notification, which all readers want, is not lost. */
  acknowledged(id: string): void;
  /** It was taken back: who comes later does not get it any more, and need not. */
  withdrawn(id: string): void;
  /** Gives up comparing: the server has announced a gap, say. The first reason stays. */
  giveUp(reason: string): void;
  verdict(): Verdict;
}
