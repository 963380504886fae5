import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainError, keyRightsSchema, mintTokenSchema } from '#clarion/protocol';
import { assertAdmin, assertMayGrant, assertMint } from './key-rights.js';
import { ANONYMOUS, APPLICATION, type KeyRights, type Principal } from './principal.js';

const SUBSCRIBER: Principal = { kind: 'subscriber', sub: 'u-1', subscribe: [], publish: [], expiresAt: Infinity };

function rightsOf(rights: object): KeyRights {
  return keyRightsSchema.parse(rights);
}

function keyWith(rights: object): Principal {
  return { kind: 'key', id: '0', rights: rightsOf(rights) };
}

function outcome(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
  return 'passes';
}

describe('administering', () => {
  it.each<[string, Principal, string]>([
    ['the application', APPLICATION, 'passes'],
    ['a key that may', keyWith({ admin: true }), 'passes'],
    ['a key that may do all else', keyWith({ publish: ['**', 'users/**'], read: ['**'] }), 'right.missing'],
    ['a subscriber', SUBSCRIBER, 'right.missing'],
    ['nobody', ANONYMOUS, 'credentials.missing'],
  ])('by %s', (_, who, expected) => {
    expect(outcome(() => assertAdmin(who))).toBe(expected);
  });
});

describe('minting', () => {
  const minter = keyWith({
    mint: {
      users: ['u-1', 'team-7.*'],
      subscribe: ['orders/*', 'users/u-9'],
      publish: ['chat/**', 'users/me'],
      presence: ['room/*', 'users/me'],
    },
  });
  const request = (body: object) => mintTokenSchema.parse(body);

  it.each<[string, Principal, object, string]>([
    ['the application for anybody', APPLICATION, { sub: 'x', subscribe: ['**'] }, 'passes'],
    ['for one it names', minter, { sub: 'u-1' }, 'passes'],
    ['for one of those it means', minter, { sub: 'team-7.ann', subscribe: ['orders/1', 'orders/*'] }, 'passes'],
    ['for others', minter, { sub: 'u-10' }, 'right.missing'],
    ['for another team', minter, { sub: 'team-70.ann' }, 'right.missing'],
    ['for a subject that is a pattern', minter, { sub: 'team-7.*' }, 'passes'],
    ['a wider grant', minter, { sub: 'u-1', subscribe: ['orders/**'] }, 'topic.forbidden'],
    [
      'a wider grant from some time on',
      minter,
      { sub: 'u-1', subscribe: [{ selector: '**', historyFrom: '2026-01-01T00:00:00Z' }] },
      'topic.forbidden',
    ],
    ['another’s topic that it names', minter, { sub: 'u-1', subscribe: ['users/u-9'] }, 'passes'],
    ['another’s topic', minter, { sub: 'u-1', subscribe: ['users/u-2'] }, 'topic.forbidden'],
    ['all people’s topics', minter, { sub: 'u-1', subscribe: ['users/*'] }, 'topic.forbidden'],
    ['the person’s own topic', minter, { sub: 'u-1', subscribe: ['users/me', 'users/u-1'] }, 'passes'],
    ['publishing to it, as it may', minter, { sub: 'u-1', publish: ['users/me', 'users/u-1', 'chat/*'] }, 'passes'],
    ['publishing to another’s', minter, { sub: 'u-1', publish: ['users/u-2'] }, 'topic.forbidden'],
    ['publishing where it may only read', minter, { sub: 'u-1', publish: ['orders/1'] }, 'topic.forbidden'],
    [
      'publishing to the own topic without that right',
      keyWith({ mint: { users: ['*'] } }),
      { sub: 'u-1', publish: ['users/me'] },
      'topic.forbidden',
    ],
    ['seeing who is there, as it may', minter, { sub: 'u-1', presence: ['room/*', 'room/1', 'users/u-1'] }, 'passes'],
    ['seeing more of that', minter, { sub: 'u-1', presence: ['room/**'] }, 'topic.forbidden'],
    ['seeing it of another', minter, { sub: 'u-1', presence: ['users/u-2'] }, 'topic.forbidden'],
    [
      'seeing it without that right',
      keyWith({ mint: { users: ['*'], subscribe: ['**'] } }),
      { sub: 'u-1', presence: ['room/1'] },
      'topic.forbidden',
    ],
    ['for everybody', keyWith({ mint: { users: ['*'] } }), { sub: 'anybody' }, 'passes'],
    ['without the right', keyWith({ admin: true, publish: ['**'] }), { sub: 'u-1' }, 'right.missing'],
    ['as a subscriber', SUBSCRIBER, { sub: 'u-1' }, 'right.missing'],
    ['as nobody', ANONYMOUS, { sub: 'u-1' }, 'credentials.missing'],
  ])('%s', (_, who, body, expected) => {
    expect(outcome(() => assertMint(who, request(body)))).toBe(expected);
  });

  it('is judged before there is a request', () => {
    expect(outcome(() => assertMint(minter))).toBe('passes');
    expect(outcome(() => assertMint(keyWith({})))).toBe('right.missing');
    expect(outcome(() => assertMint(ANONYMOUS))).toBe('credentials.missing');
  });
});

