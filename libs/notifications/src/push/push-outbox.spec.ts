import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { APPLICATION } from '#clarion/access';
import { aDevice, aShow } from '../../test/push-doubles.js';
import { outboxWorld, type OutboxWorld } from '../../test/push-outbox-world.js';
import type { ClaimedPush } from './push-store.js';

const NOW = 1_000;

let world: OutboxWorld;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  world = outboxWorld({ concurrency: 6, perHost: 3 });
});

afterEach(() => void vi.useRealTimers());

function to(id: number, host: string, device = `d-${id}`): ClaimedPush {
  return aShow(id, { device: aDevice('u-1', device, { endpoint: `https://${host}/${device}` }) });
}

/** Until so many attempts were begun; what is not begun then is not going to be. */
async function begun(count: number): Promise<string[]> {
  for (let turn = 0; turn < 10_000 && world.channel.attempts.length < count; turn++) await nextTurn();
  for (let turn = 0; turn < 20; turn++) await nextTurn();
  return world.channel.attempts.map(({ device }) => device.id);
}

function stateOf(id: number): string | undefined {
  return world.store.rows.find(({ push }) => push.id === id)?.state;
}

describe('what is sent', () => {
  it('says what the device needs, and is written down', async () => {
    world.channel.script = () => ({ outcome: 'delivered' });
    world.store.add(to(1, 'a.example'));
    await world.outbox.run();
    expect(world.channel.attempts.map(({ message }) => message)).toMatchObject([
      { kind: 'show', id: 'n-7', title: 'Hello', topic: 'users/u-1', ttlS: 999, urgency: 'normal', unread: 3 },
    ]);
    expect(world.store.settled).toEqual([{ id: 1, at: NOW, state: 'sent' }]);
    expect(world.stats.outcomes).toMatchObject({ sent: 1 });
    expect(world.wakes).toEqual([NOW + 2_000]);
  });

  it('goes to all, however many, a few at a time', async () => {
    let most = 0;
    world.channel.script = () => {
      most = Math.max(most, world.stats.inFlight);
      return { outcome: 'delivered' };
    };
    world.store.add(...Array.from({ length: 50 }, (_, i) => to(i, `${i % 5}.example`)));
    await world.outbox.run();
    expect(world.store.settled).toHaveLength(50);
    expect(most).toBeLessThanOrEqual(6);
    expect(world.stats.inFlight).toBe(0);
  });

  it('is one at a time for each device, in order', async () => {
    world.store.add(to(1, 'a.example', 'phone'), to(2, 'a.example', 'phone'), to(3, 'a.example', 'laptop'));
    void world.outbox.pump();
    expect(await begun(2)).toEqual(['phone', 'laptop']);
    world.channel.attempts[0]?.answer({ outcome: 'delivered' });
    expect(await begun(3)).toEqual(['phone', 'laptop', 'phone']);
    expect(stateOf(1)).toBe('sent');
  });
});

describe('a host that hangs', () => {
  it('has so many places and no more, and holds up no other', async () => {
    world.store.add(...Array.from({ length: 10 }, (_, i) => to(i, 'hangs.example')));
    world.store.add(...Array.from({ length: 10 }, (_, i) => to(100 + i, 'well.example')));
    world.channel.script = ({ endpoint }) => (endpoint.includes('well') ? { outcome: 'delivered' } : undefined);
    void world.outbox.pump();
    const attempted = await begun(13);
    expect(attempted.filter((id) => id.length < 5)).toEqual(['d-0', 'd-1', 'd-2']);
    expect(world.store.settled.map(({ id }) => id)).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109]);
    world.channel.attempts.find(({ device }) => device.id === 'd-1')?.answer({ outcome: 'later', reason: 'timeout' });
    expect(await begun(14)).toContain('d-3');
  });
});

