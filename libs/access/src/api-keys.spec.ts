import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DomainError, keyRightsSchema } from '#clarion/protocol';
import { MemoryAccessStore } from '../../../test/support/memory-access-store.js';
import type { AccessStore, AuditEntry, StoredKey } from './access-store.js';
import { ApiKeys, type NewKey } from './api-keys.js';
import { sha256 } from './key-format.js';
import { APPLICATION, type KeyHolder } from './principal.js';

const NOW = Date.parse('2026-11-20T12:00:00.000Z');
const DAY_MS = 86_400_000;

let store: MemoryAccessStore;
let ended: string[];
let errors: unknown[];
let keys: ApiKeys;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  store = new MemoryAccessStore();
  ended = [];
  errors = [];
  keys = keysOver(store);
});

afterEach(() => {
  vi.useRealTimers();
});

function keysOver(over: AccessStore, maxKeys = 10): ApiKeys {
  return new ApiKeys(over, { maxKeys, onEnded: (id) => ended.push(id), onError: (error) => errors.push(error) });
}

function audited(act: Pick<AuditEntry, 'act' | 'target' | 'detail'>): AuditEntry {
  return { at: Date.now(), who: 'key:application', ...act };
}

function wanted(rights: object = {}, more: Partial<NewKey> = {}): NewKey {
  return { name: 'a service', rights: keyRightsSchema.parse(rights), ...more };
}

function create(rights: object = {}, more: Partial<NewKey> = {}, who: KeyHolder = APPLICATION) {
  return keys.create(who, wanted(rights, more), audited);
}

function rotate(id: string, overlapMs = DAY_MS, who: KeyHolder = APPLICATION) {
  return keys.rotate(who, id, overlapMs, audited);
}

function find(key: string, among = keys): KeyHolder | undefined {
  return among.find(key, sha256(key));
}

/** The holder of what must be a good key. */
function holder(key: string): KeyHolder {
  const found = find(key);
  if (found === undefined) throw new Error('the key is not good');
  return found;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a key', () => {
  it('is found by its whole text alone', async () => {
    const { id, key } = await create({ publish: ['orders/**'] });
    expect(holder(key)).toEqual({
      kind: 'key',
      id,
      rights: { publish: ['orders/**'], read: [], admin: false },
    });
    const other = await create();
    const strangers = [
      key.slice(0, -1),
      `${key}A`,
      key.replace('ck_', 'CK_'),
      key.replace(id, other.id),
      `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`,
      `ck_${id}_${'A'.repeat(43)}`,
      `ck_${'0'.repeat(16)}_${'A'.repeat(43)}`,
      id,
      '',
    ];
    for (const stranger of strangers) expect(find(stranger)).toBeUndefined();
  });

  it('is on disk when it is told, as a digest', async () => {
    const { id, key } = await create();
    const stored = store.memory.keys.get(id);
    expect(stored?.secrets).toHaveLength(1);
    expect(Buffer.from(stored?.secrets[0]?.sha256 ?? [])).toEqual(sha256(key));
    expect(JSON.stringify([stored, store.memory.entries])).not.toContain(key.slice(-43));
    const restarted = keysOver(store);
    restarted.adopt((await store.load()).keys);
    expect(find(key, restarted)).toEqual(holder(key));
  });

  it('has a secret of 256 random bits', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => create()));
    const secrets = made.map(({ id, key }) => Buffer.from(key.slice(`ck_${id}_`.length), 'base64url'));
    expect(secrets.map(({ byteLength }) => byteLength)).toEqual(secrets.map(() => 32));
    expect(new Set(secrets.map((secret) => secret.toString('hex'))).size).toBe(10);
  });

  it('is not there when it could not be written', async () => {
    const refusing = keysOver(
      Object.assign(new MemoryAccessStore(), { putKey: () => Promise.reject(new Error('full')) }),
    );
    await expect(refusing.create(APPLICATION, wanted(), audited)).rejects.toThrow('full');
    expect(refusing.list()).toEqual([]);
  });
});

