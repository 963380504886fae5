import assert from 'node:assert/strict';
import type { AppendRequest, PushCandidate, PushMark } from '#clarion/notifications';
import { wantedPreferencesSchema } from '#clarion/protocol';
import {
  BODY,
  nameOf,
  NOW,
  onFreshPush,
  START,
  UNTIL,
  type PushScene,
  type PushStoreCheck,
} from './push-store-harness.js';

async function dueIn({ push }: PushScene): Promise<number[]> {
  return (await push.due(NOW + 1e9, 1_000)).map(({ offset }) => offset);
}

function shortly(candidates: readonly PushCandidate[]): string[] {
  return candidates.map(
    ({ user, topics, devices }) => `${user}: ${topics.join(' ')} (${devices.map(({ id }) => id).join(' ')})`,
  );
}

/** What is due, whom it concerns, and what was decided of it. */
export const pushDueChecks: readonly PushStoreCheck[] = [
  onFreshPush('due: only where somebody may have a device, now', async (scene, { reopen }) => {
    await scene.publish('n-0', { topics: ['news'] });
    assert.deepEqual(await dueIn(scene), [], 'nobody has one');
    await scene.bring('bob/phone');
    const news = await scene.publish('n-1', { topics: ['users/ann', 'news'] });
    await scene.publish('n-2', { topics: ['users/ann', 'users/eve'] });
    const bob = await scene.publish('n-3', { topics: ['users/ann', 'users/bob'] });
    await scene.publish('n-4', { topics: ['news'], pushAt: null });
    assert.deepEqual(await dueIn(scene), [news, bob]);

    const again = await reopen();
    const after = await again.publish('n-5', { topics: ['news'] });
    assert.deepEqual(await dueIn(again), [news, bob, after], 'known after a close');
    await again.remove('bob/phone');
    await again.publish('n-6', { topics: ['news'] });
    assert.deepEqual(await dueIn(again), [news, bob, after], 'the last one is gone');
    await again.bring('eve/phone');
    await again.done({ kind: 'erase', user: 'eve', at: NOW });
    await again.publish('n-7', { topics: ['news'] });
    assert.deepEqual(await dueIn(again), [news, bob, after], 'and again');
    const batch: AppendRequest[] = [
      { id: 'a-1', entry: { topics: ['news'], publishedAt: NOW, body: '"title":"x"' }, pushAt: NOW },
      {
        id: 'a-2',
        entry: null,
        act: { kind: 'device', user: 'eve', at: NOW, body: BODY, device: { id: 'phone', ...KEYS } },
      },
      { id: 'a-3', entry: { topics: ['users/eve'], publishedAt: NOW, body: '"title":"x"' }, pushAt: NOW },
    ];
    const last = (await again.store.append(batch)).at(-1);
    assert.ok(last?.outcome === 'appended');
    assert.deepEqual(await dueIn(again), [news, bob, after, last.offset], 'in the order of one batch');
  }),

  onFreshPush('due: a publish that failed, or was a replay, leaves nothing', async (scene) => {
    await scene.bring('ann/phone');
    const entry = { topics: ['users/ann'], publishedAt: NOW, body: '"title":"x"' };
    const idempotency = { scope: 's', key: 'k', fingerprint: 'f', expiresAt: NOW + 1e9 };
    const request = { id: 'n-1', entry, idempotency, pushAt: NOW };
    const results = await scene.store.append([request, { ...request, id: 'n-2' }]);
    const replay = await scene.store.append([
      { ...request, id: 'n-3' },
      { ...request, id: 'n-4', idempotency: { ...idempotency, fingerprint: 'g' } },
    ]);
    assert.deepEqual(
      [...results, ...replay].map(({ outcome }) => outcome),
      ['appended', 'replayed', 'replayed', 'mismatch'],
    );
    assert.equal((await dueIn(scene)).length, 1);
    const broken: AppendRequest = { id: 'n-5', entry: { ...entry, body: 'a\0b' } };
    await assert.rejects(scene.store.append([{ id: 'n-6', entry, pushAt: NOW }, broken]));
    assert.equal((await dueIn(scene)).length, 1);
    const gone = { kind: 'removeDevice', user: 'ann', device: 'phone', endpoint: null, at: NOW, body: BODY } as const;
    await assert.rejects(
      scene.store.append([{ id: 'a', entry: null, act: gone }, { id: 'n-7', entry, pushAt: NOW }, broken]),
    );
    await scene.publish('n-8');
    assert.equal((await dueIn(scene)).length, 2, 'the device is still there');
  }),

  onFreshPush('due: what was due longest ago comes first, and nothing before its time', async (scene, { crash }) => {
    await scene.bring('ann/phone');
    const late = await scene.publish('n-1', { pushAt: NOW + 20 });
    const early = await scene.publish('n-2', { pushAt: NOW + 10 });
    assert.equal(await scene.push.nextAt(-1), NOW + 10);
    assert.equal(await scene.push.nextAt(NOW + 9), NOW + 10);
    assert.equal(await scene.push.nextAt(NOW + 10), NOW + 20, 'what waits already hides nothing');
    assert.equal(await scene.push.nextAt(NOW + 20), undefined);
    assert.equal(await scene.push.dueAt(late), NOW + 20);
    assert.deepEqual(await scene.push.waiting(), { due: 2, pushes: 0 });
    const killed = await crash();
    assert.deepEqual(await killed.push.due(NOW + 9, 10), []);
    assert.deepEqual(await killed.push.due(NOW + 20, 10), [
      { offset: early, dueAt: NOW + 10, mark: START },
      { offset: late, dueAt: NOW + 20, mark: START },
    ]);
    assert.equal((await killed.push.due(NOW + 20, 1)).length, 1);
  }),

  onFreshPush('candidates: who is named, and who followed then and follows still, each once', async (scene) => {
    for (const user of ['ann', 'bob', 'cid', 'dan', 'eve', 'fay', 'gil']) await scene.bring(`${user}/phone`);
    for (const user of ['ann', 'bob', 'dan', 'eve', 'fay']) await scene.follow(user, 'news');
    for (const user of ['bob', 'gil']) await scene.follow(user, 'sport');
    const offset = await scene.publish('n-1', { topics: ['news', 'users/ann', 'sport', 'users/zoe'] });
    await scene.follow('cid', 'news');
    await scene.follow('dan', 'news', 'unfollow');
    await scene.follow('eve', 'news', 'unfollow');
    await scene.follow('eve', 'news');
    const found = await scene.candidates(offset, 2);
    assert.deepEqual(shortly(found).toSorted(), [
      'ann: news users/ann (phone)',
      'bob: news sport (phone)',
      'eve: news (phone)',
      'fay: news (phone)',
      'gil: sport (phone)',
    ]);
    assert.deepEqual(
      shortly(await scene.candidates(offset)).toSorted(),
      shortly(found).toSorted(),
      'whatever the pages',
    );
  }),

  onFreshPush('candidates: with what decides about them', async (scene) => {
    await scene.bring('ann/old');
    const offset = await scene.publish('n-1');
    await scene.bring('ann/new');
    await scene.mark('ann', { ids: ['n-1'] }, { state: 'seen' });
    const ack = { kind: 'ack', user: 'ann', offsets: [offset], at: NOW, transport: 'sse', device: null } as const;
    const wanted = wantedPreferencesSchema.parse({ mutedTopics: ['news'] });
    await scene.done({ kind: 'preferences', user: 'ann', at: NOW, body: BODY, wanted });
    const before = await scene.candidates(offset);
    await scene.done(ack);
    const [candidate] = await scene.candidates(offset);
    assert.deepEqual([before[0]?.acked, candidate?.acked], [false, true]);
    assert.deepEqual(candidate?.devices.map(nameOf), ['ann/old'], 'which came before it was published');
    assert.deepEqual(Object.keys(candidate?.standing ?? {}), ['seen']);
    assert.deepEqual(candidate?.preferences, (await scene.store.people.preferencesOf(['ann']))[0]);
    assert.ok(candidate?.preferences !== undefined);
  }),

  onFreshPush('candidates: not by topics in which it was collapsed before it was read', async (scene) => {
    for (const user of ['ann', 'bob', 'cid']) {
      await scene.bring(`${user}/phone`);
      await scene.follow(user, 'news');
    }
    await scene.follow('bob', 'sport');
    const offset = await scene.publish('n-1', { topics: ['news', 'sport'], collapseKey: 'k' });
    await scene.mark('cid', { ids: ['n-1'] }, { at: NOW });
    await scene.publish('n-2', { topics: ['news'], collapseKey: 'k' });
    assert.deepEqual(shortly(await scene.candidates(offset)), ['bob: sport (phone)', 'cid: news (phone)']);
  }),

  onFreshPush('candidates: of what is edited its newest form; of what is retracted nobody', async (scene) => {
    await scene.bring('ann/phone');
    const offset = await scene.publish('n-1');
    await scene.done({ kind: 'edit', notification: 'n-1', edit: { title: 'new' }, at: NOW });
    const { entry } = await scene.push.candidates(offset, START, 10);
    assert.match(entry?.body ?? '', /"title":"new"/);
    await scene.done({ kind: 'retract', notification: 'n-1', at: NOW });
    const { candidates, next } = await scene.push.candidates(offset, START, 10);
    assert.deepEqual([candidates, next], [[], null]);
    assert.deepEqual(await dueIn(scene), [], 'and nothing is due');
  }),

  onFreshPush('candidates: pages go on after the last person, though names are taken off meanwhile', async (scene) => {
    const users = Array.from({ length: 30 }, (_, i) => `u-${i}`);
    for (const user of users.slice(0, 20)) await scene.bring(`${user}/phone`);
    for (const user of users.slice(10)) await scene.follow(user, 'news');
    const named = users.slice(0, 12).map((user) => `users/${user}`);
    const offset = await scene.publish('n-1', { topics: ['news', ...named, 'sport'] });
    const erased = new Set<string>();
    const found: string[] = [];
    for (let mark: PushMark | null = START; mark !== null;) {
      const { candidates, next } = await scene.push.candidates(offset, mark, 3);
      assert.ok(candidates.length <= 3);
      const pushes = candidates.map(({ user }) => ({
        user,
        device: 'phone',
        topic: 'x',
        ticket: `t-${user}`,
        until: UNTIL,
      }));
      assert.ok(await scene.push.plan({ offset, from: mark, next, at: NOW, pushes }));
      found.push(...candidates.map(({ user }) => user));
      assert.ok(found.length <= users.length, 'pages go on');
      const user = found.find((one) => !erased.has(one) && named.includes(`users/${one}`));
      if (user !== undefined && erased.size < 2) await scene.done({ kind: 'erase', user, at: NOW });
      if (user !== undefined) erased.add(user);
      mark = next;
    }
    assert.deepEqual(found.toSorted(), users.slice(0, 20).toSorted());
  }),

  onFreshPush('candidates: whoever follows again meanwhile is not found twice', async (scene) => {
    for (const user of ['ann', 'bob']) {
      await scene.bring(`${user}/phone`);
      for (const topic of ['a', 'b']) await scene.follow(user, topic);
    }
    const offset = await scene.publish('n-1', { topics: ['a', 'b'] });
    const first = await scene.push.candidates(offset, START, 1);
    assert.deepEqual(shortly(first.candidates), ['ann: a b (phone)']);
    await scene.follow('bob', 'a', 'unfollow');
    await scene.follow('bob', 'a');
    const found: string[] = [];
    for (let mark = first.next; mark !== null;) {
      const page = await scene.push.candidates(offset, mark, 1);
      found.push(...shortly(page.candidates));
      mark = page.next;
    }
    assert.deepEqual(found, ['bob: b (phone)']);
  }),

  onFreshPush('plan: what was decided is kept once, whole, and from where it was begun', async (scene, { crash }) => {
    for (const name of ['ann/phone', 'bob/phone']) await scene.bring(name);
    const offset = await scene.publish('n-1', { topics: ['users/ann', 'users/bob'] });
    const { next } = await scene.push.candidates(offset, START, 1);
    assert.ok(next !== null);
    const push = { user: 'ann', device: 'phone', topic: 'users/ann', ticket: 't-1', until: UNTIL };
    const page = { offset, from: START, next, at: NOW, pushes: [push, { ...push, device: 'never', ticket: 't-0' }] };
    assert.equal(await scene.push.plan(page), true);
    assert.equal(await scene.push.plan({ ...page, pushes: [{ ...push, user: 'bob', ticket: 't-2' }] }), false);
    const killed = await crash();
    assert.equal((await killed.push.due(NOW, 10))[0]?.mark, next, 'it goes on where it was');
    assert.equal(
      await killed.push.plan({ ...page, from: next, next: null, pushes: [{ ...push, ticket: 't-3' }] }),
      true,
    );
    assert.deepEqual(await dueIn(killed), []);
    assert.equal(await killed.push.dueAt(offset), undefined);
    const record = {
      user: 'ann',
      device: 'phone',
      state: 'waiting',
      plannedAt: NOW,
      at: NOW,
      attempts: 0,
      reason: null,
    };
    assert.deepEqual(await killed.push.pushes(offset, ['ann', 'bob']), [{ ...record, takenBackAt: null }]);
    assert.deepEqual(await killed.push.waiting(), { due: 0, pushes: 1 });
    assert.equal((await killed.push.ticket('t-1'))?.entry.offset, offset);
    assert.equal(await killed.push.ticket('t-3'), undefined, 'the first is kept');
  }),
];

const KEYS = {
  endpoint: 'https://push.test/x',
  p256dh: 'p',
  auth: 'a',
  name: null,
  locale: null,
  timeZone: null,
  subscribe: [],
  issuedAt: null,
};
