import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Subscriber } from '#clarion/access';
import type { Selector, Topic } from '#clarion/protocol';
import { join, KEY, makeWorld, offsetsSeen, TIGHT, turn, type Client, type World } from '../test/session-world.js';

const ADMIN = KEY;
const RIGHTS = { publish: [], read: ['**' as Selector], admin: false };

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});

/** The offsets of what was published to each of the topics, one after another. */
async function publish(...topics: string[]): Promise<number[]> {
  const offsets: number[] = [];
  for (const topic of topics) {
    await world.publish([topic as Topic], 10);
    offsets.push(world.log.head);
  }
  return offsets;
}

function ephemeral(topic: string, key: string): Promise<void> {
  return world.bus.publish({
    kind: 'ephemeral',
    entry: { id: key, topics: [topic], publishedAt: Date.now(), body: '"x":1', collapseKey: key },
  });
}

const ephemeralTopics = (client: Client): string[] =>
  client.seen.flatMap((item) => (item.kind === 'ephemeral' ? [item.topic] : []));

describe('when a person is disconnected', () => {
  test('sessions by tokens of before end, and no others', async () => {
    const person = await world.person('u-1', ['a']);
    const lost = [join(world, ['a'], undefined, person), join(world, ['users/me'], undefined, person)];
    const later = { ...person, issuedAt: Date.now() + 60_000 };
    const others = [
      join(world, ['a'], undefined, later),
      join(world, ['a'], undefined, await world.person('u-2', ['a'])),
      join(world, ['a']),
    ];
    await world.access.disconnectUser(ADMIN, 'u-1', {});
    const again = join(world, ['a'], undefined, await world.person('u-1', ['a']));
    await turn();

    for (const { closed } of lost) expect(closed).toEqual({ name: 'access.revoked' });
    const [offset] = await publish('a');
    await world.settle();
    for (const client of [...others, again]) expect(offsetsSeen(client)).toEqual([offset]);
    for (const client of lost) expect(offsetsSeen(client)).toEqual([]);
  });

  test('what a token of before was let in for is not opened any more', async () => {
    const person = await world.person('u-1', ['a']);
    await world.access.disconnectUser(ADMIN, 'u-1', {});
    const want = { selectors: [] };
    expect(() => world.open({} as Client, [], undefined, person)).toThrow('token.invalid');
    expect(() => world.realtime.authorise(person, want)).toThrow('token.invalid');
    const signal = new AbortController().signal;
    await expect(world.realtime.read(person, { ...want, limit: 1, waitMs: 0 }, signal)).rejects.toThrow(
      'token.invalid',
    );
    expect(world.realtime.snapshot().sessions.size).toBe(0);
  });

  test('a poll that waits, and one that reads the log, are refused at once', async () => {
    const person = await world.person('u-1', ['a', 'z']);
    const start = world.log.cursorAt(world.log.head);
    const signal = new AbortController().signal;
    const waiting = world.realtime.read(person, { selectors: ['z' as Selector], limit: 1, waitMs: 60_000 }, signal);
    await turn();
    world.store.readTurns = 50;
    for (let i = 0; i < 20; i++) await world.publish(['b' as Topic], 500);
    await publish('a');
    const since = { selectors: ['a' as Selector], since: start, limit: 10, waitMs: 0 };
    const reading = world.realtime.read(person, since, signal);
    const refusals = Promise.allSettled([waiting, reading]);
    expect((await world.realtime.connections({ limit: 9 })).connections).toHaveLength(2);
    await world.access.disconnectUser(ADMIN, 'u-1', {});
    for (const refused of await refusals)
      expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'token.invalid' } });
  });

  test('a renewal that was under way is refused', async () => {
    const person = await world.person('u-1', ['a']);
    const reader = join(world, ['a'], undefined, person);
    const token = await world.token('u-1', ['a', 'b']);
    const renewal = reader.session!.handle({ op: 'auth', token });
    const refused = Promise.allSettled([renewal]);
    await world.access.disconnectUser(ADMIN, 'u-1', {});
    expect(await refused).toMatchObject([{ status: 'rejected', reason: { code: 'token.invalid' } }]);
    expect(reader.closed).toEqual({ name: 'access.revoked' });
    await expect(reader.session!.handle({ op: 'subscribe', topics: ['a' as Selector] })).rejects.toThrow('draining');
    expect(world.realtime.snapshot().topics).toBe(0);
  });
});