describe('rotation', () => {
  it('leaves two secrets for the time that was asked for', async () => {
    const first = await create();
    const second = await rotate(first.id, 10_000);
    expect(second.previousUntil).toBe(NOW + 10_000);
    expect(find(first.key)).toBeDefined();
    expect(find(second.key)).toEqual(find(first.key));
    vi.setSystemTime(NOW + 9_999);
    expect(find(first.key)).toBeDefined();
    vi.setSystemTime(NOW + 10_000);
    expect(find(first.key)).toBeUndefined();
    expect(find(second.key)).toBeDefined();
    expect(keys.get(first.id).previousUntil).toBeUndefined();
  });

  it('of a third secret ends the first at once', async () => {
    const first = await create();
    const second = await rotate(first.id);
    const third = await rotate(first.id);
    expect([first, second, third].map(({ key }) => find(key) !== undefined)).toEqual([false, true, true]);
    expect(store.memory.keys.get(first.id)?.secrets).toHaveLength(2);
  });

  it('without an overlap ends the old secret at once', async () => {
    const first = await create();
    const second = await rotate(first.id, 0);
    expect([find(first.key), find(second.key)?.id]).toEqual([undefined, first.id]);
    expect(store.memory.keys.get(first.id)?.secrets).toHaveLength(1);
  });

  it('twice at one time gives two secrets that are both good', async () => {
    const { id, key } = await create();
    const [one, other] = await Promise.all([rotate(id), rotate(id)]);
    expect([key, one.key, other.key].map((text) => find(text) !== undefined)).toEqual([false, true, true]);
  });

  it('forgets no use that comes while it is written', async () => {
    const { id, key } = await create();
    const write = store.putKey.bind(store);
    vi.spyOn(store, 'putKey').mockImplementation(async (...written) => {
      vi.setSystemTime(NOW + 1_000);
      find(key);
      await write(...written);
    });
    await rotate(id);
    expect(keys.get(id).lastUsedAt).toBe(NOW + 1_000);
  });

  it('ends no connection, and keeps rights, end and last use', async () => {
    const { id, key } = await create({ read: ['**'] }, { expiresAt: NOW + DAY_MS });
    find(key);
    await rotate(id);
    expect(ended).toEqual([]);
    expect(keys.get(id)).toMatchObject({ rights: { read: ['**'] }, expiresAt: NOW + DAY_MS, lastUsedAt: NOW });
  });
});

