import { createHmac, generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainError } from '#clarion/protocol';
import { MemoryAccessStore } from '../../../test/support/memory-access-store.js';
import { accessConfigSchema } from './access-config.js';
import { Access } from './access.js';
import { principalId } from './principal.js';

const API_KEY = 'an-api-key-for-tests';
const SECRET = 'a-secret-of-at-least-32-bytes-here';
const NOW = Date.parse('2026-11-20T12:00:00.000Z');
const NOW_S = NOW / 1_000;

function accessOf(more: object = {}): Access {
  const config = accessConfigSchema.parse({ apiKey: API_KEY, tokenSecret: SECRET, ...more });
  return new Access(config, new MemoryAccessStore(), (error) => {
    throw error;
  });
}

const access: Access = accessOf({ allowedOrigins: 'http://localhost:*' });

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function sign(
  claims: JWTPayload,
  secret = SECRET,
  header: { alg: string; [name: string]: unknown } = { alg: 'HS256' },
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(new TextEncoder().encode(secret));
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
  return 'accepted';
}

function encoded(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

/** A good token but for its header: jose would not sign such a one. */
function handmade(header: unknown): string {
  const signed = `${encoded(header)}.${encoded(good)}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

const good = { sub: 'u-1', exp: NOW_S + 60 };

describe('a good token', () => {
  it('says who, what and until when', async () => {
    const clarion = {
      subscribe: ['orders/*', 'users/me', { selector: 'news', historyFrom: '2026-11-01T00:00:00Z' }],
      publish: ['chat/*', 'users/me'],
    };
    expect(await access.verifyToken(await sign({ ...good, clarion }))).toEqual({
      kind: 'subscriber',
      sub: 'u-1',
      subscribe: [
        { selector: 'orders/*', historyFrom: 0 },
        { selector: 'users/u-1', historyFrom: 0 },
        { selector: 'news', historyFrom: Date.parse('2026-11-01T00:00:00Z') },
      ],
      publish: ['chat/*', 'users/u-1'],
      expiresAt: NOW + 60_000,
    });
  });

  it('needs no claim of ours', async () => {
    expect(await access.verifyToken(await sign(good))).toMatchObject({ subscribe: [], publish: [] });
  });

  it('is taken up to its end, and not later; up to 5 seconds before its beginning', async () => {
    const token = await sign(good);
    vi.setSystemTime(NOW + 59_999);
    expect(await codeOf(access.verifyToken(token))).toBe('accepted');
    vi.setSystemTime(NOW + 60_000);
    expect(await codeOf(access.verifyToken(token))).toBe('token.expired');
    vi.setSystemTime(NOW);
    const early = (seconds: number): Promise<string> => sign({ ...good, nbf: Math.floor(NOW / 1_000) + seconds });
    expect(await codeOf(access.verifyToken(await early(4)))).toBe('accepted');
    expect(await codeOf(access.verifyToken(await early(7)))).toBe('token.invalid');
  });
});

it('made by hand is good with the right header', async () => {
  expect(await codeOf(access.verifyToken(handmade({ alg: 'HS256' })))).toBe('accepted');
});

describe('a bad token', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const rs256 = (): Promise<string> => new SignJWT(good).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
  const claimed = (clarion: unknown): Promise<string> => sign({ ...good, clarion });

  const cases: [string, () => string | Promise<string>, string][] = [
    ['empty', () => '', 'token.invalid'],
    ['no JWT at all', () => 'garbage', 'token.invalid'],
    ['dots alone', () => '..', 'token.invalid'],
    ['binary', () => '\0\x01\x02.\xff.\xfe', 'token.invalid'],
    ['huge', () => `${'a'.repeat(9_000)}.b.c`, 'token.invalid'],
    ['too long though well signed', () => sign({ ...good, padding: 'x'.repeat(8_000) }), 'token.invalid'],
    ['unsigned', () => new UnsecuredJWT(good).encode(), 'token.invalid'],
    ['well signed, but saying "None"', () => handmade({ alg: 'None' }), 'token.invalid'],
    ['well signed, but saying "none"', () => handmade({ alg: 'none' }), 'token.invalid'],
    ['well signed, but saying "hs256"', () => handmade({ alg: 'hs256' }), 'token.invalid'],
    ['well signed, but saying nothing', () => handmade({}), 'token.invalid'],
    ['its signature cut off', async () => `${(await sign(good)).split('.').slice(0, 2).join('.')}.`, 'token.invalid'],
    ['HS512 with our secret', () => sign(good, SECRET.repeat(2), { alg: 'HS512' }), 'token.invalid'],
    ['HS384 with our secret', () => sign(good, SECRET.repeat(2), { alg: 'HS384' }), 'token.invalid'],
    ['RS256', rs256, 'token.invalid'],
    ['another secret', () => sign(good, 'another-secret-of-at-least-32-bytes'), 'token.invalid'],
    [
      'another’s signature',
      async () =>
        [...(await sign(good)).split('.').slice(0, 2), (await sign({ ...good, sub: 'u-2' })).split('.')[2]].join('.'),
      'token.invalid',
    ],
    [
      'another’s claims',
      async () => {
        const [head, , tail] = (await sign(good)).split('.');
        return `${head}.${encoded({ ...good, sub: 'admin' })}.${tail}`;
      },
      'token.invalid',
    ],
    ['critical extensions unknown to us', () => handmade({ alg: 'HS256', crit: ['x'], x: 1 }), 'token.invalid'],
    ['an unencoded payload', () => handmade({ alg: 'HS256', crit: ['b64'], b64: false }), 'token.invalid'],
    ['expired', () => sign({ ...good, exp: NOW_S - 6 }), 'token.expired'],
    [
      'expired and signed by another',
      () => sign({ ...good, exp: NOW_S - 6 }, 'another-secret-of-at-least-32-bytes'),
      'token.invalid',
    ],
    ['expired and unsigned', () => new UnsecuredJWT({ ...good, exp: NOW_S - 6 }).encode(), 'token.invalid'],
    ['without an end', () => sign({ sub: 'u-1' }), 'token.invalid'],
    ['an end in words', () => sign(JSON.parse('{"sub":"u-1","exp":"tomorrow"}')), 'token.invalid'],
    ['an end beyond all calendars', () => sign({ ...good, exp: 1e300 }), 'token.invalid'],
    ['not valid yet', () => sign({ ...good, nbf: NOW_S + 10 }), 'token.invalid'],
    ['nobody’s', () => sign({ exp: good.exp }), 'token.invalid'],
    ['a subject that is no text', () => sign(JSON.parse(`{"sub":7,"exp":${good.exp}}`)), 'token.invalid'],
    ['a subject that is no segment', () => sign({ ...good, sub: 'a/b' }), 'token.subject_invalid'],
    ['the alias as subject', () => sign({ ...good, sub: 'me' }), 'token.subject_invalid'],
    ['a wildcard as subject', () => sign({ ...good, sub: '*' }), 'token.subject_invalid'],
    ['a reserved subject', () => sign({ ...good, sub: '$sys' }), 'token.subject_invalid'],
    ['an empty subject', () => sign({ ...good, sub: '' }), 'token.subject_invalid'],
    ['a claim that is no object', () => claimed('all'), 'token.invalid'],
    ['a grant that is no selector', () => claimed({ subscribe: ['a b'] }), 'token.invalid'],
    [
      'a grant from no time',
      () => claimed({ subscribe: [{ selector: 'a', historyFrom: 'long ago' }] }),
      'token.invalid',
    ],
    ['101 grants', () => claimed({ subscribe: Array(101).fill('a') }), 'token.invalid'],
  ];

  it.each(cases)('%s', async (_, make, expected) => {
    expect(await codeOf(access.verifyToken(await make()))).toBe(expected);
  });

  it('never learns why', async () => {
    const error = await access
      .verifyToken(await sign(good, 'another-secret-of-at-least-32-bytes'))
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({ code: 'token.invalid', detail: undefined, errors: undefined });
  });

  it('of whatever form is refused, not a bug', async () => {
    const json = fc.json().map((text) => Buffer.from(text).toString('base64url'));
    const part = fc.oneof(json, fc.base64String(), fc.string({ unit: 'binary', maxLength: 50 }));
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        expect(await codeOf(access.verifyToken(parts.join('.')))).toBe('token.invalid');
      }),
      { numRuns: 500 },
    );
  });

  it('of another issuer or for another audience', async () => {
    const strict = accessOf({ tokenIssuer: 'us', tokenAudience: 'clarion' });
    expect(await codeOf(strict.verifyToken(await sign({ ...good, iss: 'us', aud: ['clarion', 'other'] })))).toBe(
      'accepted',
    );
    expect(await codeOf(strict.verifyToken(await sign({ ...good, iss: 'them', aud: 'clarion' })))).toBe(
      'token.invalid',
    );
    expect(await codeOf(strict.verifyToken(await sign({ ...good, iss: 'us', aud: 'other' })))).toBe('token.invalid');
    expect(
      await codeOf(strict.verifyToken(await sign({ ...good, exp: NOW_S - 60, iss: 'them', aud: 'clarion' }))),
    ).toBe('token.invalid');
    expect(await codeOf(strict.verifyToken((await strict.mint({ sub: 'u-1' })).token))).toBe('accepted');
  });
});

describe('credentials', () => {
  it('of nobody', async () => {
    expect(await access.authenticate({})).toEqual({ kind: 'anonymous' });
  });

  it.each([`Bearer ${API_KEY}`, `bearer ${API_KEY}`, `BEARER  ${API_KEY} `])(
    'with the key: %j',
    async (authorization) => {
      const who = await access.authenticate({ authorization });
      expect(who).toMatchObject({ kind: 'key', id: expect.stringMatching(/^[0-9a-f]{16}$/) });
      expect(principalId(who)).toMatch(/^key:[0-9a-f]{16}$/);
      expect(JSON.stringify(who)).not.toContain(API_KEY);
    },
  );

  it('with a token, as header or parameter; the header wins', async () => {
    const { token } = await access.mint({ sub: 'u-1' });
    expect(principalId(await access.authenticate({ authorization: `Bearer ${token}` }))).toBe('user:u-1');
    expect(principalId(await access.authenticate({ accessToken: token }))).toBe('user:u-1');
    expect(await access.authenticate({ authorization: `Bearer ${API_KEY}`, accessToken: 'garbage' })).toMatchObject({
      kind: 'key',
    });
  });

  it.each([
    [{ authorization: 'Bearer another-key-than-ours' }, 'key.invalid'],
    [{ authorization: `Bearer ${API_KEY}x` }, 'key.invalid'],
    [{ authorization: `Bearer ${API_KEY.slice(0, -1)}` }, 'key.invalid'],
    [{ authorization: 'Bearer a.b.c' }, 'token.invalid'],
    [{ authorization: `Bearer ${'x'.repeat(10_000)}` }, 'token.invalid'],
    [{ authorization: '' }, 'token.invalid'],
    [{ authorization: 'Bearer' }, 'token.invalid'],
    [{ authorization: 'Bearer ' }, 'token.invalid'],
    [{ authorization: `Basic ${API_KEY}` }, 'token.invalid'],
    [{ authorization: `Bearer ${API_KEY} ${API_KEY}` }, 'token.invalid'],
    [{ authorization: API_KEY }, 'token.invalid'],
    [{ accessToken: API_KEY }, 'token.invalid'],
    [{ accessToken: '' }, 'token.invalid'],
  ])('refused: %j', async (credentials, expected) => {
    expect(await codeOf(access.authenticate(credentials))).toBe(expected);
  });
});

describe('minting', () => {
  it('gives a token that is good until its end', async () => {
    const { token, expiresAt } = await access.mint({ sub: 'u-1', subscribe: [], publish: [], ttl: 10 });
    expect(expiresAt).toBe(NOW + 10_000);
    expect(await access.verifyToken(token)).toMatchObject({ sub: 'u-1', expiresAt });
    vi.setSystemTime(NOW + 16_000);
    expect(await codeOf(access.verifyToken(token))).toBe('token.expired');
  });

  it('lasts an hour unless told', async () => {
    expect((await access.mint({ sub: 'u-1' })).expiresAt).toBe(NOW + 3_600_000);
  });

  it('is for keys', async () => {
    const subscriber = await access.verifyToken(await sign(good));
    expect(() => access.assertMint(subscriber)).toThrow('right.missing');
    expect(() => access.assertMint({ kind: 'anonymous' })).toThrow('credentials.missing');
    expect(() => access.assertMint({ kind: 'key', id: '0', rights: 'all' }, { sub: 'u-1' })).not.toThrow();
  });
});

describe('origins', () => {
  it('are reflected only when listed', () => {
    expect(access.corsHeaders('http://localhost:5173')).toMatchObject({
      'access-control-allow-origin': 'http://localhost:5173',
    });
    expect(access.corsHeaders('https://evil.example')).toEqual({ vary: 'Origin' });
    expect(access.corsHeaders(undefined)).toEqual({ vary: 'Origin' });
    expect(access.preflightHeaders('https://evil.example')).toEqual({ vary: 'Origin' });
  });
});

describe('the holder of the key', () => {
  it.each([`Bearer ${API_KEY}`, `bearer  ${API_KEY} `])(
    'is known at once, as after all else: %j',
    async (authorization) => {
      expect(access.keyHolder(authorization)).toEqual(await access.authenticate({ authorization }));
    },
  );

  it.each([undefined, '', API_KEY, `Bearer ${API_KEY}x`, `Bearer ${API_KEY.slice(1)}`, `Basic ${API_KEY}`])(
    'is nobody else: %j',
    (authorization) => {
      expect(access.keyHolder(authorization)).toBeUndefined();
    },
  );
});
