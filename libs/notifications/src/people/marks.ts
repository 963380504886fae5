/** What a person has said of a notification, in one state. Times are milliseconds since 1970. */
export interface MarkValue {
  /** When it was said, by the clock of the device; never later than when it came. */
  readonly at: number;
  /** Whether the mark was taken back. */
  readonly undone: boolean;
  /** Of `snoozed`: when it comes back. Null in other states, and when undone. */
  readonly until: number | null;
}

/** A mark on all notifications up to an offset. */
export interface RangeMark extends MarkValue {
  readonly upTo: number;
  /** Only those that came by this topic; null: all. */
  readonly topic: string | null;
}

/**
 * Whether the first counts rather than the second: the latest does; of two at one time the mark rather than its undoing, and of two snoozes the
 * longer. A total order but for equals: marks may arrive in any order, and again.
 */
export function beats(one: MarkValue, other: MarkValue): boolean {
  if (one.at !== other.at) return one.at > other.at;
  if (one.undone !== other.undone) return other.undone;
  return (one.until ?? 0) > (other.until ?? 0);
}

/** What counts of all that was said; undefined: nothing was. */
export function latest(values: Iterable<MarkValue>): MarkValue | undefined {
  let best: MarkValue | undefined;
  for (const value of values) if (best === undefined || beats(value, best)) best = value;
  return best;
}

/** Whether a range holds for a notification that came by these topics. */
export function reaches(
  { upTo, topic }: Pick<RangeMark, 'upTo' | 'topic'>,
  offset: number,
  topics: readonly string[],
): boolean {
  return offset <= upTo && (topic === null || topics.includes(topic));
}