describe('what is not taken', () => {
  it('is tried again when its time has come, and given up at last', async () => {
    world.channel.script = () => ({ outcome: 'later', reason: 'busy', retryAfterMs: 10_000 });
    world.store.add(aShow(1, { until: 100_000_000 }));
    for (let attempt = 1; attempt <= 8; attempt++) {
      await world.outbox.run();
      await world.outbox.run();
      expect(world.channel.attempts).toHaveLength(attempt);
      const [row] = world.store.rows;
      expect(row?.state).toBe(attempt < 8 ? 'waiting' : 'parked');
      expect(row?.nextAt).toBeGreaterThanOrEqual(Date.now() + 10_000);
      vi.setSystemTime(row?.nextAt ?? 0);
    }
    expect(world.store.settled.at(-1)).toMatchObject({ state: 'parked', reason: 'tried_too_often' });
    expect(world.stats.outcomes).toMatchObject({ later: 7, parked: 1 });
    expect(world.stats.reasons).toEqual({ busy: 7, tried_too_often: 1 });
  });

  it('is shortened at once', async () => {
    world.channel.script = (_device, message) =>
      message.kind === 'show' && message.shortened < 2 ? { outcome: 'too_large' } : { outcome: 'delivered' };
    world.store.add(to(1, 'a.example'));
    await world.outbox.run();
    expect(world.channel.attempts.map(({ message }) => (message.kind === 'show' ? message.shortened : -1))).toEqual([
      0, 1, 2,
    ]);
    expect(stateOf(1)).toBe('sent');
  });

  it('is not tried where nobody is any more', async () => {
    world.channel.script = () => ({ outcome: 'gone' });
    world.store.add(to(1, 'a.example', 'phone'), to(2, 'a.example', 'phone'));
    await world.outbox.run();
    expect([world.removed, world.channel.attempts.length, world.stats.outcomes.gone]).toEqual([['phone'], 1, 1]);
    expect(world.store.settled).toEqual([]);
  });
});

describe('in the last moment', () => {
  it.each([
    ['its time is over', { until: NOW }, 'too_late'],
    ['the device’s token cannot read it', { topic: 'rooms/1' }, 'right.missing'],
  ])('what waits is given up when %s', async (_what, more, reason) => {
    world.store.add(aShow(1, more));
    await world.outbox.run();
    expect(world.channel.attempts).toEqual([]);
    expect(world.store.settled).toEqual([{ id: 1, at: NOW, state: 'parked', reason }]);
  });

  it('what waits is given up when the token was voided since', async () => {
    await world.access.disconnectUser(APPLICATION, 'u-1', {});
    world.store.add(to(1, 'a.example'));
    await world.outbox.run();
    expect(world.store.settled).toMatchObject([{ state: 'parked', reason: 'token.revoked' }]);
  });
});

describe('a store that fails', () => {
  it('is asked again', async () => {
    world.channel.script = () => ({ outcome: 'delivered' });
    world.store.failures.claim.push(new Error('disk'));
    world.store.failures.settle.push(new Error('disk'));
    world.store.add(to(1, 'a.example'));
    await world.outbox.run();
    expect([world.errors.length, world.channel.attempts.length]).toEqual([1, 0]);
    await world.outbox.run();
    expect([world.errors.length, world.channel.attempts.length, stateOf(1)]).toEqual([2, 1, 'sent']);
  });
});

it('a channel that throws, or a body that cannot be read, is a failed attempt of this push alone', async () => {
  world.channel.script = ({ id }) => {
    if (id === 'd-1') throw new Error('a bug');
    return { outcome: 'delivered' };
  };
  world.store.add(to(1, 'a.example'), to(2, 'a.example'));
  await world.outbox.run();
  expect(world.store.settled.map(({ id, state }) => [id, state]).sort()).toEqual([
    [1, 'waiting'],
    [2, 'sent'],
  ]);
  expect(world.errors).toHaveLength(1);
});

describe('the end', () => {
  it('waits for what is under way, and begins nothing more', async () => {
    world.store.add(to(1, 'a.example', 'phone'), to(2, 'a.example', 'phone'));
    void world.outbox.pump();
    await begun(1);
    const stopped = world.outbox.stop(60_000);
    world.channel.attempts[0]?.answer({ outcome: 'delivered' });
    await stopped;
    expect([stateOf(1), stateOf(2), world.channel.attempts.length]).toEqual(['sent', 'waiting', 1]);
  });

  it('ends what takes longer: it is free for whoever comes next', async () => {
    world.store.add(to(1, 'a.example'));
    void world.outbox.pump();
    await begun(1);
    await world.outbox.stop(0);
    expect(world.store.settled).toMatchObject([{ id: 1, state: 'waiting', nextAt: NOW, failed: false }]);
  });

  it('does not wait for a store that takes nothing', async () => {
    world.store.failures.settle.push(...Array.from({ length: 9 }, () => new Error('disk')));
    world.store.add(to(1, 'a.example'));
    void world.outbox.pump();
    await begun(1);
    await world.outbox.stop(0);
    expect(world.store.settled).toEqual([]);
  });
});

it('what is under way to one person is ended for their erasure', async () => {
  const other = aShow(2, { device: aDevice('u-2', 'pad'), topic: 'users/u-2' });
  world.store.add(to(1, 'a.example'), other);
  void world.outbox.pump();
  await begun(2);
  await world.access.disconnectUser(APPLICATION, 'u-1', {});
  await world.outbox.settle('u-1');
  expect(world.store.settled[0]).toMatchObject({ id: 1, reason: 'aborted' });
  expect(world.channel.attempts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
});
