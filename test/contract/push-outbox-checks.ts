import assert from 'node:assert/strict';
import type { ClaimedPush } from '#clarion/notifications';
import { nameOf, NOW, onFreshPush, takenOf, UNTIL, type PushScene, type PushStoreCheck } from './push-store-harness.js';

/** Pushes that may wait for one device. */
const MAX_WAITING = 100;
const PEOPLE = { topics: ['users/ann', 'users/bob', 'users/cid'] };

function idsOf(pushes: readonly ClaimedPush[]): number[] {
  return pushes.map(({ id }) => id);
}

async function healthOf({ push }: PushScene, user = 'ann') {
  const [device] = await push.devices(user);
  const { lastSuccessAt, failures, lastFailureAt, lastFailureReason } = device!;
  return [lastSuccessAt, failures, lastFailureAt, lastFailureReason];
}

/** What is taken to be sent, and what came of it. */
export const pushOutboxChecks: readonly PushStoreCheck[] = [
  onFreshPush(
    'claim: one for each device, in the order of plans, and nothing twice while it is held',
    async (scene) => {
      for (const name of ['ann/phone', 'ann/laptop', 'bob/phone']) await scene.bring(name);
      const offset = await scene.ring('n-1', PEOPLE);
      await scene.ring('n-2');
      const first = await scene.claim();
      assert.deepEqual(takenOf(first).toSorted(), ['ann/laptop n-1', 'ann/phone n-1', 'bob/phone n-1']);
      assert.deepEqual(await scene.claim(), { pushes: [], cancelled: {} });
      assert.equal(await scene.push.nextAt(-1), NOW + 1_050, 'when they are let go');
      const phone = first.pushes.find(({ device }) => nameOf(device) === 'ann/phone');
      assert.ok(phone?.kind === 'show');
      assert.deepEqual([phone.attempt, phone.shortened, phone.until, phone.topic], [1, 0, UNTIL, 'users/ann']);
      assert.deepEqual([phone.entry.offset, phone.ticket], [offset, `ticket-${offset}-ann-phone`]);
      assert.deepEqual(
        phone.device,
        (await scene.push.devices('ann')).find(({ id }) => id === 'phone'),
      );
      const late = await scene.claim({ now: NOW + 1_050, limit: 1 });
      assert.deepEqual(
        late.pushes.map(({ attempt }) => attempt),
        [2],
      );
      await scene.push.settle(idsOf(first.pushes).map((id) => ({ id, at: NOW + 60, state: 'sent' })));
      assert.deepEqual(takenOf(await scene.claim({ now: NOW + 60 })).toSorted(), ['ann/laptop n-2', 'ann/phone n-2']);
    },
  ),

  onFreshPush('claim: no excepted devices or hosts, and no more of one host than it may have', async (scene) => {
    for (const user of ['ann', 'bob', 'cid']) {
      await scene.bring(`${user}/a`, { endpoint: `https://a.test/${user}` });
      await scene.bring(`${user}/b`, { endpoint: `https://b.test:8443/${user}` });
    }
    await scene.ring('n-1', PEOPLE);
    const hosts = (pushes: readonly ClaimedPush[]) =>
      pushes.map(({ device }) => new URL(device.endpoint).host).toSorted();
    const device = (user: string) => ({ user, device: 'a' });
    const rest = await scene.claim({ exceptHosts: ['b.test:8443'], exceptDevices: [device('ann'), device('cid')] });
    assert.deepEqual(takenOf(rest), ['bob/a n-1']);
    const few = await scene.claim({ perHost: 1 });
    assert.deepEqual(hosts(few.pushes), ['a.test', 'b.test:8443']);
    const room = await scene.claim({ perHost: 2, room: { 'b.test:8443': 1, 'a.test': 0 } });
    assert.deepEqual(hosts(room.pushes), ['b.test:8443']);
    assert.deepEqual(hosts((await scene.claim()).pushes), ['a.test', 'b.test:8443']);
  }),

  onFreshPush('claim: whoever hangs, and whatever waits there, others are taken', async (scene) => {
    await scene.bring('ann/phone', { endpoint: 'https://hangs.test/1' });
    await scene.bring('bob/phone');
    for (let i = 0; i < 30; i++) await scene.ring(`n-${i}`);
    assert.deepEqual(takenOf(await scene.claim()), ['ann/phone n-0']);
    await scene.ring('n-bob', { topics: ['users/bob'] });
    assert.deepEqual(takenOf(await scene.claim({ limit: 1 })), ['bob/phone n-bob']);
    assert.deepEqual(takenOf(await scene.claim({ limit: 1 })), []);
  }),

  onFreshPush('claim: what is wanted no longer is cancelled instead, and why', async (scene) => {
    await scene.bring('ann/phone');
    await scene.follow('ann', 'news');
    await scene.follow('ann', 'sport');
    const offsets = {
      read: await scene.ring('read'),
      archived: await scene.ring('archived'),
      snoozed: await scene.ring('snoozed'),
      retracted: await scene.ring('retracted'),
      expired: await scene.ring('expired', { expiresAt: NOW + 50 }),
      collapsed: await scene.ring('collapsed', { topics: ['news'], collapseKey: 'k' }),
      unfollowed: await scene.ring('unfollowed', { topics: ['sport'] }),
      too_late: await scene.ring('too late', { until: NOW + 49 }),
    };
    const elsewhere = await scene.ring('elsewhere', { topics: ['news', 'users/ann'], collapseKey: 'k' });
    const wanted = await scene.ring('wanted');
    await scene.mark('ann', { ids: ['read', 'wanted'] });
    await scene.mark('ann', { ids: ['wanted'] }, { undo: true, at: NOW + 101 });
    await scene.mark('ann', { upTo: offsets.archived, topic: 'users/ann' }, { state: 'archived' });
    await scene.mark('ann', { ids: ['snoozed', 'wanted'] }, { state: 'snoozed', until: NOW + 51 });
    await scene.mark('ann', { ids: ['wanted'] }, { state: 'snoozed', until: NOW + 50, at: NOW + 101 });
    await scene.done({ kind: 'retract', notification: 'retracted', at: NOW });
    await scene.follow('ann', 'sport', 'unfollow');
    await scene.publish('newer', { topics: ['news'], collapseKey: 'k', pushAt: null });

    const { pushes, cancelled } = await scene.claim();
    const reasons: Record<string, string | null> = {};
    for (const [name, offset] of Object.entries(offsets)) {
      const [record] = await scene.push.pushes(offset, ['ann']);
      assert.equal(record?.state, 'cancelled', name);
      reasons[name] = record.reason;
    }
    // One that is read and archived is archived; that alone is one of two.
    assert.deepEqual(reasons, {
      ...Object.fromEntries(Object.keys(offsets).map((name) => [name, name])),
      read: 'archived',
    });
    assert.deepEqual(cancelled, {
      archived: 2,
      snoozed: 1,
      retracted: 1,
      expired: 1,
      collapsed: 1,
      unfollowed: 1,
      too_late: 1,
    });
    assert.deepEqual(takenOf({ pushes }), ['ann/phone elsewhere']);
    assert.ok(pushes[0]?.kind === 'show' && pushes[0].topic === 'users/ann', 'by what it is seen by now');
    await scene.push.settle([{ id: pushes[0].id, at: NOW + 50, state: 'sent' }]);
    assert.deepEqual(takenOf(await scene.claim()), ['ann/phone wanted']);
    assert.equal((await scene.push.pushes(elsewhere, ['ann']))[0]?.state, 'sent');
    assert.equal((await scene.push.pushes(wanted, ['ann']))[0]?.attempts, 1);
  }),

  onFreshPush('claim: of more than a device may have waiting the oldest are cancelled', async (scene) => {
    await scene.bring('ann/phone');
    const first = await scene.ring('first');
    const { pushes } = await scene.claim();
    const second = await scene.ring('second');
    for (let i = 0; i < MAX_WAITING - 1; i++) await scene.ring(`n-${i}`);
    const record = async (offset: number) => (await scene.push.pushes(offset, ['ann']))[0];
    assert.equal((await record(first))?.state, 'waiting', 'it is being sent');
    assert.deepEqual([(await record(second))?.state, (await record(second))?.reason], ['cancelled', 'superseded']);
    assert.equal((await scene.push.waiting()).pushes, MAX_WAITING);
    await scene.push.settle(idsOf(pushes).map((id) => ({ id, at: NOW + 60, state: 'sent' })));
    assert.deepEqual(takenOf(await scene.claim({ now: NOW + 60 })), ['ann/phone n-0']);
  }),

  onFreshPush(
    'claim: goes on after a kill with what an earlier process had taken',
    async (scene, { crash, reopen }) => {
      await scene.bring('ann/phone');
      await scene.ring('n-1');
      const { pushes } = await scene.claim();
      const killed = await crash();
      assert.deepEqual((await killed.claim()).pushes, [], 'it may still be tried');
      await killed.push.releaseAll();
      assert.ok(((await killed.push.nextAt(-1)) ?? Infinity) <= NOW + 50);
      const [again] = (await killed.claim()).pushes;
      assert.deepEqual([again?.id, again?.attempt], [pushes[0]?.id, 2]);
      await killed.push.settle([{ id: again!.id, at: NOW + 60, state: 'sent' }]);
      const closed = await reopen();
      await closed.push.releaseAll();
      assert.deepEqual((await closed.claim({ now: NOW + 1e6 })).pushes, []);
    },
  ),

  onFreshPush('settle: what was sent is noted of the push, its device and in the receipts', async (scene) => {
    await scene.bring('ann/phone');
    const offset = await scene.ring('n-1');
    assert.deepEqual(await healthOf(scene), [null, 0, null, null]);
    await scene.send(NOW + 60);
    const record = { user: 'ann', device: 'phone', plannedAt: NOW, attempts: 1, reason: null, takenBackAt: null };
    assert.deepEqual(await scene.push.pushes(offset, ['ann']), [{ ...record, state: 'sent', at: NOW + 60 }]);
    assert.deepEqual(await healthOf(scene), [NOW + 60, 0, null, null]);
    assert.deepEqual(await scene.store.people.receipts(offset, ['ann']), [
      { offset, user: 'ann', stage: 'sent', at: NOW + 60, transport: 'push', device: 'phone' },
    ]);
    assert.equal(await scene.push.nextAt(-1), undefined);
    assert.deepEqual(await scene.push.waiting(), { due: 0, pushes: 0 });
    assert.equal((await scene.push.ticket(`ticket-${offset}-ann-phone`))?.device, 'phone', 'it may be shown yet');
  }),

  onFreshPush('settle: what is tried again waits, and all that waits for the device with it', async (scene) => {
    await scene.bring('ann/phone');
    const offset = await scene.ring('n-1');
    const [first] = (await scene.claim()).pushes;
    const waits = { id: first!.id, state: 'waiting', reason: 'http_503', shortened: 0 } as const;
    await scene.push.settle([{ ...waits, at: NOW + 60, nextAt: NOW + 500, failed: true }]);
    await scene.ring('n-2');
    assert.equal(await scene.push.nextAt(-1), NOW + 500);
    assert.equal(await scene.push.nextAt(NOW + 500), undefined);
    assert.deepEqual((await scene.claim({ now: NOW + 499 })).pushes, []);
    assert.deepEqual(await healthOf(scene), [null, 1, NOW + 60, 'http_503']);
    const [second] = (await scene.claim({ now: NOW + 500 })).pushes;
    assert.deepEqual([second?.id, second?.attempt], [first?.id, 2]);
    const shorter = { ...waits, reason: 'too_large', shortened: 1, failed: false, at: NOW + 510, nextAt: NOW + 510 };
    await scene.push.settle([shorter]);
    assert.deepEqual(await healthOf(scene), [null, 1, NOW + 60, 'http_503'], 'it is no failure of the device');
    const [third] = (await scene.claim({ now: NOW + 510 })).pushes;
    assert.deepEqual([third?.attempt, third?.shortened], [3, 1]);
    await scene.push.settle([{ id: first!.id, at: NOW + 520, state: 'parked', reason: 'http_400' }]);
    assert.deepEqual(await healthOf(scene), [null, 2, NOW + 520, 'http_400']);
    const [record] = await scene.push.pushes(offset, ['ann']);
    assert.deepEqual([record?.state, record?.reason, record?.attempts], ['parked', 'http_400', 3]);
    assert.deepEqual(takenOf(await scene.claim({ now: NOW + 520 })), ['ann/phone n-2']);
    await scene.bring('ann/phone', { at: NOW + 530 });
    assert.deepEqual(await healthOf(scene), [null, 0, NOW + 520, 'http_400'], 'it was verified');
  }),

  onFreshPush('settle: of what is gone nothing is noted', async (scene) => {
    await scene.bring('ann/phone');
    const offset = await scene.ring('n-1');
    const ids = idsOf((await scene.claim()).pushes);
    await scene.remove('ann/phone');
    await scene.push.settle([...ids, 999].map((id) => ({ id, at: NOW + 60, state: 'sent' })));
    assert.equal((await scene.push.pushes(offset, ['ann']))[0]?.state, 'gone');
    assert.deepEqual(await scene.store.people.receipts(offset, ['ann']), []);
    await scene.bring('ann/phone');
    assert.deepEqual(await healthOf(scene), [null, 0, null, null]);
    assert.deepEqual((await scene.claim({ now: NOW + 1e6 })).pushes, []);
  }),

  onFreshPush('settle: a device that has moved meanwhile is tried where it is now', async (scene) => {
    await scene.bring('ann/phone', { endpoint: 'https://before.test/1' });
    await scene.ring('n-1');
    const [push] = (await scene.claim()).pushes;
    await scene.push.settle([
      { id: push!.id, at: NOW + 60, state: 'waiting', nextAt: NOW + 9_000, reason: 'x', shortened: 0, failed: true },
    ]);
    await scene.bring('ann/phone', { endpoint: 'https://after.test/1', at: NOW + 70 });
    const { pushes } = await scene.claim({ now: NOW + 70, exceptHosts: ['before.test'] });
    assert.deepEqual(
      pushes.map(({ device }) => device.endpoint),
      ['https://after.test/1'],
    );
  }),
];
