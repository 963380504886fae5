import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { problemSchema } from '#clarion/protocol';
import { mintToken, publish, request, type Answer } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { SocketListener } from '../support/socket-listener.js';
import { deafSubscription } from '../support/subscription.js';
import { JsonSocket } from '../support/web-socket.js';

const ME = 'u-me';
const SOME_ID = '0190a0b0-0000-7000-8000-000000000000';
const GO = { id: 'go', title: 'Go' };
/** A point of the curve, and 16 bytes. */
const SUBSCRIPTION = deafSubscription();

let server: TestServer;
let token: string;
/** A cursor of another server's log. */
let foreignCursor: string;
let own: { id: string; cursor: string };
let theirs: { id: string };
let over: { id: string };
let before: unknown;

beforeAll(async () => {
  server = await startServer();
  const other = await startServer();
  foreignCursor = (await publish(other, { topic: 'a', title: 't' })).cursor;
  await other.stop();
  token = await mintToken(server, { sub: ME, subscribe: ['news/*'], publish: ['news/*'] });
  await put('/v1/categories/locked', { title: 'Security', locked: ['live', 'inbox'] });
  own = await publish(server, { user: ME, title: 'mine', actions: [GO] });
  theirs = await publish(server, { user: 'u-other', title: 'theirs', actions: [GO] });
  over = await publish(server, { user: ME, title: 'over', actions: [GO] });
  await request(server, 'DELETE', `/v1/notifications/${over.id}`);
  await request(server, 'PUT', '/v1/me/follows?topic=news/1', undefined, mine());
  await request(server, 'PUT', '/v1/me/devices/phone', { subscription: SUBSCRIPTION }, mine());
  const foreign = { Authorization: `Bearer ${await mintToken(server, { sub: 'u-other' })}` };
  await request(server, 'PUT', '/v1/me/devices/theirs', { subscription: deafSubscription() }, foreign);
});

afterAll(() => server.stop());

beforeEach(async () => {
  before = await everything();
});

/** Whatever was asked: nothing is other than it was. */
afterEach(async () => {
  expect(await everything()).toEqual(before);
});

function mine(): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

function put(path: string, body: unknown): Promise<unknown> {
  return request(server, 'PUT', path, body);
}

async function everything(): Promise<unknown> {
  const exported = (await request(server, 'GET', `/v1/users/${ME}/export`)).body;
  const devices = (await request(server, 'GET', '/v1/me/devices', undefined, mine())).body;
  const categories = (await request(server, 'GET', '/v1/categories')).body;
  const news = (await request(server, 'GET', '/v1/notifications?topic=news/1')).body;
  return { exported, devices, categories, news };
}

const manyIds = Array.from({ length: 1_001 }, (_, i) => `id-${i}`);

/** What somebody with a token says, as a body of REST and as a command; `of` is asked when the server runs. */
interface Bad {
  readonly what: string;
  readonly rest: readonly [method: string, path: string];
  readonly command: string;
  readonly body: () => Record<string, unknown>;
  readonly code: string;
}

const MARKS = ['POST', '/v1/me/marks'] as const;
const ACKS = ['POST', '/v1/me/acks'] as const;
const CHOICES = ['POST', '/v1/me/choices'] as const;
const PREFERENCES = ['PUT', '/v1/me/preferences'] as const;

const mark = (what: string, body: () => Record<string, unknown>, code = 'body.invalid'): Bad => ({
  what,
  rest: MARKS,
  command: 'mark',
  body: () => ({ state: 'read', ...body() }),
  code,
});
const choice = (what: string, body: () => Record<string, unknown>, code = 'body.invalid'): Bad => ({
  what,
  rest: CHOICES,
  command: 'choose',
  body,
  code,
});
const preferences = (what: string, body: Record<string, unknown>, code = 'body.invalid'): Bad => ({
  what,
  rest: PREFERENCES,
  command: 'preferences',
  body: () => body,
  code,
});

