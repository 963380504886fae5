import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inboxChangeSchema, inboxPageSchema, inboxSummarySchema } from '#clarion/protocol';
import { openDevice, TRANSPORTS, type Device, type Heard, type Transport } from '../support/devices.js';
import { mintToken, publish, request } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';

/** Another follows after a second's rest, at most. */
const SUMMARIES_WITHIN_MS = 2_500;

let server: TestServer;
const open = new Set<Device>();
let people = 0;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.stop());

afterEach(() => {
  for (const one of open) one.close();
  open.clear();
});

interface Someone {
  readonly user: string;
  readonly token: string;
}

async function someone(subscribe: readonly string[] = [], to = server): Promise<Someone> {
  const user = `u-${++people}`;
  return { user, token: await mintToken(to, { sub: user, subscribe }) };
}

async function device(
  transport: Transport,
  { token }: Someone,
  { to = server, ...more }: { to?: TestServer; topics?: readonly string[]; since?: string } = {},
): Promise<Device> {
  const made = await openDevice(transport, to, { token, ...more });
  open.add(made);
  return made;
}

async function inboxOf({ token }: Someone, to = server): Promise<z.infer<typeof inboxPageSchema>['items']> {
  const answer = await request(to, 'GET', '/v1/me/inbox?state=all', undefined, { Authorization: `Bearer ${token}` });
  return inboxPageSchema.parse(answer.body).items;
}

async function summaryOf({ token }: Someone): Promise<z.infer<typeof inboxSummarySchema>> {
  const answer = await request(server, 'GET', '/v1/me/inbox/summary', undefined, { Authorization: `Bearer ${token}` });
  return inboxSummarySchema.parse(answer.body);
}

const changes = z.object({ changed: z.boolean(), cursor: z.string().optional() });

/** The event `inbox` at that place. */
function isAt(cursor: string | undefined) {
  return ({ name, data }: Heard): boolean => name === 'inbox' && data['cursor'] === cursor;
}

describe.each(TRANSPORTS)('read on a device over %s', (transport) => {
  it('is heard by the person’s devices over every transport, at its place, and by nobody else', async () => {
    const me = await someone();
    const other = await someone();
    const devices = await Promise.all(TRANSPORTS.map((one) => device(one, me)));
    const foreign = await device('sse', other);
    const { id } = await publish(server, { users: [me.user, other.user], title: 'new' });
    for (const one of devices) await one.until('notification', ({ data }) => data['id'] === id);

    const reader = devices.find((one) => one.transport === transport);
    const { changed, cursor } = changes.parse(await reader?.mark({ state: 'read', ids: [id] }));
    expect(changed).toBe(true);
    for (const one of devices) {
      const { data } = await one.until('inbox', isAt(cursor));
      expect(inboxChangeSchema.parse(data)).toMatchObject({
        topic: `users/${me.user}`,
        change: 'marked',
        mark: { state: 'read', ids: [id] },
      });
    }
    expect((await inboxOf(me))[0]).toHaveProperty('readAt');

    // Whatever of it were meant for the other would have come before this.
    const later = await publish(server, { user: other.user, title: 'later' });
    await foreign.until('notification', ({ data }) => data['id'] === later.id);
    expect(foreign.heard.map(({ name }) => name).filter((name) => name === 'inbox' || name === 'summary')).toEqual([]);
    expect((await inboxOf(other)).every((item) => item.readAt === undefined)).toBe(true);
  });

  it('comes with a summary to streams, and is not repeated when it is said again', async () => {
    const me = await someone();
    const devices = await Promise.all(TRANSPORTS.map((one) => device(one, me)));
    const [first, second] = [
      await publish(server, { user: me.user, title: 'first' }),
      await publish(server, { user: me.user, title: 'second' }),
    ];
    const reader = devices.find((one) => one.transport === transport);
    const { cursor } = changes.parse(await reader?.mark({ state: 'read', ids: [first.id] }));
    expect(changes.parse(await reader?.mark({ state: 'read', ids: [first.id], at: '2020-01-01T00:00:00Z' }))).toEqual({
      changed: false,
    });
    for (const one of devices) {
      await one.until('inbox', isAt(cursor));
      if (one.transport === 'polling') continue;
      const { data } = await one.until('summary', ({ name }) => name === 'summary');
      expect(data).toMatchObject({ unseen: { count: 1 }, unread: { count: 1 } });
    }
    expect(await summaryOf(me)).toEqual({ unseen: { count: 1 }, unread: { count: 1 } });

    const again = changes.parse(await reader?.mark({ state: 'read', upTo: second.cursor }));
    for (const one of devices) {
      await one.until('inbox', isAt(again.cursor));
      expect(one.heard.filter(({ name }) => name === 'inbox')).toHaveLength(2);
    }
    const polled = devices.filter((one) => one.transport === 'polling').flatMap(({ heard }) => heard);
    expect(polled.map(({ name }) => name)).not.toContain('summary');
  });
});

