import type { Rate } from './rate.js';

/** Now, in milliseconds of a clock that never goes back. */
export type Clock = () => number;

/** How full a bucket was, and when. */
interface Bucket {
  level: number;
  at: number;
}

/** Less than one by what refilling in fractions may lose, so that whoever waited as long as told finds it. */
const ONE = 1 - 1e-6;
/** Buckets that each taking may forget: more than it can add. */
const FORGOTTEN_AT_ONCE = 2;

/**
 * A token bucket for each key: full at first, refilled evenly. One that is full again is as good as none and is forgotten, so that there
 * are about as many as keys in one window, and never more than `maxKeys`: then the one longest untouched goes, whatever is in it.
 */
export class TokenBuckets {
  readonly rate: Rate;
  readonly #perMs: number;
  readonly #maxKeys: number;
  readonly #now: Clock;
  /** Those touched last at the end. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, maxKeys: number, now: Clock) {
    this.rate = rate;
    this.#perMs = rate.quota / (rate.windowS * 1_000);
    this.#maxKeys = maxKeys;
    this.#now = now;
  }

  /** How many are not forgotten. */
  get size(): number {
    return this.#buckets.size;
  }

  /**
   * Takes one unit out of the key's bucket. O(1).
   * @returns 0 when there was one; else, with nothing taken, the milliseconds until there is.
   */
  take(key: string): number {
    const now = this.#now();
    const bucket = this.#touch(key, now);
    if (bucket.level < ONE) return Math.ceil((1 - bucket.level) / this.#perMs);
    bucket.level = Math.max(0, bucket.level - 1);
    return 0;
  }

  #touch(key: string, now: number): Bucket {
    const bucket = this.#buckets.get(key) ?? { level: this.rate.quota, at: now };
    this.#refill(bucket, now);
    this.#buckets.delete(key);
    this.#forgetOld(now);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #refill(bucket: Bucket, now: number): void {
    bucket.level = Math.min(this.rate.quota, bucket.level + (now - bucket.at) * this.#perMs);
    bucket.at = now;
  }

  #forgetOld(now: number): void {
    let forgotten = 0;
    for (const [key, bucket] of this.#buckets) {
      const isFull = bucket.level + (now - bucket.at) * this.#perMs >= this.rate.quota;
      if (!isFull && this.#buckets.size < this.#maxKeys) return;
      this.#buckets.delete(key);
      if (++forgotten === FORGOTTEN_AT_ONCE) return;
    }
  }
}
