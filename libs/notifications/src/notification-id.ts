import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4_096;
const RANDOM_BYTES = 10;

/** Makes ids of notifications: UUID version 7 (RFC 9562 §5.7), so that they sort roughly by time and are kept cheaply in an index. */
export class NotificationIds {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;
  #at = Number.NaN;
  /** Of the millisecond `#at`. */
  #prefix = '';

  /** @param now milliseconds since 1970. */
  next(now: number): string {
    if (this.#used + RANDOM_BYTES > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += RANDOM_BYTES;
    this.#pool[at] = (this.#pool[at]! & 0x0f) | 0x70;
    this.#pool[at + 2] = (this.#pool[at + 2]! & 0x3f) | 0x80;
    const random = this.#pool.toString('hex', at, this.#used);
    return `${this.#timeOf(now)}${random.slice(0, 4)}-${random.slice(4, 8)}-${random.slice(8)}`;
  }

  #timeOf(now: number): string {
    if (now !== this.#at) {
      const time = now.toString(16).padStart(12, '0');
      this.#prefix = `${time.slice(0, 8)}-${time.slice(8)}-`;
      this.#at = now;
    }
    return this.#prefix;
  }
}
