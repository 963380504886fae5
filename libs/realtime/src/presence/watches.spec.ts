import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PresenceList, Selector } from '#clarion/protocol';
import { LONG_MS } from '../../test/presence-scene.js';
import { Client, join, KEY, makeWorld, turn, type World } from '../../test/session-world.js';

const ROOM = 'room/1';

let world: World;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
  world = await makeWorld();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Somebody who may see who is in every room. */
async function watcher(presence = ['room/*']): Promise<Client> {
  return join(world, ['users/me'], undefined, await world.person('w', ['room/*', 'other'], presence));
}

async function visitor(user: string, topic = ROOM, device?: string): Promise<Client> {
  const client = new Client();
  world.clients.push(client);
  world.open(client, [topic as Selector], undefined, await world.person(user, [topic]), device);
  return client;
}

function ask(client: Client, topic: string, watch?: boolean): Promise<PresenceList> {
  const command = { op: 'presence', topic, ...(watch !== undefined && { watch }) };
  return client.session!.handle(command as never) as Promise<PresenceList>;
}

const told = (client: Client): string[] =>
  client.seen.flatMap((item) => (item.kind === 'presence' ? [`${item.change} ${item.user}`] : []));

describe('a watch', () => {
  test('begins with the roster, and goes on with what changes after it', async () => {
    await visitor('u-1', ROOM, 'phone');
    const client = await watcher();
    const list = await ask(client, ROOM, true);
    expect(list.present).toMatchObject([{ user: 'u-1', devices: [{ id: 'phone', transport: 'record' }] }]);
    const second = await visitor('u-2');
    await turn();
    second.session!.ended();
    await vi.advanceTimersByTimeAsync(LONG_MS);
    await turn();
    expect(told(client)).toEqual(['joined u-2', 'left u-2']);
    expect(client.seen.at(-1)).toMatchObject({ kind: 'presence', topic: ROOM, at: expect.stringMatching(/Z$/) });
  });

  test('tells nothing of the same turn before the roster is answered', async () => {
    const client = await watcher();
    const answer = ask(client, ROOM, true);
    const person = await world.person('u-1', [ROOM]);
    const list = await answer;
    join(world, [ROOM], undefined, person);
    expect([list.present, told(client)]).toEqual([[], []]);
    await turn();
    expect(told(client)).toEqual(['joined u-1']);
  });

  test('names a device that has no name by its session', async () => {
    await visitor('u-1');
    const { present } = await ask(await watcher(), ROOM);
    expect(present[0]!.devices[0]!.id).toMatch(/^s\d+$/);
  });

  test('ends when the client says so, also for what was not told yet', async () => {
    const client = await watcher();
    await ask(client, ROOM, true);
    join(world, [ROOM], undefined, await world.person('u-1', [ROOM]));
    expect((await ask(client, ROOM, false)).present).toHaveLength(1);
    await visitor('u-2');
    await turn();
    expect([told(client), world.realtime.presence.topics]).toEqual([[], 0]);
  });

  test('hears of the watcher themself, too, when they join', async () => {
    const client = await watcher();
    await ask(client, ROOM, true);
    await client.session!.handle({ op: 'subscribe', topics: [ROOM as Selector] });
    await turn();
    expect(told(client)).toEqual(['joined w']);
  });

  test('over a full link: of each person the newest, once there is room', async () => {
    const client = await watcher();
    await ask(client, ROOM, true);
    client.full = true;
    await visitor('u-0');
    await turn();
    const brief = await visitor('u-1');
    await visitor('u-2');
    await turn();
    brief.session!.ended();
    await vi.advanceTimersByTimeAsync(LONG_MS);
    await turn();
    expect(told(client)).toEqual(['joined u-0']);
    client.drain();
    expect(told(client).slice(1)).toEqual(['joined u-2', 'left u-1']);
  });

  test('keeps at most 1,000 changes for a full link, the latest', async () => {
    const client = await watcher();
    await ask(client, ROOM, true);
    client.full = true;
    await visitor('u-0');
    await turn();
    const person = await world.person('u-1', [ROOM]);
    for (let i = 1; i <= 1_500; i++) join(world, [ROOM], undefined, { ...person, sub: `u-${i}` });
    await turn();
    client.drain();
    expect([told(client).length, told(client)[1], told(client).at(-1)]).toEqual([
      1_001,
      'joined u-501',
      'joined u-1500',
    ]);
  });
});