it('a mark by a clock that was reset is heard like any other', async () => {
  const me = await someone();
  const { id } = await publish(server, { user: me.user, title: 'one' });
  const [reader, other] = [await device('websocket', me), await device('sse', me)];
  const { cursor } = changes.parse(await reader.mark({ state: 'read', ids: [id], at: '1960-01-01T00:00:00Z' }));
  const { data } = await other.until('inbox', isAt(cursor));
  expect(data).toMatchObject({ at: '1970-01-01T00:00:00.000Z', mark: { ids: [id] } });
});

it.each([
  ['while they are not to be disturbed', { doNotDisturbUntil: '2099-01-01T00:00:00Z' }, {}],
  [
    'of a category that they have in the inbox alone',
    { categories: { silent: { live: false } } },
    { category: 'silent' },
  ],
])('what a person does not hear %s changes their counts all the same', async (_, preferences, traits) => {
  await request(server, 'PUT', '/v1/categories/silent', { title: 'Silent' });
  const me = await someone();
  const devices = [await device('websocket', me), await device('sse', me)];
  await request(server, 'PUT', '/v1/me/preferences', preferences, { Authorization: `Bearer ${me.token}` });
  for (const one of devices) await one.until('summary', ({ name }) => name === 'summary');
  for (const count of [1, 2]) {
    await publish(server, { user: me.user, title: 'unheard', ...traits });
    for (const one of devices)
      await one.until('summary', ({ name, data }) => name === 'summary' && Object(data['unread']).count === count);
  }
  expect(devices.flatMap(({ heard }) => heard).map(({ name }) => name)).not.toContain('notification');
});

it('a client that sets its count by summaries, and goes on by what it hears, ends up right', async () => {
  const RUNS = 80;
  const wrong: unknown[] = [];
  await Promise.all(
    Array.from({ length: RUNS }, async (_, i) => {
      const me = await someone();
      const devices = await Promise.all((['socket.io', 'websocket', 'sse'] as const).map((one) => device(one, me)));
      const { id } = await publish(server, { user: me.user, title: 'first' });
      const [reader] = devices;
      const marked = reader?.mark({ state: 'read', ids: [id] });
      // While the summary is on its way, at whatever place.
      await pause(i % 5);
      const second = await publish(server, { user: me.user, title: 'second' });
      if (i % 2 === 0) await request(server, 'DELETE', `/v1/notifications/${second.id}`);
      await marked;
      await pause(SUMMARIES_WITHIN_MS);
      const truth = (await summaryOf(me)).unread.count;
      for (const { transport, heard } of devices) {
        const counted = heard.reduce((count, { name, data }) => {
          if (name === 'summary') return Number(Object(data['unread']).count);
          return count + (name === 'notification' ? 1 : name === 'retracted' ? -1 : 0);
        }, 0);
        if (counted !== truth) wrong.push({ transport, counted, truth, heard: heard.map(({ name }) => name) });
      }
    }),
  );
  expect(wrong).toEqual([]);
});

