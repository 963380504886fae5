import { z } from 'zod';
import {
  DomainError,
  grantSchema,
  isUserId,
  MAX_GRANTS,
  OWN_TOPIC,
  selectorSchema,
  userTopic,
  type Grant,
  type Selector,
} from '#clarion/protocol';
import type { ReadGrant, Subscriber } from './principal.js';
import type { TokenConfig } from './token-config.js';

/** The end of the year 9999, in seconds: a later time cannot be written as ISO 8601. */
const MAX_SECONDS = 253_402_300_799;
const secondsSchema = z.number().min(0).max(MAX_SECONDS);

const grantsSchema = z.object({
  subscribe: z.array(grantSchema).max(MAX_GRANTS).default([]),
  publish: z.array(selectorSchema).max(MAX_GRANTS).default([]),
  presence: z.array(selectorSchema).max(MAX_GRANTS).optional(),
});

/** What a token may do: everything that it says of that, or what the configuration grants to those that say nothing. */
export type TokenGrants = z.output<typeof grantsSchema>;

export type ClaimsConfig = Pick<
  TokenConfig,
  | 'tokenIssuer'
  | 'tokenAudience'
  | 'tokenUserClaim'
  | 'tokenGrantsClaim'
  | 'tokenDefaultSubscribe'
  | 'tokenDefaultPublish'
  | 'tokenClockToleranceS'
>;

/** The words in which an issuer says who somebody is, what they may do, and from when until when (RFC 7519 §4.1). */
export class TokenClaims {
  readonly #registered: ReturnType<typeof registeredSchema>;
  readonly #issued: Claims;
  readonly #user: string;
  readonly #grants: string;
  readonly #standard: TokenGrants;
  readonly #toleranceMs: number;

  constructor(config: ClaimsConfig) {
    const { tokenIssuer: iss, tokenAudience: aud } = config;
    this.#registered = registeredSchema(iss, aud);
    this.#issued = { ...(iss !== undefined && { iss }), ...(aud !== undefined && { aud }) };
    this.#user = config.tokenUserClaim;
    this.#grants = config.tokenGrantsClaim;
    this.#standard = { subscribe: config.tokenDefaultSubscribe, publish: config.tokenDefaultPublish };
    this.#toleranceMs = config.tokenClockToleranceS * 1_000;
  }

  /**
   * The subscriber of well-signed claims.
   * @throws {DomainError} `token.invalid`; `token.expired` of claims that were once good; `token.subject_invalid` when the user cannot be
   * a topic segment.
   */
  read(claims: unknown): Subscriber {
    const { exp, nbf = 0, iat } = accepted(this.#registered, claims);
    const sub = claimAt(claims, this.#user);
    if (typeof sub !== 'string') throw new DomainError('token.invalid');
    const grants = claimAt(claims, this.#grants);
    const { subscribe, publish, presence } = grants === undefined ? this.#standard : accepted(grantsSchema, grants);
    const now = Date.now();
    // The tolerance is for clocks that run ahead; a session that ended at `exp` must not open again after it.
    if (Math.max(nbf, iat ?? 0) * 1_000 > now + this.#toleranceMs) throw new DomainError('token.invalid');
    if (exp * 1_000 <= now) throw new DomainError('token.expired');
    if (!isUserId(sub)) throw new DomainError('token.subject_invalid');
    return {
      kind: 'subscriber',
      sub,
      subscribe: subscribe.map((grant) => toReadGrant(grant, sub)),
      publish: publish.map((selector) => resolveOwn(selector, sub)),
      ...(presence !== undefined && { presence: presence.map((selector) => resolveOwn(selector, sub)) }),
      ...(iat !== undefined && { issuedAt: Math.round(iat * 1_000) }),
      expiresAt: Math.floor(exp * 1_000),
    };
  }

  /** The claims from which {@link read} reads this; times in seconds since 1970, fractions allowed. */
  write(sub: string, grants: TokenGrants, iat: number, exp: number): Claims {
    return { [this.#grants]: grants, sub, [this.#user]: sub, ...this.#issued, iat, exp };
  }
}

export type Claims = Readonly<Record<string, unknown>>;

/** RFC 7519 §4.1.1–4.1.6; an `aud` may be one of several, and times have fractions if they like (§2). */
function registeredSchema(iss: string | undefined, aud: string | undefined) {
  const named = z.union([z.literal(aud), z.array(z.string()).refine((all) => all.some((one) => one === aud))]);
  return z.object({
    ...(iss !== undefined && { iss: z.literal(iss) }),
    ...(aud !== undefined && { aud: named }),
    exp: secondsSchema,
    nbf: secondsSchema.optional(),
    iat: secondsSchema.optional(),
  });
}

export function selectorOf(grant: Grant): Selector {
  return typeof grant === 'string' ? grant : grant.selector;
}

/** The claim of this name, which may contain dots (`https://app.example/user`); if there is none, what its dots lead to. */
function claimAt(claims: unknown, name: string): unknown {
  return memberOf(claims, name) ?? name.split('.').reduce(memberOf, claims);
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null;
}

function accepted<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new DomainError('token.invalid');
  return parsed.data;
}

function toReadGrant(grant: Grant, sub: string): ReadGrant {
  const historyFrom = typeof grant === 'string' ? 0 : Date.parse(grant.historyFrom);
  return { selector: resolveOwn(selectorOf(grant), sub), historyFrom };
}

function resolveOwn(selector: Selector, sub: string): Selector {
  return selector === OWN_TOPIC ? userTopic(sub) : selector;
}
