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

let server: TestServer;
let service: PushService;
const open = new Set<Device>();
let people = 0;

beforeAll(async () => {
  service = await startPushService();
  server = await startServer({ CLARION_PUSH_AFTER_S: '0' });
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

/** A device of the person, and the tickets of what is pushed to it. */
async function ringing(me: Someone, id = 'phone'): Promise<{ ticketOf(notification: string): Promise<string> }> {
  const { subscription, path } = service.subscribe();
  await bring(me, id, subscription);
  return {
    async ticketOf(notification) {
      const push = await service.until(
        (one) => one.path === path && matches(one.payload, { clarion: { id: notification } }),
      );
      return told.parse(push.payload).clarion.ticket;
    },
  };
}

async function report(body: object): Promise<Answer> {
  const answer = await fetch(`${server.url}/v1/push/reports`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
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
