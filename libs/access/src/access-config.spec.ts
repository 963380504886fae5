import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ecKeys, edKeys, rsaKeys, type KeyPair } from '../test/handmade-tokens.js';
import { accessConfigSchema } from './access-config.js';

const REQUIRED = { apiKey: 'k'.repeat(16), tokenSecret: 's'.repeat(32) };

describe('accessConfigSchema', () => {
  it('opens nothing unless told', () => {
    expect(accessConfigSchema.parse(REQUIRED)).toMatchObject({
      ...REQUIRED,
      anonymousTopics: [],
      allowedOrigins: [],
      tokenDefaultSubscribe: [],
      tokenDefaultPublish: [],
    });
  });

  it('reads comma lists', () => {
    const config = accessConfigSchema.parse({
      ...REQUIRED,
      anonymousTopics: ' demo/** ,news,',
      allowedOrigins: 'https://App.example:443,http://localhost:*',
    });
    expect(config).toMatchObject({
      anonymousTopics: ['demo/**', 'news'],
      allowedOrigins: ['https://app.example', 'http://localhost:*'],
    });
  });

  it.each([
    [{ apiKey: 'short' }, 'apiKey'],
    [{ tokenSecret: 's'.repeat(31) }, 'tokenSecret'],
    [{ anonymousTopics: 'a b' }, 'anonymousTopics'],
    [{ anonymousTopics: 'users/*' }, 'anonymousTopics'],
    [{ anonymousTopics: '$sys/load' }, 'anonymousTopics'],
    [{ allowedOrigins: '*' }, 'allowedOrigins'],
    [{ allowedOrigins: 'https://a.example,null' }, 'allowedOrigins'],
  ])('refuses %j', (wrong, field) => {
    const parsed = accessConfigSchema.safeParse({ ...REQUIRED, ...wrong });
    expect(parsed.error?.issues.map(({ path }) => path[0])).toEqual([field]);
  });

  it('counts bytes, not characters, of the secret', () => {
    expect(accessConfigSchema.safeParse({ ...REQUIRED, tokenSecret: 'ä'.repeat(16) }).success).toBe(true);
  });

  it('names a variable and a meaning for each field, and marks the secrets', () => {
    const metas = Object.entries(accessConfigSchema.shape).map(([name, field]) => ({ name, ...field.meta() }));
    for (const meta of metas)
      expect(meta).toMatchObject({ env: expect.stringMatching(/^CLARION_[A-Z_]+$/), description: expect.any(String) });
    expect(metas.filter((meta) => 'secret' in meta).map(({ name }) => name)).toEqual([
      'apiKey',
      'tokenSecret',
      'tokenSecretPrevious',
    ]);
  });
});