describe('the end of a key', () => {
  it('comes at its time, and is told once', async () => {
    const { id, key } = await create({}, { expiresAt: NOW + 60_000 });
    await create({}, { expiresAt: NOW + DAY_MS });
    await vi.advanceTimersByTimeAsync(59_999);
    expect([find(key)?.id, keys.isGood(id), ended]).toEqual([id, true, []]);
    await vi.advanceTimersByTimeAsync(1);
    expect([find(key), keys.isGood(id), ended]).toEqual([undefined, false, [id]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ended).toEqual([id]);
    expect(keys.get(id).expiresAt).toBe(NOW + 60_000);
  });

  it('is told of keys that were there before the start, also a year away', async () => {
    const year: StoredKey = {
      id: 'a'.repeat(16),
      name: 'yearly',
      rights: { publish: [], read: [], admin: false },
      secrets: [],
      createdAt: NOW,
      expiresAt: NOW + 365 * DAY_MS,
    };
    keys.adopt([year, { ...year, id: 'b'.repeat(16), expiresAt: NOW - 1 }]);
    await vi.advanceTimersByTimeAsync(365 * DAY_MS - 1);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(ended).toEqual([year.id]);
  });

  it('comes when it is deleted, after that is on disk', async () => {
    const { id, key } = await create();
    const deleting = keys.delete(APPLICATION, id, audited);
    expect(find(key)).toBeDefined();
    await deleting;
    expect([find(key), keys.isGood(id), ended, store.memory.keys.size]).toEqual([undefined, false, [id], 0]);
    expect(await codeOf(keys.delete(APPLICATION, id, audited))).toBe('key.unknown');
    expect(await codeOf(rotate(id))).toBe('key.unknown');
  });

  it('leaves no timer behind', async () => {
    await create({}, { expiresAt: NOW + 60_000 });
    find((await create()).key);
    await keys.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the last use', () => {
  it('is known at once, and written within a minute, for all keys together', async () => {
    const [one, other] = [await create(), await create()];
    const touch = vi.spyOn(store, 'touchKeys');
    find(one.key);
    vi.setSystemTime(NOW + 1_000);
    find(one.key);
    find(other.key);
    expect(keys.get(one.id).lastUsedAt).toBe(NOW + 1_000);
    expect(touch).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(touch).toHaveBeenCalledOnce();
    expect([one, other].map(({ id }) => store.memory.keys.get(id)?.lastUsedAt)).toEqual([NOW + 1_000, NOW + 1_000]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(touch).toHaveBeenCalledOnce();
  });

  it('is written at the end, and not when nothing is new', async () => {
    const { id, key } = await create();
    const touch = vi.spyOn(store, 'touchKeys');
    await keys.close();
    expect(touch).not.toHaveBeenCalled();
    find(key);
    await keys.close();
    expect(store.memory.keys.get(id)?.lastUsedAt).toBe(NOW);
  });

  it('is no use of a key that is refused', async () => {
    const { id, key } = await create();
    find(`${key.slice(0, -3)}AAA`);
    expect(keys.get(id).lastUsedAt).toBeUndefined();
  });

  it('that the store does not take is an error for operators, and nobody is refused for it', async () => {
    const { key } = await create();
    vi.spyOn(store, 'touchKeys').mockRejectedValue(new Error('full'));
    find(key);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(errors).toEqual([new Error('full')]);
    expect(find(key)).toBeDefined();
  });
});

describe('who administers with a key', () => {
  const rights = { admin: true, publish: ['orders/**'], read: ['orders/*'], mint: { users: ['team-7.*'] } };

  it('grants what that key may do, and nothing more', async () => {
    const admin = holder((await create(rights)).key);
    const may = (asked: object) => codeOf(create(asked, {}, admin));
    expect(await may({ publish: ['orders/*'], read: ['orders/1'], mint: { users: ['team-7.ann'] } })).toBe('accepted');
    expect(await may({ admin: true })).toBe('accepted');
    expect(await may({ publish: ['**'] })).toBe('right.missing');
    expect(await may({ read: ['orders/**'] })).toBe('right.missing');
    expect(await may({ mint: { users: ['*'] } })).toBe('right.missing');
    expect(await may({ mint: { users: ['team-7.ann'], publish: ['orders/1'] } })).toBe('right.missing');
  });

  it('gets the secrets of lesser keys alone', async () => {
    const admin = holder((await create(rights)).key);
    const [lesser, greater] = [await create({ publish: ['orders/1'] }), await create({ publish: ['news'] })];
    expect(await codeOf(rotate(lesser.id, DAY_MS, admin))).toBe('accepted');
    expect(await codeOf(rotate(greater.id, DAY_MS, admin))).toBe('right.missing');
    expect(find(greater.key)).toBeDefined();
    expect(await codeOf(keys.delete(admin, greater.id, audited))).toBe('accepted');
  });

  it('makes none that outlives it', async () => {
    const admin = holder((await create({ admin: true }, { expiresAt: NOW + DAY_MS })).key);
    expect(await codeOf(create({}, { expiresAt: NOW + DAY_MS }, admin))).toBe('accepted');
    expect(await codeOf(create({}, { expiresAt: NOW + DAY_MS + 1 }, admin))).toBe('right.missing');
    expect(await codeOf(create({}, {}, admin))).toBe('right.missing');
  });

  it('does nothing more once that key has ended, not even what was asked before', async () => {
    const { id, key } = await create({ admin: true });
    const admin = holder(key);
    const late = [
      keys.delete(APPLICATION, id, audited),
      create({}, {}, admin),
      rotate(id, 0, admin),
      keys.delete(admin, id, audited),
    ].map(codeOf);
    expect(await Promise.all(late)).toEqual(['accepted', 'key.invalid', 'key.unknown', 'key.invalid']);
  });
});

it('there are no more keys than were allowed, however many ask at one time', async () => {
  keys = keysOver(store, 3);
  const codes = await Promise.all(Array.from({ length: 5 }, () => codeOf(create())));
  expect(codes).toEqual(['accepted', 'accepted', 'accepted', 'body.invalid', 'body.invalid']);
  await keys.delete(APPLICATION, keys.list()[0]?.id ?? '', audited);
  expect(await codeOf(create())).toBe('accepted');
});

it('every change is in the audit log, and no secret is', async () => {
  const { id, key } = await create();
  const rotated = await rotate(id);
  await keys.delete(APPLICATION, id, audited);
  expect(store.memory.entries.map(({ act, target }) => [act, target])).toEqual([
    ['key.created', id],
    ['key.rotated', id],
    ['key.deleted', id],
  ]);
  const said = JSON.stringify(store.memory.entries);
  for (const secret of [key, rotated.key]) expect(said).not.toContain(secret.slice(-43));
});
