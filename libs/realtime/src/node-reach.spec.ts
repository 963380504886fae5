import { beforeEach, expect, test } from 'vitest';
import type { Subscriber } from '#clarion/access';
import type { OpenReach } from '#clarion/notifications';
import type { Selector, Topic } from '#clarion/protocol';
import { change, join, makeWorld, turn, type World } from '../test/session-world.js';

let world: World;
let person: Subscriber;
beforeEach(async () => {
  world = await makeWorld();
  person = await world.person('u-1', ['a', 'b']);
});

async function publish(topic: string): Promise<number> {
  await world.publish([topic as Topic], 10);
  return world.log.head;
}

async function reaches(): Promise<readonly OpenReach[]> {
  return (await world.realtime.reach.connectionsOf(['u-1', 'u-2'])).get('u-1') ?? [];
}

test('a selector is read after the offset at which it was added, whatever the session read before', async () => {
  const began = await publish('b');
  const client = join(world, ['b'], undefined, person);
  const before = await publish('a');
  await turn();
  await change(client, 'subscribe', ['a' as Selector]);
  const after = await publish('a');
  await world.settle();
  const [reach] = await reaches();
  expect(reach).toMatchObject({ transport: 'record', through: after, hearsEphemeral: true });
  expect([reach?.readsAfter('b', 1), reach?.readsAfter('a', 1), reach?.readsAfter('c', 1)]).toEqual([
    began,
    before,
    Infinity,
  ]);
});

test('what is older than the grant is neither read nor granted', async () => {
  const grant = { selector: 'a' as Selector, historyFrom: 10 };
  join(world, ['a'], undefined, { ...person, subscribe: [grant] });
  const [reach] = await reaches();
  expect([reach?.readsAfter('a', 9), reach?.mayRead('a', 9)]).toEqual([Infinity, false]);
  expect([reach?.readsAfter('a', 10), reach?.mayRead('a', 10)]).toEqual([world.log.head, true]);
});

test('a poll is there while it waits, and only then', async () => {
  const ahead = await publish('b');
  const want = { selectors: ['a' as Selector], limit: 10, waitMs: 60_000 };
  const answer = world.realtime.read(person, want, new AbortController().signal);
  await turn();
  const [waiting] = await reaches();
  expect(waiting).toMatchObject({ transport: 'polling', through: ahead, hearsEphemeral: false });
  expect(waiting?.readsAfter('a', 1)).toBe(ahead);
  await publish('a');
  expect((await answer).views).toHaveLength(1);
  expect(await reaches()).toEqual([]);
});
