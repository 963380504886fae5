import { createPublicKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mintTokenSchema } from '#clarion/protocol';
import { handmade, hmac, rsa, rsaKeys } from '../test/handmade-tokens.js';
import { tokensWith } from '../test/token-world.js';
import { MAX_TOKEN_CHARS, type SubscriberTokens } from './subscriber-tokens.js';
import { TokenRevocations } from './token-revocations.js';

const SECRET = 'a-secret-of-at-least-32-bytes-here';
const OLD_SECRET = 'an-older-secret-of-at-least-32-bytes';
const NOW = Date.parse('2026-11-20T12:00:00.250Z');
const HEADER = { alg: 'HS256', typ: 'JWT' };

const tokens = tokensWith({ tokenSecret: SECRET });

/** As it comes over the wire. */
function request(body: unknown): Parameters<SubscriberTokens['mint']>[0] {
  return mintTokenSchema.parse(body);
}

describe('minting', () => {
  it('carries the grants as they were asked for', async () => {
    const { token } = await tokens.mint(
      request({
        sub: 'u-1',
        subscribe: ['a/*', { selector: 'b', historyFrom: '2026-01-01T00:00:00Z' }],
        publish: ['c'],
      }),
    );
    expect(await tokens.verify(token)).toMatchObject({
      subscribe: [
        { selector: 'a/*', historyFrom: 0 },
        { selector: 'b', historyFrom: Date.parse('2026-01-01T00:00:00Z') },
      ],
      publish: ['c'],
    });
  });

  it.each([
    [{ sub: 'a/b' }, 'token.subject_invalid'],
    [{ sub: 'me' }, 'token.subject_invalid'],
    [{ sub: 'u-1', subscribe: ['a', '$sys/load'] }, 'topic.forbidden'],
    [{ sub: 'u-1', subscribe: [{ selector: '$sys/*', historyFrom: '2026-01-01T00:00:00Z' }] }, 'topic.forbidden'],
    [{ sub: 'u-1', publish: ['$sys/load'] }, 'topic.forbidden'],
  ])('refuses %j', async (body, code) => {
    await expect(tokens.mint(request(body))).rejects.toMatchObject({ code });
  });

  it('refuses grants that no token can hold', async () => {
    const subscribe = Array.from({ length: 100 }, (_, i) => `${i}/${'x'.repeat(200)}`);
    await expect(tokens.mint(request({ sub: 'u-1', subscribe }))).rejects.toMatchObject({ code: 'body.invalid' });
    const { token } = await tokens.mint(request({ sub: 'u-1', subscribe: subscribe.slice(0, 25) }));
    expect(token.length).toBeLessThanOrEqual(MAX_TOKEN_CHARS);
  });
});

function signed(claims: Readonly<Record<string, unknown>>, secret = SECRET, header: object = HEADER): string {
  return handmade(header, { sub: 'u-1', exp: NOW / 1_000 + 60, ...claims }, hmac(secret));
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  );
}

describe('at a time', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('a minted token says when it was issued, to the millisecond', async () => {
    expect(await tokens.verify((await tokens.mint({ sub: 'u-1' })).token)).toMatchObject({ issuedAt: NOW });
  });

  it('voided tokens are invalid, and one minted in the same millisecond after that is good', async () => {
    const revocations = new TokenRevocations();
    const strict = tokensWith({ tokenSecret: SECRET }, revocations);
    const before = (await strict.mint({ sub: 'u-1' })).token;
    const other = (await strict.mint({ sub: 'u-2' })).token;
    revocations.set({ sub: 'u-1', before: NOW });
    const after = (await strict.mint({ sub: 'u-1' })).token;
    const codes = [before, after, other, signed({})].map((token) => codeOf(strict.verify(token)));
    expect(await Promise.all(codes)).toEqual(['token.invalid', 'accepted', 'accepted', 'token.invalid']);
  });

  it.each([
    ['0', { nbf: NOW / 1_000 + 1 }, 'token.invalid'],
    ['0', { nbf: NOW / 1_000 }, 'accepted'],
    ['60', { nbf: NOW / 1_000 + 59, iat: NOW / 1_000 + 59 }, 'accepted'],
    ['60', { nbf: NOW / 1_000 + 61 }, 'token.invalid'],
    ['60', { iat: NOW / 1_000 + 61 }, 'token.invalid'],
    ['60', { exp: NOW / 1_000 }, 'token.expired'],
    ['60', { exp: NOW / 1_000 - 61, nbf: NOW / 1_000 - 100 }, 'token.expired'],
    ['0', { exp: NOW / 1_000 + 0.001 }, 'accepted'],
  ])('with a tolerance of %s s %j is %s', async (tokenClockToleranceS, claims, expected) => {
    const tolerant = tokensWith({ tokenSecret: SECRET, tokenClockToleranceS });
    expect(await codeOf(tolerant.verify(signed(claims)))).toBe(expected);
  });

  it('while a secret is exchanged both are good, and the new one signs', async () => {
    const during = tokensWith({ tokenSecret: SECRET, tokenSecretPrevious: OLD_SECRET });
    const after = tokensWith({ tokenSecret: SECRET });
    const { token } = await during.mint({ sub: 'u-1' });
    expect(await codeOf(during.verify(signed({}, OLD_SECRET)))).toBe('accepted');
    expect(await codeOf(during.verify(signed({ exp: 1 }, OLD_SECRET)))).toBe('token.expired');
    expect(await codeOf(during.verify(signed({}, 'neither-of-them-but-32-bytes-long')))).toBe('token.invalid');
    expect(await codeOf(after.verify(token))).toBe('accepted');
    expect(await codeOf(after.verify(signed({}, OLD_SECRET)))).toBe('token.invalid');
  });

  it.each(['JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt'])('the type %s is taken', async (typ) => {
    expect(await codeOf(tokens.verify(signed({}, SECRET, { alg: 'HS256', typ })))).toBe('accepted');
  });

  it('neither a type nor a name of a key is needed, and places of keys are passed over', async () => {
    const header = { alg: 'HS256', kid: 'ours', jku: 'https://issuer.example', x5u: 'https://issuer.example', x5c: [] };
    expect(await codeOf(tokens.verify(signed({}, SECRET, header)))).toBe('accepted');
    expect(await codeOf(tokens.verify(signed({}, SECRET, { alg: 'HS256' })))).toBe('accepted');
  });

  it('remembers many headers, and mixes none of them up', async () => {
    for (let kid = 0; kid < 200; kid++) {
      const header = { alg: 'HS256', kid: String(kid % 70), ...(kid % 7 === 0 && { typ: 'no' }) };
      const expected = kid % 7 === 0 ? 'token.invalid' : 'accepted';
      expect(await codeOf(tokens.verify(signed({}, SECRET, header)))).toBe(expected);
    }
  });
});

