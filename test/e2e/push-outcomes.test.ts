import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PushStats } from '#clarion/notifications';
import { EventStream } from '../support/event-stream.js';
import { PushWorld, type Browser } from '../support/push-world.js';
import { readMetric } from '../support/rest.js';
import { startPushService, type Answer } from '../support/push-service.js';

const HOUR_MS = 3_600_000;

let world: PushWorld;

beforeAll(async () => {
  world = await PushWorld.start({ CLARION_PUSH_TIMEOUT_MS: '300', CLARION_PUSH_PER_HOST: '2' });
  await world.declare('now', { push: { when: 'always' } });
});

afterAll(() => world.stop());

/** How one device of the person fares, as they see it. */
async function healthOf({ user, id }: Browser): Promise<Record<string, unknown> | undefined> {
  const { devices } = Object(await world.say({ headers: await world.headersOf(user) }, 'GET', '/v1/me/devices'));
  return devices.find((device: { id: string }) => device.id === id);
}

async function explained(id: string, user: string): Promise<unknown> {
  const answer = Object(await world.say({ headers: {} }, 'GET', `/v1/notifications/${id}/explain?user=${user}`));
  return answer.push;
}

/** Two devices of a person, one of which is answered so; it is pushed to both. */
async function pushed(
  user: string,
  ...answers: readonly Answer[]
): Promise<{ odd: Browser; well: Browser; id: string }> {
  const odd = await world.browser(user, 'odd');
  const well = await world.browser(user, 'well');
  world.service.answer(odd.path, ...answers);
  const id = await world.publish({ user, category: 'now', body: 'x'.repeat(3_000) });
  await world.run();
  expect(well.told).toEqual([`show ${id}`]);
  return { odd, well, id };
}

/** Times at which the push service was asked, beginning at 0. */
function timesOf({ path }: Browser): number[] {
  const times = world.service.at(path).map(({ at }) => at);
  return times.map((at) => at - (times[0] ?? 0));
}

/** Goes on until nothing is tried any more, a second at a time at first. */
async function until(ms: number, stepMs: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) await world.passAndRun(stepMs);
}

describe('what a push service answers', () => {
  it('201: it is sent, and the device is well', async () => {
    const { odd, id } = await pushed('a-201', 201);
    expect(odd.told).toEqual([`show ${id}`]);
    expect(await healthOf(odd)).toMatchObject({ rings: true, failures: 0, lastSuccessAt: expect.any(String) });
    expect(await explained(id, 'a-201')).toMatchObject({
      devices: [
        { device: 'odd', state: 'sent', attempts: 1 },
        { device: 'well', state: 'sent', attempts: 1 },
      ],
    });
  });

  it.each([404, 410])('%i: the device is removed at once, and the person’s sessions hear of it', async (status) => {
    const user = `a-${status}`;
    const headers = await world.headersOf(user);
    const session = await EventStream.open(`${world.door.url}/v1/events?topics=users/me`, headers);
    await session.first('ready', 1);
    const { odd, well } = await pushed(user, status);
    const [, , gone] = await session.first('inbox', 3);
    expect(gone?.data).toMatchObject({ change: 'device', device: { id: 'odd', removed: 'gone' } });
    expect(await healthOf(odd)).toBeUndefined();
    expect(await healthOf(well)).toMatchObject({ rings: true });
    const later = await world.publish({ user, category: 'now' });
    await world.passAndRun(HOUR_MS);
    expect([odd.told.length, well.told.at(-1)]).toEqual([1, `show ${later}`]);
    session.close();
  });

  it('413: shorter, at once', async () => {
    const { odd, id } = await pushed('a-413', 413, 413, 201);
    expect(timesOf(odd)).toEqual([0, 0, 0]);
    const lengths = world.service.at(odd.path).map(({ encrypted }) => encrypted.length);
    expect(lengths).toEqual(lengths.toSorted((one, other) => other - one));
    expect(new Set(lengths).size).toBe(3);
    expect(await explained(id, 'a-413')).toMatchObject({ devices: [{ device: 'odd', state: 'sent' }, {}] });
    expect(await healthOf(odd)).toMatchObject({ rings: true, failures: 0 });
  });

  it('413 whatever its length: given up', async () => {
    const { odd, id } = await pushed('a-413-always', 413);
    await until(10_000, 1_000);
    expect(timesOf(odd)).toEqual([0, 0, 0, 0, 0]);
    expect(await explained(id, 'a-413-always')).toMatchObject({
      devices: [{ device: 'odd', state: 'parked', reason: 'too_large' }, {}],
    });
  });

  it('429 with Retry-After: not before that', async () => {
    const { odd, id } = await pushed('a-429', { status: 429, headers: { 'retry-after': '120' } }, 201);
    await world.passAndRun(119_999);
    expect(timesOf(odd)).toEqual([0]);
    expect(await healthOf(odd)).toMatchObject({ rings: true, failures: 1, lastFailure: { reason: 'rate_limited' } });
    await world.passAndRun(1);
    expect(timesOf(odd)).toEqual([0, 120_000]);
    expect(await explained(id, 'a-429')).toMatchObject({ devices: [{ state: 'sent', attempts: 2 }, {}] });
    expect(await healthOf(odd)).toMatchObject({ failures: 0 });
  });

  it('503: again, in ever longer pauses, and given up after the eighth time', async () => {
    const { odd, id } = await pushed('a-503', 503);
    await until(30_000, 500);
    await until(HOUR_MS, 60_000);
    await until(2 * HOUR_MS, 600_000);
    const times = timesOf(odd);
    expect(times).toHaveLength(8);
    // The longest that there may be between two: 1 s, 4 s, 16 s …, and a step of this clock.
    for (let i = 1; i < 8; i++)
      expect(times[i]! - times[i - 1]!).toBeLessThanOrEqual(Math.min(1_000 * 4 ** (i - 1), HOUR_MS) + 600_000);
    expect(await explained(id, 'a-503')).toMatchObject({
      devices: [{ device: 'odd', state: 'parked', attempts: 8, reason: 'tried_too_often' }, { state: 'sent' }],
    });
    expect(await healthOf(odd)).toMatchObject({ rings: false, cause: 'service.failing', failures: 8 });
  });

  it.each([
    ['a redirect', { status: 307, headers: { location: '/elsewhere' } }, 'redirected', undefined],
    ['400', 400, 'bad_request', undefined],
    ['403', 403, 'key_refused', 'key.refused'],
  ] as const)('%s: given up at once, and never followed', async (what, answer, reason, cause) => {
    const user = `a-${what.replace(/[^a-z0-9]/g, '-')}`;
    const { odd, id } = await pushed(user, answer);
    await until(10_000, 1_000);
    expect(timesOf(odd)).toEqual([0]);
    expect(await explained(id, user)).toMatchObject({ devices: [{ device: 'odd', state: 'parked', reason }, {}] });
    expect((await healthOf(odd))?.['cause']).toBe(cause);
    expect(world.service.received.filter(({ path }) => path === '/elsewhere')).toEqual([]);
  });

  it('nothing, or no HTTP: again later', async () => {
    const { odd, id } = await pushed('a-hang', 'hang', 'nonsense', 201);
    await until(60_000, 2_000);
    expect(odd.told).toEqual(Array.from({ length: 3 }, () => `show ${id}`));
    expect(await explained(id, 'a-hang')).toMatchObject({ devices: [{ state: 'sent', attempts: 3 }, {}] });
  });

  it('is counted', async () => {
    const counts = await readMetric(world.door, 'clarion_pushes_total');
    expect(counts).toMatchObject({ 'outcome="gone"': 2, 'outcome="shortened"': 6, 'outcome="parked"': 5 });
    expect(await readMetric(world.door, 'clarion_push_refusals_total')).toMatchObject({ 'reason="rate_limited"': 1 });
    expect(await readMetric(world.door, 'clarion_pushes_in_flight')).toEqual({ '': 0 });
  });
});

