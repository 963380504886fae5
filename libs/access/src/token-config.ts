import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { isOpenToWildcards, OWN_TOPIC, selectorSchema } from '#clarion/protocol';
import { listSchema } from './list-schema.js';
import { fitsAlgorithm, MIN_RSA_BITS, PUBLIC_KEY_ALGORITHMS } from './token-algorithms.js';

const MIN_SECRET_BYTES = 32;
const MAX_CLOCK_TOLERANCE_S = 60;
/** Claims with a meaning of their own (RFC 7519 §4.1), beside `sub`. */
const REGISTERED_CLAIMS: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti']);

const secretSchema = z.string().refine((secret) => Buffer.byteLength(secret) >= MIN_SECRET_BYTES, {
  message: `must have at least ${MIN_SECRET_BYTES} bytes`,
});

const claimSchema = z
  .string()
  .max(255)
  .refine((name) => !REGISTERED_CLAIMS.has(name), { message: 'this claim has another meaning (RFC 7519 §4.1)' });

const defaultGrantSchema = selectorSchema.refine(
  (selector) => selector === OWN_TOPIC || isOpenToWildcards(selector.split('/')[0] ?? ''),
  { message: 'the topics of other people and reserved topics cannot be granted to everybody' },
);

const algorithmSchema = z.enum(PUBLIC_KEY_ALGORITHMS);

const publicKeySchema = z.string().transform((text, context) => {
  const key = publicKeyIn(text);
  if (typeof key !== 'string') return key;
  context.addIssue({ code: 'custom', message: key });
  return z.NEVER;
});

const jwksUrlSchema = z.string().transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && isTrustworthy(url)) return url;
  context.addIssue({
    code: 'custom',
    message: 'must be an https address (http only of this machine), without user and password',
  });
  return z.NEVER;
});

/** What is told of subscriber tokens: what makes one good, and what it says. */
export const tokenFields = {
  tokenSecret: secretSchema.optional().meta({
    env: 'CLARION_TOKEN_SECRET',
    description:
      'The HS256 secret of subscriber tokens, at least 32 bytes (UTF-8). Required unless `CLARION_TOKEN_PUBLIC_KEY` or `CLARION_TOKEN_JWKS_URL` is given; without it `POST /v1/tokens` mints none.',
    secret: true,
  }),
  tokenSecretPrevious: secretSchema.optional().meta({
    env: 'CLARION_TOKEN_SECRET_PREVIOUS',
    description: 'A second secret by which tokens are good but none are minted, while the first one is exchanged.',
    secret: true,
  }),
  tokenPublicKey: publicKeySchema.optional().meta({
    env: 'CLARION_TOKEN_PUBLIC_KEY',
    description:
      'The public key of an issuer of tokens: PEM text (`\\n` is read as a line break) or the path of a PEM file, read once at the start.',
  }),
  tokenAlgorithm: algorithmSchema.optional().meta({
    env: 'CLARION_TOKEN_ALGORITHM',
    description: `What the holder of the key behind \`CLARION_TOKEN_PUBLIC_KEY\` signs with: one of ${PUBLIC_KEY_ALGORITHMS.join(', ')}.`,
  }),
  tokenJwksUrl: jwksUrlSchema.optional().meta({
    env: 'CLARION_TOKEN_JWKS_URL',
    description:
      'Where an identity provider publishes its public keys as a JWK Set. Only `https`; `http` only of this machine. Redirects are not followed.',
  }),
  tokenJwksAlgorithms: listSchema('RS256').pipe(z.array(algorithmSchema).min(1)).meta({
    env: 'CLARION_TOKEN_JWKS_ALGORITHMS',
    description: 'Comma list of what tokens by those keys may be signed with; as for `CLARION_TOKEN_ALGORITHM`.',
  }),
  tokenJwksCacheS: z.coerce.number().int().min(1).max(86_400).default(300).meta({
    env: 'CLARION_TOKEN_JWKS_CACHE_S',
    description: 'Seconds after which the keys are fetched again: so long a key that was taken back may still be good.',
  }),
  tokenJwksMaxAgeS: z.coerce.number().int().min(1).max(604_800).default(3_600).meta({
    env: 'CLARION_TOKEN_JWKS_MAX_AGE_S',
    description: 'Seconds for which fetched keys are good while they cannot be fetched again.',
  }),
  tokenJwksCooldownS: z.coerce.number().int().min(1).max(3_600).default(30).meta({
    env: 'CLARION_TOKEN_JWKS_COOLDOWN_S',
    description: 'Least seconds between two requests for the keys, whatever tokens come.',
  }),
  tokenJwksTimeoutMs: z.coerce.number().int().min(100).max(60_000).default(5_000).meta({
    env: 'CLARION_TOKEN_JWKS_TIMEOUT_MS',
    description: 'Milliseconds after which a request for the keys has failed.',
  }),
  tokenIssuer: z.string().min(1).optional().meta({
    env: 'CLARION_TOKEN_ISSUER',
    description:
      'Only tokens with this `iss` are valid; minted ones carry it. Absent: not looked at. Required with a public key or JWKS.',
  }),
  tokenAudience: z.string().min(1).optional().meta({
    env: 'CLARION_TOKEN_AUDIENCE',
    description:
      'Only tokens with this `aud` are valid; minted ones carry it. Absent: not looked at. Required with a public key or JWKS.',
  }),
  tokenUserClaim: claimSchema.default('sub').meta({
    env: 'CLARION_TOKEN_USER_CLAIM',
    description:
      'The claim that names the user, such as `email`; one topic segment. Where no claim has this very name its dots lead into objects.',
  }),
  tokenGrantsClaim: claimSchema.default('clarion').meta({
    env: 'CLARION_TOKEN_GRANTS_CLAIM',
    description: 'The claim that says what may be read and published: `{ subscribe?, publish? }`. Dots as above.',
  }),
  tokenDefaultSubscribe: listSchema('').pipe(z.array(defaultGrantSchema)).meta({
    env: 'CLARION_TOKEN_DEFAULT_SUBSCRIBE',
    description:
      'Comma list of selectors that tokens without that claim may read, beside one’s own topic. Default: none.',
  }),
  tokenDefaultPublish: listSchema('').pipe(z.array(defaultGrantSchema)).meta({
    env: 'CLARION_TOKEN_DEFAULT_PUBLISH',
    description:
      'Comma list of selectors to which holders of tokens without that claim may publish; `users/me` is their own topic. Default: none.',
  }),
  tokenClockToleranceS: z.coerce.number().min(0).max(MAX_CLOCK_TOLERANCE_S).default(5).meta({
    env: 'CLARION_TOKEN_CLOCK_TOLERANCE_S',
    description:
      'Seconds by which the clock of an issuer may run ahead (`nbf`, `iat`), at most 60. A token ends at its `exp`, without any.',
  }),
} as const;