const BAD: readonly Bad[] = [
  mark('a mark on an unknown id', () => ({ ids: [SOME_ID] }), 'notification.unknown'),
  mark('a mark on one’s own and an unknown id', () => ({ ids: [own.id, SOME_ID] }), 'notification.unknown'),
  mark('a mark on somebody else’s', () => ({ ids: [own.id, theirs.id] }), 'notification.unknown'),
  mark('1,001 ids', () => ({ ids: manyIds })),
  mark('no ids', () => ({ ids: [] })),
  mark('neither ids nor upTo', () => ({})),
  mark('ids and upTo', () => ({ ids: [own.id], upTo: own.cursor })),
  mark('a topic with ids', () => ({ ids: [own.id], topic: 'news/1' })),
  mark('a topic that the token does not grant', () => ({ upTo: own.cursor, topic: 'secret/1' }), 'topic.forbidden'),
  mark('somebody else’s own topic', () => ({ upTo: own.cursor, topic: 'users/u-other' }), 'topic.forbidden'),
  mark('a cursor of another log', () => ({ upTo: foreignCursor }), 'cursor.unknown'),
  mark('a cursor that is none', () => ({ upTo: 'zzzz' }), 'cursor.unknown'),
  mark('a cursor that cannot be one', () => ({ upTo: 'a b' })),
  mark('an unknown state', () => ({ state: 'deleted', ids: [own.id] })),
  mark('snoozing without an end', () => ({ state: 'snoozed', ids: [own.id] })),
  mark('an end of what is not snoozed', () => ({ until: new Date().toISOString(), ids: [own.id] })),
  mark('a time that is none', () => ({ at: 'yesterday', ids: [own.id] })),
  mark('an unknown field', () => ({ ids: [own.id], user: 'u-other' })),
  {
    what: 'an acknowledgement of somebody else’s',
    rest: ACKS,
    command: 'ack',
    body: () => ({ ids: [theirs.id] }),
    code: 'notification.unknown',
  },
  { what: '1,001 acknowledgements', rest: ACKS, command: 'ack', body: () => ({ ids: manyIds }), code: 'body.invalid' },
  choice('a choice of what is not there', () => ({ id: SOME_ID, action: 'go' }), 'notification.unknown'),
  choice('a choice of somebody else’s', () => ({ id: theirs.id, action: 'go' }), 'notification.unknown'),
  choice('a choice of what was taken back', () => ({ id: over.id, action: 'go' }), 'notification.over'),
  choice('a forged action', () => ({ id: own.id, action: 'transfer' }), 'action.unknown'),
  choice('an action that is none', () => ({ id: own.id, action: 'a b' })),
  choice('no action', () => ({ id: own.id })),
  choice('an action by its title', () => ({ id: own.id, action: GO.title }), 'action.unknown'),
  choice('an unknown field of a choice', () => ({ id: own.id, action: 'go', user: 'u-other' })),
  preferences('a category that does not exist', { categories: { nowhere: { live: false } } }, 'category.unknown'),
  preferences('a category that cannot be muted', { categories: { locked: { live: false } } }, 'category.locked'),
  preferences('a category that is no name', { categories: { 'A b': { live: false } } }),
  preferences('an unknown channel', { categories: { locked: { pigeon: true } } }),
  preferences('a time zone that does not exist', {
    quietHours: { from: '22:00', to: '07:00', timeZone: 'Europe/Atlantis' },
  }),
  preferences('a time of day that does not exist', {
    quietHours: { from: '24:00', to: '07:00', timeZone: 'Europe/Berlin' },
  }),
  preferences('a muted wildcard', { mutedTopics: ['news/*'] }),
  preferences('an unknown field of a muted topic', { mutedTopics: [{ topic: 'news/1', bogus: 1 }] }),
  preferences('an unknown field', { surprise: true }),
];

