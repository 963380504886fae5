import { Logger } from '@nestjs/common';
import type { webcrypto } from 'node:crypto';
import { DomainError } from '#clarion/protocol';
import { fetchKeys, type NamedKey } from './jwks-fetch.js';
import type { PublicKeyAlgorithm, TokenAlgorithm } from './token-algorithms.js';
import type { KeySource } from './key-source.js';

export interface JwksOptions {
  readonly url: URL;
  readonly algorithms: readonly PublicKeyAlgorithm[];
  /** Age in seconds from which the keys are fetched again before they are used. */
  readonly tokenJwksCacheS: number;
  /** Age in seconds up to which they are used while they cannot be fetched. */
  readonly tokenJwksMaxAgeS: number;
  /** Seconds between two requests, whatever tokens come. */
  readonly tokenJwksCooldownS: number;
  readonly tokenJwksTimeoutMs: number;
}

/**
 * The keys that an identity provider publishes at one address, fetched when a token needs them: one request at a time for all who wait, and
 * none within the cool-down after another. An age tells when they are asked for again, so that a key taken back is soon no good; while that
 * fails they hold until a greater age, and nobody waits for it.
 */
export class JwksKeys implements KeySource {
  readonly #options: JwksOptions;
  readonly #logger = new Logger(JwksKeys.name);
  #keys: readonly NamedKey[] = [];
  /** All times are of the monotonic clock. */
  #fetchedAt = -Infinity;
  #triedAt = -Infinity;
  #failing = false;
  #flight: Promise<void> | undefined;

  constructor(options: JwksOptions) {
    this.#options = options;
  }

  async candidates(algorithm: TokenAlgorithm, kid: string | undefined): Promise<readonly webcrypto.CryptoKey[]> {
    await this.#renewOld();
    let found = this.#named(algorithm, kid);
    if (found.length > 0) return found;
    await this.#fetch();
    found = this.#named(algorithm, kid);
    // Of a key that cannot be asked for nobody knows that it is not there.
    if (found.length === 0 && this.#failing) throw this.#unavailable();
    return found;
  }

  async #renewOld(): Promise<void> {
    const { tokenJwksCacheS, tokenJwksMaxAgeS } = this.#options;
    if (this.#isWithin(tokenJwksCacheS, this.#fetchedAt)) return;
    const fetched = this.#fetch();
    if (this.#failing && this.#isWithin(tokenJwksMaxAgeS, this.#fetchedAt)) return;
    await fetched;
    if (!this.#isWithin(tokenJwksMaxAgeS, this.#fetchedAt)) throw this.#unavailable();
  }

  #named(algorithm: TokenAlgorithm, kid: string | undefined): webcrypto.CryptoKey[] {
    return this.#keys
      .filter((one) => one.algorithm === algorithm && (kid === undefined || one.kid === kid))
      .map(({ key }) => key);
  }

  /** The request under way, or a new one unless it is too soon; resolves however it ends. */
  #fetch(): Promise<void> {
    if (this.#flight === undefined && !this.#isWithin(this.#options.tokenJwksCooldownS, this.#triedAt)) {
      this.#triedAt = performance.now();
      this.#flight = this.#load().finally(() => (this.#flight = undefined));
    }
    return this.#flight ?? Promise.resolve();
  }

  async #load(): Promise<void> {
    const { url, algorithms, tokenJwksTimeoutMs } = this.#options;
    try {
      this.#keys = await fetchKeys(url, algorithms, tokenJwksTimeoutMs);
      this.#fetchedAt = performance.now();
      if (this.#failing) this.#logger.log(`the keys at ${nameOf(url)} can be had again`);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#logger.warn(`the keys at ${nameOf(url)} cannot be had: ${reasonOf(error)}`);
      this.#failing = true;
    }
  }

  #isWithin(seconds: number, since: number): boolean {
    return performance.now() - since < seconds * 1_000;
  }

  #unavailable(): DomainError {
    const sinceTry = performance.now() - this.#triedAt;
    const retryAfterMs = Math.max(1_000, Math.ceil(this.#options.tokenJwksCooldownS * 1_000 - sinceTry));
    return new DomainError('overloaded', 'the keys of the token issuer cannot be had at present', undefined, {
      retryAfterMs,
    });
  }
}

/** Without the query, which may be confidential. */
function nameOf({ origin, pathname }: URL): string {
  return origin + pathname;
}

/** Of what `fetch` throws only the cause tells something. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