describe('two devices that marked while they were offline', () => {
  const early = '2026-01-01T10:00:00.000Z';
  const late = '2026-01-01T10:00:01.000Z';
  const until = '2099-01-01T00:00:00.000Z';
  const longer = '2099-06-01T00:00:00.000Z';

  /** What each device has said, of the notifications `first` and `second`. */
  const CASES = [
    {
      what: 'the later of two wins',
      phone: { state: 'read', at: early },
      tablet: { state: 'read', undo: true, at: late },
      says: {},
    },
    {
      what: 'a later mark wins over its undoing',
      phone: { state: 'archived', undo: true, at: early },
      tablet: { state: 'archived', at: late },
      says: { archivedAt: late },
    },
    {
      what: 'of two at the same time the mark wins',
      phone: { state: 'read', undo: true, at: late },
      tablet: { state: 'read', at: late },
      says: { readAt: late },
    },
    {
      what: 'of two snoozes at the same time the longer wins',
      phone: { state: 'snoozed', until: longer, at: early },
      tablet: { state: 'snoozed', until, at: early },
      says: { snoozedUntil: longer },
    },
    {
      what: 'states do not meet',
      phone: { state: 'seen', at: late },
      tablet: { state: 'read', at: early },
      says: { seenAt: late, readAt: early },
    },
  ] as const;
  const TARGETS = ['ids and ids', 'ids and upTo', 'upTo and ids', 'upTo and upTo'] as const;

  it.each(CASES.flatMap((one) => TARGETS.map((target) => ({ ...one, target }))))(
    'agree in either order: $what, by $target',
    async ({ phone, tablet, says, target }) => {
      const [phoneBy, tabletBy] = target.split(' and ');
      const seen = await Promise.all(
        [false, true].map(async (isTabletFirst) => {
          const me = await someone();
          const { id, cursor } = await publish(server, { user: me.user, title: 'one' });
          const by = (way: string | undefined): object => (way === 'ids' ? { ids: [id] } : { upTo: cursor });
          const marks = [
            { transport: 'socket.io', mark: { ...phone, ...by(phoneBy) } },
            { transport: 'websocket', mark: { ...tablet, ...by(tabletBy) } },
          ] as const;
          for (const { transport, mark } of isTabletFirst ? marks.toReversed() : marks)
            await (await device(transport, me)).mark(mark);
          const [{ notification: _, ...said } = {}] = await inboxOf(me);
          return said;
        }),
      );
      expect(seen).toEqual([says, says]);
    },
  );
});

describe.each(TRANSPORTS)('over %s', (transport) => {
  it('edits and retractions are heard live, each at its place', async () => {
    const me = await someone(['docs/*']);
    const listener = await device(transport, me, { topics: ['docs/1', 'users/me'] });
    const { id } = await publish(server, { topics: ['docs/2', 'docs/1'], title: 'old', body: 'gone', data: 1 });
    await listener.until('notification', ({ data }) => data['id'] === id);
    const edited = await amend('PATCH', id, { title: 'new', body: null });
    const { data } = await listener.until('updated', ({ name }) => name === 'updated');
    expect(data).toMatchObject({ id, cursor: edited, topic: 'docs/1', title: 'new', data: 1 });
    expect(data).not.toHaveProperty('body');
    expect(data).toHaveProperty('updatedAt');
    const retracted = await amend('DELETE', id);
    const tombstone = await listener.until('retracted', ({ name }) => name === 'retracted');
    expect(tombstone.data).toEqual({ id, cursor: retracted, topic: 'docs/1', retractedAt: expect.any(String) });
  });
});

async function amend(method: 'PATCH' | 'DELETE', id: string, edit?: object, to = server): Promise<string> {
  const answer = await request(to, method, `/v1/notifications/${id}`, edit);
  return z.object({ id: z.literal(id), cursor: z.string() }).parse(answer.body).cursor;
}

/** How what was published is got at by those who resume: from memory, from the log after a start, or from the log behind a small memory. */
const SOURCES = ['the ring', 'the log, after a restart', 'the log, beyond a small ring'] as const;

