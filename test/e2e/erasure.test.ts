import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EventStream } from '../support/event-stream.js';
import { mintToken, publish, request } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';
import { JsonSocket } from '../support/web-socket.js';

const USER = 'u-erased';
/** What is heard of connections and receipts is written so long after it. */
const WRITTEN_WITHIN_MS = 1_500;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.stop());

async function exported(): Promise<Record<string, unknown>> {
  return Object((await request(server, 'GET', `/v1/users/${USER}/export`)).body);
}

it('leaves nothing of a person, in files, in memory, or a moment later', async () => {
  const token = await mintToken(server, { sub: USER, subscribe: ['news/*'], publish: ['news/*'] });
  const me = { Authorization: `Bearer ${token}` };
  const stream = await EventStream.open(`${server.url}/v1/events?topics=users/me,news/1`, me);
  await stream.first('ready', 1);
  await request(server, 'PUT', '/v1/me/follows?topic=news/1', undefined, me);
  await request(server, 'PUT', '/v1/me/preferences', { mutedTopics: ['news/9'] }, me);
  const alone = await publish(server, { user: USER, title: 'for their eyes alone' });
  const shared = await publish(server, { users: ['u-other', USER], title: 'for both' });
  await stream.first('message', 2);
  await request(server, 'POST', '/v1/me/marks', { state: 'read', ids: [alone.id] }, me);
  await request(server, 'POST', '/v1/me/acks', { ids: [shared.id] }, me);
  const before = await exported();
  expect(before['notifications']).toMatchObject([{ title: 'for their eyes alone' }, { title: 'for both' }]);
  for (const part of ['follows', 'marks', 'receipts']) expect(before[part]).not.toEqual([]);

  expect((await request(server, 'DELETE', `/v1/users/${USER}`)).status).toBe(204);

  expect((await stream.first('bye', 1))[0]?.data).toMatchObject({ reason: 'access.revoked' });
  expect((await request(server, 'GET', '/v1/me/inbox', undefined, me)).body).toMatchObject({ code: 'token.invalid' });
  await pause(WRITTEN_WITHIN_MS);
  expect(await exported()).toEqual({
    user: USER,
    notifications: [],
    follows: [],
    marks: [],
    receipts: [],
    preferences: null,
    devices: [],
    choices: [],
  });
  const { recipients } = Object((await request(server, 'GET', `/v1/notifications/${shared.id}/receipts`)).body);
  expect(recipients).toMatchObject([{ user: 'u-other' }]);
  const fresh = { Authorization: `Bearer ${await mintToken(server, { sub: USER })}` };
  const replayed = Object((await request(server, 'GET', '/v1/events?since=earliest', undefined, fresh)).body);
  expect(replayed.events).toEqual([]);
  const acts = JSON.stringify((await request(server, 'GET', '/v1/audit')).body);
  expect(acts).toContain('user.erased');
});

it(
  'leaves nothing in the files, where pages that are free still have what they held',
  { timeout: 30_000 },
  async () => {
    const secret = 'what-nobody-may-find-there';
    const own = await startServer({ CLARION_RETENTION_INTERVAL_MS: '200' });
    try {
      for (let i = 0; i < 30; i++)
        await publish(own, { user: 'u-filed', title: `${secret} ${i}`, data: 'x'.repeat(3_000) });
      const files = async (): Promise<number> => {
        const names = await readdir(own.dataDir);
        const texts = await Promise.all(names.map((name) => readFile(join(own.dataDir, name), 'latin1')));
        return texts.filter((text) => text.includes(secret)).length;
      };
      expect(await files()).toBeGreaterThan(0);
      await request(own, 'DELETE', '/v1/users/u-filed');
      await expect.poll(files, { timeout: 5_000 }).toBe(0);
    } finally {
      await own.stop();
    }
  },
);

it('leaves no key by which a publish of theirs is taken for a repeated one', async () => {
  const note = async (): Promise<unknown> => {
    const token = await mintToken(server, { sub: 'u-noting', publish: ['users/u-noting'] });
    const headers = { Authorization: `Bearer ${token}`, 'Idempotency-Key': 'note-1' };
    const { body } = await request(server, 'POST', '/v1/notifications', { user: 'u-noting', title: 'n' }, headers);
    return Object(body).id;
  };
  const first = await note();
  expect(await note()).toBe(first);
  await request(server, 'DELETE', '/v1/users/u-noting');
  expect(await note()).not.toBe(first);
});

it('leaves nothing of somebody who acknowledges at that moment, over whatever', { timeout: 30_000 }, async () => {
  const users = Array.from({ length: 24 }, (_, i) => `u-busy-${i}`);
  await Promise.all(
    users.map(async (user, i) => {
      const token = await mintToken(server, { sub: user });
      const sent = await Promise.all(
        Array.from({ length: 12 }, () => publish(server, { users: [user, 'u-other'], title: 'x' })),
      );
      const ids = sent.map(({ id }) => id);
      const me = { Authorization: `Bearer ${token}` };
      const socket = i % 2 === 0 ? new JsonSocket(`${server.url}/v1/ws?access_token=${token}`) : undefined;
      await socket?.heard('ready');
      const ack = async (id: string, at: number): Promise<unknown> =>
        socket === undefined
          ? request(server, 'POST', '/v1/me/acks', { ids: [id] }, me)
          : socket.say({ op: 'ack', id: at, ids: [id] });
      const erase = async (at: number): Promise<unknown> =>
        at === 6 ? request(server, 'DELETE', `/v1/users/${user}`) : undefined;
      await Promise.all(ids.map((id, at) => Promise.all([ack(id, at + 1), erase(at)])));
      socket?.close();
    }),
  );
  await pause(WRITTEN_WITHIN_MS);
  for (const user of users) {
    const { receipts } = Object((await request(server, 'GET', `/v1/users/${user}/export`)).body);
    expect([user, receipts]).toEqual([user, []]);
  }
});