describe('when a key ends', () => {
  async function keyHolder(
    expiresAt?: number,
  ): Promise<{ id: string; who: NonNullable<ReturnType<World['access']['keyHolder']>> }> {
    const { id, key } = await world.access.createKey(ADMIN, { name: 'n', rights: RIGHTS, expiresAt }, {});
    const who = world.access.keyHolder(`Bearer ${key}`);
    if (who === undefined) throw new Error('a new key is no key');
    return { id, who };
  }

  test('its sessions end when it is deleted, those that read nothing too; a rotation ends none', async () => {
    const { id, who } = await keyHolder();
    const readers = [join(world, ['a'], undefined, who), join(world, [], undefined, who)];
    const other = join(world, ['a'], undefined, (await keyHolder()).who);
    await world.access.rotateKey(ADMIN, id, 0, {});
    await turn();
    expect(readers.map(({ closed }) => closed)).toEqual([undefined, undefined]);

    await world.access.deleteKey(ADMIN, id, {});
    await turn();
    for (const { closed } of readers) expect(closed).toEqual({ name: 'access.revoked' });
    expect(other.closed).toBeUndefined();
    expect(() => world.open({} as Client, [], undefined, who)).toThrow('key.invalid');
  });

  test('its sessions end when its time is over', async () => {
    const { who } = await keyHolder(Date.now() + 150);
    const reader = join(world, ['a'], undefined, who);
    await vi.waitFor(() => expect(reader.closed).toEqual({ name: 'access.revoked' }));
  });
});

describe('when a renewed token grants less', () => {
  async function renew(client: Client, ...subscribe: string[]): Promise<number> {
    await client.session!.handle({ op: 'auth', token: await world.token('u-1', subscribe) });
    return client.seen.length;
  }
  const topicsAfter = (client: Client, renewed: number): string[] =>
    client.seen.slice(renewed).flatMap((item) => (item.kind === 'notification' ? [item.topic] : []));
  let person: Subscriber;
  beforeEach(async () => {
    person = await world.person('u-1', ['a', 'b', 'c/*']);
  });

  test('nothing of the lost topic comes after the answer to it, though events are on their way', async () => {
    const reader = join(world, ['a', 'b', 'c/*'], undefined, person);
    let isRenewed = false;
    const renewal = renew(reader, 'a').finally(() => (isRenewed = true));
    const before = reader.seen.length;
    while (!isRenewed) await publish('a', 'b', 'c/1');
    await Promise.all([publish('b', 'a'), publish('a', 'c/1')]);
    const renewed = await renewal;
    await world.settle();
    expect(new Set(reader.seen.slice(before, renewed).map((item) => 'topic' in item && item.topic))).toContain('b');
    expect(new Set(topicsAfter(reader, renewed))).toEqual(new Set(['a']));
    expect(reader.closed).toBeUndefined();
  });

  test('nor of what waited for a full link, or was ephemeral', async () => {
    const reader = join(world, ['a', 'b'], undefined, person);
    reader.full = true;
    await publish('a');
    await turn();
    await publish('b', 'a', 'b');
    await ephemeral('b', 'k');
    await ephemeral('a', 'k');
    const renewed = await renew(reader, 'a');
    await world.settle();
    expect(topicsAfter(reader, renewed)).toEqual(['a']);
    expect(ephemeralTopics(reader)).toEqual(['a']);
  });

  test('nor of a page of the log that was being read', async () => {
    world = await makeWorld({ ...TIGHT, sharedReach: 0 });
    const start = world.log.cursorAt(world.log.head);
    for (let i = 0; i < 20; i++) await world.publish([(i % 2 ? 'a' : 'b') as Topic], 400);
    const { store } = world;
    const read = store.read.bind(store);
    let goOn: () => void = () => undefined;
    const renewal = new Promise<void>((resolve) => (goOn = resolve));
    store.read = async (request) => {
      const page = await read(request);
      await renewal;
      return page;
    };
    const reader = join(world, ['a', 'b'], start, await world.person('u-1', ['a', 'b']));
    await turn();
    const renewed = await renew(reader, 'a');
    expect(offsetsSeen(reader)).toEqual([]);
    goOn();
    await world.settle();
    expect(topicsAfter(reader, renewed)).toEqual(Array(10).fill('a'));
  });

  test('nor of history that was asked for before', async () => {
    let read: () => void = () => undefined;
    world.store.history = () =>
      new Promise((resolve) => {
        read = () => resolve({ entries: [], more: false });
      });
    const reader = join(world, ['a', 'b'], undefined, person);
    const asked = reader.session!.handle({ op: 'history', topic: 'b' as Topic });
    const refused = Promise.allSettled([asked]);
    await turn();
    await renew(reader, 'a');
    read();
    expect(await refused).toMatchObject([{ status: 'rejected', reason: { code: 'topic.forbidden' } }]);
  });
});
