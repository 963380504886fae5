import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  CAUSES,
  explanationSchema,
  PUSH_CAUSES,
  type Cause,
  type Explanation,
  type PushCause,
} from '#clarion/protocol';
import { EventStream } from '../support/event-stream.js';
import { startPushService, type PushService } from '../support/push-service.js';
import { mintToken, publish, publishBatch, request } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { JsonSocket } from '../support/web-socket.js';

const HOUR_MS = 3_600_000;
const CATEGORIES = {
  chatter: { defaults: { live: true } },
  silent: { defaults: { live: false, inbox: false } },
  patient: { push: { when: 'ifNotAcked', afterS: 3_600 } },
  unpushed: { push: { when: 'never' } },
};

let server: TestServer;
let service: PushService;
/** Every cause that some case has injected: at the end none of the catalogue is missing. */
const injected = new Set<Cause>();
const open: { close(): void }[] = [];
let people = 0;

beforeAll(async () => {
  service = await startPushService();
  server = await startServer({
    CLARION_RESUME_MAX_BYTES: '2000000',
    CLARION_RETENTION_INTERVAL_MS: '100',
    CLARION_PUSH_AFTER_S: '0',
  });
  for (const [id, category] of Object.entries(CATEGORIES))
    expect((await request(server, 'PUT', `/v1/categories/${id}`, { title: id, ...category })).status).toBe(200);
});

afterEach(() => open.splice(0).forEach((one) => one.close()));

afterAll(async () => {
  await server.stop();
  await service.close();
});

/** Somebody new, and how they ask. */
async function person(subscribe: readonly unknown[] = []): Promise<{ user: string; token: string }> {
  const user = `u-${++people}`;
  return { user, token: await mintToken(server, { sub: user, subscribe }) };
}

