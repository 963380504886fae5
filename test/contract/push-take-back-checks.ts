import assert from 'node:assert/strict';
import { NOW, onFreshPush, takenOf, type PushScene, type PushStoreCheck } from './push-store-harness.js';

/** Long after whatever was read is to be taken back. */
const LATER = NOW + 60_000;

/** Plans what is to be taken back, and sends it. @returns what was sent. */
async function takeBack(scene: PushScene, now = LATER): Promise<string[]> {
  await scene.push.planTakeBacks(now, 100);
  return takenOf({ pushes: await scene.send(now) }).toSorted();
}

async function takenBackAt(scene: PushScene, offset: number): Promise<(number | null)[]> {
  return (await scene.push.pushes(offset, ['ann'])).map((record) => record.takenBackAt);
}

/** What was pushed, and is read elsewhere. */
export const pushTakeBackChecks: readonly PushStoreCheck[] = [
  onFreshPush(
    'take back: what is read by ids is closed on every device, in one push for each',
    async (scene, { crash }) => {
      for (const name of ['ann/phone', 'ann/laptop', 'bob/phone']) await scene.bring(name);
      const first = await scene.ring('n-1', { topics: ['users/ann', 'users/bob'] });
      const second = await scene.ring('n-2', { collapseKey: 'k' });
      const third = await scene.ring('n-3');
      await scene.send();
      await scene.mark('ann', { ids: ['n-1'] }, { at: NOW + 1_000 });
      await scene.mark('ann', { ids: ['n-2'] }, { at: NOW + 2_000, state: 'archived' });
      assert.equal(await scene.push.nextAt(-1), NOW + 3_000, 'two seconds after the first');
      assert.equal(await scene.push.nextAt(NOW + 3_000), undefined);
      assert.equal(await scene.push.planTakeBacks(NOW + 2_999, 10), 0);
      const killed = await crash();
      assert.equal(await killed.push.planTakeBacks(NOW + 3_000, 10), 1);
      assert.equal(await killed.push.planTakeBacks(LATER, 10), 0);
      const { pushes } = await killed.claim({ now: NOW + 3_000 });
      assert.deepEqual(takenOf({ pushes }).toSorted(), ['ann/laptop close n-1 n-2', 'ann/phone close n-1 n-2']);
      const [close] = pushes;
      assert.ok(close?.kind === 'close');
      assert.deepEqual(close.closed.at(-1), { id: 'n-2', collapseKey: 'k' });
      assert.deepEqual(await takenBackAt(killed, first), [null, null], 'it is not gone out yet');
      await killed.push.settle(pushes.map(({ id }) => ({ id, at: NOW + 3_100, state: 'sent' })));
      assert.deepEqual(await takenBackAt(killed, first), [NOW + 3_100, NOW + 3_100]);
      assert.deepEqual(await takenBackAt(killed, second), [NOW + 3_100, NOW + 3_100]);
      assert.deepEqual(await takenBackAt(killed, third), [null, null]);
      assert.deepEqual((await killed.push.pushes(first, ['bob']))[0]?.takenBackAt, null);
      await killed.mark('ann', { ids: ['n-1'] }, { at: NOW + 5_000, state: 'archived' });
      assert.deepEqual(await takeBack(killed), [], 'it is closed already');
    },
  ),

  onFreshPush('take back: what is read up to a place is closed, by a topic only what came by it', async (scene) => {
    await scene.bring('ann/phone');
    await scene.follow('ann', 'news');
    await scene.ring('n-1', { topics: ['news'] });
    await scene.ring('n-2', { topics: ['users/ann'] });
    const last = await scene.ring('n-3', { topics: ['users/ann', 'news'] });
    await scene.ring('n-4', { topics: ['news'] });
    await scene.send();
    await scene.mark('ann', { upTo: last, topic: 'news' });
    assert.deepEqual(await takeBack(scene), ['ann/phone close n-1 n-3']);
    await scene.mark('ann', { upTo: last + 10, topic: null }, { state: 'seen', at: NOW + 200 });
    assert.deepEqual(await takeBack(scene), [], 'to have seen it is not to have read it');
    await scene.mark('ann', { upTo: last + 10, topic: null }, { at: NOW + 200 });
    assert.deepEqual(await takeBack(scene), ['ann/phone close n-2 n-4']);
  }),

  onFreshPush('take back: what came by a topic did so also when the topic has lost it', async (scene) => {
    await scene.bring('ann/phone');
    await scene.follow('ann', 'news');
    const last = await scene.ring('n-1', { topics: ['users/ann', 'news'] });
    await scene.ring('n-2', { topics: ['news'] });
    await scene.send();
    const newest = { resumeMaxAgeMs: 0, resumeMaxBytes: 0, historyMaxAgeMs: 1e15, historyMaxPerTopic: 1 };
    await scene.store.prune(newest, NOW + 1_000);
    await scene.mark('ann', { upTo: last, topic: 'news' });
    assert.deepEqual(await takeBack(scene), ['ann/phone close n-1']);
  }),

  onFreshPush('take back: what is unread again by then stays', async (scene) => {
    await scene.bring('ann/phone');
    const last = await scene.ring('n-1');
    await scene.send();
    await scene.mark('ann', { ids: ['n-1'] });
    await scene.mark('ann', { ids: ['n-1'] }, { undo: true, at: NOW + 150 });
    assert.deepEqual(await takeBack(scene), []);
    await scene.mark('ann', { upTo: last, topic: null }, { at: NOW + 120 });
    assert.deepEqual(await takeBack(scene), [], 'the later word counts');
    await scene.mark('ann', { upTo: last, topic: null }, { at: NOW + 200 });
    assert.deepEqual(await takeBack(scene), ['ann/phone close n-1']);
  }),

  onFreshPush('take back: what is retracted is closed for everybody', async (scene) => {
    for (const name of ['ann/phone', 'bob/phone', 'cid/phone']) await scene.bring(name);
    await scene.bring('dan/phone', { endpoint: 'https://hangs.test/1' });
    const offset = await scene.ring('n-1', { topics: ['ann', 'bob', 'cid', 'dan'].map((user) => `users/${user}`) });
    const { pushes } = await scene.claim({ exceptHosts: ['hangs.test'] });
    await scene.push.settle(pushes.map(({ id }) => ({ id, at: NOW + 50, state: 'sent' })));
    await scene.done({ kind: 'retract', notification: 'n-1', at: NOW + 1_000 });
    assert.equal(await scene.push.nextAt(-1), NOW);
    assert.equal(await scene.push.nextAt(NOW), NOW + 3_000);
    await scene.claim();
    assert.equal(await scene.push.nextAt(-1), NOW + 3_000);
    assert.deepEqual(await takeBack(scene), ['ann/phone close n-1', 'bob/phone close n-1', 'cid/phone close n-1']);
    const [dan] = await scene.push.pushes(offset, ['dan']);
    assert.deepEqual([dan?.state, dan?.reason], ['cancelled', 'retracted']);
    assert.equal(await scene.push.nextAt(-1), undefined);
  }),

  onFreshPush('take back: what was read while it was being sent is closed as well', async (scene) => {
    await scene.bring('ann/phone');
    await scene.bring('ann/laptop');
    await scene.ring('n-1');
    await scene.ring('n-2');
    const { pushes } = await scene.claim();
    await scene.mark('ann', { ids: ['n-1'] });
    assert.deepEqual(await takeBack(scene, NOW + 200), ['ann/laptop n-2', 'ann/phone n-2'].slice(2));
    await scene.push.settle(pushes.map(({ id }) => ({ id, at: NOW + 300, state: 'sent' })));
    assert.equal(await scene.push.planTakeBacks(NOW + 2_299, 10), 0);
    const sent = await scene.send(NOW + 2_000);
    assert.deepEqual(takenOf({ pushes: sent }).toSorted(), ['ann/laptop n-2', 'ann/phone n-2']);
    assert.deepEqual(await takeBack(scene, NOW + 2_300), ['ann/laptop close n-1', 'ann/phone close n-1']);
  }),

  onFreshPush('take back: never what a newer one has replaced on the device', async (scene) => {
    await scene.bring('ann/phone');
    const old = await scene.ring('n-1', { collapseKey: 'k' });
    await scene.send();
    await scene.ring('n-2', { collapseKey: 'k' });
    await scene.ring('n-3');
    await scene.mark('ann', { ids: ['n-1'] });
    await scene.send();
    await scene.mark('ann', { ids: ['n-3'] });
    assert.deepEqual(await takeBack(scene), ['ann/phone close n-3']);
    await scene.mark('ann', { upTo: old, topic: null }, { at: NOW + 900 });
    assert.deepEqual(await takeBack(scene), []);
    await scene.mark('ann', { ids: ['n-2'] });
    assert.deepEqual(await takeBack(scene), ['ann/phone close n-2']);
  }),

  onFreshPush('take back: one push closes all that is read until it goes out', async (scene) => {
    await scene.bring('ann/phone');
    for (const id of ['n-1', 'n-2', 'n-3']) await scene.ring(id);
    await scene.send();
    await scene.mark('ann', { ids: ['n-1'] });
    await scene.push.planTakeBacks(LATER, 10);
    await scene.mark('ann', { ids: ['n-2'] });
    await scene.push.planTakeBacks(LATER, 10);
    assert.deepEqual(await scene.push.waiting(), { due: 0, pushes: 1 });
    const { pushes } = await scene.claim({ now: LATER });
    assert.deepEqual(takenOf({ pushes }), ['ann/phone close n-1 n-2']);
    await scene.mark('ann', { ids: ['n-3'] });
    await scene.push.planTakeBacks(LATER, 10);
    await scene.push.settle(pushes.map(({ id }) => ({ id, at: LATER, state: 'parked', reason: 'x' })));
    assert.deepEqual(takenOf({ pushes: await scene.send(LATER) }), ['ann/phone close n-3']);
    assert.equal(await scene.push.nextAt(-1), undefined);
  }),

  onFreshPush('take back: not from devices that are gone, and at most as many people as wanted', async (scene) => {
    const users = ['ann', 'bob', 'cid'];
    for (const user of users) await scene.bring(`${user}/phone`);
    await scene.ring('n-1', { topics: users.map((user) => `users/${user}`) });
    await scene.send();
    for (const user of users) await scene.mark(user, { ids: ['n-1'] });
    await scene.remove('ann/phone');
    await scene.bring('ann/phone');
    let people = 0;
    for (let found = 2; found === 2; people += found) found = await scene.push.planTakeBacks(LATER, 2);
    assert.ok(people <= 3);
    assert.deepEqual(takenOf({ pushes: await scene.send(LATER) }).toSorted(), [
      'bob/phone close n-1',
      'cid/phone close n-1',
    ]);
  }),
];
