import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deviceListSchema, deviceSchema, inboxChangeSchema, MAX_DEVICES, type DeviceView } from '#clarion/protocol';
import { openDevice, TRANSPORTS, type Device, type Heard } from '../support/devices.js';
import { startPushService, type PushService } from '../support/push-service.js';
import { mintToken, publish, request, type Answer } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { deafSubscription } from '../support/subscription.js';

const GO = { id: 'go', title: 'Go', url: '/go' };
const LATER = { id: 'later', title: 'Later' };
const HOUR_MS = 3_600_000;
const SITE = 'https://app.example';

let server: TestServer;
let service: PushService;
const open = new Set<Device>();
let people = 0;

beforeAll(async () => {
  service = await startPushService();
  server = await startServer({ CLARION_PUSH_AFTER_S: '0', CLARION_ALLOWED_ORIGINS: SITE });
});

afterEach(() => {
  for (const one of open) one.close();
  open.clear();
});

afterAll(async () => {
  await server.stop();
  await service.close();
});

interface Someone {
  readonly user: string;
  readonly headers: { readonly Authorization: string };
  readonly token: string;
}

async function someone(): Promise<Someone> {
  const user = `u-${++people}`;
  const token = await mintToken(server, { sub: user });
  return { user, token, headers: { Authorization: `Bearer ${token}` } };
}

function ask({ headers }: Someone, method: string, path: string, body?: unknown): Promise<Answer> {
  return request(server, method, path, body, headers);
}

/** What is said of a device that is brought. */
async function bring(me: Someone, id: string, subscription: object, more: object = {}): Promise<DeviceView> {
  const { status, body } = await ask(me, 'PUT', `/v1/me/devices/${id}`, { subscription, ...more });
  expect([status, body]).toEqual([200, expect.anything()]);
  return deviceSchema.parse(body);
}

async function devicesOf(me: Someone): Promise<DeviceView[]> {
  return deviceListSchema.parse((await ask(me, 'GET', '/v1/me/devices')).body).devices;
}

/** Sessions of the person over every transport. */
async function sessions({ token }: Someone): Promise<Device[]> {
  const opened = await Promise.all(TRANSPORTS.map((transport) => openDevice(transport, server, { token })));
  for (const one of opened) open.add(one);
  return opened;
}

/** All of them hear this change; resolves with how one of them did. */
async function allHear(devices: readonly Device[], change: object): Promise<void> {
  for (const one of devices) {
    const isIt = ({ name, data }: Heard): boolean => name === 'inbox' && matches(data, change);
    inboxChangeSchema.parse((await one.until(JSON.stringify(change), isIt)).data);
  }
}

function matches(data: unknown, expected: object): boolean {
  try {
    expect(data).toMatchObject(expected);
    return true;
  } catch {
    return false;
  }
}

const told = z.object({ clarion: z.object({ id: z.string(), ticket: z.string() }) });

interface Ringing {
  readonly path: string;
  ticketOf(notification: string): Promise<string>;
}

/** A device of the person, and the tickets of what is pushed to it. */
async function ringing(me: Someone, id = 'phone', more: object = {}): Promise<Ringing> {
  const { subscription, path } = service.subscribe();
  await bring(me, id, subscription, more);
  return {
    path,
    async ticketOf(notification) {
      const push = await service.until(
        (one) => one.path === path && matches(one.payload, { clarion: { id: notification } }),
      );
      return told.parse(push.payload).clarion.ticket;
    },
  };
}

const report = (body: object): Promise<Answer> => say('reports', body);
const renew = (body: object): Promise<Answer> => say('subscriptions', body);

