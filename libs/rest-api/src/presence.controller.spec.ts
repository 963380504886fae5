import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Selector } from '#clarion/protocol';
import { restApp, WITH_KEY, type RestApp } from '../test/rest-app.js';

const SEEN_AT = Date.UTC(2026, 10, 20);
const DEVICE = { id: 'phone', transport: 'sse', since: '2026-11-20T00:00:00.000Z' };

let rest: RestApp;
let asked: string[];
/** By which devices everybody is connected. */
let devices: (typeof DEVICE)[];
let hidden: Set<string>;

beforeAll(async () => {
  rest = await restApp({
    realtime: {
      presence: {
        ask: async (topic) => {
          asked.push(topic);
          return { topic, present: [{ user: 'u-1', devices: [DEVICE] }] };
        },
        isHidden: async (user) => hidden.has(user),
      },
      devicesOf: async (user) => {
        asked.push(user);
        return devices;
      },
    },
    lastSeen: { of: async (user) => (user === 'u-1' ? SEEN_AT : undefined) },
  });
});
beforeEach(() => {
  asked = [];
  devices = [DEVICE];
  hidden = new Set();
});
afterAll(() => rest.app.close());

function get(url: string, headers: Record<string, string> = WITH_KEY) {
  return rest.app.inject({ url, headers });
}

async function withToken(sub: string, presence: string[] = []): Promise<Record<string, string>> {
  const subscribe = ['room/*'] as Selector[];
  const { token } = await rest.access.mint({ sub, subscribe, presence: presence as Selector[] });
  return { authorization: `Bearer ${token}` };
}

async function withKey(rights: object): Promise<Record<string, string>> {
  const made = { publish: [], read: [], admin: false, ...rights };
  const all = { kind: 'key', id: 'test', rights: 'all' } as const;
  return {
    authorization: `Bearer ${(await rest.access.createKey(all, { name: 'n', rights: made }, {})).key}`,
  };
}

describe('who is on a topic', () => {
  it('is what the domain says', async () => {
    const answer = await get('/v1/presence?topic=room/a+b');
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      { topic: 'room/a+b', present: [{ user: 'u-1', devices: [DEVICE] }] },
    ]);
  });

  it('is told by a token that says so, and no other; `users/me` is a topic as well', async () => {
    expect((await get('/v1/presence?topic=room/1', await withToken('u-1', ['room/*', 'users/me']))).statusCode).toBe(
      200,
    );
    expect((await get('/v1/presence?topic=users/me', await withToken('u-1', ['users/me']))).statusCode).toBe(200);
    expect((await get('/v1/presence?topic=room/1', await withToken('u-1'))).json().code).toBe('topic.forbidden');
    expect((await get('/v1/presence?topic=demo/1', {})).json().code).toBe('credentials.missing');
    expect(asked).toEqual(['room/1', 'users/u-1']);
  });

  it.each(['', 'topic=', 'topic=room/*', 'topic=a&topic=b', 'topic=a&user=b', 'topic=a%0ab'])(
    'is not asked with "%s"',
    async (query) => {
      const answer = await get(`/v1/presence?${query}`);
      expect([answer.statusCode, answer.json().code, asked]).toEqual([422, 'query.invalid', []]);
    },
  );
});

describe('whether a person is there', () => {
  it('is told with their devices, or when they were last', async () => {
    const answer = await get('/v1/users/u-1/presence');
    const lastSeenAt = new Date(SEEN_AT).toISOString();
    expect([answer.statusCode, answer.json()]).toEqual([200, { online: true, devices: [DEVICE] }]);
    devices = [];
    expect((await get('/v1/users/u-1/presence')).json()).toEqual({ online: false, devices: [], lastSeenAt });
    expect((await get('/v1/users/nobody/presence')).json()).toEqual({ online: false, devices: [] });
  });

  it('is told to themself, to who mints for them, and to administrators alone', async () => {
    const minter = { mint: { users: ['u-*'], subscribe: [], publish: [] } };
    const outcome = async (user: string, headers: Record<string, string>) => {
      const { statusCode, json } = await get(`/v1/users/${user}/presence`, headers);
      return statusCode === 200 ? 'allowed' : json().code;
    };
    expect([
      await outcome('u-1', await withToken('u-1')),
      await outcome('u-2', await withToken('u-1')),
      await outcome('u-1', await withKey(minter)),
      await outcome('x-1', await withKey(minter)),
      await outcome('x-1', await withKey({ admin: true })),
      await outcome('u-1', await withKey({ read: ['**', 'users/**'] })),
      await outcome('u-1', {}),
      await outcome('me', WITH_KEY),
      await outcome('a%20b', WITH_KEY),
      await outcome('me', await withToken('u-1')),
    ]).toEqual([
      ...['allowed', 'right.missing', 'allowed', 'right.missing', 'allowed', 'right.missing', 'credentials.missing'],
      ...['token.subject_invalid', 'token.subject_invalid', 'right.missing'],
    ]);
  });

  it('is told of who hides to themself alone', async () => {
    hidden.add('u-1');
    expect((await get('/v1/users/u-1/presence')).json()).toEqual({ online: false, devices: [] });
    expect((await get('/v1/users/u-1/presence', await withToken('u-1'))).json().online).toBe(true);
  });
});
