import assert from 'node:assert/strict';
import type { AppendRequest, IdempotencyClaim } from '#clarion/notifications';
import { drain, idsOf } from './store-drain.js';
import {
  DAY_ONE,
  draft,
  drafts,
  offsetOf,
  onFreshLog,
  withPlace,
  withStore,
  type StoreCheck,
} from './store-harness.js';

/** U+D800 to U+10FFFF in every length of UTF-8, quotes and line ends. */
const AWKWARD = String.raw`"title":"ä 漢字 🚀 \" \\ \u0000 \n","data":{"__proto__":[1.5e300]}`;

function claim(key: string, fingerprint = 'f', scope = 'key-1'): IdempotencyClaim {
  return { scope, key, fingerprint, expiresAt: DAY_ONE + 1_000_000_000 };
}

export const appendChecks: readonly StoreCheck[] = [
  onFreshLog('append: what was stored comes back as it was, in order', async ({ store }) => {
    const requests = [
      draft({ body: AWKWARD, topics: ['b/2', 'a/1', 'users/u-1'] }),
      draft({ body: `"title":"${'x'.repeat(262_000)}"`, publishedAt: 0 }),
      draft({ body: '', topics: ['$sys/x', 'https://example.org/books/1?a=b&c=ü', 't'.repeat(1_024)] }),
      draft({ topics: Array.from({ length: 1_000 }, (_, i) => `users/${1_000 - i}`) }),
    ];
    const results = await store.append(requests);
    const head = offsetOf(results.at(-1));
    const expected = requests.map(({ id, entry }, i) => ({ offset: offsetOf(results[i]), id, ...entry }));
    assert.deepEqual(await drain(store, { head }), expected);
    assert.equal((await store.bounds()).head, head);
  }),

  onFreshLog(
    'append: offsets rise within a batch and from batch to batch, after the epoch',
    async ({ store, opened }) => {
      const results = [...(await store.append(drafts(3))), ...(await store.append(drafts(2)))];
      const offsets = results.map(offsetOf);
      assert.deepEqual(
        offsets,
        [...new Set(offsets)].sort((a, b) => a - b),
      );
      assert.ok((offsets[0] ?? 0) > opened.head, 'the first offset lies above the head at opening');
      assert.deepEqual(await store.append([]), []);
    },
  ),

  onFreshLog('append: what it acknowledged is visible at once, to every kind of reading', async ({ store }) => {
    for (let i = 0; i < 20; i++) {
      const request = draft({ topics: ['orders/1', 'orders/2'] });
      const [result] = await store.append([request]);
      const offset = offsetOf(result);
      const page = await store.read({ after: offset - 1, selectors: null, limit: 10, maxBytes: 1_000 });
      assert.deepEqual(idsOf(page.entries), [request.id]);
      const history = await store.history({ topic: 'orders/2', limit: 1, publishedFrom: 0 });
      assert.deepEqual(idsOf(history.entries), [request.id]);
      assert.equal((await store.bounds()).head, offset);
    }
  }),

  {
    name: 'append: what it acknowledged survives a close that follows at once',
    run: (harness) =>
      withPlace(harness, async (place) => {
        const requests = drafts(50);
        await withStore(place, ({ store }) => store.append(requests));
        await withStore(place, async ({ store, opened }) => {
          assert.deepEqual(idsOf(await drain(store, { head: opened.head })), idsOf(requests));
        });
      }),
  },

  onFreshLog(
    'append: many at once are all stored, each once, and readers never see a hole',
    async ({ store, opened }) => {
      const batches = Array.from({ length: 40 }, () => drafts(25));
      const appending = Promise.all(batches.map((batch) => store.append(batch)));
      const seen: number[] = [];
      for (let after = opened.head; seen.length < 1_000;) {
        const page = await store.read({ after, selectors: null, limit: 100, maxBytes: 1_000_000 });
        seen.push(...page.entries.map(({ offset }) => offset));
        after = page.through;
      }
      const results = (await appending).flat().map(offsetOf);
      assert.deepEqual(
        seen,
        results.sort((a, b) => a - b),
      );
    },
  ),

  onFreshLog('append: all or nothing when one request cannot be stored', async ({ store, opened }) => {
    const bad: AppendRequest = draft({ topics: ['orders/\0'] });
    await assert.rejects(store.append([draft({ idempotency: claim('k') }), bad, draft()]));
    assert.equal((await store.bounds()).head, opened.head);
    const [again] = await store.append([draft({ idempotency: claim('k', 'other') })]);
    assert.equal(again?.outcome, 'appended', 'the claim of the failed batch is not kept');
    assert.equal((await drain(store, { head: offsetOf(again) })).length, 1);
  }),

  onFreshLog('idempotency: the first request with a key decides, in the same batch and later', async ({ store }) => {
    const first = draft({ idempotency: claim('k') });
    const results = await store.append([
      first,
      draft({ idempotency: claim('k') }),
      draft({ idempotency: claim('k', 'g') }),
    ]);
    const offset = offsetOf(results[0]);
    const replay = { outcome: 'replayed', id: first.id, offset };
    assert.deepEqual(results.slice(1), [replay, { outcome: 'mismatch' }]);
    assert.deepEqual(await store.append([draft({ idempotency: claim('k') })]), [replay]);
    assert.deepEqual(idsOf(await drain(store, { head: offset })), [first.id]);
  }),

  onFreshLog('idempotency: keys of different scopes have nothing to do with each other', async ({ store }) => {
    const scopes = ['key-1', 'key-2', 'key-1 ', ''];
    const results = await store.append(scopes.map((scope) => draft({ idempotency: claim('k', 'f', scope) })));
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      scopes.map(() => 'appended'),
    );
  }),

  onFreshLog('idempotency: a claim without an entry takes no offset and is kept', async ({ store, opened }) => {
    const ephemeral: AppendRequest = { id: 'e-1', entry: null, idempotency: claim('k') };
    assert.deepEqual(await store.append([ephemeral]), [{ outcome: 'appended', id: 'e-1', offset: null }]);
    assert.deepEqual(await store.append([{ ...ephemeral, id: 'e-2' }]), [
      { outcome: 'replayed', id: 'e-1', offset: null },
    ]);
    assert.equal((await store.bounds()).head, opened.head);
  }),

  {
    name: 'idempotency: claims survive a restart, and prune drops them only after their time',
    run: (harness) =>
      withPlace(harness, async (place) => {
        const request = draft({ idempotency: claim('k') });
        const [first] = await withStore(place, ({ store }) => store.append([request]));
        await withStore(place, async ({ store }) => {
          const policy = { resumeMaxAgeMs: 1e12, resumeMaxBytes: 1e12, historyMaxAgeMs: 1e12, historyMaxPerTopic: 1e6 };
          const { expiresAt } = claim('k');
          await store.prune(policy, expiresAt - 1);
          const replay = { outcome: 'replayed', id: request.id, offset: offsetOf(first) };
          assert.deepEqual(await store.append([request]), [replay]);
          await store.prune(policy, expiresAt + 1);
          assert.equal((await store.append([request]))[0]?.outcome, 'appended');
        });
      }),
  },
];
