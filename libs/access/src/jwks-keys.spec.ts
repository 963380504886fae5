import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ecKeys, edKeys, jwkOf, rsaKeys } from '../test/handmade-tokens.js';
import { MAX_KEY_SET_BYTES } from './jwks-fetch.js';
import { JwksKeys } from './jwks-keys.js';

const OPTIONS = {
  url: new URL('https://issuer.example/jwks.json?secret=1'),
  algorithms: ['RS256', 'ES256', 'EdDSA'],
  tokenJwksCacheS: 300,
  tokenJwksMaxAgeS: 3_600,
  tokenJwksCooldownS: 30,
  tokenJwksTimeoutMs: 5_000,
} as const;

const [rsa, ec, ed] = [rsaKeys(), ecKeys(), edKeys()];
const first = jwkOf(rsa.publicKey, { kid: 'first', use: 'sig' });
const second = jwkOf(ec.publicKey, { kid: 'second', alg: 'ES256' });
const third = jwkOf(ed.publicKey, { kid: 'third' });

/** What stands at the address; undefined: nobody answers. */
let published: unknown;
let requests: number;
let warnings: string[];
let keys: JwksKeys;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  published = { keys: [first, second] };
  requests = 0;
  warnings = [];
  vi.stubGlobal('fetch', async () => {
    requests++;
    if (published === undefined) throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    return published instanceof Response ? published : Response.json(published);
  });
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((line) => void warnings.push(String(line)));
  vi.spyOn(Logger.prototype, 'log').mockImplementation((line) => void warnings.push(String(line)));
  keys = new JwksKeys(OPTIONS);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1_000);
const found = async (algorithm: (typeof OPTIONS.algorithms)[number], kid?: string): Promise<number> =>
  (await keys.candidates(algorithm, kid)).length;

describe('keys at an address', () => {
  it('are fetched when the first token needs one, once for all who wait', async () => {
    expect(requests).toBe(0);
    const all = await Promise.all(Array.from({ length: 100 }, () => found('RS256', 'first')));
    expect(new Set(all)).toEqual(new Set([1]));
    expect(requests).toBe(1);
  });

  it('are for their own algorithms alone', async () => {
    expect(await found('ES256', 'second')).toBe(1);
    expect(await found('RS256', 'second')).toBe(0);
    expect(await found('ES256', 'first')).toBe(0);
  });

  it('are all tried for a token that names none', async () => {
    published = { keys: [first, jwkOf(rsaKeys().publicKey, { kid: 'other' }), second] };
    expect(await found('RS256')).toBe(2);
  });

  it('that are new are found after the cool-down, and asked for once in it', async () => {
    await found('RS256', 'first');
    published = { keys: [first, second, third] };
    for (let i = 0; i < 50; i++) expect(await found('EdDSA', 'third')).toBe(0);
    expect(requests).toBe(1);
    pass(30);
    expect(await Promise.all(Array.from({ length: 50 }, () => found('EdDSA', 'third')))).toEqual(Array(50).fill(1));
    expect(requests).toBe(2);
  });

  it('that do not exist are asked for once in a cool-down, whatever tokens come', async () => {
    for (let i = 0; i < 300; i++) {
      await found('RS256', `nobody-${i}`);
      pass(1);
    }
    expect(requests).toBeLessThanOrEqual(11);
  });

  it('that were taken back are no good after the cache’s age', async () => {
    await found('RS256', 'first');
    published = { keys: [second] };
    pass(299);
    expect(await found('RS256', 'first')).toBe(1);
    pass(1);
    expect(await found('RS256', 'first')).toBe(0);
  });
});

describe('an address that does not answer', () => {
  it('leaves the keys good until their greatest age, then says that one may come back', async () => {
    await found('RS256', 'first');
    published = undefined;
    for (let age = 0; age < 3_600; age += 60) {
      expect(await found('RS256', 'first')).toBe(1);
      pass(60);
    }
    await expect(found('RS256', 'first')).rejects.toMatchObject({
      code: 'overloaded',
      again: { retryAfterMs: 30_000 },
    });
    published = { keys: [first] };
    pass(30);
    expect(await found('RS256', 'first')).toBe(1);
  });

  it('from the start: one may come back, and is asked for once in a cool-down', async () => {
    published = undefined;
    for (let i = 0; i < 29; i++) {
      await expect(found('RS256', 'first')).rejects.toMatchObject({ code: 'overloaded' });
      pass(1);
    }
    expect(requests).toBe(1);
  });

  it('leaves open whether there is a key that was not known', async () => {
    await found('RS256', 'first');
    published = undefined;
    pass(31);
    await expect(found('RS256', 'new')).rejects.toMatchObject({ code: 'overloaded' });
    expect(await found('RS256', 'first')).toBe(1);
  });

  it('is not waited for while there are good keys, but for the first time', async () => {
    await found('RS256', 'first');
    published = undefined;
    pass(300);
    await found('RS256', 'first');
    vi.stubGlobal('fetch', () => new Promise(() => undefined));
    pass(60);
    expect(await found('RS256', 'first')).toBe(1);
  });

  it('is said once in the log, and so is its return, without the query', async () => {
    published = undefined;
    for (let i = 0; i < 5; i++) {
      await found('RS256', 'first').catch(() => 0);
      pass(30);
    }
    published = { keys: [first] };
    await found('RS256', 'first');
    expect(warnings).toEqual([
      'the keys at https://issuer.example/jwks.json cannot be had: connect ECONNREFUSED',
      'the keys at https://issuer.example/jwks.json can be had again',
    ]);
  });
});

describe('an answer', () => {
  it.each([
    ['of another status', () => new Response('{"keys":[]}', { status: 404 })],
    ['that is no JSON', () => new Response('<html>')],
    ['that is no set of keys', () => Response.json({ keys: 'none' })],
    ['with too many keys', () => Response.json({ keys: Array(65).fill(first) })],
    ['too long to be read', () => new Response(new Uint8Array(MAX_KEY_SET_BYTES + 1))],
    ['without a body', () => new Response()],
  ])('%s is none', async (_, answer) => {
    published = answer();
    await expect(found('RS256', 'first')).rejects.toMatchObject({ code: 'overloaded' });
    expect(warnings).toHaveLength(1);
  });

  it.each([
    ['a private key', jwkOf(rsa.privateKey)],
    ['a shared secret', { kty: 'oct', k: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA' }],
    ['a key that is too short', jwkOf(rsaKeys(1_024).publicKey)],
    ['a key for encryption', { ...first, use: 'enc' }],
    ['a key that may not verify', { ...first, key_ops: ['sign'] }],
    ['a key for another algorithm', { ...first, alg: 'RS512' }],
    ['a damaged key', { ...first, n: 7 }],
    ['a key of an unknown kind', { kty: 'XYZ' }],
    ['no key at all', 'key'],
  ])('may have %s in it, which is passed over', async (_, odd) => {
    published = { keys: [typeof odd === 'string' ? odd : { ...odd, kid: 'odd' }, first] };
    expect([await found('RS256', 'odd'), await found('RS256', 'first'), await found('RS256')]).toEqual([0, 1, 1]);
  });
});
