/** A stretch of the log, `(after, upTo]`. */
export interface OffsetRange {
  readonly after: number;
  readonly upTo: number;
}

/** The first `count` offsets of one topic in the range, ascending. */
export type TopicOffsets = (topic: string, range: OffsetRange, count: number) => number[];

/** What is known of one topic: everything up to `complete` was fetched, and `ahead` of it is not merged yet. */
interface Source {
  readonly topic: string;
  ahead: number[];
  complete: number;
  chunk: number;
}

const SMALLEST_CHUNK = 4;

/**
 * The first `limit` offsets at which any of the topics occurs, ascending, each once. Reads each topic's own index range in chunks that grow
 * only while that topic is dense: O(topics + limit) rows, however long the ranges are.
 */
export function mergeTopics(
  topics: readonly string[],
  range: OffsetRange,
  limit: number,
  fetch: TopicOffsets,
): number[] {
  const chunk = Math.min(limit, Math.max(SMALLEST_CHUNK, Math.ceil(limit / topics.length)));
  const sources = topics.map((topic): Source => ({ topic, ahead: [], complete: range.after, chunk }));
  const merged: number[] = [];
  let safe = range.after;
  while (merged.length < limit && safe < range.upTo) {
    for (const source of sources) refill(source, range.upTo, limit, fetch);
    safe = sources.reduce((lowest, { complete }) => Math.min(lowest, complete), range.upTo);
    merged.push(...takeUpTo(sources, safe));
  }
  return merged.slice(0, limit);
}

/** Afterwards the source has something ahead, or is complete to the end: that is why the merge always moves. */
function refill(source: Source, upTo: number, limit: number, fetch: TopicOffsets): void {
  if (source.ahead.length > 0 || source.complete >= upTo) return;
  source.ahead = fetch(source.topic, { after: source.complete, upTo }, source.chunk);
  source.complete = source.ahead.length < source.chunk ? upTo : (source.ahead.at(-1) ?? upTo);
  source.chunk = Math.min(limit, source.chunk * 2);
}

function takeUpTo(sources: readonly Source[], safe: number): number[] {
  const taken = new Set<number>();
  for (const source of sources) {
    const beyond = source.ahead.findIndex((offset) => offset > safe);
    const count = beyond === -1 ? source.ahead.length : beyond;
    for (const offset of source.ahead.splice(0, count)) taken.add(offset);
  }
  return [...taken].sort((a, b) => a - b);
}
