import assert from 'node:assert/strict';
import type { AccessStore, AuditEntry, StoredKey } from '#clarion/access';
import { selectorSchema } from '#clarion/protocol';
import {
  digest,
  draftKey,
  entry,
  NOW,
  onFreshPlace,
  onFreshStore,
  withAccess,
  type AccessStoreCheck,
} from './access-store-harness.js';

const everything = selectorSchema.array().parse(['**', 'users/**']);
const orders = selectorSchema.array().parse(['orders/*', 'users/u-1']);

/** Every member that a key can have, and text that is easily spoilt. */
function richKey(): StoredKey {
  return draftKey({
    name: `"Öl", 'naïve' \\ 🔑 %_`,
    rights: {
      publish: everything,
      read: orders,
      mint: { users: ['*', 'team-7.*', 'u-1'], subscribe: orders, publish: [] },
      admin: true,
    },
    secrets: [{ sha256: digest(200) }, { sha256: digest(100), expiresAt: NOW + 86_400_000 }],
    expiresAt: NOW + 1e10,
    lastUsedAt: NOW + 5,
  });
}

async function keyOf(access: AccessStore, id: string): Promise<StoredKey | undefined> {
  return (await access.load()).keys.find((key) => key.id === id);
}

/** Absent members are absent or undefined: both mean the same, and digests may be of any class of bytes. */
function assertSame(found: StoredKey | undefined, wanted: StoredKey): void {
  const plain = (key: StoredKey | undefined): unknown =>
    key &&
    JSON.parse(
      JSON.stringify({
        ...key,
        secrets: key.secrets.map((secret) => ({ ...secret, sha256: Buffer.from(secret.sha256).toString('hex') })),
      }),
    );
  assert.deepEqual(plain(found), plain(wanted));
}

async function actsOf(access: AccessStore): Promise<AuditEntry[]> {
  const { entries } = await access.auditLog({ limit: 1_000 });
  return entries.map((act): AuditEntry => JSON.parse(JSON.stringify({ ...act, seq: undefined }))).toReversed();
}

