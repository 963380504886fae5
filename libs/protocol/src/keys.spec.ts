import { describe, expect, it } from 'vitest';
import { keyRightsSchema, newKeySchema } from './keys.js';

describe('whom a key mints for', () => {
  const accepts = (pattern: string): boolean => keyRightsSchema.safeParse({ mint: { users: [pattern] } }).success;

  it.each(['*', 'u-42', 'team-7.*', 'me*', '=*', `${'x'.repeat(248)}*`])('can be %s', (pattern) => {
    expect(accepts(pattern)).toBe(true);
  });

  it.each(['', 'me', '**', '*a', 'a*b', 'a/b', 'a/*', '$x', '$*', 'ü*', `${'x'.repeat(249)}*`])(
    'cannot be %j',
    (pattern) => {
      expect(accepts(pattern)).toBe(false);
    },
  );
});

it('what a key was not given it may not do', () => {
  const { rights } = newKeySchema.parse({ name: ' shop ', rights: {} });
  expect(rights).toEqual({ publish: [], read: [], admin: false });
  expect(keyRightsSchema.parse({ mint: { users: ['*'] } }).mint).toEqual({ users: ['*'], subscribe: [], publish: [] });
});

it('a name is a line for people', () => {
  const nameOf = (name: string): string | undefined => newKeySchema.safeParse({ name, rights: {} }).data?.name;
  expect([nameOf(' Öl 🔑 '), nameOf('a\u0000b'), nameOf('a\nb'), nameOf('\u202eab'), nameOf('x'.repeat(101))]).toEqual([
    'Öl 🔑',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
