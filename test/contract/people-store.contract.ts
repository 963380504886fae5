import assert from 'node:assert/strict';
import type { InboxScope, InboxSlice, MarkAct, ReceiptNote, RetentionPolicy } from '#clarion/notifications';
import { changeBody } from '#clarion/notifications/people';
import { categorySchema, wantedPreferencesSchema, type MarkState } from '#clarion/protocol';
import { peopleModelChecks } from './people-model-checks.js';
import { sourcesOf } from './people-model.js';
import { NOW, onFreshPeople, OWN, USER, type PeopleScene, type PeopleStoreCheck } from './people-store-harness.js';

const BODY = '"change":"marked"';

function marking(more: Partial<MarkAct>): MarkAct {
  const target = { ids: ['n-1'] };
  return {
    kind: 'mark',
    user: USER,
    at: NOW + 100,
    body: BODY,
    state: 'read',
    undo: false,
    until: null,
    target,
    ...more,
  };
}

function follow(topic: string, kind: 'follow' | 'unfollow' = 'follow', user = USER) {
  return { kind, user, at: NOW, body: '"change":"followed"', topic } as const;
}

async function scopeOf({ people }: PeopleScene, now = NOW + 1_000, user = USER): Promise<InboxScope> {
  return { user, sources: sourcesOf(await people.follows(user)), hiddenCategories: [], now };
}

async function listed(scene: PeopleScene, now?: number): Promise<string[]> {
  const { rows } = await scene.people.inbox({ ...(await scopeOf(scene, now)), filter: 'inbox', limit: 100 });
  return rows.map(({ entry }) => entry.id);
}

/** What a reader of the log gets, from the beginning. */
async function heard({ log }: PeopleScene, topic = OWN) {
  return (await log.read({ after: 0, selectors: [topic], limit: 1_000, maxBytes: 1e6 })).entries;
}

const KEEP_NOTHING: RetentionPolicy = {
  resumeMaxAgeMs: 0,
  resumeMaxBytes: 0,
  historyMaxAgeMs: 1e9,
  historyMaxPerTopic: 2,
};