const tokenConfigSchema = z.object(tokenFields);
export type TokenConfig = z.output<typeof tokenConfigSchema>;

/** A fault of one field that others bring about. */
interface Fault {
  readonly path: [keyof TokenConfig];
  readonly message: string;
}

/**
 * What no field by itself can say. Also of a configuration with other faults: what is wrong there is absent here.
 * @param faulty fields about which something was said already.
 */
export function tokenConfigFaults(config: Partial<TokenConfig>, faulty: ReadonlySet<unknown>): Fault[] {
  return [...sourceFaults(config), ...issuerFaults(config), ...keyFaults(config), ...claimFaults(config)].filter(
    ({ path: [field] }) => !faulty.has(field),
  );
}

function* sourceFaults(config: Partial<TokenConfig>): Generator<Fault> {
  const { tokenSecret, tokenSecretPrevious } = config;
  if (tokenSecret === undefined && !hasIssuer(config))
    yield {
      path: ['tokenSecret'],
      message: 'is required unless CLARION_TOKEN_PUBLIC_KEY or CLARION_TOKEN_JWKS_URL is given',
    };
  if (tokenSecret === undefined && tokenSecretPrevious !== undefined)
    yield { path: ['tokenSecretPrevious'], message: 'means nothing without CLARION_TOKEN_SECRET' };
}

/** Keys that others sign with sign for other services too: only `iss` and `aud` say that a token is meant for us (RFC 8725 §3.8, §3.9). */
function* issuerFaults(config: Partial<TokenConfig>): Generator<Fault> {
  if (!hasIssuer(config)) return;
  for (const field of ['tokenIssuer', 'tokenAudience'] as const)
    if (config[field] === undefined)
      yield { path: [field], message: 'is required with CLARION_TOKEN_PUBLIC_KEY or CLARION_TOKEN_JWKS_URL' };
}

function* keyFaults(config: Partial<TokenConfig>): Generator<Fault> {
  const { tokenPublicKey: key, tokenAlgorithm: algorithm, tokenJwksUrl, tokenJwksAlgorithms = [] } = config;
  if (key !== undefined && algorithm === undefined)
    yield { path: ['tokenAlgorithm'], message: 'is required with CLARION_TOKEN_PUBLIC_KEY' };
  if (key === undefined || algorithm === undefined) return;
  if (!fitsAlgorithm(key, algorithm))
    yield { path: ['tokenPublicKey'], message: `is no key for ${algorithm} (RSA: at least ${MIN_RSA_BITS} bits)` };
  if (tokenJwksUrl !== undefined && tokenJwksAlgorithms.includes(algorithm))
    yield { path: ['tokenJwksAlgorithms'], message: `${algorithm} is already that of CLARION_TOKEN_PUBLIC_KEY` };
}

function* claimFaults({ tokenUserClaim, tokenGrantsClaim, ...ages }: Partial<TokenConfig>): Generator<Fault> {
  if (tokenGrantsClaim === 'sub' || tokenGrantsClaim === tokenUserClaim)
    yield { path: ['tokenGrantsClaim'], message: 'must be another claim than the one that names the user' };
  if ((ages.tokenJwksMaxAgeS ?? Infinity) < (ages.tokenJwksCacheS ?? 0))
    yield { path: ['tokenJwksMaxAgeS'], message: 'must not be less than CLARION_TOKEN_JWKS_CACHE_S' };
}

function hasIssuer({ tokenPublicKey, tokenJwksUrl }: Partial<TokenConfig>): boolean {
  return tokenPublicKey !== undefined || tokenJwksUrl !== undefined;
}

/** The key, or what is wrong with it. */
function publicKeyIn(text: string): KeyObject | string {
  try {
    const pem = text.includes('-----BEGIN') ? text.replaceAll('\\n', '\n') : readFileSync(text, 'utf8');
    // Node would make the public half of it, and nobody would notice where the private one lies about.
    if (pem.includes('PRIVATE KEY-----')) return 'is a private key: its holder alone should have it';
    return createPublicKey(pem);
  } catch {
    return 'is neither a public key in PEM nor the path of a file that holds one';
  }
}

/** Nobody between here and there can put keys of their own in the place of those. */
function isTrustworthy({ protocol, hostname, username, password }: URL): boolean {
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));
}
