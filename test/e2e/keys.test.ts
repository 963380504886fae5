import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { auditLogSchema, createdKeySchema, mintedTokenSchema } from '#clarion/protocol';
import { z } from 'zod';
import { publish, request, type Answer } from '../support/rest.js';
import { startServer, type TestServer } from '../support/server.js';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ CLARION_MAX_KEYS: '60' });
});

afterAll(() => server.stop());

type CreatedKey = z.infer<typeof createdKeySchema>;

async function create(rights: object, more: object = {}): Promise<CreatedKey> {
  const answer = await request(server, 'POST', '/v1/keys', { name: 'a service', rights, ...more });
  expect(answer.status).toBe(201);
  return createdKeySchema.parse(answer.body);
}

async function rotate(id: string, body?: object): Promise<CreatedKey> {
  const answer = await request(server, 'POST', `/v1/keys/${id}/rotate`, body);
  expect(answer.status).toBe(201);
  return createdKeySchema.parse(answer.body);
}

/** One request with that key. */
function by({ key }: Pick<CreatedKey, 'key'>, method: string, path: string, body?: unknown): Promise<Answer> {
  return request({ url: server.url, apiKey: key }, method, path, body);
}

/** What became of it: the status, and the problem's code where there is one. */
async function outcome(answer: Promise<Answer>): Promise<string> {
  const { status, body } = await answer;
  const problem = z.object({ code: z.string() }).safeParse(body);
  return problem.success ? `${status} ${problem.data.code}` : String(status);
}

function publishing(key: CreatedKey, topic: string): Promise<string> {
  return outcome(by(key, 'POST', '/v1/notifications', { topic, title: 't' }));
}

function reading(key: CreatedKey, topic: string): Promise<string> {
  return outcome(by(key, 'GET', `/v1/notifications?topic=${topic}`));
}

function polling(key: CreatedKey, topics: string): Promise<string> {
  return outcome(by(key, 'GET', `/v1/events?topics=${topics}`));
}

function minting(key: CreatedKey, body: object): Promise<string> {
  return outcome(by(key, 'POST', '/v1/tokens', body));
}