describe.each(SOURCES)('who resumes from %s', (source) => {
  let own: TestServer;
  let places: Places;

  beforeAll(async () => {
    own = await startServer(source === 'the log, beyond a small ring' ? { CLARION_RING_BYTES: '4096' } : {});
    places = await history(own);
    if (source === 'the log, after a restart') await own.restart();
  });

  afterAll(() => own.stop());

  it.each(TRANSPORTS)('over %s gets the newest form or a tombstone, never an old body', async (transport) => {
    const me = await someone(['docs/*'], own);
    const listener = await device(transport, me, { to: own, topics: ['docs/1'], since: places.before });
    await listener.until('the end', ({ data }) => data['id'] === places.end);
    expect(eventsOf(listener)).toEqual([
      ['notification', places.edited, 'A newest'],
      ['retracted', places.retracted, undefined],
      ['notification', places.untouched, 'C'],
      ['updated', places.edited, 'A newest'],
      ['updated', places.edited, 'A newest'],
      ['retracted', places.retracted, undefined],
      ['retracted', places.retracted, undefined],
      ['notification', places.end, 'the end'],
    ]);
    expect(JSON.stringify(listener.heard)).not.toMatch(/old|secret/);
  });

  it.each(TRANSPORTS)('over %s from between, gets what was done since', async (transport) => {
    const me = await someone(['docs/*'], own);
    const listener = await device(transport, me, { to: own, topics: ['docs/1'], since: places.between });
    await listener.until('the end', ({ data }) => data['id'] === places.end);
    expect(eventsOf(listener)).toEqual([
      ['updated', places.edited, 'A newest'],
      ['updated', places.edited, 'A newest'],
      ['retracted', places.retracted, undefined],
      ['retracted', places.retracted, undefined],
      ['notification', places.end, 'the end'],
    ]);
    expect(JSON.stringify(listener.heard)).not.toMatch(/old|secret/);
  });

  it('finds in histories neither tombstones nor old bodies', async () => {
    const { body } = await request(own, 'GET', '/v1/notifications?topic=docs/1');
    const { notifications } = z.object({ notifications: z.array(z.object({ title: z.string() })) }).parse(body);
    expect(notifications.map(({ title }) => title)).toEqual(['the end', 'C', 'A newest']);
    expect(JSON.stringify(body)).not.toMatch(/old|secret/);
  });
});

interface Places {
  /** Cursors: before all of it, and after what was published but before it was changed. */
  readonly before: string;
  readonly between: string;
  /** Ids. */
  readonly edited: string;
  readonly retracted: string;
  readonly untouched: string;
  readonly end: string;
}

/** Publishes three, edits one twice, edits and retracts another, with much else in between. */
async function history(to: TestServer): Promise<Places> {
  const { cursor: before } = await publish(to, { topic: 'other', title: 'begin' });
  const edited = await publish(to, { topic: 'docs/1', title: 'A old', body: 'secret' });
  const retracted = await publish(to, { topic: 'docs/1', title: 'B old', body: 'secret' });
  const untouched = await publish(to, { topic: 'docs/1', title: 'C' });
  const noise = (): Promise<unknown> => publish(to, { topic: 'other', title: 'x', body: 'y'.repeat(4_096) });
  await noise();
  await amend('PATCH', edited.id, { title: 'A less old', body: null, data: 'secret' }, to);
  await amend('PATCH', edited.id, { title: 'A newest', data: null }, to);
  await noise();
  await amend('PATCH', retracted.id, { title: 'B less old' }, to);
  await amend('DELETE', retracted.id, undefined, to);
  const end = await publish(to, { topic: 'docs/1', title: 'the end' });
  await noise();
  return {
    before,
    between: untouched.cursor,
    edited: edited.id,
    retracted: retracted.id,
    untouched: untouched.id,
    end: end.id,
  };
}

/** Name, id and title of what concerns notifications, and gaps. */
function eventsOf({ heard }: Device): unknown[] {
  return heard
    .filter(({ name }) => ['notification', 'updated', 'retracted', 'gap'].includes(name))
    .map(({ name, data }) => [name, data['id'], data['title']]);
}