describe('others', () => {
  it('of the same service wait for no device that hangs', async () => {
    const users = Array.from({ length: 6 }, (_, i) => `o-${i}`);
    const hangs = await world.browser('o-hangs', 'phone');
    const well = await Promise.all(users.map((user) => world.browser(user, 'phone')));
    world.service.answer(hangs.path, 'hang');
    await world.publish({ users: ['o-hangs', ...users], category: 'now' });
    const all = world.run();
    for (const { path } of [hangs, ...well]) await world.service.count(1, path);
    expect([hangs.told.length, world.app.get(PushStats).inFlight > 0]).toEqual([1, true]);
    await all;
  });

  it('wait for no service all of whose devices hang: it has two places', async () => {
    const slow = await startPushService();
    const users = Array.from({ length: 5 }, (_, i) => `s-${i}`);
    for (const user of users) {
      const { path } = await world.browser(user, 'slow', {}, slow);
      slow.answer(path, 'hang');
    }
    const well = await Promise.all(users.map((user) => world.browser(user, 'well')));
    await world.publish({ users, category: 'now' });
    const all = world.run();
    for (const { path } of well) await world.service.count(1, path);
    expect(slow.open).toBeGreaterThan(0);
    await all;
    expect([slow.received.length, slow.peak]).toEqual([5, 2]);
    await slow.close();
  });
});

it('of somebody who is erased nothing is left, nothing is under way, and nothing is sent any more', async () => {
  const phone = await world.browser('e-1', 'phone');
  const pad = await world.browser('e-1', 'pad');
  const shown = await world.publish({ user: 'e-1', category: 'now', actions: [{ id: 'yes', title: 'Yes' }] });
  await world.run();
  await world.say(phone, 'POST', '/v1/me/choices', { id: shown, action: 'yes' });
  const before = JSON.stringify(await world.say({ headers: {} }, 'GET', '/v1/users/e-1/export'));
  const { endpoint, keys } = phone.subscription;
  for (const part of [endpoint, '"action":"yes"']) expect(before).toContain(part);
  for (const secret of [keys.p256dh, keys.auth, phone.ticket]) expect(before).not.toContain(secret);

  world.service.answer(pad.path, 'hang');
  await world.publish({ user: 'e-1', category: 'now' });
  const sending = world.run();
  await world.service.count(2, pad.path);
  await world.say({ headers: {} }, 'DELETE', '/v1/users/e-1');
  const sent = [phone.told.length, pad.told.length];
  await sending;
  await world.passAndRun(HOUR_MS);
  expect([phone.told.length, pad.told.length]).toEqual(sent);
  expect(await world.say({ headers: {} }, 'GET', '/v1/users/e-1/export')).toMatchObject({ devices: [], choices: [] });
  await expect(world.report(phone, 'shown')).rejects.toThrow('ticket.unknown');
});