describe('the right to watch', () => {
  test.each<[string, string[], string, string]>([
    ['is needed', [], ROOM, 'topic.forbidden'],
    ['is not the right to read', ['elsewhere'], ROOM, 'topic.forbidden'],
    ['is nothing without the right to read', ['secret'], 'secret', 'topic.forbidden'],
    ['does not reach one’s own topic by a wildcard', ['**'], 'users/me', 'topic.forbidden'],
  ])('%s', async (_, presence, topic, code) => {
    await expect(ask(await watcher(presence), topic, true)).rejects.toMatchObject({ code });
    expect(world.realtime.presence.topics).toBe(0);
  });

  test('to one’s own topic is by its alias, too', async () => {
    const client = await watcher(['users/me']);
    expect(await ask(client, 'users/me', true)).toMatchObject({ topic: 'users/w', present: [{ user: 'w' }] });
  });

  test('is the right to read for a service, which is nobody itself', async () => {
    const service = join(world, [ROOM], undefined, KEY);
    expect(await ask(service, ROOM, true)).toEqual({ topic: ROOM, present: [] });
  });

  test('is lost with a token that does not say it: the watch ends, others go on', async () => {
    const client = await watcher(['room/*', 'other']);
    for (const topic of [ROOM, 'other']) await ask(client, topic, true);
    const token = await world.token('w', ['room/*', 'other'], ['other']);
    await client.session!.handle({ op: 'auth', token });
    await visitor('u-1');
    await visitor('u-2', 'other');
    await turn();
    expect([told(client), world.realtime.presence.topics]).toEqual([['joined u-2'], 1]);
  });

  test('is lost with a token that does not read the topic any more', async () => {
    const client = await watcher();
    await ask(client, ROOM, true);
    await client.session!.handle({ op: 'auth', token: await world.token('w', [], ['room/*']) });
    expect(world.realtime.presence.topics).toBe(0);
  });

  test('is lost when the person is disconnected', async () => {
    const client = await watcher();
    await ask(client, ROOM, true);
    await world.access.disconnectUser(KEY, 'w', {});
    await turn();
    expect([client.closed?.name, world.realtime.presence.topics]).toEqual(['access.revoked', 0]);
  });

  test('reaches over 100 topics at one time', async () => {
    const client = await watcher(['room/*']);
    for (let i = 0; i < 100; i++) await ask(client, `room/${i}`, true);
    await expect(ask(client, 'room/100', true)).rejects.toMatchObject({ code: 'body.invalid' });
    await ask(client, 'room/0', true);
    await ask(client, 'room/0', false);
    await ask(client, 'room/100', true);
    expect(world.realtime.presence.topics).toBe(100);
  });
});

test('when the server goes away nobody is told that all others leave', async () => {
  const client = await watcher();
  await visitor('u-1');
  await ask(client, ROOM, true);
  world.realtime.drain();
  world.realtime.stop();
  await vi.advanceTimersByTimeAsync(LONG_MS);
  await turn();
  expect([told(client), world.realtime.presence.topics]).toEqual([[], 0]);
});

test('what a person is connected by', async () => {
  await visitor('u-1', ROOM, 'phone');
  await visitor('u-1', ROOM, 'laptop');
  await visitor('u-2', ROOM, 'tv');
  expect((await world.realtime.devicesOf('u-1')).map(({ id }) => id)).toEqual(['phone', 'laptop']);
  const { connections } = await world.realtime.connections({ user: 'u-2', limit: 10 });
  expect(connections).toMatchObject([{ device: 'tv' }]);
});