describe('each right opens its own door and no other', () => {
  it('publish', async () => {
    const key = await create({ publish: ['orders/**'] });
    expect(await publishing(key, 'orders/1')).toBe('201');
    expect(await publishing(key, 'news')).toBe('403 topic.forbidden');
    expect(await publishing(key, 'users/u-1')).toBe('403 topic.forbidden');
    expect(await publishing(key, '$sys/x')).toBe('403 topic.forbidden');
    const batch = await by(key, 'POST', '/v1/notifications/batch', {
      notifications: [
        { topic: 'orders/2', title: 't' },
        { topic: 'news', title: 't' },
      ],
    });
    expect(batch.body).toMatchObject({ results: [{ status: 201 }, { status: 403 }] });
    expect(await reading(key, 'orders/1')).toBe('403 topic.forbidden');
    expect(await polling(key, 'orders/1')).toBe('403 topic.forbidden');
    expect(await minting(key, { sub: 'u-1' })).toBe('403 right.missing');
    expect(await outcome(by(key, 'GET', '/v1/keys'))).toBe('403 right.missing');
    expect(await outcome(by(key, 'GET', '/metrics'))).toBe('403 right.missing');
  });

  it('read', async () => {
    await publish(server, { topic: 'orders/7', title: 'to be read' });
    const key = await create({ read: ['orders/*'] });
    const history = await by(key, 'GET', '/v1/notifications?topic=orders/7');
    expect(history.body).toMatchObject({ notifications: [{ title: 'to be read' }] });
    expect(await polling(key, 'orders/*')).toBe('200');
    expect(await polling(key, 'orders/7,news')).toBe('403 topic.forbidden');
    expect(await polling(key, '**')).toBe('403 topic.forbidden');
    expect(await reading(key, 'users/u-1')).toBe('403 topic.forbidden');
    expect(await publishing(key, 'orders/7')).toBe('403 topic.forbidden');
  });

  it('mint', async () => {
    const key = await create({ mint: { users: ['team-7.*'], subscribe: ['orders/*'] } });
    const answer = await by(key, 'POST', '/v1/tokens', { sub: 'team-7.ann', subscribe: ['orders/1', 'users/me'] });
    const { token } = mintedTokenSchema.parse(answer.body);
    const asAnn = await request({ url: server.url, apiKey: token }, 'GET', '/v1/events?topics=orders/1,users/me');
    expect(asAnn.status).toBe(200);
    expect(await minting(key, { sub: 'team-8.bob' })).toBe('403 right.missing');
    expect(await minting(key, { sub: 'team-7.ann', subscribe: ['**'] })).toBe('403 topic.forbidden');
    expect(await minting(key, { sub: 'team-7.ann', publish: ['orders/1'] })).toBe('403 topic.forbidden');
    expect(await publishing(key, 'orders/1')).toBe('403 topic.forbidden');
    expect(await reading(key, 'orders/1')).toBe('403 topic.forbidden');
  });

  it('admin', async () => {
    const key = await create({ admin: true, publish: ['orders/*'] });
    for (const path of ['/v1/keys', '/v1/audit', '/metrics'])
      expect(await outcome(by(key, 'GET', path)), path).toBe('200');
    const make = (rights: object) => outcome(by(key, 'POST', '/v1/keys', { name: 'its child', rights }));
    expect(await make({ publish: ['orders/1'], admin: true })).toBe('201');
    expect(await make({ publish: ['**'] })).toBe('403 right.missing');
    expect(await make({ mint: { users: ['u-1'] } })).toBe('403 right.missing');
    expect(await reading(key, 'orders/1')).toBe('403 topic.forbidden');
  });

  it('all of them together reach what the configured key reaches', async () => {
    const every = ['**', 'users/**'];
    const key = await create({
      publish: every,
      read: every,
      mint: { users: ['*'], subscribe: every, publish: every },
      admin: true,
    });
    expect(await publishing(key, 'users/u-1')).toBe('201');
    expect(await reading(key, 'users/u-1')).toBe('200');
    expect(await minting(key, { sub: 'u-1', subscribe: ['users/*', '**'], publish: ['users/u-2'] })).toBe('201');
    expect(await publishing(key, '$sys/x')).toBe('403 topic.forbidden');
  });
});

describe('rotation', () => {
  it('has both secrets good until the old one ends, and no longer', async () => {
    const old = await create({ publish: ['orders/*'] });
    const fresh = await rotate(old.id, { overlapS: 2 });
    expect([await publishing(old, 'orders/1'), await publishing(fresh, 'orders/1')]).toEqual(['201', '201']);
    await vi.waitFor(async () => expect(await publishing(old, 'orders/1')).toBe('401 key.invalid'), 10_000);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(fresh.previousUntil ?? ''));
    expect(await publishing(fresh, 'orders/1')).toBe('201');
  });

  it('drops what is older than the secret before', async () => {
    const first = await create({ publish: ['orders/*'] });
    const second = await rotate(first.id);
    const third = await rotate(first.id);
    const outcomes = await Promise.all([first, second, third].map((key) => publishing(key, 'orders/1')));
    expect(outcomes).toEqual(['401 key.invalid', '201', '201']);
  });
});

describe('the end', () => {
  it('of a deleted key is at once, and says no more than that of one that never was', async () => {
    const key = await create({ publish: ['orders/*'] });
    expect(await publishing(key, 'orders/1')).toBe('201');
    expect((await request(server, 'DELETE', `/v1/keys/${key.id}`)).status).toBe(204);
    const deleted = await by(key, 'POST', '/v1/notifications', { topic: 'orders/1', title: 't' });
    const stranger = { key: `ck_${'0'.repeat(16)}_${'A'.repeat(43)}` };
    const unknown = await by(stranger, 'POST', '/v1/notifications', { topic: 'orders/1', title: 't' });
    const said = ({ status, body }: Answer) => ({ status, body: { ...Object(body), requestId: '' } });
    expect(said(deleted)).toEqual(said(unknown));
    expect(deleted.status).toBe(401);
  });

  it('of a key comes by its own date', async () => {
    const expiresAt = new Date(Date.now() + 2_000).toISOString();
    const key = await create({ publish: ['orders/*'] }, { expiresAt });
    expect(await publishing(key, 'orders/1')).toBe('201');
    await vi.waitFor(async () => expect(await publishing(key, 'orders/1')).toBe('401 key.invalid'), 10_000);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt));
  });
});

