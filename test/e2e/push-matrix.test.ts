import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotificationLog } from '#clarion/notifications';
import { openDevice, TRANSPORTS, type Device } from '../support/devices.js';
import { PushWorld, type Browser } from '../support/push-world.js';
import { request } from '../support/rest.js';

/** `CLARION_PUSH_AFTER_S`, the default. */
const AFTER_MS = 10_000;
/** What was read is taken back so long after. */
const TAKE_BACK_MS = 2_000;

let world: PushWorld;

beforeAll(async () => {
  world = await PushWorld.start();
  await world.declare('always', { push: { when: 'always' } });
  await world.declare('never', { push: { when: 'never' } });
  await world.declare('minute', { push: { when: 'ifNotAcked', afterS: 60 } });
  await world.declare('plain', {});
});

afterAll(async () => {
  expect(world.service.faults).toEqual([]);
  await world.stop();
});

/** How somebody hears of a notification, and says what they did: over a connection, by one poll, or over REST alone. */
const WAYS = [...TRANSPORTS, 'one poll', 'REST'] as const;
type Way = (typeof WAYS)[number];
const SAID = ['nothing', 'ack before', 'ack after', 'read before', 'read after'] as const;
type Said = (typeof SAID)[number];

/** Whether it is pushed, and whether it is taken back. */
const OUTCOMES: Readonly<Record<Said, readonly string[]>> = {
  nothing: ['show'],
  'ack before': [],
  'ack after': ['show'],
  'read before': [],
  'read after': ['show', 'close'],
};

interface Cell {
  readonly way: Way;
  readonly said: Said;
  readonly browser: Browser;
  readonly device: Device | undefined;
  id: string;
}

async function cellOf(way: Way, said: Said): Promise<Cell> {
  const user = `${way}-${said}`.replace(/[^a-z]/gi, '-');
  const browser = await world.browser(user, 'phone');
  const token = browser.headers['Authorization']?.slice('Bearer '.length) ?? '';
  const transport = TRANSPORTS.find((one) => one === way);
  const device = transport && (await openDevice(transport, world.door, { token }));
  return { way, said, browser, device, id: '' };
}

/** Hears it, if its way is one by which anything is heard. */
async function hear({ way, browser, device, id }: Cell): Promise<void> {
  await device?.until('the notification', ({ name, data }) => name === 'notification' && data['id'] === id);
  if (way !== 'one poll') return;
  const poll = { ...browser.headers, Accept: 'application/json' };
  const { body } = await request(world.door, 'GET', '/v1/events?topics=users/me&since=earliest', undefined, poll);
  expect(JSON.stringify(body)).toContain(id);
}

async function say({ said, browser, device, id }: Cell, when: string): Promise<void> {
  if (!said.endsWith(when)) return;
  if (said.startsWith('ack')) await (device?.ack([id]) ?? world.ack(browser, id));
  else await (device?.mark({ state: 'read', ids: [id] }) ?? world.mark(browser, 'read', [id]));
}

describe('an acknowledgement and a mark, just before it is due and just after', () => {
  const cells: Cell[] = [];

  beforeAll(async () => {
    for (const way of WAYS) cells.push(...(await Promise.all(SAID.map((said) => cellOf(way, said)))));
    for (const cell of cells) cell.id = await world.publish({ user: cell.browser.user });
    await Promise.all(cells.map(hear));
    await world.passAndRun(AFTER_MS - 1);
    expect(world.service.received).toEqual([]);
    await Promise.all(cells.map((cell) => say(cell, 'before')));
    await world.passAndRun(1);
    await Promise.all(cells.map((cell) => say(cell, 'after')));
    await world.passAndRun(TAKE_BACK_MS - 1);
    expect(cells.flatMap(({ browser }) => browser.told).filter((told) => told.startsWith('close'))).toEqual([]);
    await world.passAndRun(1);
    await world.passAndRun(86_400_000);
    for (const { device } of cells) device?.close();
  });

  const rows = WAYS.flatMap((way) => SAID.map((said) => [way, said] as const));
  it.each(rows)('%s: %s', (way, said) => {
    const { browser, id } = cells.find((cell) => cell.way === way && cell.said === said)!;
    expect(browser.told).toEqual(OUTCOMES[said].map((kind) => `${kind} ${id}`));
  });
});