describe('whose tokens are taken', () => {
  const [rsa, weak, ec, ed] = [rsaKeys(), rsaKeys(1_024), ecKeys(), edKeys()];
  const pem = ({ publicKey }: KeyPair): string => publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const secretPem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const KEY = { apiKey: REQUIRED.apiKey };
  const ISSUER = { tokenIssuer: 'https://issuer.example/', tokenAudience: 'clarion' };
  const JWKS = 'https://issuer.example/jwks.json';
  const keyOf = (pair: KeyPair, tokenAlgorithm: string) => ({ ...ISSUER, tokenPublicKey: pem(pair), tokenAlgorithm });
  const faultsOf = (config: object): unknown[] =>
    (accessConfigSchema.safeParse({ ...KEY, ...config }).error?.issues ?? []).map(({ path }) => path[0]);

  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'clarion-keys-'));
    await writeFile(join(folder, 'key.pem'), pem(ec));
    await writeFile(join(folder, 'private.pem'), secretPem);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ['a secret', { tokenSecret: REQUIRED.tokenSecret }],
    ['two secrets', { tokenSecret: REQUIRED.tokenSecret, tokenSecretPrevious: 'p'.repeat(32) }],
    ['a key of RSA', keyOf(rsa, 'RS512')],
    ['a key of RSA, with PSS', keyOf(rsa, 'PS256')],
    ['a key of a curve', keyOf(ec, 'ES256')],
    ['a key of Ed25519', keyOf(ed, 'EdDSA')],
    ['a key on one line', { ...keyOf(rsa, 'RS256'), tokenPublicKey: pem(rsa).replaceAll('\n', '\\n') }],
    ['keys at an address', { ...ISSUER, tokenJwksUrl: JWKS }],
    ['keys at an address of this machine', { ...ISSUER, tokenJwksUrl: 'http://127.0.0.1:9000/jwks' }],
    ['a secret, a key and an address', { ...REQUIRED, ...keyOf(ec, 'ES256'), tokenJwksUrl: JWKS }],
  ])('may be said by %s', (_, config) => {
    expect(faultsOf(config)).toEqual([]);
  });

  it('may be said by the path of a key', () => {
    const tokenPublicKey = join(folder, 'key.pem');
    expect(faultsOf({ ...ISSUER, tokenPublicKey, tokenAlgorithm: 'ES256' })).toEqual([]);
  });

  it.each([
    ['nothing', {}, ['tokenSecret']],
    ['an old secret alone', { tokenSecretPrevious: 'p'.repeat(32) }, ['tokenSecret', 'tokenSecretPrevious']],
    ['a short old secret', { ...REQUIRED, tokenSecretPrevious: 'short' }, ['tokenSecretPrevious']],
    ['a key without its algorithm', { ...ISSUER, tokenPublicKey: pem(rsa) }, ['tokenAlgorithm']],
    ['a key that is too weak', keyOf(weak, 'RS256'), ['tokenPublicKey']],
    ['a key of another type', keyOf(rsa, 'ES256'), ['tokenPublicKey']],
    ['a key of another curve', keyOf(ec, 'ES384'), ['tokenPublicKey']],
    ['a shared algorithm for a key', keyOf(rsa, 'HS256'), ['tokenAlgorithm']],
    ['no algorithm at all', keyOf(rsa, 'none'), ['tokenAlgorithm']],
    ['a private key', { ...keyOf(rsa, 'RS256'), tokenPublicKey: secretPem }, ['tokenPublicKey']],
    ['a file that is not there', { ...keyOf(rsa, 'RS256'), tokenPublicKey: '/nowhere/key.pem' }, ['tokenPublicKey']],
    [
      'text that is no key',
      { ...keyOf(rsa, 'RS256'), tokenPublicKey: '-----BEGIN PUBLIC KEY-----' },
      ['tokenPublicKey'],
    ],
    [
      'a key without issuer and audience',
      { tokenPublicKey: pem(rsa), tokenAlgorithm: 'RS256' },
      ['tokenIssuer', 'tokenAudience'],
    ],
    ['an address without issuer and audience', { tokenJwksUrl: JWKS }, ['tokenIssuer', 'tokenAudience']],
    ['an address in the clear', { ...ISSUER, tokenJwksUrl: 'http://issuer.example/' }, ['tokenJwksUrl']],
    [
      'an address that only looks like this machine',
      { ...ISSUER, tokenJwksUrl: 'http://127.0.0.1.evil.example/' },
      ['tokenJwksUrl'],
    ],
    ['an address with a password', { ...ISSUER, tokenJwksUrl: 'https://me:secret@issuer.example/' }, ['tokenJwksUrl']],
    ['a file for an address', { ...ISSUER, tokenJwksUrl: 'file:///etc/passwd' }, ['tokenJwksUrl']],
    [
      'no algorithm for an address',
      { ...ISSUER, tokenJwksUrl: JWKS, tokenJwksAlgorithms: ',' },
      ['tokenJwksAlgorithms'],
    ],
    [
      'a shared algorithm for an address',
      { ...ISSUER, tokenJwksUrl: JWKS, tokenJwksAlgorithms: 'RS256,HS256' },
      ['tokenJwksAlgorithms'],
    ],
    ['one algorithm twice', { ...keyOf(rsa, 'RS256'), tokenJwksUrl: JWKS }, ['tokenJwksAlgorithms']],
    [
      'keys that end before they are renewed',
      { ...ISSUER, tokenJwksUrl: JWKS, tokenJwksCacheS: '600', tokenJwksMaxAgeS: '300' },
      ['tokenJwksMaxAgeS'],
    ],
    ['much patience with clocks', { ...REQUIRED, tokenClockToleranceS: '61' }, ['tokenClockToleranceS']],
    ['users named by their end', { ...REQUIRED, tokenUserClaim: 'exp' }, ['tokenUserClaim']],
    ['grants in the name of the user', { ...REQUIRED, tokenGrantsClaim: 'sub' }, ['tokenGrantsClaim']],
    ['other people for everybody', { ...REQUIRED, tokenDefaultSubscribe: 'users/*' }, ['tokenDefaultSubscribe']],
    ['what is reserved for everybody', { ...REQUIRED, tokenDefaultPublish: '$sys/load' }, ['tokenDefaultPublish']],
  ])('cannot be said by %s', (_, config, faults) => {
    expect(faultsOf(config)).toEqual(faults);
  });

  it('is said with all else that is wrong', () => {
    expect(faultsOf({ apiKey: 'short', tokenJwksUrl: JWKS })).toEqual(['apiKey', 'tokenIssuer', 'tokenAudience']);
  });

  it('never shows a key that was given', () => {
    const { error } = accessConfigSchema.safeParse({ ...KEY, ...keyOf(rsa, 'RS256'), tokenPublicKey: secretPem });
    expect(JSON.stringify(error?.issues)).not.toContain(secretPem.split('\n')[1]);
  });
});
