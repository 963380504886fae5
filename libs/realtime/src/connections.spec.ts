import { beforeEach, expect, test } from 'vitest';
import { ANONYMOUS, type Principal } from '#clarion/access';
import { CLOSE_REASONS, type Selector } from '#clarion/protocol';
import { join, makeWorld, TIGHT, turn, type Client, type World } from '../test/session-world.js';
import type { CloseReason, Visitor } from './gateway.js';
import type { ConnectionView } from './open-connection.js';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});

class Caller implements Visitor {
  readonly transport = 'record';
  closed: CloseReason | undefined;
  constructor(readonly who: Principal | undefined) {}
  peer(): { address: string } {
    return { address: '192.0.2.7' };
  }
  close(reason: CloseReason): void {
    this.closed = reason;
  }
}

async function everybody(limit = 100): Promise<ConnectionView[]> {
  const all: ConnectionView[] = [];
  let page: string | undefined;
  do {
    const { connections, nextPage } = await world.realtime.connections({ limit, page });
    all.push(...connections);
    page = nextPage;
  } while (page !== undefined);
  return all;
}

const poll = (topic: string): Promise<unknown> =>
  world.realtime.read(
    { kind: 'key', id: 'k', rights: 'all' },
    { selectors: [topic as Selector], limit: 10, waitMs: 60_000, address: '192.0.2.8' },
    new AbortController().signal,
  );

test('who stays is in the pages once, whoever comes and goes between two of them', async () => {
  const clients = Array.from({ length: 250 }, () => join(world, ['a']));
  const first = await world.realtime.connections({ limit: 100 });
  for (const client of clients.slice(0, 150)) client.session!.ended();
  const late = Array.from({ length: 50 }, () => join(world, ['a']));
  const second = await world.realtime.connections({ limit: 100, page: first.nextPage });
  const third = await world.realtime.connections({ limit: 100, page: second.nextPage });
  expect([first, second, third].map(({ connections }) => connections.length)).toEqual([100, 100, 50]);
  expect(third.nextPage).toBeUndefined();
  const ids = [...second.connections, ...third.connections].map(({ id }) => id.split('-')[1]);
  expect(ids).toEqual([...clients.slice(150), ...late].map(({ session }) => session!.id));
});

test('says of each who it is, what it reads, and how far it is', async () => {
  const before = Date.now();
  const reader = join(world, ['a', 'b/*'], undefined, await world.person('u-1', ['a', 'b/*']));
  reader.full = true;
  await world.publish(['a'] as never, 100);
  await turn();
  for (let i = 0; i < 3; i++) await world.publish(['b/x'] as never, 10);
  const [view] = await everybody();
  expect(view).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{8}-s1$/),
    transport: 'record',
    who: 'user:u-1',
    since: expect.any(Number),
    topics: ['a', 'b/*'],
    lag: 3,
    pendingBytes: expect.any(Number),
  });
  expect(view!.since).toBeGreaterThanOrEqual(before);
  expect(view!.pendingBytes).toBeGreaterThan(3 * 10);
});

test('lists visitors and waiting polls, too, and closes each by its id', async () => {
  const reader = join(world, ['a']);
  const caller = new Caller(undefined);
  world.realtime.arrived(caller);
  const answer = poll('b');
  await turn();

  const views = await everybody(1);
  expect(views.map(({ transport, who, address }) => ({ transport, who, address }))).toEqual([
    { transport: 'polling', who: 'key:k', address: '192.0.2.8' },
    { transport: 'record', who: 'key:k', address: undefined },
    { transport: 'record', who: undefined, address: '192.0.2.7' },
  ]);
  for (const { id } of views) expect(await world.realtime.close(id)).toBe(true);
  expect(reader.closed).toEqual({ name: 'closed.by_operator', retryAfterMs: expect.any(Number) });
  expect(caller.closed).toMatchObject({ name: 'closed.by_operator' });
  expect(CLOSE_REASONS['closed.by_operator'].reconnect).toBe(true);
  expect(await answer).toMatchObject({ views: [] });

  world.realtime.departed(caller);
  expect(await everybody()).toEqual([]);
  for (const { id } of views) expect(await world.realtime.isConnected(id)).toBe(false);
});