describe('what a device reports', () => {
  /** Two devices: one has it, the other’s push service is busy. */
  async function halfDelivered(user: string): Promise<{ phone: Browser; laptop: Browser; id: string }> {
    const phone = await world.browser(user, 'phone');
    const laptop = await world.browser(user, 'laptop');
    world.service.answer(laptop.path, { status: 429, headers: { 'retry-after': '30' } }, 201);
    const id = await world.publish({ user, actions: [{ id: 'yes', title: 'Yes' }] });
    await world.passAndRun(AFTER_MS);
    expect([phone.told, laptop.told]).toEqual([[`show ${id}`], [`show ${id}`]]);
    return { phone, laptop, id };
  }

  it('shown on one: the other is tried again, since that was decided', async () => {
    const { phone, laptop, id } = await halfDelivered('r-shown');
    await world.report(phone, 'shown');
    await world.passAndRun(30_000);
    expect([phone.told, laptop.told]).toEqual([[`show ${id}`], [`show ${id}`, `show ${id}`]]);
  });

  it.each(['opened', 'acted'] as const)(
    '%s on one: the other is tried no more, and the first is closed',
    async (event) => {
      const { phone, laptop, id } = await halfDelivered(`r-${event}`);
      world.pass(29_999);
      await world.report(phone, event, event === 'acted' ? 'yes' : undefined);
      await world.passAndRun(TAKE_BACK_MS);
      await world.passAndRun(86_400_000);
      expect([phone.told, laptop.told]).toEqual([[`show ${id}`, `close ${id}`], [`show ${id}`]]);
    },
  );

  it('is an acknowledgement in the receipts, by push', async () => {
    const { phone, id } = await halfDelivered('r-receipt');
    await world.report(phone, 'shown');
    const receipts = await world.say({ headers: {} }, 'GET', `/v1/notifications/${id}/receipts`);
    expect(JSON.stringify(receipts)).toContain('"acked"');
    expect(JSON.stringify(receipts)).toContain('"push"');
  });

  it('is refused without a ticket that is known', async () => {
    await expect(world.report({ ticket: 'x'.repeat(22) }, 'shown')).rejects.toThrow('ticket.unknown');
    const { phone } = await halfDelivered('r-unknown');
    await expect(world.report(phone, 'acted', 'maybe')).rejects.toThrow('action.unknown');
  });
});

describe('with a rule of its category', () => {
  it('always: at once, whoever has acknowledged it', async () => {
    const browser = await world.browser('c-always', 'phone');
    const id = await world.publish({ user: 'c-always', category: 'always' });
    await world.run();
    expect(browser.told).toEqual([`show ${id}`]);
  });

  it('never', async () => {
    const browser = await world.browser('c-never', 'phone');
    await world.publish({ user: 'c-never', category: 'never' });
    await world.passAndRun(86_400_000);
    expect(browser.told).toEqual([]);
  });

  it('after a minute', async () => {
    const browser = await world.browser('c-minute', 'phone');
    const id = await world.publish({ user: 'c-minute', category: 'minute' });
    await world.passAndRun(59_999);
    expect(browser.told).toEqual([]);
    await world.passAndRun(1);
    expect(browser.told).toEqual([`show ${id}`]);
  });

  it('never, by the time that it is due', async () => {
    await world.declare('changes', {});
    const browser = await world.browser('c-changes', 'phone');
    await world.publish({ user: 'c-changes', category: 'changes' });
    await world.declare('changes', { push: { when: 'never' } });
    await world.passAndRun(AFTER_MS);
    expect(browser.told).toEqual([]);
  });
});

const QUIET = { quietHours: { from: '00:00', to: '23:59', timeZone: 'UTC', days: [1, 2, 3, 4, 5, 6, 7] } };

