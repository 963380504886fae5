import assert from 'node:assert/strict';
import type { NotificationStore, RetentionPolicy } from '#clarion/notifications';
import { drain, idsOf } from './store-drain.js';
import { DAY_ONE, drafts, offsetOf, onFreshLog, withPlace, withStore, type StoreCheck } from './store-harness.js';

/** Keeps everything, but for what a check says. */
function policy(change: Partial<RetentionPolicy>): RetentionPolicy {
  return { resumeMaxAgeMs: 1e12, resumeMaxBytes: 1e12, historyMaxAgeMs: 1e12, historyMaxPerTopic: 1e6, ...change };
}

async function historyOf(store: NotificationStore, topic: string): Promise<string[]> {
  return idsOf((await store.history({ topic, limit: 100, publishedFrom: 0 })).entries);
}

export const retentionChecks: readonly StoreCheck[] = [
  onFreshLog('prune: nothing goes that the policy keeps', async ({ store }) => {
    const requests = drafts(20, (i) => ({ publishedAt: DAY_ONE + i }));
    const head = offsetOf((await store.append(requests)).at(-1));
    assert.equal(await store.prune(policy({}), DAY_ONE + 100), 0);
    assert.deepEqual(idsOf(await drain(store, { head })), idsOf(requests));
  }),

  onFreshLog('prune: the floor rises by age, reads begin above it, history stays', async ({ store }) => {
    const requests = drafts(20, (i) => ({ publishedAt: DAY_ONE + i * 1_000 }));
    const offsets = (await store.append(requests)).map(offsetOf);
    const floor = await store.prune(policy({ resumeMaxAgeMs: 5_000 }), DAY_ONE + 20_000);
    assert.equal(floor, offsets[14]);
    const bounds = await store.bounds();
    assert.deepEqual([bounds.floor, bounds.head], [floor, offsets[19]]);
    const page = await store.read({ after: 0, selectors: ['orders/1'], limit: 1, maxBytes: 1 });
    assert.deepEqual([page.floor, page.entries[0]?.offset], [floor, offsets[15]]);
    assert.deepEqual(idsOf(await drain(store, { head: bounds.head })), idsOf(requests.slice(15)));
    assert.deepEqual(
      idsOf(await drain(store, { head: bounds.head, selectors: ['orders/1'] })),
      idsOf(requests.slice(15)),
    );
    assert.deepEqual(
      idsOf(await drain(store, { head: bounds.head, selectors: ['orders/*'] })),
      idsOf(requests.slice(15)),
    );
    assert.deepEqual(await historyOf(store, 'orders/1'), idsOf(requests.toReversed()));
  }),

  onFreshLog('prune: the floor rises by bytes, as little as the policy allows', async ({ store }) => {
    const requests = drafts(100, () => ({ body: 'x'.repeat(1_000) }));
    const offsets = (await store.append(requests)).map(offsetOf);
    const floor = await store.prune(policy({ resumeMaxBytes: 50_500 }), DAY_ONE);
    const kept = offsets.filter((offset) => offset > floor).length;
    assert.ok(kept <= 50 && kept >= 45, `${kept} entries of 1,000 bytes are kept within 50,500`);
  }),

  onFreshLog('prune: the floor never sinks, whatever the next policy says', async ({ store }) => {
    const offsets = (await store.append(drafts(10, (i) => ({ publishedAt: DAY_ONE + i * 1_000 })))).map(offsetOf);
    assert.equal(await store.prune(policy({ resumeMaxAgeMs: 1_000 }), DAY_ONE + 6_000), offsets[4]);
    assert.equal(await store.prune(policy({}), DAY_ONE + 6_000), offsets[4]);
    assert.equal((await store.bounds()).floor, offsets[4]);
  }),

  onFreshLog('prune: history below the floor goes by age', async ({ store }) => {
    const requests = drafts(20, (i) => ({ publishedAt: DAY_ONE + i * 1_000, topics: ['orders/1', `orders/${i}`] }));
    await store.append(requests);
    await store.prune(policy({ resumeMaxAgeMs: 0, historyMaxAgeMs: 5_000 }), DAY_ONE + 20_000);
    assert.deepEqual(await historyOf(store, 'orders/1'), idsOf(requests.slice(15).toReversed()));
    assert.deepEqual(await historyOf(store, 'orders/14'), []);
    assert.deepEqual(await historyOf(store, 'orders/15'), idsOf(requests.slice(15, 16)));
  }),

  onFreshLog('prune: history is counted per topic, and a noisy topic evicts nobody else', async ({ store }) => {
    const noisy = drafts(60, (i) => ({
      topics: i % 20 === 0 ? ['noise', 'quiet'] : ['noise'],
      publishedAt: DAY_ONE + i,
    }));
    await store.append(noisy);
    await store.prune(policy({ resumeMaxAgeMs: 0, historyMaxPerTopic: 5 }), DAY_ONE + 1_000);
    assert.deepEqual(await historyOf(store, 'noise'), idsOf(noisy.slice(-5).toReversed()));
    assert.deepEqual(
      await historyOf(store, 'quiet'),
      idsOf([noisy[40], noisy[20], noisy[0]].flatMap((one) => one ?? [])),
    );
  }),

  onFreshLog('prune: the count of history takes nothing from the resume log', async ({ store }) => {
    const requests = drafts(30, (i) => ({ publishedAt: DAY_ONE + i * 1_000 }));
    const head = offsetOf((await store.append(requests)).at(-1));
    await store.prune(policy({ resumeMaxAgeMs: 20_000, historyMaxPerTopic: 3, historyMaxAgeMs: 1 }), DAY_ONE + 30_000);
    assert.deepEqual(idsOf(await drain(store, { head })), idsOf(requests.slice(10)));
    assert.deepEqual(await historyOf(store, 'orders/1'), idsOf(requests.slice(10).toReversed()));
  }),

  {
    name: 'prune: no offset is given twice, even after everything was pruned and the store reopened',
    run: (harness) =>
      withPlace(harness, async (place) => {
        const offsets = await withStore(place, async ({ store }) => {
          const given = (await store.append(drafts(10))).map(offsetOf);
          await store.prune(policy({ resumeMaxAgeMs: 0, historyMaxAgeMs: 0 }), DAY_ONE * 2);
          assert.deepEqual(await historyOf(store, 'orders/1'), []);
          assert.equal((await store.bounds()).head, given.at(-1));
          return given;
        });
        await withStore(place, async ({ store, opened }) => {
          assert.ok(opened.head > (offsets.at(-1) ?? 0));
          assert.equal(opened.floor, offsets.at(-1));
          const request = drafts(1);
          const offset = offsetOf((await store.append(request))[0]);
          assert.ok(offset > opened.head);
          assert.deepEqual(idsOf(await drain(store, { head: offset })), idsOf(request));
        });
      }),
  },

  {
    name: 'prune: epochs stay as long as the floor, history or a claim belongs to them',
    run: (harness) =>
      withPlace(harness, async (place) => {
        const written: number[] = [];
        const expiresAt = DAY_ONE + 100_000;
        for (let i = 0; i < 5; i++) {
          const [request] = drafts(1, () => ({
            publishedAt: DAY_ONE + i * 1_000,
            ...(i === 1 && { idempotency: { scope: 's', key: 'k', fingerprint: 'f', expiresAt } }),
          }));
          if (request !== undefined)
            written.push(await withStore(place, async ({ store }) => offsetOf((await store.append([request]))[0])));
        }
        await withStore(place, async ({ store, opened }) => {
          const drop = policy({ resumeMaxAgeMs: 0, historyMaxAgeMs: 1 });
          const neededFrom = async (oldest: number | undefined): Promise<void> => {
            const needed = opened.epochs.filter(
              (_, i) => (opened.epochs[i + 1]?.firstOffset ?? Infinity) > (oldest ?? 0),
            );
            assert.deepEqual((await store.bounds()).epochs.slice(-needed.length), needed);
          };
          await store.prune(policy({ resumeMaxAgeMs: 0 }), DAY_ONE + 10_000);
          await neededFrom(written[0]);
          await store.prune(drop, DAY_ONE + 10_000);
          await neededFrom(written[1]);
          await store.prune(drop, expiresAt + 1);
          await neededFrom(written[4]);
        });
      }),
  },

  onFreshLog('prune: appends and reads go on meanwhile, and lose nothing', async ({ store }) => {
    const old = Array.from({ length: 8 }, () =>
      drafts(500, (i) => ({ topics: [`t/${i % 50}`], publishedAt: DAY_ONE })),
    );
    for (const batch of old) await store.append(batch);
    const from = (await store.bounds()).head;
    const pruning = store.prune(policy({ resumeMaxAgeMs: 1_000, historyMaxPerTopic: 2 }), DAY_ONE + 10_000);
    const fresh = drafts(40, () => ({ publishedAt: DAY_ONE + 10_000, topics: ['t/1'] }));
    for (const request of fresh) await store.append([request]);
    const { head } = await store.bounds();
    assert.deepEqual(idsOf(await drain(store, { after: from, head, selectors: ['t/1'] })), idsOf(fresh));
    assert.equal(await pruning, from);
    assert.equal((await historyOf(store, 't/2')).length, 2);
  }),
];
