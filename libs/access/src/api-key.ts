import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { StoredKey, StoredSecret } from './access-store.js';
import type { KeyHolder } from './principal.js';

/** Stands where there is no second secret: nothing has this digest. */
const NOTHING: StoredSecret = { sha256: randomBytes(32), expiresAt: 0 };

/** One stored key in memory: judges what is brought in its name. */
export class ApiKey {
  readonly holder: KeyHolder;
  /** Milliseconds since 1970; undefined: never. */
  lastUsedAt: number | undefined;
  readonly #stored: StoredKey;
  readonly #newest: StoredSecret;
  readonly #previous: StoredSecret;

  constructor(stored: StoredKey) {
    const { id, rights, secrets, lastUsedAt } = stored;
    this.#stored = stored;
    this.#newest = secrets[0] ?? NOTHING;
    this.#previous = secrets[1] ?? NOTHING;
    this.lastUsedAt = lastUsedAt;
    this.holder = Object.freeze({ kind: 'key', id, rights });
  }

  /** As it would be written now. */
  get stored(): StoredKey {
    return this.lastUsedAt === undefined ? this.#stored : { ...this.#stored, lastUsedAt: this.lastUsedAt };
  }

  /** Milliseconds since 1970; never: Infinity. */
  get expiresAt(): number {
    return this.#stored.expiresAt ?? Infinity;
  }

  /** Until when the secret before the last rotation is good, if it is. */
  previousUntil(now: number): number | undefined {
    const { expiresAt } = this.#previous;
    return expiresAt !== undefined && expiresAt > now ? expiresAt : undefined;
  }

  /** Whether what has this digest opens it now. Takes the same time whatever the answer, and however many secrets it has. */
  opens(digest: Buffer, now: number): boolean {
    const byNewest = timingSafeEqual(digest, this.#newest.sha256) && isGood(this.#newest, now);
    const byPrevious = timingSafeEqual(digest, this.#previous.sha256) && isGood(this.#previous, now);
    return (byNewest || byPrevious) && now < this.expiresAt;
  }
}

function isGood({ expiresAt }: StoredSecret, now: number): boolean {
  return expiresAt === undefined || now < expiresAt;
}
