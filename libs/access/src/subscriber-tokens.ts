import type { webcrypto } from 'node:crypto';
import { CompactSign, compactVerify, errors } from 'jose';
import { DomainError, isReserved, isUserId, type MintToken } from '#clarion/protocol';
import { parseUnambiguous } from './unambiguous-json.js';
import type { Subscriber } from './principal.js';
import { selectorOf, TokenClaims, type Claims } from './token-claims.js';
import type { TokenConfig } from './token-config.js';
import { TokenHeaders } from './token-header.js';
import { importSecret, keyTable, type KeyTable } from './token-keys.js';
import type { TokenRevocations } from './token-revocations.js';

/** Characters of the longest token that is looked at. */
export const MAX_TOKEN_CHARS = 8_192;
/** Seconds that a minted token is valid when the request does not say. */
const DEFAULT_TTL_SECONDS = 3_600;
const MINTED_ALGORITHM = 'HS256';

/** What is asked of a new token; `ttl` in seconds (3,600 when absent). */
export type MintRequest = Pick<MintToken, 'sub'> & Partial<MintToken>;

export interface MintedToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Reads and makes the tokens of subscribers: JWTs, signed as the configuration says and in no other way, whatever their header says
 * (RFC 8725 §3.1).
 */
export class SubscriberTokens {
  readonly #keys: KeyTable;
  readonly #headers = new TokenHeaders();
  readonly #claims: TokenClaims;
  readonly #revocations: TokenRevocations;
  readonly #secret: Promise<webcrypto.CryptoKey> | undefined;

  constructor(config: TokenConfig, revocations: TokenRevocations) {
    const { tokenSecret } = config;
    this.#keys = keyTable(config);
    this.#claims = new TokenClaims(config);
    this.#revocations = revocations;
    this.#secret = tokenSecret === undefined ? undefined : importSecret(tokenSecret);
  }

  /**
   * @throws {DomainError} `token.expired` only for what was once a good token for us; `token.subject_invalid` for a well-signed
   * one whose user is no user id; `overloaded` when the issuer's keys cannot be had; `token.invalid` for all else, without a reason.
   */
  async verify(token: string): Promise<Subscriber> {
    const subscriber = this.#claims.read(await this.#payload(token));
    if (this.#revocations.isVoid(subscriber.sub, subscriber.issuedAt)) throw new DomainError('token.invalid');
    return subscriber;
  }

  /**
   * Signs a token that {@link verify} accepts. Who may ask for one is the caller's decision.
   * @throws {DomainError} `right.missing` where there is no secret to sign with; `token.subject_invalid`; `topic.forbidden` for reserved
   * selectors; `body.invalid` when the grants do not fit into a token.
   */
  async mint({
    sub,
    subscribe = [],
    publish = [],
    presence,
    ttl = DEFAULT_TTL_SECONDS,
  }: MintRequest): Promise<MintedToken> {
    if (this.#secret === undefined)
      throw new DomainError('right.missing', 'no key can mint tokens here: the identity provider issues them');
    if (!isUserId(sub)) throw new DomainError('token.subject_invalid');
    const reserved = [...subscribe.map(selectorOf), ...publish, ...(presence ?? [])].find(isReserved);
    if (reserved !== undefined) throw new DomainError('topic.forbidden', reserved);
    const now = Date.now();
    const expiresAt = Math.floor(now / 1_000) + ttl;
    const issuedAt = this.#revocations.firstGood(sub, now) / 1_000;
    const claims = this.#claims.write(sub, { subscribe, publish, presence }, issuedAt, expiresAt);
    const token = await signed(claims, await this.#secret);
    if (token.length > MAX_TOKEN_CHARS)
      throw new DomainError(
        'body.invalid',
        `the token would have ${token.length} characters, at most ${MAX_TOKEN_CHARS}: grant fewer selectors`,
      );
    return { token, expiresAt: expiresAt * 1_000 };
  }

  /** What a well-signed token says; undefined when that is ambiguous (RFC 7519 §4: member names must be unique). */
  async #payload(token: string): Promise<unknown> {
    const header = token.length > MAX_TOKEN_CHARS ? undefined : this.#headers.read(token);
    const accepted = header && this.#keys.get(header.alg);
    if (accepted === undefined) throw new DomainError('token.invalid');
    const { algorithm, source } = accepted;
    for (const key of await source.candidates(algorithm, header?.kid)) {
      try {
        return parseUnambiguous((await compactVerify(token, key, { algorithms: [algorithm] })).payload);
      } catch (error) {
        // Another key's signature, or none at all.
        if (!(error instanceof errors.JOSEError)) throw error;
      }
    }
    throw new DomainError('token.invalid');
  }
}

function signed(claims: Claims, key: webcrypto.CryptoKey): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: MINTED_ALGORITHM, typ: 'JWT' })
    .sign(key);
}