/** What is done between the publish and the moment at which it is due; whether it is pushed. */
const BETWEEN: readonly (readonly [what: string, act: (browser: Browser, id: string) => Promise<unknown>, boolean])[] =
  [
    ['nothing', async () => undefined, true],
    ['seen', (browser, id) => world.mark(browser, 'seen', [id]), true],
    ['archived', (browser, id) => world.mark(browser, 'archived', [id]), false],
    ['snoozed', (browser, id) => world.mark(browser, 'snoozed', [id], { until: '2027-01-01T00:00:00Z' }), false],
    [
      'read, and unread again',
      async (browser, id) => {
        await world.mark(browser, 'read', [id], { at: new Date(Date.now() - 1).toISOString() });
        await world.mark(browser, 'read', [id], { undo: true });
      },
      true,
    ],
    ['retracted', (_browser, id) => world.say({ headers: {} }, 'DELETE', `/v1/notifications/${id}`), false],
    [
      'edited',
      (_browser, id) => world.say({ headers: {} }, 'PATCH', `/v1/notifications/${id}`, { title: 'Changed' }),
      true,
    ],
    ['muted', (browser) => world.say(browser, 'PUT', '/v1/me/preferences', { mutedTopics: ['users/me'] }), false],
    ['quiet hours', (browser) => world.say(browser, 'PUT', '/v1/me/preferences', QUIET), false],
    [
      'disconnected by the operator',
      ({ user }) => world.say({ headers: {} }, 'POST', `/v1/users/${user}/disconnect`),
      false,
    ],
    ['the device is removed', (browser) => world.say(browser, 'DELETE', '/v1/me/devices/phone'), false],
  ];

it.each(BETWEEN)('before it is due: %s', async (what, act, isPushed) => {
  const user = `b-${what.replace(/[^a-z]/g, '-')}`;
  const browser = await world.browser(user, 'phone');
  const id = await world.publish({ user });
  await act(browser, id);
  await world.passAndRun(AFTER_MS);
  expect(browser.told).toEqual(isPushed ? [`show ${id}`] : []);
});

describe('of what was published', () => {
  it('expires: not pushed', async () => {
    const browser = await world.browser('p-expires', 'phone');
    await world.publish({ user: 'p-expires', ttl: 10 });
    const id = await world.publish({ user: 'p-expires', ttl: 11 });
    await world.passAndRun(AFTER_MS);
    expect(browser.told).toEqual([`show ${id}`]);
    expect(world.service.at(browser.path)[0]?.headers['ttl']).toBe('1');
  });

  it('has a newer one with its key: that one alone', async () => {
    const browser = await world.browser('p-collapsed', 'phone');
    await world.publish({ user: 'p-collapsed', collapseKey: 'k' });
    const id = await world.publish({ user: 'p-collapsed', collapseKey: 'k' });
    await world.passAndRun(AFTER_MS);
    expect(browser.told).toEqual([`show ${id}`]);
  });

  it('says nothing to people: never', async () => {
    const browser = await world.browser('p-data', 'phone');
    await world.publish({ user: 'p-data', title: undefined, data: { n: 1 }, category: 'always' });
    await request(world.door, 'POST', '/v1/notifications', { user: 'p-data', title: 'Hello', ephemeral: true });
    await world.passAndRun(AFTER_MS);
    expect(browser.told).toEqual([]);
  });

  it('comes from oneself: not to oneself', async () => {
    const grants = { publish: ['users/p-self', 'users/p-friend'] };
    const [self, friend] = await Promise.all([
      world.browser('p-self', 'phone', grants),
      world.browser('p-friend', 'phone'),
    ]);
    await world.say(self, 'POST', '/v1/notifications', { users: ['p-self', 'p-friend'], title: 'Hello' });
    await world.passAndRun(AFTER_MS);
    expect([self.told.length, friend.told.length]).toEqual([0, 1]);
  });

  it('comes before a device does: not to that one', async () => {
    const early = await world.browser('p-late', 'early');
    const id = await world.publish({ user: 'p-late' });
    const late = await world.browser('p-late', 'late');
    await world.passAndRun(AFTER_MS);
    expect([early.told, late.told]).toEqual([[`show ${id}`], []]);
  });
});