it('the audit log has who did what, from where, in which request', async () => {
  const { id } = await create({ admin: true });
  const deleted = await request(server, 'DELETE', `/v1/keys/${id}`);
  const { body } = await request(server, 'GET', '/v1/audit?limit=2');
  expect(auditLogSchema.parse(body).entries).toMatchObject([
    { act: 'key.deleted', target: id, address: '127.0.0.1', requestId: deleted.headers.get('x-request-id') },
    { act: 'key.created', target: id, detail: 'a service' },
  ]);
});

it('there are no more keys than CLARION_MAX_KEYS', async () => {
  const make = () => request(server, 'POST', '/v1/keys', { name: 'one more', rights: {} });
  const answers = await Promise.all(Array.from({ length: 60 }, () => outcome(make())));
  expect(new Set(answers)).toEqual(new Set(['201', '422 body.invalid']));
  expect(await outcome(make())).toBe('422 body.invalid');
});

describe('on disk', () => {
  let own: TestServer;

  beforeAll(async () => {
    own = server;
    server = await startServer();
  });

  afterAll(async () => {
    await server.stop();
    server = own;
  });

  /** All that the server has written, with the end of what was deleted but is still there. */
  async function files(): Promise<Buffer> {
    const names = await readdir(server.dataDir);
    return Buffer.concat(await Promise.all(names.map((name) => readFile(join(server.dataDir, name)))));
  }

  it('a key survives SIGKILL as it was told, and so does its end', async () => {
    const [kept, rotated, gone] = [await create({ publish: ['a'] }), await create({}), await create({ admin: true })];
    const fresh = await rotate(rotated.id);
    await request(server, 'DELETE', `/v1/keys/${gone.id}`);
    await server.kill('SIGKILL');
    await server.restart();
    expect(await publishing(kept, 'a')).toBe('201');
    expect([await publishing(rotated, 'a'), await publishing(fresh, 'a')]).toEqual(
      Array(2).fill('403 topic.forbidden'),
    );
    expect(await outcome(by(gone, 'GET', '/v1/keys'))).toBe('401 key.invalid');
    const { body } = await request(server, 'GET', '/v1/audit');
    expect(auditLogSchema.parse(body).entries.map(({ act }) => act)).toEqual([
      'key.deleted',
      'key.rotated',
      'key.created',
      'key.created',
      'key.created',
    ]);
  });

  it('is nothing of a key but its digest, neither while the server runs nor after', async () => {
    const first = await create({ publish: ['a'] });
    const keys = [first, await rotate(first.id)];
    expect(await Promise.all(keys.map((key) => publishing(key, 'a')))).toEqual(['201', '201']);
    const running = await files();
    await server.kill('SIGTERM');
    for (const bytes of [running, await files()]) {
      const found = keys.map(({ key }) => ({
        text: bytes.includes(key.slice(-43)) || bytes.includes(Buffer.from(key.slice(-43), 'base64url')),
        digest: bytes.includes(createHash('sha256').update(key).digest()),
      }));
      expect(found).toEqual(keys.map(() => ({ text: false, digest: true })));
    }
    expect(server.logs.join('\n')).not.toContain(keys[0]?.key.slice(-43));
    await server.restart();
  });

  it('is when it was last used, after a stop that was asked for', async () => {
    const key = await create({ publish: ['a'] });
    await publishing(key, 'a');
    const used = (await request(server, 'GET', `/v1/keys/${key.id}`)).body;
    expect(used).toMatchObject({ lastUsedAt: expect.any(String) });
    await server.kill('SIGTERM');
    await server.restart();
    expect((await request(server, 'GET', `/v1/keys/${key.id}`)).body).toEqual(used);
  });
});
