import { createHmac, generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainError, isSelector, isTopic, type Topic } from '#clarion/protocol';
import { MemoryAccessStore } from '../../../test/support/memory-access-store.js';
import { accessConfigSchema } from './access-config.js';
import { Access } from './access.js';
import { ANONYMOUS, APPLICATION, principalId, type Principal } from './principal.js';
import type { RightsChange } from './rights-listeners.js';

const API_KEY = 'an-api-key-for-tests';
const SECRET = 'a-secret-of-at-least-32-bytes-here';
const NOW = Date.parse('2026-11-20T12:00:00.000Z');
const NOW_S = NOW / 1_000;

function topicsOf(text: string): [Topic] {
  if (!isTopic(text)) throw new Error(`no topic: ${text}`);
  return [text];
}

function accessOf(more: object = {}, store = new MemoryAccessStore()): Access {
  const config = accessConfigSchema.parse({ apiKey: API_KEY, tokenSecret: SECRET, ...more });
  return new Access(config, store, (error) => {
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

  it('says who may be seen to be there, with the own topic by its name', async () => {
    const clarion = { presence: ['room/*', 'users/me'] };
    expect(await access.verifyToken(await sign({ ...good, clarion }))).toMatchObject({
      subscribe: [],
      presence: ['room/*', 'users/u-1'],
    });
    for (const presence of ['room/*', ['no room'], Array.from({ length: 101 }, () => 'a')])
      expect(await codeOf(access.verifyToken(await sign({ ...good, clarion: { presence } })))).toBe('token.invalid');
  });

  it('is minted with it, except for what is reserved', async () => {
    const presence = ['room/*'].filter(isSelector);
    const { token } = await access.mint({ sub: 'u-1', presence });
    expect(await access.verifyToken(token)).toMatchObject({ presence });
    expect(await codeOf(access.mint({ sub: 'u-1', presence: ['$sys/load'].filter(isSelector) }))).toBe(
      'topic.forbidden',
    );
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

describe('stored keys', () => {
  const root = APPLICATION;
  const rights = { publish: [], read: [], admin: false };

  it('are credentials like the configured one, and of both the right one is meant', async () => {
    const { id, key } = await access.createKey(root, { name: 'a service', rights }, {});
    const who = await access.authenticate({ authorization: `Bearer ${key}` });
    expect(who).toEqual({ kind: 'key', id, rights });
    expect(access.keyHolder(`Bearer ${key}`)).toBe(who);
    expect(principalId(who)).toBe(`key:${id}`);
    expect(principalId(await access.authenticate({ authorization: `Bearer ${API_KEY}` }))).not.toBe(`key:${id}`);
  });

  it('that a connection brings again and again are known as long as they are good, and no others by them', async () => {
    const socket = {};
    const [one, other] = await Promise.all([
      access.createKey(root, { name: 'one', rights }, {}),
      access.createKey(root, { name: 'other', rights }, {}),
    ]);
    const idOf = (authorization: string): string | undefined => access.keyHolder(authorization, socket)?.id;
    const almost = `Bearer ${one.key.slice(0, -1)}${one.key.endsWith('A') ? 'B' : 'A'}`;
    for (let again = 0; again < 3; again++) {
      expect(idOf(`Bearer ${one.key}`)).toBe(one.id);
      expect(idOf(almost)).toBeUndefined();
      expect(idOf(`Bearer ${one.key}x`)).toBeUndefined();
      expect(idOf(`Bearer ${one.key}`)).toBe(one.id);
      expect(idOf(`Bearer ${other.key}`)).toBe(other.id);
      expect(idOf(`Bearer ${API_KEY}`)).toBe(access.keyHolder(`Bearer ${API_KEY}`)?.id);
    }
    expect(idOf(`Bearer ${one.key}`)).toBe(one.id);
    const { key } = await access.rotateKey(root, one.id, 1_000, {});
    expect(idOf(`Bearer ${one.key}`)).toBe(one.id);
    vi.setSystemTime(NOW + 1_000);
    expect(idOf(`Bearer ${one.key}`)).toBeUndefined();
    expect(idOf(`Bearer ${key}`)).toBe(one.id);
    await access.deleteKey(root, one.id, {});
    expect(idOf(`Bearer ${key}`)).toBeUndefined();
  });

  it('are no tokens: in an address they are refused', async () => {
    const { key } = await access.createKey(root, { name: 'a service', rights }, {});
    expect(await codeOf(access.authenticate({ accessToken: key }))).toBe('token.invalid');
  });

  it('that are unknown, expired or deleted are refused with one word', async () => {
    const expiring = await access.createKey(root, { name: 'short', rights, expiresAt: NOW + 1_000 }, {});
    const deleted = await access.createKey(root, { name: 'gone', rights }, {});
    await access.deleteKey(root, deleted.id, {});
    vi.setSystemTime(NOW + 1_000);
    const unknown = `ck_${'0'.repeat(16)}_${'A'.repeat(43)}`;
    for (const key of [expiring.key, deleted.key, unknown]) {
      const error = await access.authenticate({ authorization: `Bearer ${key}` }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'key.invalid', detail: undefined, errors: undefined });
    }
  });

  it('leave the configured key its every form', () => {
    const odd = accessOf({ apiKey: `ck_${'0'.repeat(16)}_${'A'.repeat(43)}` });
    expect(odd.keyHolder(`Bearer ck_${'0'.repeat(16)}_${'A'.repeat(43)}`)?.rights).toBe('all');
  });

  it('are for administrators to see and to change, before anything else is said', async () => {
    const { key } = await access.createKey(root, { name: 'a service', rights }, {});
    const { token } = await access.mint({ sub: 'u-1' });
    const strangers: [Principal, string][] = [
      [await access.authenticate({ authorization: `Bearer ${key}` }), 'right.missing'],
      [await access.verifyToken(token), 'right.missing'],
      [ANONYMOUS, 'credentials.missing'],
    ];
    for (const [who, code] of strangers) {
      const acts = [
        () => access.createKey(who, { name: 'x', rights }, {}),
        () => access.rotateKey(who, 'x', 0, {}),
        () => access.deleteKey(who, 'x', {}),
        async () => access.listKeys(who),
        async () => access.readKey(who, 'x'),
        () => access.disconnectUser(who, 'u-1', {}),
        () => access.audit(who, { act: 'topic.closed', target: 't' }, {}),
        () => access.auditLog(who, { limit: 1 }),
      ];
      expect(await Promise.all(acts.map((act) => codeOf(act())))).toEqual(acts.map(() => code));
    }
  });
});

describe('credentials that end', () => {
  const rights = { publish: [...topicsOf('orders/1')], read: [...topicsOf('orders/1')], admin: false };

  it('are told of to those who asked, until they ask no more', async () => {
    const heard: RightsChange[] = [];
    const stop = access.onRightsChanged((change) => heard.push(change));
    const { id } = await access.createKey(APPLICATION, { name: 'a', rights }, {});
    await access.deleteKey(APPLICATION, id, {});
    await access.disconnectUser(APPLICATION, 'u-7', {});
    expect(heard).toEqual([
      { kind: 'key', id },
      { kind: 'user', sub: 'u-7', before: NOW },
    ]);
    stop();
    await access.disconnectUser(APPLICATION, 'u-8', {});
    expect(heard).toHaveLength(2);
  });

  it('are told of to everybody, also when one of them stumbles', async () => {
    const heard: string[] = [];
    const stops = [
      access.onRightsChanged(() => {
        throw new Error('stumbled');
      }),
      access.onRightsChanged(({ kind }) => heard.push(kind)),
    ];
    await expect(access.disconnectUser(APPLICATION, 'u-6', {})).rejects.toThrow('stumbled');
    expect(heard).toEqual(['user']);
    for (const stop of stops) stop();
  });

  it('end at once what was let in with a key', async () => {
    const { id, key } = await access.createKey(APPLICATION, { name: 'a', rights }, {});
    const who = await access.authenticate({ authorization: `Bearer ${key}` });
    const [topic] = topicsOf('orders/1');
    const asks = [
      () => access.assertGood(who),
      () => access.assertPublish(who, [topic]),
      () => void access.readGrant(who, topic),
    ];
    for (const ask of asks) expect(ask).not.toThrow();
    await access.deleteKey(APPLICATION, id, {});
    for (const ask of asks) expect(ask).toThrow('key.invalid');
  });

  it('end at once what was let in with a token, and not what comes after', async () => {
    const old = await access.verifyToken((await access.mint({ sub: 'u-9' })).token);
    await access.disconnectUser(APPLICATION, 'u-9', {});
    expect(() => access.readGrant(old, ...topicsOf('users/u-9'))).toThrow('token.invalid');
    vi.setSystemTime(NOW + 1);
    const fresh = await access.verifyToken((await access.mint({ sub: 'u-9' })).token);
    expect(access.readGrant(fresh, ...topicsOf('users/u-9')).selector).toBe('users/u-9');
  });

  it('are void after a restart as well', async () => {
    const store = new MemoryAccessStore();
    const before = accessOf({}, store);
    const { token } = await before.mint({ sub: 'u-1' });
    const { id, key } = await before.createKey(APPLICATION, { name: 'a', rights }, {});
    await before.disconnectUser(APPLICATION, 'u-1', { address: '192.0.2.1', requestId: 'r-1' });
    const after = accessOf({}, store);
    await after.open();
    expect(await codeOf(after.verifyToken(token))).toBe('token.invalid');
    expect(after.keyHolder(`Bearer ${key}`)?.id).toBe(id);
    expect((await after.auditLog(APPLICATION, { limit: 1 })).entries).toMatchObject([
      { act: 'user.disconnected', who: 'key:application', target: 'u-1', address: '192.0.2.1', requestId: 'r-1' },
    ]);
  });

  it('are not those of somebody who can be nobody', async () => {
    expect(await codeOf(access.disconnectUser(APPLICATION, 'a/b', {}))).toBe('token.subject_invalid');
  });
});
