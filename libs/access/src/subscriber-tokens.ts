import { webcrypto } from 'node:crypto';
import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { z } from 'zod';
import {
  DomainError,
  grantSchema,
  isReserved,
  isUserId,
  MAX_GRANTS,
  OWN_TOPIC,
  selectorSchema,
  userTopic,
  type Grant,
  type MintToken,
  type Selector,
} from '#clarion/protocol';
import type { AccessConfig } from './access-config.js';
import type { ReadGrant, Subscriber } from './principal.js';

/** Characters of the longest token that is looked at. */
export const MAX_TOKEN_CHARS = 8_192;
/** Seconds by which the clocks of issuer and server may differ. */
const CLOCK_TOLERANCE_SECONDS = 5;
/** Seconds that a minted token is valid when the request does not say. */
const DEFAULT_TTL_SECONDS = 3_600;
const ALGORITHM = 'HS256';
const HMAC = { name: 'HMAC', hash: 'SHA-256' };

/** What is asked of a new token; `ttl` in seconds (3,600 when absent). */
export type MintRequest = Pick<MintToken, 'sub'> & Partial<MintToken>;

export interface MintedToken {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** RFC 7519 §4.1.4 allows fractions of seconds. Beyond the year 9999 a time cannot be written as ISO 8601. */
const claimsSchema = z.object({
  sub: z.string(),
  exp: z.number().positive().max(253_402_300_799),
  clarion: z
    .object({
      subscribe: z.array(grantSchema).max(MAX_GRANTS).default([]),
      publish: z.array(selectorSchema).max(MAX_GRANTS).default([]),
    })
    .default({ subscribe: [], publish: [] }),
});

/** Reads and makes the tokens of subscribers: JWTs signed with HS256 and nothing else, whatever their header says (RFC 8725 §3.1). */
export class SubscriberTokens {
  /** Imported once: jose would do so again for every token. */
  readonly #key: Promise<webcrypto.CryptoKey>;
  readonly #issued: { readonly issuer?: string; readonly audience?: string };

  constructor({
    tokenSecret,
    tokenIssuer,
    tokenAudience,
  }: Pick<AccessConfig, 'tokenSecret' | 'tokenIssuer' | 'tokenAudience'>) {
    const secret = new TextEncoder().encode(tokenSecret);
    this.#key = webcrypto.subtle.importKey('raw', secret, HMAC, false, ['sign', 'verify']);
    this.#issued = {
      ...(tokenIssuer !== undefined && { issuer: tokenIssuer }),
      ...(tokenAudience !== undefined && { audience: tokenAudience }),
    };
  }

  /**
   * @throws {DomainError} `token.expired` only for what was once a good token of ours; `token.subject_invalid` for a well-signed
   * one whose `sub` is no user id; `token.invalid` for all else, without a reason.
   */
  async verify(token: string): Promise<Subscriber> {
    const claims = claimsSchema.safeParse(await this.#payload(token));
    if (!claims.success) throw new DomainError('token.invalid');
    const { sub, exp, clarion } = claims.data;
    if (!isUserId(sub)) throw new DomainError('token.subject_invalid');
    // The tolerance is for clocks that run ahead (`nbf`); a session that ended at `exp` must not open again after it.
    if (exp * 1_000 <= Date.now()) throw new DomainError('token.expired');
    return {
      kind: 'subscriber',
      sub,
      subscribe: clarion.subscribe.map((grant) => toReadGrant(grant, sub)),
      publish: clarion.publish.map((selector) => resolveOwn(selector, sub)),
      expiresAt: Math.floor(exp * 1_000),
    };
  }

  /**
   * Signs a token that {@link verify} accepts. Who may ask for one is the caller's decision.
   * @throws {DomainError} `token.subject_invalid`, `topic.forbidden` for reserved selectors, `body.invalid` when the grants do
   * not fit into a token.
   */
  async mint({ sub, subscribe = [], publish = [], ttl = DEFAULT_TTL_SECONDS }: MintRequest): Promise<MintedToken> {
    if (!isUserId(sub)) throw new DomainError('token.subject_invalid');
    const reserved = [...subscribe.map(selectorOf), ...publish].find(isReserved);
    if (reserved !== undefined) throw new DomainError('topic.forbidden', reserved);
    const issuedAt = Math.floor(Date.now() / 1_000);
    const token = await this.#sign(sub, { clarion: { subscribe, publish } }, issuedAt, issuedAt + ttl);
    if (token.length > MAX_TOKEN_CHARS)
      throw new DomainError(
        'body.invalid',
        `the token would have ${token.length} characters, at most ${MAX_TOKEN_CHARS}: grant fewer selectors`,
      );
    return { token, expiresAt: (issuedAt + ttl) * 1_000 };
  }

  async #payload(token: string): Promise<JWTPayload> {
    if (token.length > MAX_TOKEN_CHARS) throw new DomainError('token.invalid');
    try {
      const { payload } = await jwtVerify(token, await this.#key, {
        ...this.#issued,
        algorithms: [ALGORITHM],
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
      return payload;
    } catch (error) {
      // jose checks the signature before any claim, so "expired" is said of well-signed tokens alone
      if (error instanceof errors.JWTExpired) throw new DomainError('token.expired');
      if (error instanceof errors.JOSEError) throw new DomainError('token.invalid');
      throw error;
    }
  }

  async #sign(sub: string, claims: JWTPayload, issuedAt: number, expiresAt: number): Promise<string> {
    const { issuer, audience } = this.#issued;
    const jwt = new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setSubject(sub)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt);
    if (issuer !== undefined) jwt.setIssuer(issuer);
    if (audience !== undefined) jwt.setAudience(audience);
    return jwt.sign(await this.#key);
  }
}

function toReadGrant(grant: Grant, sub: string): ReadGrant {
  const historyFrom = typeof grant === 'string' ? 0 : Date.parse(grant.historyFrom);
  return { selector: resolveOwn(selectorOf(grant), sub), historyFrom };
}

function selectorOf(grant: Grant): Selector {
  return typeof grant === 'string' ? grant : grant.selector;
}

function resolveOwn(selector: Selector, sub: string): Selector {
  return selector === OWN_TOPIC ? userTopic(sub) : selector;
}