test('a poll that is closed while it reads the log does not wait when it has read', async () => {
  const since = world.log.cursorAt(world.log.head);
  for (let i = 0; i < 20; i++) await world.publish(['b'] as never, 500);
  world.store.readTurns = 20;
  const want = { selectors: ['a' as Selector], since, limit: 10, waitMs: 60_000 };
  const answer = world.realtime.read({ kind: 'key', id: 'k', rights: 'all' }, want, new AbortController().signal);
  await turn();
  const [view] = await everybody();
  expect(await world.realtime.close(view!.id)).toBe(true);
  expect(await answer).toMatchObject({ views: [] });
});

test('filters by person, by what is read, and by transport', async () => {
  const person = await world.person('u-1', ['orders/**']);
  const clients = {
    exact: join(world, ['orders/42'], undefined, person),
    wild: join(world, ['orders/*']),
    other: join(world, ['prices/7']),
    own: join(world, ['users/me'], undefined, person),
  };
  world.realtime.arrived(new Caller(person));
  world.realtime.arrived(new Caller(ANONYMOUS));
  const ids = async (filter: object): Promise<string[]> => {
    const { connections } = await world.realtime.connections({ limit: 10, ...filter });
    return connections.map(({ id }) => id.split('-')[1]!);
  };
  const idOf = ({ session }: Client): string => session!.id;
  expect(await ids({ topic: 'orders/42' })).toEqual([clients.exact, clients.wild].map(idOf));
  expect(await ids({ topic: 'orders/*' })).toEqual([idOf(clients.wild)]);
  expect(await ids({ topic: 'users/u-1' })).toEqual([idOf(clients.own)]);
  expect(await ids({ user: 'u-1' })).toEqual([idOf(clients.exact), idOf(clients.own), 'v5']);
  expect(await ids({ user: 'u-1', topic: 'orders/42' })).toEqual([idOf(clients.exact)]);
  expect(await ids({ transport: 'sse' })).toEqual([]);
  expect(await ids({ transport: 'record' })).toHaveLength(6);
});

test('closes those who read exactly a topic, each with a time of its own to come back', async () => {
  const readers = Array.from({ length: 20 }, () => join(world, ['a', 'c']));
  const others = [join(world, ['*']), join(world, ['c'])];
  const answer = poll('a');
  await turn();
  expect(await world.realtime.closeReaders('a' as Selector)).toBe(21);
  expect(new Set(readers.map(({ closed }) => closed?.retryAfterMs)).size).toBeGreaterThan(1);
  expect(others.map(({ closed }) => closed)).toEqual([undefined, undefined]);
  expect(await answer).toMatchObject({ views: [] });
});

test('one that cannot be closed does not keep the others open', async () => {
  const broken = join(world, ['a']);
  broken.close = () => {
    throw new Error('a broken link');
  };
  const whole = join(world, ['a']);
  await world.realtime.closeReaders('a' as Selector);
  expect(whole.closed).toBeDefined();
  expect(world.errors.map(String)).toEqual(['Error: a broken link']);
});

test('an id or page token of another process is nobody’s', async () => {
  const other = await makeWorld(TIGHT);
  join(world, ['a']);
  join(other, ['a']);
  const [{ id } = { id: '' }] = (await other.realtime.connections({ limit: 10 })).connections;
  expect(await world.realtime.close(id)).toBe(false);
  expect(await world.realtime.close('s1')).toBe(false);
  await expect(world.realtime.connections({ limit: 10, page: id })).rejects.toMatchObject({ code: 'query.invalid' });
});
