import assert from 'node:assert/strict';
import { checkPage, drain, idsOf } from './store-drain.js';
import { DAY_ONE, draft, drafts, offsetOf, onFreshLog, type StoreCheck } from './store-harness.js';

export const readChecks: readonly StoreCheck[] = [
  onFreshLog('read: an empty log, and the head, have nothing after them', async ({ store, opened }) => {
    const { head } = opened;
    assert.deepEqual(await store.read({ after: 0, selectors: null, limit: 1, maxBytes: 1 }), {
      entries: [],
      through: head,
      floor: 0,
    });
    const [result] = await store.append([draft()]);
    const after = offsetOf(result);
    const atHead = { entries: [], through: after, floor: 0 };
    assert.deepEqual(await store.read({ after, selectors: null, limit: 1, maxBytes: 1 }), atHead);
    assert.deepEqual(await store.read({ after, selectors: ['orders/1'], limit: 1, maxBytes: 1 }), atHead);
    assert.deepEqual(await store.read({ after, selectors: ['**'], limit: 1, maxBytes: 1 }), atHead);
  }),

  onFreshLog('read: exact topics that match nothing bring `through` to the head at once', async ({ store }) => {
    const results = await store.append(drafts(2_000, (i) => ({ topics: [`orders/${i % 7}`] })));
    const head = offsetOf(results.at(-1));
    const page = await store.read({ after: 0, selectors: ['nothing', 'orders/x'], limit: 10, maxBytes: 1_000 });
    assert.deepEqual(page, { entries: [], through: head, floor: 0 });
  }),

  onFreshLog('read: `limit` is kept, and `through` never passes a match that was not returned', async ({ store }) => {
    const requests = drafts(100, (i) => ({ topics: [i % 2 === 0 ? 'even' : 'odd'] }));
    const head = offsetOf((await store.append(requests)).at(-1));
    for (const limit of [1, 2, 3, 49, 50, 51, 99, 100, 1_000]) {
      assert.deepEqual(idsOf(await drain(store, { head, limit })), idsOf(requests));
      const even = requests.filter((_, i) => i % 2 === 0);
      assert.deepEqual(idsOf(await drain(store, { head, limit, selectors: ['even'] })), idsOf(even));
      assert.deepEqual(idsOf(await drain(store, { head, limit, selectors: ['*'] })), idsOf(requests));
    }
  }),

  onFreshLog('read: `maxBytes` stops before the body that exceeds it, never before the first', async ({ store }) => {
    const requests = drafts(5, (i) => ({ body: 'ä'.repeat(50 * (i + 1)) }));
    const offsets = (await store.append(requests)).map(offsetOf);
    const first = { after: 0, selectors: null, limit: 10 };
    for (const [maxBytes, count] of [
      [1, 1],
      [299, 1],
      [300, 2],
      [599, 2],
      [600, 3],
      [1_500, 5],
    ] as const) {
      const page = await store.read({ ...first, maxBytes });
      assert.deepEqual(idsOf(page.entries), idsOf(requests.slice(0, count)), `maxBytes ${maxBytes}`);
      assert.equal(page.through, count === 5 ? offsets[4] : offsets[count - 1]);
    }
    assert.deepEqual(idsOf(await drain(store, { head: offsets[4] ?? 0, maxBytes: 1 })), idsOf(requests));
  }),

  onFreshLog('read: an entry that several selectors match comes once', async ({ store }) => {
    const requests = drafts(30, (i) => ({ topics: ['orders/1', 'orders/2', `orders/${3 + (i % 3)}`] }));
    const head = offsetOf((await store.append(requests)).at(-1));
    for (const selectors of [
      ['orders/1', 'orders/2'],
      ['orders/*', 'orders/2', '**'],
      ['orders/2', 'orders/2'],
    ]) {
      assert.deepEqual(idsOf(await drain(store, { head, selectors, limit: 7 })), idsOf(requests));
    }
  }),

  onFreshLog('read: wildcards reach what the grammar says, never people and reserved topics', async ({ store }) => {
    const topics = ['orders', 'orders/1', 'orders/1/a', 'orders0', 'users/u-1', 'users', '$sys/a', 'Users/x', 'a/b/c'];
    const requests = topics.map((topic) => draft({ topics: [topic] }));
    const head = offsetOf((await store.append(requests)).at(-1));
    const expected: Record<string, readonly string[]> = {
      '**': ['orders', 'orders/1', 'orders/1/a', 'orders0', 'Users/x', 'a/b/c'],
      '*': ['orders', 'orders0'],
      'orders/*': ['orders/1'],
      'orders/**': ['orders/1', 'orders/1/a'],
      '*/1/*': ['orders/1/a'],
      'users/*': ['users/u-1'],
      'users/u-1': ['users/u-1'],
      '$sys/**': ['$sys/a'],
      'a/*/c': ['a/b/c'],
    };
    for (const [selector, wanted] of Object.entries(expected)) {
      const found = await drain(store, { head, selectors: [selector] });
      assert.deepEqual(
        found.flatMap((entry) => entry.topics),
        wanted,
        selector,
      );
    }
  }),

  onFreshLog('read: many topics, wildcards over many topics, and a rare match behind them', async ({ store }) => {
    const batches = Array.from({ length: 6 }, (_, batch) =>
      drafts(1_000, (i) => ({ topics: [`orders/${batch * 1_000 + i}`], publishedAt: DAY_ONE })),
    );
    const rare = draft({ topics: ['invoices/1/paid'] });
    for (const batch of batches) await store.append(batch);
    const head = offsetOf((await store.append([rare])).at(-1));
    const all = batches.flat();
    assert.deepEqual(idsOf(await drain(store, { head, selectors: ['orders/*'] })), idsOf(all));
    assert.deepEqual(idsOf(await drain(store, { head, selectors: ['*/*/paid'] })), [rare.id]);
    assert.deepEqual(idsOf(await drain(store, { head, selectors: ['invoices/**', 'nothing'] })), [rare.id]);
    const many = Array.from({ length: 2_000 }, (_, i) => `orders/${i * 3}`);
    const thirds = all.filter((_, i) => i % 3 === 0);
    assert.deepEqual(idsOf(await drain(store, { head, selectors: many, limit: 333 })), idsOf(thirds));
  }),

  onFreshLog('read: pages do not depend on the order of selectors', async ({ store }) => {
    const requests = drafts(200, (i) => ({ topics: [`t/${i % 5}`] }));
    const head = offsetOf((await store.append(requests)).at(-1));
    const page = await store.read({ after: 0, selectors: ['t/4', 't/0', 't/2'], limit: 20, maxBytes: 10_000 });
    checkPage(page, { after: 0, limit: 20, maxBytes: 10_000 });
    assert.deepEqual(
      page,
      await store.read({ after: 0, selectors: ['t/0', 't/2', 't/4'], limit: 20, maxBytes: 10_000 }),
    );
    assert.ok(page.through < head);
  }),

  onFreshLog('history: one topic, newest first, page by page, nothing of others', async ({ store }) => {
    const requests = drafts(57, (i) => ({
      topics: i % 3 === 0 ? ['orders/1', 'orders/2'] : ['orders/2'],
      publishedAt: DAY_ONE + i,
    }));
    const offsets = (await store.append(requests)).map(offsetOf);
    const mine = requests.filter((_, i) => i % 3 === 0).toReversed();
    const first = await store.history({ topic: 'orders/1', limit: 10, publishedFrom: 0 });
    assert.deepEqual(idsOf(first.entries), idsOf(mine.slice(0, 10)));
    assert.equal(first.more, true);
    const second = await store.history({
      topic: 'orders/1',
      limit: 9,
      publishedFrom: 0,
      before: first.entries.at(-1)?.offset ?? 0,
    });
    assert.deepEqual(idsOf(second.entries), idsOf(mine.slice(10)));
    assert.equal(second.more, false);
    assert.deepEqual(first.entries[0]?.topics, ['orders/1', 'orders/2']);
    assert.equal(first.entries[0]?.offset, offsets[54]);
    assert.deepEqual(await store.history({ topic: 'orders/*', limit: 10, publishedFrom: 0 }), {
      entries: [],
      more: false,
    });
  }),

  onFreshLog('history: nothing published before `publishedFrom`', async ({ store }) => {
    const requests = drafts(20, (i) => ({ publishedAt: DAY_ONE + i * 1_000 }));
    await store.append(requests);
    const page = await store.history({ topic: 'orders/1', limit: 100, publishedFrom: DAY_ONE + 15_000 });
    assert.deepEqual(
      page.entries.map(({ publishedAt }) => publishedAt - DAY_ONE),
      [19_000, 18_000, 17_000, 16_000, 15_000],
    );
    assert.equal(page.more, false);
    const two = await store.history({ topic: 'orders/1', limit: 2, publishedFrom: DAY_ONE + 15_000 });
    assert.deepEqual([two.entries.length, two.more], [2, true]);
  }),
];
