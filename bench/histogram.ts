import { z } from 'zod';

/** Buckets per doubling: a value is known to within 1/32 of itself. */
const SUB_BUCKETS = 32;
const SUB_BUCKET_BITS = 5;
const MAX_VALUE = 2 ** 31 - 1;
const BUCKETS = bucketOf(MAX_VALUE) + 1;

/** A histogram as plain data: `[bucket, count]` pairs of the buckets that are not empty, and the exact maximum. */
export const histogramSchema = z.object({
  buckets: z.array(z.tuple([z.number().int().nonnegative(), z.number().int().positive()])),
  max: z.number(),
});
export type HistogramData = z.infer<typeof histogramSchema>;

/**
 * Counts durations in microseconds from 0 to 35 minutes, each to within 3.2 %, in 7 KB whatever their number. Recording allocates
 * nothing. Values outside are taken as the nearest inside.
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #max = 0;

  record(micros: number): void {
    const value = micros < 0 ? 0 : micros > MAX_VALUE ? MAX_VALUE : Math.floor(micros);
    this.#counts[bucketOf(value)]! += 1;
    this.#total += 1;
    if (value > this.#max) this.#max = value;
  }

  get count(): number {
    return this.#total;
  }

  /** The largest value recorded, in microseconds; 0 when empty. */
  get max(): number {
    return this.#max;
  }

  /** The smallest recorded value (upper end of its bucket) such that the share `quantile` (0–1) lies at or below it; 0 when empty. */
  quantile(quantile: number): number {
    const rank = Math.max(1, Math.ceil(this.#total * quantile));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= rank) return Math.min(upperEnd(bucket), this.#max);
    }
    return this.#max;
  }

  /** Adds all that another histogram has counted. */
  add(other: HistogramData): void {
    for (const [bucket, count] of other.buckets) {
      this.#counts[bucket]! += count;
      this.#total += count;
    }
    this.#max = Math.max(this.#max, other.max);
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#max = 0;
  }

  toData(): HistogramData {
    const buckets: [number, number][] = [];
    for (const [bucket, count] of this.#counts.entries()) if (count > 0) buckets.push([bucket, count]);
    return { buckets, max: this.#max };
  }
}

/** Below 32 each value has its own bucket; above, each doubling is cut into 32. */
function bucketOf(value: number): number {
  if (value < SUB_BUCKETS) return value;
  const shift = 31 - Math.clz32(value) - SUB_BUCKET_BITS;
  return shift * SUB_BUCKETS + (value >> shift);
}

function upperEnd(bucket: number): number {
  if (bucket < 2 * SUB_BUCKETS) return bucket;
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1;
  return (bucket - shift * SUB_BUCKETS + 1) * 2 ** shift - 1;
}