describe('a topic', () => {
  const ROOMS = { subscribe: ['rooms/*'] };

  async function follower(user: string, room: string, grants = ROOMS): Promise<Browser> {
    const browser = await world.browser(user, 'phone', grants);
    await world.say({ headers: await world.headersOf(user, ROOMS) }, 'PUT', `/v1/me/follows?topic=${room}`);
    return browser;
  }

  it('with a category is pushed to those who follow it still, and may read it', async () => {
    const room = 'rooms/1';
    const [stays, leaves, acked, mayNot] = await Promise.all([
      follower('t-stays', room),
      follower('t-leaves', room),
      follower('t-acked', room),
      follower('t-may-not', room, { subscribe: [] }),
    ]);
    const id = await world.publish({ topic: room, category: 'plain' });
    const later = await follower('t-later', room);
    await world.say(leaves, 'DELETE', `/v1/me/follows?topic=${room}`);
    await world.ack(acked, id);
    await world.passAndRun(AFTER_MS);
    const told = [stays, leaves, acked, mayNot, later].map((browser) => browser.told);
    expect(told).toEqual([[`show ${id}`], [], [], [], []]);
  });

  it('of more followers than are decided at once reaches each of them once', async () => {
    const log = world.app.get(NotificationLog);
    const subscribe = [{ selector: 'halls/1', historyFrom: 0 }] as never;
    const paths = Array.from({ length: 210 }, async (_, i) => {
      const { path, subscription } = world.service.subscribe();
      const { endpoint, keys } = subscription;
      const act = { user: `h-${i}`, at: Date.now(), body: '"change":"device"' };
      const device = {
        id: 'phone',
        endpoint,
        ...keys,
        name: null,
        locale: null,
        timeZone: null,
        subscribe,
        issuedAt: null,
      };
      await Promise.all([
        log.act({ ...act, kind: 'device', device }),
        log.act({ ...act, kind: 'follow', topic: 'halls/1' }),
      ]);
      return path;
    });
    const all = await Promise.all(paths);
    await world.publish({ topic: 'halls/1', category: 'plain' });
    await world.passAndRun(AFTER_MS);
    expect(all.map((path) => world.service.at(path).length)).toEqual(all.map(() => 1));
  });

  it('without one is data', async () => {
    const browser = await follower('t-data', 'rooms/2');
    await world.publish({ topic: 'rooms/2' });
    await world.passAndRun(AFTER_MS);
    expect(browser.told).toEqual([]);
  });
});

describe('several devices', () => {
  it('have one decision each, and each closes what was read on one of them, all in one push', async () => {
    const devices = await Promise.all(['phone', 'laptop', 'tablet'].map((id) => world.browser('d-three', id)));
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push(await world.publish({ user: 'd-three' }));
    await world.passAndRun(AFTER_MS);
    await world.run();
    for (const { told } of devices) expect(told).toEqual(ids.map((id) => `show ${id}`));
    const [phone] = devices;
    await world.mark(phone!, 'read', [ids[0]!]);
    await world.mark(phone!, 'archived', [ids[2]!]);
    await world.passAndRun(TAKE_BACK_MS);
    const closed = [ids[0], ids[2]].toSorted().join(' ');
    for (const { told } of devices) expect(told.slice(3)).toEqual([`close ${closed}`]);
    await world.passAndRun(86_400_000);
    for (const { told } of devices) expect(told).toHaveLength(4);
  });

  it('close what is retracted', async () => {
    const browser = await world.browser('d-retracted', 'phone');
    const id = await world.publish({ user: 'd-retracted' });
    await world.passAndRun(AFTER_MS);
    await world.say({ headers: {} }, 'DELETE', `/v1/notifications/${id}`);
    await world.passAndRun(TAKE_BACK_MS);
    expect(browser.told).toEqual([`show ${id}`, `close ${id}`]);
  });
});

it('a restart between publish and due, between attempts, and before what was read is taken back changes nothing', async () => {
  const [one, acked, busy] = await Promise.all(['z-1', 'z-2', 'z-3'].map((user) => world.browser(user, 'phone')));
  world.service.answer(busy!.path, { status: 429, headers: { 'retry-after': '60' } }, 201);
  const id = await world.publish({ users: ['z-1', 'z-2', 'z-3'] });
  await world.ack(acked!, id);
  await world.restart();
  await world.passAndRun(AFTER_MS - 1);
  expect(one!.told).toEqual([]);
  await world.passAndRun(1);
  expect([one!.told, acked!.told, busy!.told]).toEqual([[`show ${id}`], [], [`show ${id}`]]);
  await world.mark(one!, 'read', [id]);
  await world.restart();
  await world.passAndRun(TAKE_BACK_MS);
  expect(one!.told).toEqual([`show ${id}`, `close ${id}`]);
  await world.passAndRun(60_000 - TAKE_BACK_MS - 1);
  expect(busy!.told).toHaveLength(1);
  await world.passAndRun(1);
  expect([one!.told.length, acked!.told.length, busy!.told.length]).toEqual([2, 0, 2]);
});
