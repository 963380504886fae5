import { expect, test } from 'vitest';
import { ANONYMOUS, APPLICATION, type Subscriber } from '#clarion/access';
import { ConnectedPeople } from './connected-people.js';

const person = (sub: string): Subscriber => ({ kind: 'subscriber', sub, subscribe: [], publish: [], expiresAt: 1e15 });

test('somebody is seen with their first connection and when the last has gone, and only people are', () => {
  const seen: string[] = [];
  const people = new ConnectedPeople((user) => seen.push(user));
  for (const who of [person('u-1'), person('u-1'), person('u-2'), ANONYMOUS, APPLICATION]) people.arrived(who);
  expect(seen.splice(0)).toEqual(['u-1', 'u-2']);
  people.departed(person('u-1'));
  people.departed(ANONYMOUS);
  people.departed(APPLICATION);
  expect(seen).toEqual([]);
  people.departed(person('u-1'));
  expect(seen.splice(0)).toEqual(['u-1']);
  people.arrived(person('u-1'));
  people.departed(person('u-1'));
  expect(seen).toEqual(['u-1', 'u-1']);
});