/** The contract of `AccessStore`, sentence by sentence. Each check makes its own place; they can run in any order. */
export const accessStoreContract: readonly AccessStoreCheck[] = [
  onFreshPlace('load: a new place has nothing, and loading it opens it, however often', async (place) => {
    const store = place.store();
    try {
      const [first, second] = await Promise.all([store.access.load(), store.access.load()]);
      assert.deepEqual(first, { keys: [], revocations: [] });
      assert.deepEqual(second, first);
      assert.deepEqual(await store.access.auditLog({ limit: 10 }), { entries: [], more: false });
    } finally {
      await store.close();
    }
  }),

  onFreshPlace('putKey: what was put comes back as it was, at once and after a close', async (place) => {
    const [rich, poor] = [richKey(), draftKey()];
    await withAccess(place, async (access) => {
      await access.putKey(rich, entry());
      assertSame(await keyOf(access, rich.id), rich);
      await access.putKey(poor, entry());
    });
    await withAccess(place, async (access) => {
      assert.equal((await access.load()).keys.length, 2);
      assertSame(await keyOf(access, rich.id), rich);
      assertSame(await keyOf(access, poor.id), poor);
    });
  }),

  onFreshStore('putKey: replaces all of the key with its id, and no other', async (access) => {
    const [rich, other] = [richKey(), richKey()];
    await access.putKey(rich, entry());
    await access.putKey(other, entry());
    const poorer = { ...draftKey(), id: rich.id };
    await access.putKey(poorer, entry());
    assertSame(await keyOf(access, rich.id), poorer);
    assertSame(await keyOf(access, other.id), other);
  }),

  onFreshStore('putKey: of calls that do not wait for each other the last one counts', async (access) => {
    const key = draftKey();
    await Promise.all(Array.from({ length: 20 }, (_, i) => access.putKey({ ...key, name: `${i}` }, entry())));
    assert.equal((await keyOf(access, key.id))?.name, '19');
  }),

  onFreshPlace('deleteKey: forgets this key alone, and one that is not there is no error', async (place) => {
    const [gone, stays] = [richKey(), richKey()];
    await withAccess(place, async (access) => {
      await access.putKey(gone, entry());
      await access.putKey(stays, entry());
      await access.deleteKey(gone.id, entry());
      assert.equal(await keyOf(access, gone.id), undefined);
      await access.deleteKey(gone.id, entry());
    });
    await withAccess(place, async (access) => {
      assert.deepEqual(
        (await access.load()).keys.map(({ id }) => id),
        [stays.id],
      );
      const again = { ...draftKey(), id: gone.id };
      await access.putKey(again, entry());
      assertSame(await keyOf(access, gone.id), again);
    });
  }),

  onFreshPlace('touchKeys: times go forward alone, and unknown keys are passed over', async (place) => {
    const [used, unused] = [draftKey(), draftKey()];
    await withAccess(place, async (access) => {
      await access.putKey(used, entry());
      await access.putKey(unused, entry());
      await access.touchKeys([
        { id: used.id, lastUsedAt: NOW + 10 },
        { id: 'nobody', lastUsedAt: NOW },
      ]);
      await access.touchKeys([{ id: used.id, lastUsedAt: NOW + 5 }]);
      await access.touchKeys([]);
    });
    await withAccess(place, async (access) => {
      assertSame(await keyOf(access, used.id), { ...used, lastUsedAt: NOW + 10 });
      assertSame(await keyOf(access, unused.id), unused);
      assert.equal((await access.load()).keys.length, 2);
    });
  }),

  onFreshPlace('revoke: one for each subject, of which the latest stays', async (place) => {
    await withAccess(place, async (access) => {
      await access.revoke({ sub: 'u-1', before: NOW + 10 }, entry());
      await access.revoke({ sub: 'u-2', before: NOW }, entry());
      await access.revoke({ sub: 'u-1', before: NOW + 5 }, entry());
      await access.revoke({ sub: 'u-2', before: NOW + 1 }, entry());
    });
    await withAccess(place, async (access) => {
      const { revocations } = await access.load();
      assert.deepEqual(
        revocations.toSorted((a, b) => (a.sub < b.sub ? -1 : 1)),
        [
          { sub: 'u-1', before: NOW + 10 },
          { sub: 'u-2', before: NOW + 1 },
        ],
      );
    });
  }),

  onFreshStore('audit: every act has its entry, as it was said and in the order of the acts', async (access) => {
    const key = draftKey();
    const acts = [
      entry({ act: 'key.created', target: key.id, address: '2001:db8::1', requestId: 'r-1', detail: 'naïve 🔑' }),
      entry({ act: 'key.deleted', target: key.id, at: NOW - 5 }),
      entry({ act: 'user.disconnected', target: 'u-1', who: 'key:other' }),
      entry({ act: 'topic.closed', target: 'orders/1', detail: '' }),
      entry({ act: 'connection.closed', target: 'c-1', requestId: 'r-5' }),
    ] as const;
    await access.putKey(key, acts[0]);
    await access.deleteKey(key.id, acts[1]);
    await access.revoke({ sub: 'u-1', before: NOW }, acts[2]);
    await access.audit(acts[3]);
    await access.audit(acts[4]);
    assert.deepEqual(await actsOf(access), JSON.parse(JSON.stringify(acts)));
  }),

  onFreshStore('audit: an act and its entry are stored both or not at all', async (access) => {
    const [old, unwanted] = [richKey(), draftKey()];
    await access.putKey(old, entry());
    // Text that many databases cannot hold.
    const unsayable = entry({ detail: 'a\0b' });
    const refused = await Promise.all(
      [
        access.putKey(unwanted, unsayable),
        access.deleteKey(old.id, unsayable),
        access.revoke({ sub: 'u-1', before: NOW }, unsayable),
      ].map((act) =>
        act.then(
          () => false,
          () => true,
        ),
      ),
    );
    const { keys, revocations } = await access.load();
    const ids = new Set(keys.map(({ id }) => id));
    const undone = [!ids.has(unwanted.id), ids.has(old.id), revocations.length === 0];
    assert.deepEqual(undone, refused);
    assert.equal((await actsOf(access)).length, 1 + refused.filter((was) => !was).length);
  }),

  onFreshPlace('auditLog: newest first, page by page, with numbers that are never given again', async (place) => {
    const said = (from: number, count: number) => Array.from({ length: count }, (_, i) => `t-${from + i}`);
    await withAccess(place, async (access) => {
      for (const target of said(0, 7)) await access.audit(entry({ target }));
    });
    await withAccess(place, async (access) => {
      for (const target of said(7, 3)) await access.audit(entry({ target }));
      const seen: { seq: number; target: string }[] = [];
      let page = await access.auditLog({ limit: 4 });
      assert.equal(page.entries.length, 4);
      for (;;) {
        seen.push(...page.entries);
        if (!page.more) break;
        page = await access.auditLog({ limit: 4, before: page.entries.at(-1)?.seq ?? 0 });
        assert.ok(page.entries.length > 0, 'more was said, and nothing came');
      }
      assert.deepEqual(
        seen.map(({ target }) => target),
        said(0, 10).toReversed(),
      );
      const numbers = seen.map(({ seq }) => seq);
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].toSorted((a, b) => b - a),
      );
      assert.deepEqual(
        [(await access.auditLog({ limit: 10 })).more, (await access.auditLog({ limit: 9 })).more],
        [false, true],
      );
    });
  }),
];