describe('REST', () => {
  it.each(BAD.map((bad) => [bad.what, bad] as const))('%s', async (_, { rest: [method, path], body, code }) => {
    const answer = await request(server, method, path, body(), mine());
    expect(problemSchema.parse(answer.body)).toMatchObject({ code, status: answer.status });
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it.each<[string, string, string, () => unknown, string]>([
    ['a page token that is none', 'GET', '/v1/me/inbox?page=zzzz', () => undefined, 'query.invalid'],
    ['a page that is a cursor', 'GET', '/v1/me/inbox?page=CURSOR', () => undefined, 'query.invalid'],
    ['an unknown filter', 'GET', '/v1/me/inbox?state=deleted', () => undefined, 'query.invalid'],
    ['101 items', 'GET', '/v1/me/inbox?limit=101', () => undefined, 'query.invalid'],
    ['a filter of what has none', 'GET', '/v1/me/inbox/summary?topic=news', () => undefined, 'query.invalid'],
    ['a filter of all that is followed', 'GET', '/v1/me/follows?topic=news', () => undefined, 'query.invalid'],
    ['a followed wildcard', 'PUT', '/v1/me/follows?topic=news/*', () => undefined, 'query.invalid'],
    ['nothing to follow', 'PUT', '/v1/me/follows', () => undefined, 'query.invalid'],
    ['what the token does not grant', 'PUT', '/v1/me/follows?topic=closed/1', () => undefined, 'topic.forbidden'],
    ['what belongs to the server', 'PUT', '/v1/me/follows?topic=$sys/1', () => undefined, 'topic.forbidden'],
    ['oneself', 'PUT', '/v1/me/follows?topic=users/me', () => undefined, 'body.invalid'],
    [
      'a forged sender',
      'POST',
      '/v1/notifications',
      () => ({ topic: 'news/1', title: 't', from: { user: 'u-other' } }),
      'body.invalid',
    ],
    [
      'a category that does not exist',
      'POST',
      '/v1/notifications',
      () => ({ topic: 'news/1', title: 't', category: 'nowhere' }),
      'category.unknown',
    ],
    ['somebody else’s edit', 'PATCH', '/v1/notifications/OWN', () => ({ title: 'forged' }), 'notification.unknown'],
    ['somebody else’s retraction', 'DELETE', '/v1/notifications/OWN', () => undefined, 'notification.unknown'],
  ])('%s: %s %s', async (_, method, path, body, code) => {
    const address = path.replace('CURSOR', own.cursor).replace('OWN', own.id);
    const answer = await request(server, method, address, body(), mine());
    expect(problemSchema.parse(answer.body)).toMatchObject({ code, status: answer.status });
  });

  it('a service that follows what belongs to the server for somebody', async () => {
    const { body } = await request(server, 'PUT', '/v1/users/u-1/follows?topic=$sys/1');
    expect(problemSchema.parse(body)).toMatchObject({ code: 'topic.forbidden', status: 403 });
  });

  it.each<[string, string, () => string, unknown, string]>([
    ['an edit of what is not there', 'PATCH', () => SOME_ID, { title: 't' }, 'notification.unknown'],
    ['an edit of what was taken back', 'PATCH', () => over.id, { title: 't' }, 'notification.over'],
    ['an edit that changes nothing', 'PATCH', () => own.id, {}, 'body.invalid'],
    ['an edit that leaves nothing', 'PATCH', () => own.id, { title: null }, 'body.invalid'],
    ['an edit of whom it concerns', 'PATCH', () => own.id, { topic: 'news/1' }, 'body.invalid'],
    ['a script for a link', 'PATCH', () => own.id, { url: 'javascript:alert(1)' }, 'body.invalid'],
    ['a retraction of what is not there', 'DELETE', () => SOME_ID, undefined, 'notification.unknown'],
  ])('of a service: %s', async (_, method, id, body, code) => {
    const answer = await request(server, method, `/v1/notifications/${id()}`, body);
    expect(problemSchema.parse(answer.body)).toMatchObject({ code, status: answer.status });
  });

  it('an edit after the end of its time', async () => {
    const user = 'u-late';
    const { id } = await publish(server, { user, title: 't', ttl: 1 });
    let answer = await request(server, 'PATCH', `/v1/notifications/${id}`, { title: 'in time' });
    expect(answer.status).toBe(200);
    for (let tries = 0; answer.status === 200 && tries < 60; tries++) {
      await pause(50);
      answer = await request(server, 'PATCH', `/v1/notifications/${id}`, { title: 'again' });
    }
    expect(answer).toMatchObject({ status: 409, body: { code: 'notification.over' } });
  });
});

describe('a device', () => {
  const { endpoint, keys } = SUBSCRIPTION;
  /** Of the right form, and on no curve. */
  const nowhere = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]).toString('base64url');

  it.each<[string, unknown, string?]>([
    ['nothing', {}, '/subscription'],
    ['no object', 'text', ''],
    ['a list', [], ''],
    ['a subscription that is null', { subscription: null }, '/subscription'],
    ['no endpoint', { subscription: { keys } }, '/subscription/endpoint'],
    ['an empty endpoint', { subscription: { endpoint: '', keys } }, '/subscription/endpoint'],
    [
      'an endpoint that is too long',
      { subscription: { endpoint: `https://fcm.googleapis.com/${'x'.repeat(2_048)}`, keys } },
      '/subscription/endpoint',
    ],
    ['an endpoint that is no text', { subscription: { endpoint: 5, keys } }, '/subscription/endpoint'],
    [
      'an end that is no number',
      { subscription: { endpoint, keys, expirationTime: 'soon' } },
      '/subscription/expirationTime',
    ],
    ['no keys', { subscription: { endpoint } }, '/subscription/keys'],
    ['no public key', { subscription: { endpoint, keys: { auth: keys.auth } } }, '/subscription/keys/p256dh'],
    [
      'a public key that is too short',
      { subscription: { endpoint, keys: { ...keys, p256dh: keys.p256dh.slice(1) } } },
      '/subscription/keys/p256dh',
    ],
    [
      'a compressed public key',
      { subscription: { endpoint, keys: { ...keys, p256dh: `A${keys.p256dh.slice(1, 44)}` } } },
      '/subscription/keys/p256dh',
    ],
    [
      'a public key in another alphabet',
      { subscription: { endpoint, keys: { ...keys, p256dh: `${keys.p256dh.slice(0, 85)}+/` } } },
      '/subscription/keys/p256dh',
    ],
    [
      'a public key that is on no curve',
      { subscription: { endpoint, keys: { ...keys, p256dh: nowhere } } },
      '/subscription/keys/p256dh',
    ],
    ['no secret', { subscription: { endpoint, keys: { p256dh: keys.p256dh } } }, '/subscription/keys/auth'],
    [
      'a secret that is too short',
      { subscription: { endpoint, keys: { ...keys, auth: keys.auth.slice(1) } } },
      '/subscription/keys/auth',
    ],
    [
      'a secret that is too long',
      { subscription: { endpoint, keys: { ...keys, auth: `${keys.auth}AA` } } },
      '/subscription/keys/auth',
    ],
    ['an empty name', { subscription: SUBSCRIPTION, name: '' }, '/name'],
    ['a name that is too long', { subscription: SUBSCRIPTION, name: 'x'.repeat(129) }, '/name'],
    ['a language that is none', { subscription: SUBSCRIPTION, locale: 'not a language' }, '/locale'],
    ['a time zone that does not exist', { subscription: SUBSCRIPTION, timeZone: 'Europe/Atlantis' }, '/timeZone'],
    ['an unknown field', { subscription: SUBSCRIPTION, user: 'u-other' }, '/user'],
  ])('with %s', async (_, body, pointer) => {
    const answer = await request(server, 'PUT', '/v1/me/devices/laptop', body, mine());
    expect(answer).toMatchObject({ status: 422, body: { code: 'body.invalid', errors: [{ pointer }] } });
  });

  it.each(['a%20b', 'x'.repeat(65), '%00', 'ä', 'a%2Fb'])('by the name %s', async (id) => {
    const answer = await request(server, 'PUT', `/v1/me/devices/${id}`, { subscription: SUBSCRIPTION }, mine());
    expect(answer).toMatchObject({ status: 422, body: { code: 'body.invalid', errors: [{ pointer: '/id' }] } });
  });

  it.each([
    'https://push.evil.example/1',
    'http://fcm.googleapis.com/fcm/send/1',
    'https://fcm.googleapis.com.evil.example/1',
    'https://user:secret@fcm.googleapis.com/1',
    'https://10.0.0.1/1',
    'https://[::ffff:127.0.0.1]/1',
    'https://167772161/1',
    'ftp://fcm.googleapis.com/1',
    'javascript:alert(1)',
    '/relative',
    'no url',
  ])('at the endpoint %s', async (bad) => {
    const subscription = { endpoint: bad, keys };
    const answer = await request(server, 'PUT', '/v1/me/devices/laptop', { subscription }, mine());
    expect(answer).toMatchObject({ status: 422, body: { code: 'endpoint.forbidden' } });
    // Nothing of it is told to whoever reads answers or logs.
    expect(JSON.stringify(answer.body)).not.toContain('secret');
  });

  it('that is larger than one can be', async () => {
    const answer = await request(server, 'PUT', '/v1/me/devices/laptop', { x: 'x'.repeat(17_000) }, mine());
    expect(answer).toMatchObject({ status: 413, body: { code: 'body.too_large' } });
  });

  it.each(['none', 'theirs', '..%2Fphone', 'x'.repeat(65)])('removed that is not one’s own: %s', async (id) => {
    const answer = await request(server, 'DELETE', `/v1/me/devices/${id}`, undefined, mine());
    expect(answer).toMatchObject({ status: 404, body: { code: 'device.unknown' } });
  });
});