/** The contract of `PeopleStore`, and of the acts that the writer decides, sentence by sentence. Each check makes its own place. */
export const peopleStoreContract: readonly PeopleStoreCheck[] = [
  onFreshPeople(
    'traits: travel with an entry through append, read and history, also after a close',
    async (scene, reopen) => {
      const traits = { expiresAt: Date.now() + 1e9, category: 'chat', urgent: true, collapseKey: 'k' } as const;
      const offset = await scene.publish('n-1', traits);
      const plain = await scene.publish('n-2');
      const check = async (one: PeopleScene): Promise<void> => {
        const entries = await heard(one);
        assert.deepEqual(
          entries.map((entry) => ({ ...entry, publishedAt: 0 })),
          [
            { offset, id: 'n-1', topics: [OWN], publishedAt: 0, body: '"title":"n-1"', ...traits },
            { offset: plain, id: 'n-2', topics: [OWN], publishedAt: 0, body: '"title":"n-2"' },
          ],
        );
        const history = await one.log.history({ topic: OWN, limit: 10, publishedFrom: 0 });
        assert.deepEqual(history.entries, entries.toReversed());
      };
      await check(scene);
      await check(await reopen());
    },
  ),

  onFreshPeople(
    'edit: the newest body stands everywhere, and is told with the traits of the notification',
    async (scene) => {
      const about = await scene.publish('n-1', { category: 'chat' });
      const first = await scene.done({ kind: 'edit', notification: 'n-1', edit: { title: 'b' }, at: NOW + 50 });
      const second = await scene.done({ kind: 'edit', notification: 'n-1', edit: { title: 'c' }, at: NOW + 60 });
      const entries = await heard(scene);
      assert.deepEqual(
        entries.map(({ offset, id, kind, about: of, category }) => ({ offset, id, kind, of, category })),
        [
          { offset: about, id: 'n-1', kind: undefined, of: undefined, category: 'chat' },
          { offset: first, id: 'n-1', kind: 'updated', of: about, category: 'chat' },
          { offset: second, id: 'n-1', kind: 'updated', of: about, category: 'chat' },
        ],
      );
      assert.equal(new Set(entries.map(({ body }) => body)).size, 1);
      assert.match(entries[0]?.body ?? '', /"title":"c"/);
      assert.deepEqual((await scene.people.find('n-1'))?.entry, entries[0]);
      assert.equal((await scene.log.history({ topic: OWN, limit: 10, publishedFrom: 0 })).entries.length, 1);
      assert.deepEqual(await listed(scene), ['n-1']);
    },
  ),

  onFreshPeople('edit, retract: refused for what is unknown, over, or would have nothing left', async (scene) => {
    await scene.publish('n-1', { expiresAt: NOW + 40 });
    await scene.publish('n-2');
    const edit = (notification: string, edits: object, at = NOW + 50) =>
      scene.act({ kind: 'edit', notification, edit: edits, at });
    assert.deepEqual(await edit('nobody', { title: 'x' }), { outcome: 'refused', code: 'notification.unknown' });
    assert.deepEqual(await edit('n-1', { title: 'x' }), { outcome: 'refused', code: 'notification.over' });
    assert.equal((await edit('n-2', { title: null })).outcome, 'refused');
    assert.deepEqual(await scene.act({ kind: 'retract', notification: 'n-1', at: NOW + 50 }), {
      outcome: 'refused',
      code: 'notification.over',
    });
    assert.equal((await heard(scene)).length, 2, 'what is refused changes nothing');
  }),

  onFreshPeople('edit: of one notification the resume log tells a bounded number of times', async (scene) => {
    await scene.publish('n-1');
    const edit = (n: number) => scene.act({ kind: 'edit', notification: 'n-1', edit: { title: `${n}` }, at: NOW });
    for (let n = 0; n < 100; n++) assert.equal((await edit(n)).outcome, 'acted');
    const refused = await edit(100);
    assert.equal('code' in refused && refused.code, 'rate.limited');
    assert.match((await scene.people.find('n-1'))?.entry.body ?? '', /"title":"99"/);
    await scene.done({ kind: 'retract', notification: 'n-1', at: NOW });
  }),

  onFreshPeople(
    'retract: tombstones stand in the place of the notification and of its updates; again changes nothing',
    async (scene) => {
      const about = await scene.publish('n-1', { topics: [OWN, 'news'] });
      await scene.done({ kind: 'edit', notification: 'n-1', edit: { title: 'secret' }, at: NOW + 50 });
      assert.notEqual(await scene.done({ kind: 'retract', notification: 'n-1', at: NOW + 60 }), 0);
      assert.equal(await scene.done({ kind: 'retract', notification: 'n-1', at: NOW + 70 }), 0);
      const entries = await heard(scene, 'news');
      assert.deepEqual(
        entries.map(({ kind, about: of }) => [kind, of]),
        [1, 2, 3].map(() => ['retracted', about]),
      );
      assert.ok(entries.every(({ body }) => !body.includes('title')));
      assert.equal((await scene.people.find('n-1'))?.entry.kind, 'retracted');
      assert.deepEqual((await scene.log.history({ topic: 'news', limit: 10, publishedFrom: 0 })).entries, []);
      assert.deepEqual(await listed(scene), []);
      assert.equal(
        (await scene.act({ kind: 'edit', notification: 'n-1', edit: { title: 'x' }, at: NOW + 80 })).outcome,
        'refused',
      );
    },
  ),

  onFreshPeople('history: neither what has expired, nor what people did', async ({ log }) => {
    await log.append([
      { id: 'e', entry: { topics: [OWN], publishedAt: NOW, body: '"title":"e"', expiresAt: NOW + 1 } },
      { id: 'f', entry: { topics: [OWN], publishedAt: NOW, body: '"title":"f"' } },
      { id: 'm', entry: null, act: marking({ target: { ids: ['f'] } }) },
    ]);
    const { entries, more } = await log.history({ topic: OWN, limit: 1, publishedFrom: 0 });
    assert.deepEqual([entries.map(({ id }) => id), more], [['f'], false]);
  }),

  onFreshPeople(
    'batch: acts see what came before them in it, and one that is refused leaves the others alone',
    async ({ log, people }) => {
      const results = await log.append([
        { id: 'n-1', entry: { topics: [OWN], publishedAt: NOW, body: '"title":"x"' } },
        { id: 'm-1', entry: null, act: marking({}) },
        { id: 'm-2', entry: null, act: marking({ target: { ids: ['n-1', 'nobody'] }, state: 'archived' }) },
        { id: 'n-2', entry: { topics: [OWN], publishedAt: NOW, body: '"title":"y"' } },
      ]);
      assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ['appended', 'acted', 'refused', 'appended'],
      );
      const first = results[0]?.outcome === 'appended' ? (results[0].offset ?? 0) : 0;
      assert.deepEqual(Object.keys(await people.standing(USER, first)), ['read']);
    },
  ),

  onFreshPeople('marks: those of somebody else’s notifications are refused whole', async (scene) => {
    await scene.publish('n-1');
    await scene.publish('theirs', { topics: ['users/u-2'] });
    const before = await scene.publish('early', { topics: ['news'] });
    await scene.done(follow('news'));
    await scene.publish('n-2', { topics: ['news'] });
    for (const id of ['theirs', 'early', 'nobody'])
      assert.deepEqual(await scene.act(marking({ target: { ids: ['n-1', id] } })), {
        outcome: 'refused',
        code: 'notification.unknown',
      });
    assert.deepEqual(await scene.people.standing(USER, before), {});
    assert.deepEqual((await scene.people.counts(await scopeOf(scene))).unread, 2);
    await scene.done(marking({ target: { ids: ['n-1', 'n-2'] } }));
    assert.deepEqual(await scene.people.counts(await scopeOf(scene)), { unread: 0, unseen: 0 });
  }),

  onFreshPeople('marks: those of one person are nobody else’s', async (scene) => {
    await scene.publish('n-1', { topics: [OWN, 'users/u-2'] });
    await scene.done(marking({}));
    const other = { user: 'u-2', sources: [{ topic: 'users/u-2', after: 0, upTo: null, publishedFrom: 0 }] };
    assert.deepEqual(await scene.people.counts({ ...(await scopeOf(scene)), ...other }), { unread: 1, unseen: 1 });
  }),

  onFreshPeople('counts: exact up to a thousand, and one more says that there are more', async (scene) => {
    const batch = (from: number, count: number) =>
      scene.log.append(
        Array.from({ length: count }, (_, i) => ({
          id: `n-${from + i}`,
          entry: { topics: [OWN], publishedAt: NOW, body: '"title":"x"' },
        })),
      );
    await batch(1, 999);
    assert.deepEqual(await scene.people.counts(await scopeOf(scene)), { unread: 999, unseen: 999 });
    await batch(1_000, 101);
    assert.deepEqual(await scene.people.counts(await scopeOf(scene)), { unread: 1_001, unseen: 1_001 });
    await scene.done(marking({ state: 'seen', target: { upTo: 1_050, topic: null } }));
    const { unread, unseen } = await scene.people.counts(await scopeOf(scene));
    assert.equal(unread, 1_001);
    assert.ok(unseen > 0 && unseen < 100);
  }),

  onFreshPeople('collapse: the newest takes the place of the older unread one, and `find` names it', async (scene) => {
    await scene.publish('n-1', { collapseKey: 'k' });
    await scene.publish('n-2', { collapseKey: 'k', publishedAt: NOW + 500 });
    assert.deepEqual(await listed(scene), ['n-2']);
    const found = await scene.people.find('n-1');
    assert.deepEqual([...(found?.collapsedBy ?? [])], [[OWN, { id: 'n-2', at: NOW + 500 }]]);
    await scene.done(marking({ target: { ids: ['n-1'] }, at: NOW + 400 }));
    assert.deepEqual(await listed(scene), ['n-2', 'n-1']);
  }),

  onFreshPeople(
    'follows: an interval begins and ends at its own entries; again nothing changes; and they can be counted',
    async (scene, reopen) => {
      const from = await scene.done(follow('news'));
      assert.equal(await scene.done(follow('news')), 0);
      await scene.done(follow('news', 'follow', 'u-2'));
      assert.equal(await scene.people.followers('news'), 2);
      const to = await scene.done(follow('news', 'unfollow'));
      assert.equal(await scene.done(follow('news', 'unfollow')), 0);
      const again = await scene.done(follow('news'));
      const { people } = await reopen();
      assert.deepEqual(await people.follows(USER), [
        { topic: 'news', from, to, since: NOW, until: NOW },
        { topic: 'news', from: again, to: null, since: NOW, until: null },
      ]);
      assert.equal(await people.followers('news'), 2);
      assert.equal(await people.followers('other'), 0);
    },
  ),

  onFreshPeople('preferences: replaced as a whole, told once, and kept', async (scene, reopen) => {
    const wanted = wantedPreferencesSchema.parse({ mutedTopics: ['news'], categories: { chat: { live: false } } });
    assert.equal(await scene.people.havePreferences(), false);
    assert.deepEqual(await scene.people.preferencesOf([USER, 'u-none']), [undefined, undefined]);
    const act = { kind: 'preferences', user: USER, at: NOW, body: '"change":"preferences"', wanted } as const;
    assert.notEqual(await scene.done(act), 0);
    assert.equal(await scene.done({ ...act, at: NOW + 5 }), 0);
    const { people } = await reopen();
    assert.equal(await people.havePreferences(), true);
    const [none, kept] = await people.preferencesOf(['u-none', USER]);
    assert.equal(none, undefined);
    assert.deepEqual(kept?.mutedTopics, { news: NOW });
    assert.deepEqual(kept?.categories, { chat: { live: false, since: NOW } });
  }),

  onFreshPeople('categories: put, replaced, deleted', async ({ people }, reopen) => {
    const category = (id: string, title: string) => categorySchema.parse({ id, title });
    await people.putCategory(category('b', 'B'));
    await people.putCategory(category('a', 'A'));
    await people.putCategory(category('a', 'Ä'));
    await people.deleteCategory('b');
    await people.deleteCategory('none');
    assert.deepEqual(await (await reopen()).people.categories(), [category('a', 'Ä')]);
  }),

  onFreshPeople(
    'receipts: the first time of each stage counts, and acknowledgements say which are new',
    async (scene) => {
      const offset = await scene.publish('n-1');
      const note = (more: Partial<ReceiptNote>): ReceiptNote => ({
        offset,
        user: USER,
        stage: 'sent',
        at: NOW,
        transport: 'sse',
        device: null,
        ...more,
      });
      const ack = {
        kind: 'ack',
        offsets: [offset, offset + 50],
        at: NOW + 9,
        transport: 'websocket',
        device: 'd',
      } as const;
      await scene.people.noteReceipts([
        note({}),
        note({ at: NOW + 5, transport: 'websocket' }),
        note({ stage: 'received', at: NOW + 6 }),
      ]);
      assert.deepEqual(await scene.act({ ...ack, user: USER }), { outcome: 'acted', entry: null, offsets: [offset] });
      assert.deepEqual(await scene.act({ ...ack, user: USER }), { outcome: 'acted', entry: null, offsets: [] });
      await scene.act({ ...ack, user: 'u-2' });
      const found = await scene.people.receipts(offset, [USER, 'nobody']);
      assert.deepEqual(
        new Set(found.map(({ stage, at, transport }) => `${stage} ${at - NOW} ${transport}`)),
        new Set(['sent 0 sse', 'received 6 sse', 'acked 9 websocket']),
      );
      await scene.people.noteOffered(new Map([[offset, 2]]));
      await scene.people.noteOffered(new Map([[offset, 3]]));
      assert.deepEqual(await scene.people.topicReceipts(offset, [USER]), { offered: 5, acked: 1 });
    },
  ),

  onFreshPeople('touch: times go forward alone', async ({ people }) => {
    assert.equal(await people.lastSeen(USER), undefined);
    await people.touch([{ user: USER, at: NOW }]);
    await people.touch([{ user: USER, at: NOW - 5 }]);
    assert.equal(await people.lastSeen(USER), NOW);
  }),

  onFreshPeople(
    'prune: what no history lists goes below the floor, and takes no place in it; marks and receipts follow',
    async (scene) => {
      const first = await scene.publish('n-1');
      await scene.publish('n-2');
      const gone = await scene.publish('gone', { expiresAt: NOW + 50 });
      await scene.people.noteReceipts([
        { offset: gone, user: USER, stage: 'sent', at: NOW, transport: 'sse', device: null },
      ]);
      for (let at = 0; at < 5; at++) await scene.done(marking({ at: NOW + 100 + at, target: { ids: ['n-1'] } }));
      await scene.log.prune(KEEP_NOTHING, NOW + 1_000);
      assert.deepEqual((await listed(scene)).toSorted(), ['n-1', 'n-2']);
      assert.deepEqual((await scene.log.history({ topic: OWN, limit: 10, publishedFrom: 0 })).entries.length, 2);
      assert.equal(await scene.people.find('gone'), undefined);
      assert.deepEqual(await scene.people.receipts(gone, [USER]), []);
      assert.ok((await scene.people.standing(USER, first)).read);
      await scene.log.prune({ ...KEEP_NOTHING, historyMaxAgeMs: 0 }, NOW + 1_000);
      assert.deepEqual((await scene.people.export(USER)).marks, []);
    },
  ),

  onFreshPeople(
    'erase: nothing of the person is left, of others their name alone; export says so',
    async (scene, reopen) => {
      await scene.publish('n-1');
      await scene.publish('n-2', { topics: [OWN, 'users/u-2'] });
      await scene.done(follow('news'));
      await scene.done(marking({}));
      await scene.done(marking({ state: 'seen', target: { upTo: 3, topic: null } }));
      await scene.people.touch([{ user: USER, at: NOW }]);
      const before = await scene.people.export(USER);
      assert.deepEqual(
        [before.notifications.length, before.follows.length, before.marks.length, before.lastSeenAt],
        [2, 1, 2, NOW],
      );
      const result = await scene.act({ kind: 'erase', user: USER, at: NOW });
      assert.ok(result.outcome === 'acted' && result.entry?.kind === 'erased');
      assert.deepEqual([result.entry.topics, result.entry.body], [[], OWN]);
      const again = await reopen();
      assert.deepEqual(await again.people.export(USER), {
        notifications: [],
        follows: [],
        marks: [],
        receipts: [],
        preferences: undefined,
        lastSeenAt: undefined,
      });
      assert.equal(await again.people.find('n-1'), undefined);
      assert.deepEqual((await again.people.find('n-2'))?.entry.topics, ['users/u-2']);
      assert.deepEqual(await heard(again), []);
    },
  ),

  onFreshPeople(
    'erase: what there is much of goes before, in steps between which others write',
    async (scene, reopen) => {
      const many = Array.from({ length: 1_200 }, (_, i) => ({
        id: `n-${i}`,
        entry: { topics: i % 2 === 0 ? [OWN] : [OWN, 'users/u-2'], publishedAt: NOW, body: '"title":"t"' },
      }));
      await scene.log.append(many);
      assert.deepEqual(await scene.people.counts(await scopeOf(scene)), { unread: 1_001, unseen: 1_001 });
      const ends: string[] = [];
      await Promise.all([
        scene.people.beginErasure(USER).then(() => ends.push('erasure')),
        scene.publish('between', { topics: ['users/u-2'] }).then(() => ends.push('publish')),
      ]);
      assert.deepEqual(ends, ['publish', 'erasure']);
      assert.deepEqual((await scene.people.export(USER)).notifications, []);
      assert.equal((await scene.people.export('u-2')).notifications.length, 601);
      // Should a crash end it here, nothing that is remembered says otherwise.
      assert.deepEqual(await scene.people.counts(await scopeOf(scene)), { unread: 0, unseen: 0 });
      scene = await reopen();
      assert.deepEqual(await scene.people.counts(await scopeOf(scene)), { unread: 0, unseen: 0 });
      const result = await scene.act({ kind: 'erase', user: USER, at: NOW });
      assert.ok(result.outcome === 'acted' && result.entry?.kind === 'erased');
    },
  ),

  onFreshPeople('erase: what was acknowledged or received until then is not noted after', async (scene) => {
    const offset = await scene.publish('n-1', { topics: [OWN, 'users/u-2'] });
    // What is asked for while the erasure is under way is of before, too.
    const [during, after] = [Date.now(), Date.now() + 60_000];
    await scene.act({ kind: 'erase', user: USER, at: NOW });
    const via = { transport: 'sse', device: null };
    const acked = async (user: string, at: number): Promise<unknown> =>
      scene.act({ kind: 'ack', user, offsets: [offset], at, ...via });
    const acts = [await acked(USER, during), await acked('u-2', NOW), await acked(USER, after)];
    assert.deepEqual(
      acts,
      [[], [offset], [offset]].map((offsets) => ({ outcome: 'acted', entry: null, offsets })),
    );
    const received = { offset, stage: 'received', ...via } as const;
    await scene.people.noteReceipts([
      { ...received, user: USER, at: NOW - 1 },
      { ...received, user: 'u-2', at: NOW - 1 },
    ]);
    const noted = async (user: string): Promise<string[]> =>
      (await scene.people.receipts(offset, [user])).map(({ stage }) => stage).toSorted();
    assert.deepEqual([await noted(USER), await noted('u-2')], [['acked'], ['acked', 'received']]);
  }),

  onFreshPeople('marks: the latest counts, whatever comes last, and is kept with its time', async (scene) => {
    const offset = await scene.publish('n-1');
    assert.notEqual(await scene.done(marking({ at: NOW + 200, undo: true })), 0);
    assert.equal(await scene.done(marking({ at: NOW + 150 })), 0);
    assert.deepEqual(await scene.people.counts(await scopeOf(scene)), { unread: 1, unseen: 1 });
    await scene.done(marking({ at: NOW + 200 }));
    assert.deepEqual(await scene.people.standing(USER, offset), {
      read: { at: NOW + 200, undone: false, until: null },
    });
    await scene.done(marking({ at: NOW + 300, undo: true }));
    assert.deepEqual(await scene.people.standing(USER, offset), {});
  }),

  onFreshPeople('marks: up to a place, of one topic, and lifted again one by one', async (scene) => {
    await scene.done(follow('news'));
    const ids = ['n-1', 'n-2', 'n-3', 'n-4'];
    let last = 0;
    for (const [i, id] of ids.entries()) last = await scene.publish(id, { topics: [i % 2 === 0 ? OWN : 'news'] });
    await scene.done(marking({ target: { upTo: last, topic: 'news' } }));
    assert.deepEqual(await scene.people.counts(await scopeOf(scene)), { unread: 2, unseen: 2 });
    await scene.done(marking({ target: { upTo: last - 1, topic: null }, state: 'seen' }));
    assert.deepEqual(await scene.people.counts(await scopeOf(scene)), { unread: 2, unseen: 0 });
    await scene.done(marking({ target: { ids: ['n-2'] }, undo: true, at: NOW + 200 }));
    assert.deepEqual(await scene.people.counts(await scopeOf(scene)), { unread: 3, unseen: 0 });
  }),

  onFreshPeople(
    'inbox: pages follow one another, newest first, each by the topic by which it is seen',
    async (scene) => {
      await scene.done(follow('news'));
      for (let i = 1; i <= 5; i++)
        await scene.publish(`n-${i}`, { topics: ['other', i % 2 === 0 ? 'news' : OWN, OWN] });
      const request = { ...(await scopeOf(scene)), filter: 'inbox', limit: 2 } as const;
      const seen: string[] = [];
      let before: number | null = Number.MAX_SAFE_INTEGER;
      while (before !== null) {
        const slice: InboxSlice = await scene.people.inbox({ ...request, before });
        seen.push(...slice.rows.map(({ entry, topic }) => `${entry.id} ${topic}`));
        before = slice.next;
      }
      assert.deepEqual(seen, [`n-5 ${OWN}`, 'n-4 news', `n-3 ${OWN}`, 'n-2 news', `n-1 ${OWN}`]);
    },
  ),

  onFreshPeople('inbox, counts: neither hidden categories nor what is over', async (scene) => {
    await scene.publish('n-1', { category: 'chat' });
    await scene.publish('n-2', { category: 'ads' });
    await scene.publish('n-3', { expiresAt: NOW + 500 });
    for (const [now, ids] of [
      [NOW + 499, ['n-3', 'n-1']],
      [NOW + 500, ['n-1']],
    ] as const) {
      const scope = { ...(await scopeOf(scene, now)), hiddenCategories: ['ads'] };
      const { rows } = await scene.people.inbox({ ...scope, filter: 'inbox', limit: 10 });
      assert.deepEqual(
        rows.map(({ entry }) => entry.id),
        ids,
      );
      assert.equal((await scene.people.counts(scope)).unread, ids.length);
    }
  }),

  onFreshPeople('counts: asked again and again, they are those of now', async (scene) => {
    const counted = async (unread: number, unseen = unread, now?: number): Promise<void> =>
      assert.deepEqual(await scene.people.counts(await scopeOf(scene, now)), { unread, unseen });
    const mark = async (state: MarkState, undo: boolean, ...ids: string[]): Promise<void> => {
      const body = changeBody({ change: 'marked', mark: { state, ids, ...(undo && { undo }) }, at: '' });
      await scene.done(marking({ state, undo, at: NOW + 100 + Number(undo), body, target: { ids } }));
    };
    await counted(0);
    for (const id of ['n-1', 'n-2', 'n-3']) await scene.publish(id);
    await counted(3);
    await mark('read', false, 'n-1');
    await mark('seen', false, 'n-2');
    await counted(2, 1);
    await mark('read', true, 'n-1');
    await counted(3, 2);
    await scene.done({ kind: 'retract', notification: 'n-3', at: NOW + 60 });
    await counted(2, 1);
    await scene.publish('n-4', { collapseKey: 'k' });
    await counted(3, 2);
    await scene.publish('n-5', { collapseKey: 'k', expiresAt: NOW + 2_000 });
    await counted(3, 2);
    await counted(2, 1, NOW + 2_000);
    await scene.done(follow('news'));
    await scene.publish('n-6', { topics: ['news'] });
    await counted(4, 3);
    await scene.log.prune(KEEP_NOTHING, NOW + 1_000);
    assert.deepEqual(await listed(scene), ['n-6', 'n-5'], 'of each topic two are kept');
    await counted(2);
  }),

  ...peopleModelChecks,
];