describe('granting', () => {
  const own = rightsOf({
    publish: ['orders/**', 'users/u-1'],
    read: ['orders/*'],
    mint: { users: ['a*', 'u-1'], subscribe: ['orders/*'], presence: ['room/*'] },
    admin: true,
  });

  it.each<[KeyRights | 'all', object, string]>([
    ['all', { publish: ['**', 'users/**'], read: ['**'], mint: { users: ['*'] }, admin: true }, 'passes'],
    ['all', { publish: ['$sys/**'] }, 'topic.forbidden'],
    ['all', { mint: { users: ['*'], subscribe: ['$sys/load'] } }, 'topic.forbidden'],
    [own, {}, 'passes'],
    [own, own, 'passes'],
    [own, { publish: ['orders/*/lines'] }, 'passes'],
    [own, { publish: ['users/u-2'] }, 'right.missing'],
    [own, { publish: ['**'] }, 'right.missing'],
    [own, { read: ['orders/1/2'] }, 'right.missing'],
    [own, { mint: { users: ['ann', 'ab*', 'u-1'], subscribe: ['orders/1'] } }, 'passes'],
    [own, { mint: { users: ['u-1'], presence: ['room/1'] } }, 'passes'],
    [own, { mint: { users: ['u-1'], presence: ['room/**'] } }, 'right.missing'],
    ['all', { mint: { users: ['*'], presence: ['$sys/load'] } }, 'topic.forbidden'],
    [own, { mint: { users: ['*'] } }, 'right.missing'],
    [own, { mint: { users: ['u-1*'] } }, 'right.missing'],
    [own, { mint: { users: ['u-1'], publish: ['orders/1'] } }, 'right.missing'],
    [rightsOf({ admin: true }), { mint: { users: ['u-1'] } }, 'right.missing'],
    [rightsOf({ publish: ['**'] }), { admin: true }, 'right.missing'],
  ])('with %j: %j', (have, wanted, expected) => {
    expect(outcome(() => assertMayGrant(have, rightsOf(wanted)))).toBe(expected);
  });

  it('never lets a key reach, through one that it made, what it cannot reach itself', () => {
    const selector = fc.constantFrom('a', 'a/*', 'a/b', 'a/**', '*', '*/b', '**', 'users/*', 'users/ab', 'users/me');
    const user = fc.constantFrom('*', '*', 'a*', 'ab*', 'ab');
    const mintRights = (most: number) =>
      fc.record({
        users: fc.array(user, { minLength: 1, maxLength: most }),
        subscribe: fc.array(selector, { maxLength: most }),
        publish: fc.array(selector, { maxLength: most }),
        presence: fc.option(fc.array(selector, { maxLength: most }), { nil: undefined }),
      });
    const rights = (most: number) => mintRights(most).map((mint) => rightsOf({ mint }));
    const request = fc
      .tuple(fc.constantFrom('a', 'ab', 'abc'), selector, fc.constantFrom('subscribe', 'publish', 'presence'))
      .map(([sub, wanted, to]) => mintTokenSchema.parse({ sub, [to]: [wanted] }));
    let told = 0;
    fc.assert(
      fc.property(rights(4), rights(1), request, (have, made, asked) => {
        const passes = (key: KeyRights): boolean =>
          outcome(() => assertMint({ kind: 'key', id: '0', rights: key }, asked)) === 'passes';
        if (!passes(made) || outcome(() => assertMayGrant(have, made)) !== 'passes') return true;
        told++;
        return passes(have);
      }),
      { numRuns: 6_000 },
    );
    expect(told).toBeGreaterThan(50);
  });
});