describe('the words of an issuer', () => {
  const exp = Math.floor(Date.now() / 1_000) + 60;
  const read = (config: Record<string, string>, claims: object): Promise<unknown> => {
    const reader = tokensWith({ tokenSecret: SECRET, ...config });
    return reader.verify(handmade(HEADER, { exp, ...claims }, hmac(SECRET)));
  };

  it.each([
    ['email', { sub: 'x y', email: 'ada@company.example' }, 'ada@company.example'],
    ['user.id', { user: { id: 'u-7' } }, 'u-7'],
    ['user.id', { 'user.id': 'u-8', user: { id: 'u-7' } }, 'u-8'],
    ['https://app.example/user', { 'https://app.example/user': 'u-9' }, 'u-9'],
  ])('%s names the user', async (tokenUserClaim, claims, sub) => {
    expect(await read({ tokenUserClaim }, claims)).toMatchObject({ sub });
  });

  it.each([
    ['email', { sub: 'u-1' }],
    ['email', { email: 7 }],
    ['user.id', { user: 'u-7' }],
    ['user.id', { user: null }],
    ['constructor.name', { sub: 'u-1' }],
    ['email.length', { email: 'ada' }],
  ])('%s does not name the user of %j', async (tokenUserClaim, claims) => {
    expect(await codeOf(read({ tokenUserClaim }, claims))).toBe('token.invalid');
  });

  it('grants stand where the configuration says, and tokens that say nothing get what it grants', async () => {
    const config = {
      tokenGrantsClaim: 'https://app.example/clarion',
      tokenDefaultSubscribe: 'news/**,users/me',
      tokenDefaultPublish: 'users/me',
    };
    const all = (selector: string) => ({ selector, historyFrom: 0 });
    expect(await read(config, { sub: 'u-1', clarion: { subscribe: ['secret'] } })).toMatchObject({
      subscribe: [all('news/**'), all('users/u-1')],
      publish: ['users/u-1'],
    });
    const own = { sub: 'u-1', 'https://app.example/clarion': { subscribe: ['orders/*'] } };
    expect(await read(config, own)).toMatchObject({ subscribe: [all('orders/*')], publish: [] });
  });

  it('are used for minted tokens, too', async () => {
    const own = tokensWith({ tokenSecret: SECRET, tokenUserClaim: 'person.id', tokenGrantsClaim: 'may' });
    const { token } = await own.mint({
      sub: 'u-1',
      publish: ['chat/1'].flatMap((name) => request({ sub: 'x', publish: [name] }).publish ?? []),
    });
    expect(await own.verify(token)).toMatchObject({ sub: 'u-1', publish: ['chat/1'] });
  });
});

it('without a secret none is minted', async () => {
  const { privateKey } = rsaKeys();
  const pem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const ours = { tokenIssuer: 'i', tokenAudience: 'a', tokenPublicKey: pem, tokenAlgorithm: 'RS256' };
  const foreign = tokensWith(ours);
  expect(await codeOf(foreign.mint({ sub: 'u-1' }))).toBe('right.missing');
  const claims = { iss: 'i', aud: 'a', sub: 'u-1', exp: Math.floor(Date.now() / 1_000) + 60 };
  expect(await codeOf(foreign.verify(handmade({ alg: 'RS256' }, claims, rsa(privateKey))))).toBe('accepted');
});