/** As a worker does, which has a ticket alone, from a site of somebody else. */
async function say(path: string, body: object): Promise<Answer> {
  const answer = await fetch(`${server.url}/v1/push/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: SITE },
    body: JSON.stringify(body),
  });
  expect(answer.headers.get('access-control-allow-origin')).toBe(SITE);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
}

async function receiptOf(id: string): Promise<unknown> {
  return Object((await request(server, 'GET', `/v1/notifications/${id}/receipts`)).body).recipients[0];
}

async function explain(id: string, user: string): Promise<unknown> {
  return (await request(server, 'GET', `/v1/notifications/${id}/explain?user=${user}`)).body;
}

describe('a device', () => {
  it('is brought, listed to its person alone, brought again, and removed; sessions over every transport hear of it', async () => {
    const me = await someone();
    const devices = await sessions(me);
    const { subscription } = service.subscribe();
    const brought = await bring(me, 'phone', subscription, { name: 'Phone', locale: 'de-AT', timeZone: 'Asia/Tokyo' });
    expect(brought).toEqual({
      id: 'phone',
      name: 'Phone',
      locale: 'de-AT',
      timeZone: 'Asia/Tokyo',
      service: new URL(subscription.endpoint).host,
      createdAt: expect.any(String),
      verifiedAt: brought.createdAt,
      failures: 0,
      rings: true,
    });
    await allHear(devices, { change: 'device', device: { id: 'phone' } });
    expect(await devicesOf(me)).toEqual([brought]);
    expect(await devicesOf(await someone())).toEqual([]);

    const again = await bring(me, 'phone', subscription, { name: 'Phone', locale: 'de-AT', timeZone: 'Asia/Tokyo' });
    expect(again).toEqual({ ...brought, verifiedAt: again.verifiedAt });
    expect(again.verifiedAt > brought.verifiedAt).toBe(true);
    const renamed = await bring(me, 'phone', subscription, { name: 'Old phone' });
    expect(renamed).toMatchObject({ name: 'Old phone', createdAt: brought.createdAt });
    expect(renamed).not.toHaveProperty('locale');

    expect(await ask(me, 'DELETE', '/v1/me/devices/phone')).toMatchObject({ status: 204, body: '' });
    await allHear(devices, { change: 'device', device: { id: 'phone', removed: 'asked' } });
    expect(await devicesOf(me)).toEqual([]);
    expect((await ask(me, 'DELETE', '/v1/me/devices/phone')).body).toMatchObject({ code: 'device.unknown' });
    // To verify it changed nothing that others should hear of.
    for (const one of devices)
      expect(one.heard.filter(({ name }) => name === 'inbox').map(({ data }) => data['device'])).toEqual([
        { id: 'phone' },
        { id: 'phone' },
        { id: 'phone', removed: 'asked' },
      ]);
  });

  it('is one of twenty: the one that was verified longest ago goes', async () => {
    const me = await someone();
    const subscriptions = Array.from({ length: MAX_DEVICES + 1 }, () => deafSubscription());
    for (const [n, subscription] of subscriptions.slice(0, MAX_DEVICES).entries())
      await bring(me, `d-${n}`, subscription);
    await bring(me, 'd-0', subscriptions[0] ?? {});
    await bring(me, 'one-more', subscriptions[MAX_DEVICES] ?? {});
    const ids = (await devicesOf(me)).map(({ id }) => id);
    expect(ids).toHaveLength(MAX_DEVICES);
    expect(ids).toEqual(expect.arrayContaining(['d-0', 'one-more']));
    expect(ids).not.toContain('d-1');
  });

  it('belongs to whoever brought its subscription last', async () => {
    const [first, second] = [await someone(), await someone()];
    const { subscription } = service.subscribe();
    await bring(first, 'phone', subscription);
    await bring(second, 'phone', subscription);
    expect(await devicesOf(first)).toEqual([]);
    expect(await devicesOf(second)).toMatchObject([{ id: 'phone' }]);
  });

  it('does not ring while its person does not want to be disturbed, and says until when', async () => {
    const me = await someone();
    await bring(me, 'phone', deafSubscription());
    const until = new Date(Date.now() + HOUR_MS).toISOString();
    await ask(me, 'PUT', '/v1/me/preferences', { doNotDisturbUntil: until });
    const cause = 'quiet.do_not_disturb';
    expect(await devicesOf(me)).toMatchObject([{ rings: false, cause, because: expect.any(String), until }]);
  });

  it('does not ring when the tokens of its person were voided, until it is brought with another', async () => {
    const me = await someone();
    const subscription = deafSubscription();
    await bring(me, 'phone', subscription);
    await request(server, 'POST', `/v1/users/${me.user}/disconnect`);
    const token = await mintToken(server, { sub: me.user });
    const later = { ...me, token, headers: { Authorization: `Bearer ${token}` } };
    expect(await devicesOf(later)).toMatchObject([{ id: 'phone', rings: false, cause: 'token.revoked' }]);
    expect(await bring(later, 'phone', subscription)).toMatchObject({ rings: true });
  });

  it('whose subscription is no more is removed, and the person’s sessions hear of it', async () => {
    const me = await someone();
    const devices = await sessions(me);
    const { subscription, path } = service.subscribe();
    service.expire(path);
    await bring(me, 'phone', subscription);
    const { id } = await publish(server, { user: me.user, title: 't' });
    await allHear(devices, { change: 'device', device: { id: 'phone', removed: 'gone' } });
    expect(await devicesOf(me)).toEqual([]);
    expect(await explain(id, me.user)).toMatchObject({ push: { devices: [{ device: 'phone', state: 'gone' }] } });
  });
});

describe('what a device reports', () => {
  it('is in receipts and explanations, with when and by what', async () => {
    const me = await someone();
    const phone = await ringing(me);
    const { id } = await publish(server, { user: me.user, title: 't', actions: [GO, LATER] });
    const ticket = await phone.ticketOf(id);
    const via = { at: expect.any(String), transport: 'push', device: 'phone' };

    const explained = async (): Promise<unknown> => explain(id, me.user);
    await expect.poll(explained).toMatchObject({
      delivered: true,
      cause: 'delivered.pushed',
      evidence: via,
      push: { devices: [{ device: 'phone', state: 'sent', at: expect.any(String), attempts: 1 }] },
    });
    expect(await receiptOf(id)).toMatchObject({ sent: via, cause: 'delivered.pushed' });
    expect(await devicesOf(me)).toMatchObject([{ lastSuccessAt: expect.any(String), failures: 0 }]);

    for (let times = 0; times < 2; times++) {
      expect(await report({ ticket, event: 'shown' })).toMatchObject({ status: 204, body: undefined });
      expect(await receiptOf(id)).toMatchObject({ sent: via, received: via, acked: via });
    }
    expect(await explained()).toMatchObject({ cause: 'delivered.acked', evidence: via });

    const devices = await sessions(me);
    expect((await report({ ticket, event: 'acted', action: 'go' })).status).toBe(204);
    await allHear(devices, { change: 'chosen', chosen: { id, action: 'go' } });
    await allHear(devices, { change: 'marked', mark: { state: 'read', ids: [id] } });
    expect(await receiptOf(id)).toMatchObject({ read: {}, acted: [{ action: 'go', ...via }] });
    expect(await explained()).toMatchObject({ cause: 'delivered.read' });
  });

  it('that was opened is read, and acknowledged', async () => {
    const me = await someone();
    const phone = await ringing(me);
    const { id } = await publish(server, { user: me.user, title: 't' });
    const ticket = await phone.ticketOf(id);
    expect((await report({ ticket, event: 'opened' })).status).toBe(204);
    expect(await receiptOf(id)).toMatchObject({ acked: { device: 'phone' }, read: {} });
    const forged = await report({ ticket, event: 'acted', action: 'go' });
    expect(forged).toMatchObject({ status: 422, body: { code: 'action.unknown' } });
    expect(await receiptOf(id)).not.toHaveProperty('acted');
  });

  it('is refused with the ticket of somebody who was erased', async () => {
    const me = await someone();
    const phone = await ringing(me);
    const { id } = await publish(server, { users: [me.user, 'u-other'], title: 't', actions: [GO] });
    const ticket = await phone.ticketOf(id);
    await request(server, 'DELETE', `/v1/users/${me.user}`);
    for (const said of [{ event: 'shown' }, { event: 'opened' }, { event: 'acted', action: 'go' }])
      expect(await report({ ticket, ...said })).toMatchObject({ status: 404, body: { code: 'ticket.unknown' } });
    expect(await explain(id, me.user)).toMatchObject({ cause: 'audience.not_named', push: { devices: [] } });
  });
});

describe('a subscription that the browser has renewed', () => {
  /** The ticket of something that was pushed to a device. */
  async function ticketTo(me: Someone, phone: Ringing): Promise<string> {
    const { id } = await publish(server, { user: me.user, title: 't' });
    return phone.ticketOf(id);
  }

  it('rings from then on, with an old ticket, too; the device is otherwise as it was, and all sessions hear of it', async () => {
    const me = await someone();
    const phone = await ringing(me, 'phone', { name: 'Phone', locale: 'de-AT' });
    const ticket = await ticketTo(me, phone);
    await ticketTo(me, phone);
    service.answer(phone.path, 403);
    const { id } = await publish(server, { user: me.user, title: 'refused' });
    await phone.ticketOf(id);
    await expect.poll(() => devicesOf(me)).toMatchObject([{ rings: false, cause: 'key.refused', failures: 1 }]);
    const [before] = await devicesOf(me);
    service.expire(phone.path);
    const devices = await sessions(me);

    const { subscription, path } = service.subscribe();
    const renewed = { ticket, subscription: { ...subscription, expirationTime: null } };
    expect(await renew(renewed)).toMatchObject({ status: 204, body: undefined });
    await allHear(devices, { change: 'device', device: { id: 'phone' } });
    const after = await devicesOf(me);
    const { cause: _, because: __, ...kept } = before!;
    expect(after).toEqual([{ ...kept, verifiedAt: expect.any(String), failures: 0, rings: true }]);
    expect(await renew(renewed)).toMatchObject({ status: 204 });
    expect(await devicesOf(me)).toEqual(after);

    await publish(server, { user: me.user, title: 'again' });
    expect(await service.count(1, path)).toHaveLength(1);
    for (const one of devices)
      expect(one.heard.filter(({ name, data }) => name === 'inbox' && data['change'] === 'device')).toHaveLength(1);
  });

  it('is refused for a device that was removed, or removed and brought again', async () => {
    const me = await someone();
    const ticket = await ticketTo(me, await ringing(me));
    await ask(me, 'DELETE', '/v1/me/devices/phone');
    const { subscription } = service.subscribe();
    const unknown = { status: 404, body: { code: 'ticket.unknown' } };
    expect(await renew({ ticket, subscription })).toMatchObject(unknown);
    const again = await ringing(me);
    expect(await renew({ ticket, subscription })).toMatchObject(unknown);
    await ticketTo(me, again);
  });

  it('is refused for somebody who was erased', async () => {
    const me = await someone();
    const phone = await ringing(me);
    const { id } = await publish(server, { users: [me.user, 'u-other'], title: 't' });
    const ticket = await phone.ticketOf(id);
    await request(server, 'DELETE', `/v1/users/${me.user}`);
    const answer = await renew({ ticket, subscription: deafSubscription() });
    expect(answer).toMatchObject({ status: 404, body: { code: 'ticket.unknown' } });
    expect(await devicesOf(await someone())).toEqual([]);
    expect((await request(server, 'GET', `/v1/users/${me.user}/export`)).body).toMatchObject({ devices: [] });
  });

  it('does not bring back a device whose token was voided', async () => {
    const me = await someone();
    const ticket = await ticketTo(me, await ringing(me));
    await request(server, 'POST', `/v1/users/${me.user}/disconnect`);
    const answer = await renew({ ticket, subscription: deafSubscription() });
    expect(answer).toMatchObject({ status: 404, body: { code: 'ticket.unknown' } });
    const token = await mintToken(server, { sub: me.user });
    const later = { ...me, token, headers: { Authorization: `Bearer ${token}` } };
    expect(await devicesOf(later)).toMatchObject([{ id: 'phone', rings: false, cause: 'token.revoked' }]);
  });

  it('is never taken from another device: who has the ticket of one renews that one alone', async () => {
    const [me, other] = [await someone(), await someone()];
    const [phone, theirs] = [await ringing(me), service.subscribe()];
    const ticket = await ticketTo(me, phone);
    await bring(other, 'phone', theirs.subscription);
    const answer = await renew({ ticket, subscription: theirs.subscription });
    expect(answer).toMatchObject({ status: 404, body: { code: 'ticket.unknown' } });
    expect(await devicesOf(other)).toMatchObject([{ id: 'phone' }]);
    // The browser of the first is the second's by now.
    const shared = service.subscribe();
    await bring(me, 'phone', shared.subscription);
    await bring(other, 'laptop', shared.subscription);
    const renewed = await renew({ ticket, subscription: service.subscribe().subscription });
    expect(renewed).toMatchObject({ status: 404, body: { code: 'ticket.unknown' } });
    expect(await devicesOf(me)).toEqual([]);
  });

  it('must be one that may be talked to', async () => {
    const me = await someone();
    const phone = await ringing(me);
    const ticket = await ticketTo(me, phone);
    const subscription = { ...deafSubscription(), endpoint: 'http://10.0.0.1/push' };
    expect(await renew({ ticket, subscription })).toMatchObject({ body: { code: 'endpoint.forbidden' } });
    await ticketTo(me, phone);
  });
});

describe.each(TRANSPORTS)('an action that is chosen over %s', (transport) => {
  it('is heard over every transport, once, and is in the receipts', async () => {
    const me = await someone();
    const devices = await sessions(me);
    const chooser = devices.find((one) => one.transport === transport);
    const { id } = await publish(server, { user: me.user, title: 't', actions: [GO, LATER] });
    const isIt = ({ name, data }: Heard): boolean => name === 'notification' && data['id'] === id;
    for (const one of devices) expect((await one.until(id, isIt)).data['actions']).toEqual([GO, LATER]);

    expect(await chooser?.choose({ id, action: 'go' })).toMatchObject({ changed: true, cursor: expect.any(String) });
    expect(await chooser?.choose({ id, action: 'go' })).toEqual({ changed: false });
    expect(await chooser?.choose({ id, action: 'later' })).toMatchObject({ changed: true });
    await allHear(devices, { change: 'chosen', chosen: { id, action: 'later' } });
    for (const one of devices)
      expect(one.heard.filter(({ name }) => name === 'inbox').map(({ data }) => data['chosen'])).toEqual([
        { id, action: 'go' },
        { id, action: 'later' },
      ]);
    const ofInbox = { items: [{ chosen: [{ action: 'go' }, { action: 'later', at: expect.any(String) }] }] };
    expect((await ask(me, 'GET', '/v1/me/inbox')).body).toMatchObject(ofInbox);
    const by = { 'socket.io': 'socketio', websocket: 'websocket', sse: 'rest', polling: 'rest' }[transport];
    expect(await receiptOf(id)).toMatchObject({
      acked: { transport: by },
      acted: [
        { action: 'go', transport: by },
        { action: 'later', transport: by },
      ],
    });
  });
});