describe('a report of a push', () => {
  const ticket = 'A'.repeat(22);

  it.each<[string, unknown, string, string?]>([
    ['an unknown ticket', { ticket, event: 'shown' }, 'ticket.unknown'],
    ['a ticket that is none', { ticket: 'a b', event: 'shown' }, 'body.invalid', '/ticket'],
    ['a ticket that is too short', { ticket: 'A', event: 'shown' }, 'body.invalid', '/ticket'],
    ['a ticket that is too long', { ticket: 'A'.repeat(65), event: 'shown' }, 'body.invalid', '/ticket'],
    ['no ticket', { event: 'shown' }, 'body.invalid', '/ticket'],
    ['no event', { ticket }, 'body.invalid', '/event'],
    ['an unknown event', { ticket, event: 'dismissed' }, 'body.invalid', '/event'],
    ['an action of what was only shown', { ticket, event: 'shown', action: 'go' }, 'body.invalid', '/action'],
    ['no action of what was acted on', { ticket, event: 'acted' }, 'body.invalid', '/action'],
    ['an action that is none', { ticket, event: 'acted', action: 'a b' }, 'body.invalid', '/action'],
    ['an unknown field', { ticket, event: 'shown', user: ME }, 'body.invalid', '/user'],
    ['no object', 5, 'body.invalid', ''],
  ])('with %s', async (_, body, code, pointer) => {
    const answer = await request(server, 'POST', '/v1/push/reports', body, { Authorization: '' });
    expect(problemSchema.parse(answer.body)).toMatchObject({
      code,
      status: answer.status,
      ...(pointer !== undefined && { errors: [{ pointer }] }),
    });
  });

  it('that is larger than one can be', async () => {
    const answer = await request(server, 'POST', '/v1/push/reports', { ticket: 'A'.repeat(1_024), event: 'shown' });
    expect(answer).toMatchObject({ status: 413, body: { code: 'body.too_large' } });
  });
});

