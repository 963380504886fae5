import { expect, test } from 'vitest';
import { ANONYMOUS, APPLICATION, type Subscriber } from '#clarion/access';
import { ConnectedPeople } from './connected-people.js';

const person = (sub: string): Subscriber => ({ kind: 'subscriber', sub, subscribe: [], publish: [], expiresAt: 1e15 });

test('somebody is gone with their last connection, and only people are', () => {
  const gone: string[] = [];
  const people = new ConnectedPeople((user) => gone.push(user));
  for (const who of [person('u-1'), person('u-1'), person('u-2'), ANONYMOUS, APPLICATION]) people.arrived(who);
  people.departed(person('u-1'));
  people.departed(ANONYMOUS);
  people.departed(APPLICATION);
  expect(gone).toEqual([]);
  people.departed(person('u-1'));
  expect(gone).toEqual(['u-1']);
  people.arrived(person('u-1'));
  people.departed(person('u-1'));
  expect(gone).toEqual(['u-1', 'u-1']);
});
