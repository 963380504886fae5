import { integer, type Row } from './connection.js';

/** Rows whose first column is an offset. */
export function addAll(offsets: Set<number>, rows: readonly Row[]): void {
  for (const row of rows) offsets.add(integer(row, 0));
}

/** As `json_group_array` tells them. */
export function offsetsIn(json: string): number[] {
  if (json === '[]') return [];
  const offsets: unknown = JSON.parse(json);
  return isOffsets(offsets) ? offsets : [];
}

/** A list of such lists. */
export function offsetListsIn(json: string): number[][] {
  const lists: unknown = JSON.parse(json);
  return Array.isArray(lists) ? lists.map((list: unknown) => (isOffsets(list) ? list : [])) : [];
}

/** Null where there is none. */
export function offsetsOrNullsIn(json: string): (number | null)[] {
  const offsets: unknown = JSON.parse(json);
  return Array.isArray(offsets) ? offsets.map((offset: unknown) => (typeof offset === 'number' ? offset : null)) : [];
}

/** The database made the list of integers: of thousands not each is looked at. */
function isOffsets(value: unknown): value is number[] {
  return Array.isArray(value) && typeof value[0] === 'number';
}

/** Several ascending lists as one, two by two. */
export function merged(lists: readonly (readonly number[])[]): readonly number[] {
  const [first = [], second, ...rest] = lists.filter((list) => list.length > 0);
  return second === undefined ? first : merged([...rest, mergedTwo(first, second)]);
}

function mergedTwo(one: readonly number[], other: readonly number[]): number[] {
  const all: number[] = [];
  let next = 0;
  for (const offset of one) {
    for (; next < other.length && (other[next] ?? 0) < offset; next++) all.push(other[next] ?? 0);
    all.push(offset);
  }
  for (; next < other.length; next++) all.push(other[next] ?? 0);
  return all;
}

/** `(after, upTo]`. */
export interface Run {
  readonly after: number;
  readonly upTo: number;
}

/**
 * Stretches of `offsets` that have none of `others`, both ascending.
 * @param bridged so many of `others` in a row are taken along rather than that a stretch ends.
 */
export function runsBeside(offsets: readonly number[], others: readonly number[], bridged = 0): Run[] {
  const runs: { after: number; upTo: number }[] = [];
  let next = 0;
  let skipped = 0;
  for (const offset of offsets) {
    next = firstFrom(others, offset, next);
    if (others[next] === offset) {
      skipped += 1;
    } else {
      const last = runs.at(-1);
      if (last !== undefined && skipped <= bridged) last.upTo = offset;
      else runs.push({ after: offset - 1, upTo: offset });
      skipped = 0;
    }
  }
  return runs;
}

/** The index of the first that is no less than `least`, from `from` on: near by steps, far by halves. */
function firstFrom(offsets: readonly number[], least: number, from: number): number {
  let step = 1;
  let low = from;
  while (low + step < offsets.length && (offsets[low + step] ?? 0) < least) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, offsets.length);
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
