import assert from 'node:assert/strict';
import type { ChooseAct, RetentionPolicy } from '#clarion/notifications';
import { MAX_DEVICES } from '#clarion/protocol';
import { BODY, nameOf, NOW, onFreshPush, START, type PushScene, type PushStoreCheck } from './push-store-harness.js';

const KEEP_NOTHING: RetentionPolicy = {
  resumeMaxAgeMs: 0,
  resumeMaxBytes: 0,
  historyMaxAgeMs: 0,
  historyMaxPerTopic: 1,
};
const ACTIONS = '"title":"x","actions":[{"id":"yes","title":"Yes"},{"id":"no","title":"No"}]';

function choosing(more: Partial<ChooseAct> = {}): ChooseAct {
  return {
    kind: 'choose',
    user: 'ann',
    at: NOW + 60,
    body: BODY,
    notification: 'n-1',
    action: 'yes',
    transport: 'push',
    device: 'phone',
    ...more,
  };
}

async function namesOf(scene: PushScene, user: string): Promise<string[]> {
  return (await scene.push.devices(user)).map(nameOf);
}

/** Devices, what people choose, and what is left of them. */
export const pushDeviceChecks: readonly PushStoreCheck[] = [
  onFreshPush('vapid: the first pair of keys is kept, also after a close', async (scene, { reopen }) => {
    const first = { publicKey: 'public', privateKey: 'private' };
    assert.deepEqual(await scene.push.keepVapidKeys(first), first);
    const later = { publicKey: 'other', privateKey: 'other' };
    assert.deepEqual(await scene.push.keepVapidKeys(later), first);
    assert.deepEqual(await (await reopen()).push.keepVapidKeys(later), first);
  }),

  onFreshPush('devices: are kept as they were brought; again, they keep when they came', async (scene, { reopen }) => {
    const head = (await scene.store.bounds()).head;
    const device = {
      id: 'phone',
      endpoint: 'https://push.test/1',
      p256dh: 'p',
      auth: 'a',
      name: 'Ann’s phone',
      locale: 'de-AT',
      timeZone: 'Europe/Vienna',
      subscribe: [{ selector: 'news/**' as never, historyFrom: 5 }],
      issuedAt: NOW - 5,
    };
    const act = { kind: 'device', user: 'ann', body: BODY } as const;
    assert.notEqual(await scene.done({ ...act, at: NOW, device }), 0, 'it is told');
    const health = { lastSuccessAt: null, failures: 0, lastFailureAt: null, lastFailureReason: null };
    const came = { ...device, ...health, user: 'ann', since: head, createdAt: NOW };
    assert.deepEqual(await scene.push.devices('ann'), [{ ...came, verifiedAt: NOW }]);

    const verified = { ...device, issuedAt: NOW, subscribe: [] };
    assert.equal(await scene.done({ ...act, at: NOW + 5, device: verified }), 0, 'nobody need hear of it');
    assert.deepEqual(await scene.push.devices('ann'), [{ ...came, ...verified, verifiedAt: NOW + 5 }]);
    const moved = { ...verified, endpoint: 'https://other.test/2', name: null };
    assert.notEqual(await scene.done({ ...act, at: NOW + 6, device: moved }), 0, 'it is told');
    const again = await reopen();
    assert.deepEqual(await again.push.devices('ann'), [{ ...came, ...moved, verifiedAt: NOW + 6 }]);
    assert.deepEqual((await again.push.export('ann')).devices, await again.push.devices('ann'));
    assert.deepEqual(await again.push.devices('bob'), []);
  }),

  onFreshPush('devices: an endpoint is that of whoever brought it last', async (scene) => {
    await scene.bring('ann/old', { endpoint: 'https://push.test/1' });
    await scene.ring('n-1');
    await scene.bring('ann/phone', { endpoint: 'https://push.test/1' });
    assert.deepEqual(await namesOf(scene, 'ann'), ['ann/phone']);
    await scene.bring('bob/phone', { endpoint: 'https://push.test/1' });
    assert.deepEqual([await namesOf(scene, 'ann'), await namesOf(scene, 'bob')], [[], ['bob/phone']]);
    assert.deepEqual((await scene.claim()).pushes, [], 'what waited for the one is not pushed to the other');
  }),

  onFreshPush('devices: of more than a person may have that goes which was verified longest ago', async (scene) => {
    for (let i = 0; i < MAX_DEVICES; i++) await scene.bring(`ann/d-${i}`, { at: NOW + i });
    await scene.bring('ann/d-0', { at: NOW + 100 });
    await scene.bring('ann/new', { at: NOW + 101 });
    const names = await namesOf(scene, 'ann');
    assert.equal(names.length, MAX_DEVICES);
    assert.deepEqual(
      [names.includes('ann/d-0'), names.includes('ann/d-1'), names.includes('ann/new')],
      [true, false, true],
    );
    assert.deepEqual(names, names.toSorted(), 'by id');
  }),

  onFreshPush('devices: go with what waits for them, unless they are somewhere else by now', async (scene) => {
    await scene.bring('ann/phone', { endpoint: 'https://push.test/1' });
    const offset = await scene.ring('n-1');
    assert.equal(await scene.remove('ann/laptop'), 0);
    assert.equal(await scene.remove('ann/phone', 'https://push.test/before'), 0);
    assert.deepEqual(await namesOf(scene, 'ann'), ['ann/phone']);
    assert.notEqual(await scene.remove('ann/phone', 'https://push.test/1'), 0, 'it is told');
    assert.deepEqual(await namesOf(scene, 'ann'), []);
    assert.deepEqual((await scene.claim()).pushes, []);
    const [record] = await scene.push.pushes(offset, ['ann']);
    assert.equal(record?.state, 'gone');
    assert.equal(await scene.push.nextAt(-1), undefined);
  }),

  onFreshPush('renew: has another subscription, and is otherwise as it was', async (scene, { reopen }) => {
    await scene.bring('ann/phone', { endpoint: 'https://push.test/1' });
    await scene.ring('n-1');
    const { pushes } = await scene.claim();
    const later = { state: 'waiting', nextAt: NOW + 1e6, reason: 'x', shortened: 0, failed: true } as const;
    await scene.push.settle(pushes.map(({ id }) => ({ id, at: NOW + 40, ...later })));
    const [before] = await scene.push.devices('ann');
    assert.equal(before?.failures, 1);

    const renewed = await scene.renew('ann/phone', 'https://other.test/2');
    assert.ok(renewed.outcome === 'acted' && renewed.entry?.kind === 'inbox', 'it is told');
    const after = {
      ...before,
      ...{ endpoint: 'https://other.test/2', p256dh: 'other p', auth: 'other a' },
      ...{ verifiedAt: NOW + 50, failures: 0 },
    };
    assert.deepEqual(await scene.push.devices('ann'), [after]);
    const again = await scene.renew('ann/phone', 'https://other.test/2', { at: NOW + 60 });
    assert.deepEqual(again, { outcome: 'acted', entry: null }, 'nobody need hear of it');
    const opened = await reopen();
    assert.deepEqual(await opened.push.devices('ann'), [after]);
    const [push] = (await opened.claim({ now: NOW + 60 })).pushes;
    assert.equal(push?.device.endpoint, after.endpoint, 'what waited waits no longer');
  }),

  onFreshPush('renew: refused for what is gone, came since, or is at another’s endpoint', async (scene) => {
    const code = async (...args: Parameters<PushScene['renew']>): Promise<string> => {
      const result = await scene.renew(...args);
      return result.outcome === 'refused' ? result.code : result.outcome;
    };
    await scene.bring('ann/phone');
    const since = (await scene.push.devices('ann'))[0]?.since ?? 0;
    await scene.bring('ann/laptop', { endpoint: 'https://push.test/laptop' });
    await scene.bring('bob/phone', { endpoint: 'https://push.test/bob' });
    const all = async () => [await scene.push.devices('ann'), await scene.push.devices('bob')];
    const before = await all();
    assert.equal(await code('ann/pad', 'https://push.test/new'), 'ticket.unknown');
    for (const taken of ['https://push.test/laptop', 'https://push.test/bob'])
      assert.equal(await code('ann/phone', taken), 'ticket.unknown');
    assert.deepEqual(await all(), before);
    await scene.remove('ann/phone');
    assert.equal(await code('ann/phone', 'https://push.test/new', { since }), 'ticket.unknown');
    await scene.bring('ann/phone');
    assert.equal(await code('ann/phone', 'https://push.test/new', { since }), 'ticket.unknown');
    assert.equal(await code('ann/phone', 'https://push.test/new'), 'acted');
  }),

  onFreshPush('choose: the first time of each action is kept, and says that it was shown', async (scene) => {
    const offset = await scene.publish('n-1', { body: ACTIONS });
    const first = await scene.act(choosing());
    assert.ok(first.outcome === 'acted' && first.entry?.kind === 'inbox');
    assert.deepEqual(first.offsets, [offset]);
    const again = await scene.act(choosing({ at: NOW + 90, device: 'laptop' }));
    assert.deepEqual(again, { outcome: 'acted', entry: null, offsets: [] });
    await scene.act(choosing({ action: 'no', at: NOW + 70, transport: 'http', device: null }));
    const chosen = [
      { user: 'ann', offset, action: 'yes', at: NOW + 60, transport: 'push', device: 'phone' },
      { user: 'ann', offset, action: 'no', at: NOW + 70, transport: 'http', device: null },
    ];
    assert.deepEqual(await scene.push.choices(offset, ['bob', 'ann']), chosen);
    assert.deepEqual((await scene.push.export('ann')).choices, chosen);
    const [receipt] = await scene.store.people.receipts(offset, ['ann']);
    assert.deepEqual([receipt?.stage, receipt?.transport, receipt?.at], ['acked', 'push', NOW + 60]);
  }),

  onFreshPush('choose: what one person has chosen of several is found at once', async (scene) => {
    const both = { topics: ['users/ann', 'users/bob'], body: ACTIONS };
    const offsets = [await scene.publish('n-1', both), await scene.publish('n-2', both)];
    await scene.publish('n-3', both);
    await scene.act(choosing({ action: 'yes', at: NOW + 70 }));
    await scene.act(choosing({ action: 'no' }));
    await scene.act(choosing({ user: 'bob' }));
    for (const notification of ['n-2', 'n-3']) await scene.act(choosing({ notification }));
    const found = async (user: string, asked: readonly number[]) =>
      (await scene.push.choicesOf(user, asked)).map(({ offset, action, at }) => [offset, action, at]);
    const [first = 0, second = 0] = offsets;
    const ofFirst = [
      [first, 'no', NOW + 60],
      [first, 'yes', NOW + 70],
    ];
    const ofSecond = [second, 'yes', NOW + 60];
    assert.deepEqual(await found('ann', offsets), [...ofFirst, ofSecond]);
    assert.deepEqual(await found('ann', offsets.toReversed()), [ofSecond, ...ofFirst]);
    assert.deepEqual(await found('bob', offsets), [[first, 'yes', NOW + 60]]);
    assert.deepEqual(await found('ann', []), []);
    assert.deepEqual(await scene.push.choicesOf('ann', [second]), await scene.push.choices(second, ['ann']));
  }),

  onFreshPush('choose: refused for what is not theirs, not offered, or over', async (scene) => {
    await scene.publish('n-1', { body: ACTIONS, expiresAt: NOW + 80 });
    await scene.publish('n-2', { topics: ['users/bob'], body: ACTIONS });
    const code = async (more: Partial<ChooseAct>): Promise<string> => {
      const result = await scene.act(choosing(more));
      return result.outcome === 'refused' ? result.code : result.outcome;
    };
    assert.equal(await code({ notification: 'nobody' }), 'notification.unknown');
    assert.equal(await code({ notification: 'n-2' }), 'notification.unknown');
    assert.equal(await code({ action: 'perhaps' }), 'action.unknown');
    assert.equal(await code({ at: NOW + 80 }), 'notification.over');
    assert.equal(await code({}), 'acted');
    assert.equal(await code({ at: NOW + 80 }), 'acted', 'what was heard in time is no error when said again');
    await scene.done({ kind: 'retract', notification: 'n-2', at: NOW + 1 });
    assert.equal(await code({ user: 'bob', notification: 'n-2' }), 'notification.over');
  }),

  onFreshPush(
    'erase: nothing of devices, pushes and choices of the person is left, and all of others',
    async (scene) => {
      for (const name of ['ann/phone', 'bob/phone']) await scene.bring(name);
      const both = { topics: ['users/ann', 'users/bob'], body: ACTIONS };
      const offset = await scene.ring('n-1', both);
      await scene.send();
      for (const user of ['ann', 'bob']) await scene.act(choosing({ user }));
      await scene.ring('n-2', both);
      const due = await scene.publish('n-3', { topics: ['users/ann'] });
      await scene.mark('ann', { ids: ['n-1'] });
      await scene.done({ kind: 'erase', user: 'ann', at: NOW + 200 });
      assert.deepEqual(await scene.push.export('ann'), { devices: [], choices: [] });
      const kept = await scene.push.pushes(offset, ['ann', 'bob']);
      assert.deepEqual(
        kept.map(({ user }) => user),
        ['bob'],
      );
      assert.equal(await scene.push.ticket(`ticket-${offset}-ann-phone`), undefined);
      assert.equal(await scene.push.dueAt(due), undefined, 'it was to them alone');
      assert.equal(await scene.push.planTakeBacks(NOW + 1e6, 10), 0);
      const { pushes } = await scene.claim();
      assert.deepEqual(
        pushes.map(({ device }) => device.user),
        ['bob'],
      );
    },
  ),

  onFreshPush('prune: pushes, choices and what is due go with their notification', async (scene) => {
    await scene.bring('ann/phone');
    await scene.bring('ann/laptop');
    const offset = await scene.ring('n-1', { body: ACTIONS, publishedAt: 5 });
    const due = await scene.publish('n-2', { publishedAt: 5 });
    await scene.act(choosing());
    const { pushes } = await scene.claim({ limit: 1 });
    await scene.store.prune(KEEP_NOTHING, Date.now() + 1e6);
    assert.deepEqual(await scene.push.pushes(offset, ['ann']), []);
    assert.deepEqual(await scene.push.choices(offset, ['ann']), []);
    assert.equal(await scene.push.ticket(`ticket-${offset}-ann-phone`), undefined);
    assert.equal(await scene.push.dueAt(due), undefined);
    assert.deepEqual(await scene.push.candidates(due, START, 10), { entry: undefined, candidates: [], next: null });
    await scene.push.settle(pushes.map(({ id }) => ({ id, at: NOW + 60, state: 'sent' })));
    assert.deepEqual(await scene.claim({ now: NOW + 1e6 }), { pushes: [], cancelled: {} });
    assert.equal(await scene.push.nextAt(-1), undefined);
    assert.deepEqual(await scene.push.waiting(), { due: 0, pushes: 0 });
  }),
];