function as(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

async function must(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<unknown> {
  const answer = await request(server, method, path, body, headers);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function listen(token: string, query = ''): Promise<EventStream> {
  const stream = await EventStream.open(`${server.url}/v1/events?${query}`, as(token));
  open.push(stream);
  await stream.first('ready', 1);
  return stream;
}

async function explain(id: string, user: string): Promise<Explanation> {
  return explanationSchema.parse(await must('GET', `/v1/notifications/${id}/explain?user=${user}`));
}

/** What a dry run says of the only person whom the draft names. */
async function dryRun(draft: object): Promise<unknown> {
  return Object(await must('POST', '/v1/notifications?dryRun=true', draft)).recipients[0];
}

function wordsOf(cause: PushCause): string {
  const words: Readonly<Record<string, string>> = { ...CAUSES, ...PUSH_CAUSES };
  return words[cause] ?? '';
}

/** Asks until it is so: what was sent, and who has gone, is known a moment later. */
async function explained(id: string, user: string, cause: Cause): Promise<Explanation> {
  const until = Date.now() + 5_000;
  let got = await explain(id, user);
  while (got.cause !== cause && Date.now() < until) {
    await pause(20);
    got = await explain(id, user);
  }
  expect(got.cause).toBe(cause);
  expect(got.sentence).toContain(CAUSES[cause]);
  expect(got.delivered).toBe(cause.startsWith('delivered.'));
  injected.add(cause);
  return got;
}

describe('how far it came', () => {
  it('sent, received when the cursor comes back, acknowledged, seen, read', async () => {
    const { user, token } = await person();
    const stream = await listen(token, 'device=phone');
    const { id } = await publish(server, { user, title: 't' });
    const [event] = await stream.first('message', 1);
    expect(await explained(id, user, 'delivered.sent')).toMatchObject({
      evidence: { transport: 'sse', device: 'phone' },
      inbox: { listed: true },
    });
    stream.close();
    await listen(token, `device=phone&since=${event?.id}`);
    await explained(id, user, 'delivered.received');
    await must('POST', '/v1/me/acks', { ids: [id] }, as(token));
    await explained(id, user, 'delivered.acked');
    await must('POST', '/v1/me/marks', { state: 'seen', ids: [id] }, as(token));
    await explained(id, user, 'delivered.seen');
    await must('POST', '/v1/me/marks', { state: 'read', ids: [id] }, as(token));
    await explained(id, user, 'delivered.read');
  });

  it('taken by the push service of a device of theirs', async () => {
    const { user, token } = await person();
    const { subscription } = service.subscribe();
    await must('PUT', '/v1/me/devices/phone', { subscription }, as(token));
    const { id } = await publish(server, { user, title: 't' });
    expect(await explained(id, user, 'delivered.pushed')).toMatchObject({
      evidence: { transport: 'push', device: 'phone' },
      push: { devices: [{ device: 'phone', state: 'sent', attempts: 1 }] },
    });
  });

  it('to whoever reads its topic without being named', async () => {
    const { user, token } = await person(['news/*']);
    const stream = await listen(token, 'topics=news/1');
    const { id } = await publish(server, { topic: 'news/1', title: 't' });
    await stream.first('message', 1);
    expect(await explained(id, user, 'delivered.sent')).toMatchObject({ inbox: { listed: false } });
  });

  it('nothing that is not known of what is over by now: it may have been sent before', async () => {
    const { user, token } = await person(['news/*']);
    const stream = await listen(token, 'topics=news/1');
    const { id } = await publish(server, { topic: 'news/1', title: 't', ttl: 1 });
    await stream.first('message', 1);
    expect((await explained(id, user, 'expired')).sentence).not.toMatch(/before|deliver|sent/);
  });
});

describe('whom it concerns', () => {
  it('names neither them nor what they follow', async () => {
    const { user } = await person();
    const { id } = await publish(server, { topic: 'other/1', user: 'somebody-else', title: 't' });
    expect(await explained(id, user, 'audience.not_named')).toMatchObject({
      inbox: { listed: false, cause: 'audience.not_named' },
    });
  });

  it('was published before they followed, or after they had ceased to', async () => {
    const { user, token } = await person(['news/*']);
    const before = await publish(server, { topic: 'news/2', title: 'before' });
    await must('PUT', '/v1/me/follows?topic=news/2', undefined, as(token));
    const between = await publish(server, { topic: 'news/2', title: 'between' });
    await must('DELETE', '/v1/me/follows?topic=news/2', undefined, as(token));
    const after = await publish(server, { topic: 'news/2', title: 'after' });
    expect(await explained(before.id, user, 'follow.later')).toMatchObject({ inbox: { listed: false } });
    expect(await explained(between.id, user, 'connection.none')).toMatchObject({ inbox: { listed: true } });
    expect(await explained(after.id, user, 'follow.ended')).toMatchObject({ evidence: { topic: 'news/2' } });
  });

  it('is followed for them by a service, though their token does not grant it', async () => {
    const { user, token } = await person();
    await must('PUT', `/v1/users/${user}/follows?topic=closed/1`);
    const stream = await listen(token);
    const { id } = await publish(server, { topic: 'closed/1', title: 't' });
    await explained(id, user, 'right.missing');
    expect(stream.named('message')).toEqual([]);
    expect(await must('GET', '/v1/me/inbox', undefined, as(token))).toEqual({ items: [] });
  });

  it('is older than what their token lets them see of the topic', async () => {
    const { id } = await publish(server, { topic: 'news/6', title: 'before' });
    const { user, token } = await person([{ selector: 'news/*', historyFrom: new Date(Date.now() + 1).toISOString() }]);
    await pause(2);
    const stream = await listen(token, 'topics=news/6&since=earliest');
    await publish(server, { topic: 'news/6', title: 'after' });
    await stream.first('message', 1);
    expect(await explained(id, user, 'right.missing')).toMatchObject({ evidence: { transport: 'sse' } });
    expect(stream.named('message').map(({ data }) => Object(data).title)).toEqual(['after']);
  });
});

describe('why it was not pushed', () => {
  it('is not due yet, and says when it will be', async () => {
    const { user, token } = await person();
    await must('PUT', '/v1/me/devices/phone', { subscription: service.subscribe().subscription }, as(token));
    const { id } = await publish(server, { user, title: 't', category: 'patient' });
    const { push } = await explain(id, user);
    expect(push).toEqual({ due: { at: expect.any(String) }, devices: [] });
    expect(Date.parse(push.due?.at ?? '')).toBeGreaterThan(Date.now() + 0.9 * HOUR_MS);
    await must('POST', '/v1/me/acks', { ids: [id] }, as(token));
    // Whom it is pushed to is decided when it is due.
    expect((await explain(id, user)).push).toEqual(push);
  });

  it.each<[string, object, object, PushCause]>([
    ['a category that is never pushed', {}, { category: 'unpushed' }, 'push.never'],
    ['muted for devices', { categories: { chatter: { push: false } } }, { category: 'chatter' }, 'muted.category'],
    ['a notification for programs', {}, { title: undefined, type: 'x' }, 'push.silent'],
  ])('%s', async (_, preferences, draft, cause) => {
    const { user, token } = await person();
    await must('PUT', '/v1/me/preferences', preferences, as(token));
    const { subscription, path } = service.subscribe();
    await must('PUT', '/v1/me/devices/phone', { subscription }, as(token));
    const wanted = { user, title: 't', ...draft };
    expect(await dryRun(wanted)).toMatchObject({ push: { reaches: false, devices: 0, cause } });
    const { id } = await publish(server, wanted);
    await expect
      .poll(async () => (await explain(id, user)).push)
      .toEqual({ devices: [], cause, because: wordsOf(cause) });
    // What comes later rings, and this did not.
    const later = await publish(server, { user, title: 'later' });
    await explained(later.id, user, 'delivered.pushed');
    expect(service.at(path)).toHaveLength(1);
  });

  it('has no device to go to', async () => {
    const { user } = await person();
    const { id } = await publish(server, { user, title: 't' });
    await expect.poll(async () => (await explain(id, user)).push).toMatchObject({ devices: [], cause: 'device.none' });
  });

  it('does not concern them', async () => {
    const { user } = await person();
    const { id } = await publish(server, { user: 'somebody-else', title: 't' });
    expect((await explain(id, user)).push).toEqual({ devices: [] });
  });
});

describe('what they wish', () => {
  interface Wish {
    readonly cause: Cause;
    readonly preferences: object | null;
    readonly draft: object;
    readonly inbox: object;
  }
  it.each<[string, Wish]>([
    [
      'a muted category',
      {
        cause: 'muted.category',
        preferences: { categories: { chatter: { live: false } } },
        draft: { category: 'chatter' },
        inbox: { listed: true },
      },
    ],
    [
      'a category that is off for those who have not chosen',
      {
        cause: 'category.off',
        preferences: null,
        draft: { category: 'silent' },
        inbox: { listed: false, cause: 'category.off' },
      },
    ],
    [
      'quiet hours',
      {
        cause: 'quiet.hours',
        preferences: { quietHours: { from: '00:00', to: '00:00', timeZone: 'Europe/Berlin' } },
        draft: {},
        inbox: { listed: true },
      },
    ],
    [
      'not to be disturbed',
      {
        cause: 'quiet.do_not_disturb',
        preferences: { doNotDisturbUntil: new Date(Date.now() + HOUR_MS).toISOString() },
        draft: {},
        inbox: { listed: true },
      },
    ],
  ])('%s', async (_, { cause, preferences, draft, inbox }) => {
    const { user, token } = await person();
    if (preferences !== null) await must('PUT', '/v1/me/preferences', preferences, as(token));
    const stream = await listen(token);
    const { id } = await publish(server, { user, title: 'withheld', ...draft });
    await publish(server, { user, title: 'urgent', priority: 'urgent' });
    expect(await explained(id, user, cause)).toMatchObject({ inbox });
    // Delivery has acted on it: what was published later is there, and this is not.
    await stream.first('message', 1);
    expect(stream.named('message').map(({ data }) => Object(data).title)).toEqual(['urgent']);
  });

  it('a muted topic', async () => {
    const { user, token } = await person(['news/*']);
    await must('PUT', '/v1/me/preferences', { mutedTopics: ['news/3'] }, as(token));
    const stream = await listen(token, 'topics=news/3,news/4');
    const { id } = await publish(server, { topic: 'news/3', title: 'withheld' });
    await publish(server, { topic: 'news/4', title: 'heard' });
    expect(await explained(id, user, 'muted.topic')).toMatchObject({ evidence: { topic: 'news/3' } });
    await stream.first('message', 1);
    expect(stream.named('message').map(({ data }) => Object(data).title)).toEqual(['heard']);
  });

  it.each([
    [
      'not to be disturbed',
      'quiet.do_not_disturb',
      { doNotDisturbUntil: new Date(Date.now() + HOUR_MS).toISOString() },
    ],
    ['quiet hours', 'quiet.hours', { quietHours: { from: '00:00', to: '00:00', timeZone: 'Europe/Berlin' } }],
  ] as const)('%s, by what they read: a topic that they only follow brings nothing live', async (_, cause, wish) => {
    const { user, token } = await person(['news/*']);
    await must('PUT', '/v1/me/preferences', wish, as(token));
    await must('PUT', '/v1/me/follows?topic=news/1', undefined, as(token));
    const stream = await listen(token);
    const draft = { user, topic: 'news/1', title: 'withheld' };
    expect(await dryRun(draft)).toMatchObject({ live: { reaches: false, cause, connections: 1 } });
    const { id } = await publish(server, draft);
    expect(await explained(id, user, cause)).toMatchObject({ inbox: { listed: true } });
    // A connection that would have heard it reads only what comes later.
    await listen(token, 'topics=news/1');
    await explained(id, user, cause);
    await publish(server, { user, title: 'urgent', priority: 'urgent' });
    await stream.first('message', 1);
    expect(stream.named('message').map(({ data }) => Object(data).title)).toEqual(['urgent']);
  });

  it.each<[string, object, object]>([
    ['not to be disturbed', { doNotDisturbUntil: new Date(Date.now() + HOUR_MS).toISOString() }, {}],
    ['without the category', { categories: { chatter: { live: false } } }, { category: 'chatter' }],
  ])('what they wished then, and do not any more: %s', async (_, preferences, draft) => {
    const { user, token } = await person();
    await must('PUT', '/v1/me/preferences', preferences, as(token));
    const stream = await listen(token);
    const { id } = await publish(server, { user, title: 'withheld', ...draft });
    await must('PUT', '/v1/me/preferences', {}, as(token));
    expect(await explained(id, user, 'withheld.then')).toMatchObject({ evidence: { transport: 'sse' } });
    await publish(server, { user, title: 'heard', ...draft });
    await stream.first('message', 1);
    expect(stream.named('message').map(({ data }) => Object(data).title)).toEqual(['heard']);
  });

  it('a category that the operator has switched on since', async () => {
    const { user, token } = await person();
    const switched = (live: boolean): Promise<unknown> =>
      must('PUT', '/v1/categories/switched', { title: 'switched', defaults: { live } });
    await switched(false);
    const stream = await listen(token);
    const { id } = await publish(server, { user, title: 'withheld', category: 'switched' });
    await switched(true);
    await explained(id, user, 'withheld.then');
    await publish(server, { user, title: 'heard', category: 'switched' });
    await stream.first('message', 1);
    expect(stream.named('message').map(({ data }) => Object(data).title)).toEqual(['heard']);
  });

  it('a muted category, though they have chosen anew whether it is pushed', async () => {
    const { user, token } = await person(['news/*']);
    const choose = (push: boolean): Promise<unknown> =>
      must('PUT', '/v1/me/preferences', { categories: { chatter: { live: false, push } } }, as(token));
    await choose(true);
    await listen(token, 'topics=news/1');
    const { id } = await publish(server, { topic: 'news/1', title: 'withheld', category: 'chatter' });
    await choose(false);
    expect((await explained(id, user, 'muted.category')).evidence).toMatchObject({ category: 'chatter' });
  });

  it.each([
    ['muted', { categories: { chatter: { live: false } } }],
    ['quiet hours', { quietHours: { from: '00:00', to: '00:00', timeZone: 'Europe/Berlin' } }],
    ['no disturbance', { doNotDisturbUntil: new Date(Date.now() + HOUR_MS).toISOString() }],
  ])('what they wished only after it was published was not the cause: %s', async (_, wish) => {
    const { user, token } = await person();
    const { id } = await publish(server, { user, title: 't', category: 'chatter' });
    await must('PUT', '/v1/me/preferences', wish, as(token));
    expect((await explained(id, user, 'connection.none')).delivered).toBe(false);
  });
});

describe('what became of it', () => {
  it('expired', async () => {
    const { user, token } = await person();
    const { id, cursor } = await publish(server, { user, title: 't', ttl: 1 });
    await explained(id, user, 'connection.none');
    expect(await explained(id, user, 'expired')).toMatchObject({ inbox: { listed: false, cause: 'expired' } });
    const stream = await listen(token, 'since=earliest');
    await publish(server, { user, title: 'later' });
    await stream.first('message', 1);
    expect(stream.named('message').map(({ data }) => Object(data).title)).toEqual(['later']);
    expect(cursor).toBeTruthy();
  });

  it('retracted', async () => {
    const { user } = await person();
    const { id } = await publish(server, { user, title: 't' });
    await must('DELETE', `/v1/notifications/${id}`);
    expect(await explained(id, user, 'retracted')).toMatchObject({ inbox: { listed: false, cause: 'retracted' } });
  });

  it('replaced in the inbox by a newer one with the same key', async () => {
    const { user } = await person();
    const [older] = await publishBatch(
      server,
      [1, 2].map((n) => ({ user, title: `${n}`, collapseKey: 'k' })),
    );
    const { inbox } = await explained(older?.id ?? '', user, 'connection.none');
    expect(inbox).toEqual({ listed: false, cause: 'collapsed' });
    injected.add('collapsed');
  });

  it('archived or put off, and shown again when that is undone', async () => {
    const { user, token } = await person();
    const { id } = await publish(server, { user, title: 't' });
    const mark = (said: object): Promise<unknown> => must('POST', '/v1/me/marks', { ids: [id], ...said }, as(token));
    const listing = async (): Promise<unknown> => {
      const { items } = Object(await must('GET', '/v1/me/inbox', undefined, as(token)));
      const { inbox } = await explain(id, user);
      expect(inbox.listed).toBe(items.length === 1);
      return inbox;
    };
    await mark({ state: 'archived' });
    expect(await listing()).toEqual({ listed: false, cause: 'archived' });
    await mark({ state: 'archived', undo: true });
    expect(await listing()).toEqual({ listed: true });
    const until = new Date(Date.now() + HOUR_MS).toISOString();
    await mark({ state: 'snoozed', until });
    expect(await listing()).toEqual({ listed: false, cause: 'snoozed', until });
    injected.add('archived').add('snoozed');
  });

  it('could not be resumed any more when they came back', async () => {
    const { user, token } = await person();
    const { id, cursor } = await publish(server, { user, title: 't' });
    const large = { topic: 'filler/1', title: 't', body: 'x'.repeat(60_000) };
    for (let i = 0; i < 3; i++)
      await publishBatch(
        server,
        Array.from({ length: 20 }, () => large),
      );
    const until = Date.now() + 10_000;
    while ((await listen(token, `since=${cursor}`)).named('gap').length === 0 && Date.now() < until) await pause(100);
    expect((await explained(id, user, 'retention')).inbox).toEqual({ listed: true });
  });
});

describe('where they were', () => {
  it('never connected; then gone, or closed with its reason', async () => {
    const { user, token } = await person();
    const first = await publish(server, { user, title: 'first' });
    await explained(first.id, user, 'connection.none');
    (await listen(token)).close();
    const second = await publish(server, { user, title: 'second' });
    await explained(second.id, user, 'connection.closed');
    const stream = await listen(token);
    await must('POST', `/v1/users/${user}/disconnect`);
    await stream.first('bye', 1);
    const third = await publish(server, { user, title: 'third' });
    expect(await explained(third.id, user, 'connection.closed')).toMatchObject({
      evidence: { reason: 'access.revoked', transport: 'sse' },
    });
  });

  it('polled a moment ago', async () => {
    const { user, token } = await person();
    await must('GET', '/v1/events', undefined, as(token));
    const { id } = await publish(server, { user, title: 't' });
    expect(await explained(id, user, 'connection.closed')).toMatchObject({ evidence: { transport: 'polling' } });
  });

  it('connected only later', async () => {
    const { user, token } = await person();
    const { id } = await publish(server, { user, title: 't' });
    const stream = await listen(token, 'device=phone');
    expect((await explained(id, user, 'connection.later')).evidence).toMatchObject({
      transport: 'sse',
      device: 'phone',
      since: expect.any(String),
    });
    await publish(server, { user, title: 'later' });
    await stream.first('message', 1);
    expect(stream.named('message').map(({ data }) => Object(data).title)).toEqual(['later']);
  });

  it('connected, but not to this topic before it was published', async () => {
    const { user, token } = await person(['news/*']);
    const socket = new JsonSocket(`${server.url}/v1/ws?access_token=${token}&topics=news/9`);
    open.push(socket);
    await socket.heard('ready');
    const before = await publish(server, { topic: 'news/1', title: 'before' });
    await socket.ask(1, { op: 'subscribe', id: 1, topics: ['news/1'] });
    const after = await publish(server, { topic: 'news/1', title: 'after' });
    await socket.heard('notification');
    await explained(after.id, user, 'delivered.sent');
    expect(await explained(before.id, user, 'connection.later')).toMatchObject({
      evidence: { transport: 'websocket' },
    });
    expect(socket.messages.filter(({ event }) => event === 'notification')).toHaveLength(1);
  });

  it('waiting for the answer of a poll', async () => {
    const { user, token } = await person();
    const before = await publish(server, { user, title: 'before' });
    const polled = request(server, 'GET', '/v1/events?wait=20', undefined, as(token));
    const draft = { user, title: 't' };
    await expect.poll(() => dryRun(draft)).toMatchObject({ live: { reaches: true, connections: 1 } });
    // What is ephemeral appears in no poll.
    expect(await dryRun({ ...draft, ephemeral: true })).toMatchObject({
      live: { reaches: false, cause: 'connection.elsewhere', connections: 0 },
    });
    expect((await explained(before.id, user, 'connection.later')).evidence).toMatchObject({ transport: 'polling' });
    const { id } = await publish(server, draft);
    expect((await polled).body).toMatchObject({ events: [{ data: { id } }] });
    await explained(id, user, 'delivered.sent');
  });

  it('connected, and reading something else', async () => {
    const { user, token } = await person(['news/*']);
    await listen(token, 'topics=news/5');
    const { id } = await publish(server, { user, title: 't' });
    expect((await explained(id, user, 'connection.elsewhere')).evidence).toMatchObject({ transport: 'sse' });
    const live = { reaches: false, cause: 'connection.elsewhere', connections: 0 };
    expect(await dryRun({ user, title: 't' })).toMatchObject({ live });
  });

  it('connected, and behind', async () => {
    const { user, token } = await person();
    const socket = await deaf(token);
    open.push({ close: () => socket.destroy() });
    const filler = { user, title: 't', body: 'x'.repeat(60_000) };
    let id = '';
    for (let i = 0; i < 8; i++)
      id =
        (
          await publishBatch(
            server,
            Array.from({ length: 60 }, () => filler),
          )
        ).at(-1)?.id ?? '';
    const { evidence } = await explained(id, user, 'connection.behind');
    expect(evidence.lag).toBeGreaterThan(0);
  });
});

/** A stream whose client does not read. */
async function deaf(token: string): Promise<Socket> {
  const { port } = new URL(server.url);
  const socket = connect({ port: Number(port), host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.write(
    `GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  await once(socket, 'data');
  socket.pause();
  return socket;
}

it('a dry run tells what delivery does with what is both for somebody and for a topic that they have', async () => {
  const { user, token } = await person(['news/*']);
  const draft = { topic: 'news/8', user, title: 't' };
  const dry = (): Promise<unknown> => dryRun(draft);
  await must('PUT', '/v1/me/preferences', { mutedTopics: ['users/me'] }, as(token));
  const muted = { reaches: false, cause: 'muted.topic' };
  expect(await dry()).toMatchObject({ live: { ...muted, connections: 0 }, inbox: muted });
  await must('PUT', '/v1/me/follows?topic=news/8', undefined, as(token));
  expect(await dry()).toMatchObject({
    live: { reaches: false, cause: 'connection.none', connections: 0 },
    inbox: { reaches: true },
  });
  const stream = await EventStream.open(`${server.url}/v1/events?topics=news/8`, as(token));
  open.push(stream);
  await stream.first('ready', 1);
  expect(await dry()).toMatchObject({ live: { reaches: true, connections: 1 }, inbox: { reaches: true } });
  const { id } = await publish(server, draft);
  await stream.first('message', 1);
  expect(Object(await must('GET', '/v1/me/inbox', undefined, as(token))).items).toMatchObject([
    { notification: { id } },
  ]);
});

it('nobody but a service is told of others: not even who has published it', async () => {
  const author = `u-${++people}`;
  const token = await mintToken(server, { sub: author, subscribe: ['news/*'], publish: ['news/*'] });
  const sent = Object(await must('POST', '/v1/notifications', { topic: 'news/7', title: 't' }, as(token)));
  const { body } = await request(server, 'GET', `/v1/notifications/${sent.id}/explain?user=u-1`, undefined, as(token));
  expect(body).toMatchObject({ code: 'right.missing' });
  const dry = await request(
    server,
    'POST',
    '/v1/notifications?dryRun=true',
    { topic: 'news/7', title: 't' },
    as(token),
  );
  expect(dry.body).toMatchObject({ code: 'right.missing' });
});

it('every cause of the catalogue was injected', () => {
  expect([...injected].toSorted()).toEqual(Object.keys(CAUSES).toSorted());
});
