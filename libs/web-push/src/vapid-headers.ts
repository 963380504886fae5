import webPush from 'web-push';
import type { VapidKeys } from '#clarion/notifications';

/** RFC 8292 §2: at most 24 hours after the request. With this much of it nobody's clock has to be right to the minute. Milliseconds. */
const GOOD_FOR_MS = 12 * 3_600_000;
/** A header is used for so long; the rest of its time is for clocks that run ahead. Milliseconds. */
const USED_FOR_MS = 6 * 3_600_000;
/** Origins whose header is kept. Services have few: this is for a list of hosts that is open to all. */
const MAX_KEPT = 1_000;

/** Says to push services who this server is: one signature for each origin and six hours, not one for each push. */
export class VapidHeaders {
  readonly #keys: VapidKeys;
  readonly #subject: string;
  readonly #maxKept: number;
  readonly #kept = new Map<string, { readonly header: string; readonly until: number }>();

  /** @param subject a `mailto:` or `https:` URL. */
  constructor(keys: VapidKeys, subject: string, maxKept = MAX_KEPT) {
    this.#maxKept = maxKept;
    this.#keys = keys;
    this.#subject = subject;
  }

  /** The value of `Authorization`, for an origin such as `https://push.example`. */
  for(origin: string, now = Date.now()): string {
    const kept = this.#kept.get(origin);
    // Also when the clock was put back: what is good for too long is refused.
    if (kept !== undefined && now < kept.until && now >= kept.until - USED_FOR_MS) return kept.header;
    const header = this.#sign(origin, now);
    this.#kept.delete(origin);
    this.#kept.set(origin, { header, until: now + USED_FOR_MS });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#maxKept && oldest !== undefined) this.#kept.delete(oldest);
    return header;
  }

  #sign(origin: string, now: number): string {
    const { publicKey, privateKey } = this.#keys;
    const expires = Math.floor((now + GOOD_FOR_MS) / 1_000);
    return webPush.getVapidHeaders(origin, this.#subject, publicKey, privateKey, 'aes128gcm', expires).Authorization;
  }
}
