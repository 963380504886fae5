import type { Segment } from './inbox-plan.js';

/** The end of what is open, as nearly all is that people follow. */
const OPEN_END = Number.MAX_SAFE_INTEGER;

/**
 * Stretches of topics as one value of a query, which {@link SEGMENT_COLUMNS} takes apart: an object with the start of each by its topic, which for hundreds of
 * topics costs less than anything that must be parsed; a text of both where a stretch ends before all others. A topic may come several times.
 * @param end where the query cuts whatever ends there.
 */
export function segmentList(
  segments: readonly Pick<Segment, 'topic' | 'after' | 'upTo'>[],
  end: number = OPEN_END,
): string {
  let members = '';
  // A topic has nothing that JSON would write otherwise.
  for (const { topic, after, upTo } of segments)
    members += upTo === end ? `,"${topic}":${after}` : `,"${topic}":"${after} ${upTo}"`;
  return `{${members.slice(1)}}`;
}

/** Of a row of `json_each`. */
export const SEGMENT_COLUMNS = {
  topic: 'key',
  after: 'CAST(value AS INTEGER)',
  upTo: upToOr(String(OPEN_END)),
} as const;

/** @param end of those that say none. */
export function upToOr(end: string): string {
  return `iif(type = 'integer', ${end}, CAST(substr(value, instr(value, ' ')) AS INTEGER))`;
}

/** The stretches of such a value as rows. @param list the parameter that has it. */
export function segmentsIn(list: string): string {
  return `
    SELECT ${SEGMENT_COLUMNS.topic} AS topic, ${SEGMENT_COLUMNS.after} AS after, ${SEGMENT_COLUMNS.upTo} AS up_to
    FROM json_each(${list})`;
}
