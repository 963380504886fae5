import type { Segment } from './inbox-plan.js';

/** Digits of an offset: with all of them texts of equal length are taken apart without parsing, which for hundreds of topics is what counts. */
const DIGITS = 16;

/** Of nearly all that are followed. */
const OPEN_END = padded(Number.MAX_SAFE_INTEGER);

/** Stretches of topics as one value of a query; {@link SEGMENT_COLUMNS} takes it apart. */
export function segmentList(segments: readonly Pick<Segment, 'topic' | 'after' | 'upTo'>[]): string {
  return JSON.stringify(segments.map(({ topic, after, upTo }) => `${digits(after)}${digits(upTo)}${topic}`));
}

/** Of a row of `json_each`. */
export const SEGMENT_COLUMNS = {
  topic: `substr(value, ${2 * DIGITS + 1})`,
  after: `CAST(substr(value, 1, ${DIGITS}) AS INTEGER)`,
  upTo: `CAST(substr(value, ${DIGITS + 1}, ${DIGITS}) AS INTEGER)`,
} as const;

/** The stretches of such a value as rows. @param list the parameter that has it. */
export function segmentsIn(list: string): string {
  return `
    SELECT ${SEGMENT_COLUMNS.topic} AS topic, ${SEGMENT_COLUMNS.after} AS after, ${SEGMENT_COLUMNS.upTo} AS up_to
    FROM json_each(${list})`;
}

function digits(offset: number): string {
  return offset === Number.MAX_SAFE_INTEGER ? OPEN_END : padded(offset);
}

function padded(offset: number): string {
  return String(offset).padStart(DIGITS, '0');
}
