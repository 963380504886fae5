import { createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AUDIENCE,
  badTokens,
  goodClaims,
  goodToken,
  headerOf,
  ISSUER,
  type Issuer,
} from '../../libs/access/test/bad-tokens.js';
import { handmade, hmac, pss, rsa, rsaKeys } from '../../libs/access/test/handmade-tokens.js';
import { Canary } from '../support/canary.js';
import { IdentityProvider } from '../support/identity-provider.js';
import { startServer, TOKEN_SECRET, type TestServer } from '../support/server.js';
import { TOKEN_DOORS } from '../support/token-doors.js';

/** Tokens that are tried at one time. */
const AT_ONCE = 24;
/** Longer ones are turned away in various words: they have a test of their own. */
const MAX_TOKEN_CHARS = 8_192;

const pair = rsaKeys();
const publicKey = createPublicKey(pair.privateKey);
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const misuses = {
  RS512: rsa(pair.privateKey, 512),
  PS256: pss(pair.privateKey),
};

const bySecret: Issuer = {
  alg: 'HS256',
  publicKey,
  sign: hmac(TOKEN_SECRET),
  misuses: { HS384: hmac(TOKEN_SECRET, 384), HS512: hmac(TOKEN_SECRET, 512) },
};
const byKey: Issuer = { alg: 'RS256', publicKey, sign: rsa(pair.privateKey), misuses };
const byJwks: Issuer = { ...byKey, kid: 'key-1' };

/** In production nothing is made up: without a secret nothing signed with one can be good. */
const COMMON = {
  NODE_ENV: 'production',
  CLARION_TOKEN_ISSUER: ISSUER,
  CLARION_TOKEN_AUDIENCE: AUDIENCE,
  CLARION_LIMIT_FAILED_LOGINS: '0',
};

let canary: Canary;
let provider: IdentityProvider;
const servers = new Map<string, TestServer>();

beforeAll(async () => {
  [canary, provider] = await Promise.all([Canary.listen(), IdentityProvider.start()]);
  provider.keys = [{ kid: 'key-1', alg: 'RS256', publicKey }];
  const environments: Record<string, Record<string, string>> = {
    'a secret': COMMON,
    'a public key': {
      ...COMMON,
      CLARION_TOKEN_SECRET: '',
      CLARION_TOKEN_PUBLIC_KEY: pem,
      CLARION_TOKEN_ALGORITHM: 'RS256',
    },
    JWKS: {
      ...COMMON,
      CLARION_TOKEN_SECRET: '',
      CLARION_TOKEN_JWKS_URL: provider.jwksUrl,
      CLARION_TOKEN_JWKS_COOLDOWN_S: '3600',
    },
  };
  await Promise.all(Object.entries(environments).map(async ([name, env]) => servers.set(name, await startServer(env))));
});

afterAll(async () => {
  canary.close();
  await Promise.all([provider.goAway(), ...[...servers.values()].map((server) => server.stop())]);
});

/** In the header what has not the form of a token is taken for a key, and refused as one. */
function isTried(door: string, token: string): boolean {
  return token.length <= MAX_TOKEN_CHARS && (door !== 'REST, header' || /^[\w-]*\.[\w-]*\.[\w-]*$/.test(token));
}

/** What every token got at one door, by the token's name. */
async function verdicts(
  url: string,
  door: (url: string, token: string) => Promise<string>,
  tokens: readonly { readonly name: string; readonly token: string }[],
): Promise<Record<string, string>> {
  const waiting = [...tokens];
  const got: Record<string, string> = {};
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      got[next.name] = await door(url, next.token);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return got;
}

describe.each([
  ['a secret', bySecret],
  ['a public key', byKey],
  ['JWKS', byJwks],
])('a server that takes tokens by %s', (name, issuer) => {
  const nowS = Math.floor(Date.now() / 1_000);

  // Socket.IO asks the same questions on both of its transports, and is slow on this one: once is enough.
  const doors = Object.entries(TOKEN_DOORS).filter(([door]) => door !== 'Socket.IO, polling' || issuer === bySecret);

  test.each(doors)('takes a good token and no bad one: %s', async (doorName, door) => {
    const { url } = servers.get(name)!;
    const tokens = badTokens(issuer, nowS, canary.url).filter(({ token }) => isTried(doorName, token));
    const expected = Object.fromEntries(tokens.map(({ name: row, code }) => [row, `401 ${code}`]));
    expect(tokens.length).toBeGreaterThan(100);
    expect(await door(url, goodToken(issuer, nowS))).toBe('accepted');
    expect(await verdicts(url, door, tokens)).toEqual(expected);
  });

  /** Much of it is turned away in other words, before anything is known of a token. */
  test.each([
    ['of 9,000 characters', 9_000],
    ['of a megabyte', 1_000_000],
  ])('reads no token %s, wherever it comes', async (_, chars) => {
    const { url } = servers.get(name)!;
    const token = handmade(headerOf(issuer), { ...goodClaims(nowS), padding: 'x'.repeat(chars * 0.75) }, issuer.sign);
    const got = await Promise.all(doors.map(([, door]) => door(url, token).catch((error: unknown) => String(error))));
    expect(got).not.toContain('accepted');
    expect(await TOKEN_DOORS['REST, header']!(url, goodToken(issuer, nowS))).toBe('accepted');
  });
});

test('nobody was called by a token, and the identity provider was asked once', async () => {
  expect({ canary: canary.connections, provider: provider.requests }).toEqual({ canary: 0, provider: 1 });
  // It would have heard.
  await expect(fetch(canary.url)).rejects.toThrow('fetch failed');
  expect(canary.connections).toBeGreaterThan(0);
});

test('without a secret no tokens are minted, and the answer says so', async () => {
  const { url, apiKey } = servers.get('JWKS')!;
  const answer = await fetch(`${url}/v1/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: '{"sub":"u-1"}',
  });
  expect([answer.status, await answer.json()]).toEqual([
    403,
    expect.objectContaining({ code: 'right.missing', detail: expect.stringContaining('identity provider') }),
  ]);
});
