import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AUDIENCE, badTokens, goodToken, ISSUER, type Issuer } from '../test/bad-tokens.js';
import { hmac, pss, rsa, rsaKeys } from '../test/handmade-tokens.js';
import { tokensWith } from '../test/token-world.js';

const SECRET = 'a-secret-of-at-least-32-bytes-here';
const pair = rsaKeys();
const { privateKey } = pair;
const publicKey = createPublicKey(privateKey);
const nowS = Math.floor(Date.now() / 1_000);

const bySecret: Issuer = {
  alg: 'HS256',
  publicKey,
  sign: hmac(SECRET),
  misuses: { HS384: hmac(SECRET, 384), HS512: hmac(SECRET, 512) },
};
const byKey: Issuer = {
  alg: 'RS256',
  publicKey,
  sign: rsa(privateKey),
  misuses: { RS384: rsa(privateKey, 384), RS512: rsa(privateKey, 512), PS256: pss(privateKey) },
};

const forUs = { tokenIssuer: ISSUER, tokenAudience: AUDIENCE };
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const secretOnly = tokensWith({ ...forUs, tokenSecret: SECRET });
const keyOnly = tokensWith({ ...forUs, tokenPublicKey: pem, tokenAlgorithm: 'RS256' });
const both = tokensWith({ ...forUs, tokenSecret: SECRET, tokenPublicKey: pem, tokenAlgorithm: 'RS256' });

describe.each([
  ['a secret', secretOnly, bySecret],
  ['a public key', keyOnly, byKey],
  ['a secret beside a public key', both, bySecret],
  ['a public key beside a secret', both, byKey],
])('by %s', (_, tokens, issuer) => {
  const bad = badTokens(issuer, nowS, 'http://127.0.0.1:9');

  it('a good token is taken', async () => {
    expect(await tokens.verify(goodToken(issuer, nowS))).toMatchObject({ sub: 'mallory', issuedAt: nowS * 1_000 });
  });

  it.each(bad)('a token that is bad is not: $name', async ({ token, code }) => {
    await expect(tokens.verify(token)).rejects.toMatchObject({ name: 'DomainError', code, detail: undefined });
  });
});

it('by a public key alone nothing signed with a secret is taken, whatever the secret', async () => {
  await expect(keyOnly.verify(goodToken(bySecret, nowS))).rejects.toMatchObject({ code: 'token.invalid' });
  await expect(secretOnly.verify(goodToken(byKey, nowS))).rejects.toMatchObject({ code: 'token.invalid' });
});