describe('a subscription that was renewed', () => {
  const ticket = 'A'.repeat(22);
  const subscription = deafSubscription();
  const renew = (body: unknown): Promise<Answer> =>
    request(server, 'POST', '/v1/push/subscriptions', body, { Authorization: '' });

  it.each<[string, unknown, string, string?]>([
    ['an unknown ticket', { ticket, subscription }, 'ticket.unknown'],
    ['a ticket that is none', { ticket: 'a b', subscription }, 'body.invalid', '/ticket'],
    ['no ticket', { subscription }, 'body.invalid', '/ticket'],
    ['no subscription', { ticket }, 'body.invalid', '/subscription'],
    ['no endpoint', { ticket, subscription: { keys: subscription.keys } }, 'body.invalid', '/subscription/endpoint'],
    [
      'a key that is none',
      { ticket, subscription: { ...subscription, keys: { ...subscription.keys, p256dh: 'B' } } },
      'body.invalid',
      '/subscription/keys/p256dh',
    ],
    ['an unknown field', { ticket, subscription, id: 'phone' }, 'body.invalid', '/id'],
    ['no object', 5, 'body.invalid', ''],
  ])('with %s', async (_, body, code, pointer) => {
    const answer = await renew(body);
    expect(problemSchema.parse(answer.body)).toMatchObject({
      code,
      status: answer.status,
      ...(pointer !== undefined && { errors: [{ pointer }] }),
    });
  });

  it('that is as long as one can be, and longer', async () => {
    const long = (length: number) => ({ ticket, subscription: { ...subscription, endpoint: 'x'.repeat(length) } });
    expect((await renew(long(2_048))).body).toMatchObject({ code: 'ticket.unknown' });
    expect((await renew(long(2_049))).body).toMatchObject({ code: 'body.invalid' });
    expect((await renew(long(4_096))).body).toMatchObject({ code: 'body.too_large' });
  });
});

describe('commands', () => {
  const wired = (bad: Bad): Record<string, unknown> => {
    if (bad.command === 'preferences') return { set: bad.body() };
    if (bad.command !== 'choose') return bad.body();
    const { id: notification, ...rest } = bad.body();
    return { notification, ...rest };
  };

  it('over WebSocket', async () => {
    const socket = new JsonSocket(`${server.url}/v1/ws?access_token=${token}`);
    await socket.heard('ready');
    for (const [id, bad] of BAD.entries()) {
      const reply = await socket.ask(id, { op: bad.command, id, ...wired(bad) });
      expect([bad.what, Object(reply['error']).code]).toEqual([bad.what, bad.code]);
    }
    socket.close();
  });

  it('over Socket.IO', async () => {
    const listener = new SocketListener(server.url, { token });
    await listener.first('ready');
    for (const bad of BAD)
      expect([bad.what, await listener.ask(bad.command, wired(bad))]).toMatchObject([
        bad.what,
        { error: { code: bad.code } },
      ]);
    listener.close();
  });
});

it('nobody can say who they are: the server marks what a person publishes', async () => {
  const { body } = await request(server, 'POST', '/v1/notifications', { topic: 'news/2', title: 't' }, mine());
  const { notifications } = Object((await request(server, 'GET', '/v1/notifications?topic=news/2')).body);
  expect(notifications).toMatchObject([{ id: Object(body).id, from: { user: ME } }]);
  await publish(server, { topic: 'news/2', title: 'of a service' });
  const { notifications: both } = Object((await request(server, 'GET', '/v1/notifications?topic=news/2')).body);
  expect(both[0]).not.toHaveProperty('from');
});
