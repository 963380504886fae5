import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Reader } from './gateway-reader.js';
import type { GatewayCheck } from './gateway-scene.js';

/** @throws unless the reader is told of the gap before all else, and then gets what is kept. */
async function assertGap(reader: Reader, reason: string, kept: readonly string[]): Promise<void> {
  await reader.heard(...kept);
  assert.equal(reader.events[0]?.name, 'gap', `the first event is ${reader.events[0]?.name}`);
  assert.equal(reader.events[0]?.data['reason'], reason);
  assert.equal(reader.named('gap').length, 1);
  assert.deepEqual(reader.keys, kept);
}

export const resumeChecks: readonly GatewayCheck[] = [
  {
    name: 'resume: after each cut from the last cursor seen, nothing is lost and nothing comes twice',
    run: async (scene) => {
      const topic = scene.topic('orders');
      const heard: string[] = [];
      let reader = await scene.reader([topic]);
      const publishing = scene.keepPublishing(topic);
      for (let cuts = 0; cuts < 5; cuts++) {
        const before = reader.ends;
        await reader.network.cutAfter(500 + 700 * cuts);
        await reader.until('notice of the cut', () => reader.ends > before);
        heard.push(...reader.keys);
        reader = await scene.reader([topic], { since: reader.cursor ?? '' });
      }
      const keys = await publishing.stop();
      await reader.heard(keys.at(-1) ?? '');
      assert.deepEqual([...heard, ...reader.keys], keys);
    },
  },
  {
    name: 'resume: what was missed and what happens meet without a hole',
    run: async (scene) => {
      const topic = scene.topic('orders');
      const { key: first, cursor = '' } = await scene.publish(topic);
      const missed = await scene.burst(500, topic);
      const publishing = scene.keepPublishing(topic);
      const readers = await Promise.all([cursor, 'earliest'].map((since) => scene.reader([topic], { since })));
      for (const reader of readers) await reader.heard(missed.at(-1) ?? '');
      const keys = [...missed, ...(await publishing.stop())];
      for (const [i, expected] of [keys, [first, ...keys]].entries()) {
        await readers[i]?.heard(keys.at(-1) ?? '');
        assert.deepEqual(readers[i]?.keys, expected);
      }
    },
  },
  {
    name: 'resume: at the newest cursor nothing is repeated',
    run: async (scene) => {
      const topic = scene.topic('orders');
      const keys = await scene.burst(3, topic);
      const { key, cursor = '' } = await scene.publish(topic);
      const reader = await scene.reader([topic], { since: cursor });
      const { key: next } = await scene.publish(topic);
      await reader.heard(next);
      assert.deepEqual(reader.keys, [next], `not ${[...keys, key].join()}`);
    },
  },
  {
    name: 'resume: without a cursor from now on',
    run: async (scene) => {
      const topic = scene.topic('orders');
      await scene.burst(3, topic);
      const reader = await scene.reader([topic]);
      const { key } = await scene.publish(topic);
      await reader.heard(key);
      assert.deepEqual(reader.keys, [key]);
    },
  },
  {
    name: 'resume: a stock client comes back by itself with the newest cursor that it saw',
    needs: ['return'],
    run: async (scene) => {
      const topic = scene.topic('orders');
      const early = await scene.burst(3, topic);
      const reader = await scene.reader([topic], { since: 'earliest', comesBack: true });
      const publishing = scene.keepPublishing(topic);
      for (let cuts = 0; cuts < 3; cuts++) {
        await reader.network.cutAfter(2_000);
        const before = reader.keys.length;
        await reader.until('return', () => reader.keys.length > before);
      }
      const keys = [...early, ...(await publishing.stop())];
      await reader.heard(...keys);
      assert.deepEqual(reader.keys, keys);
      assert.deepEqual(reader.named('gap'), []);
    },
  },
  {
    name: 'resume: with the rights of now',
    run: async (scene) => {
      const [a, b] = [scene.topic('a'), scene.topic('b')];
      const { cursor = '' } = await scene.publish([a, b]);
      const keys = await scene.burst(4, (i) => (i % 2 === 0 ? a : b));
      const token = await scene.token([a]);
      const refused = await scene.connect({ token, topics: [a, b], since: cursor });
      assert.equal((await refused.untilRefused()).code, 'topic.forbidden');
      const reader = await (await scene.connect({ token, topics: [a], since: cursor })).opened();
      await reader.heard(keys[2] ?? '');
      assert.deepEqual(reader.keys, [keys[0], keys[2]]);
    },
  },
  {
    name: 'resume: over a restart of the server, and without a gap',
    alone: true,
    run: async (scene) => {
      const topic = scene.topic('orders');
      const before = await scene.reader([topic]);
      const keys = await scene.burst(5, topic);
      await before.heard(keys[4] ?? '');
      const missed = await scene.burst(5, topic);
      await scene.host.restart();
      const reader = await scene.reader([topic], { since: before.cursor ?? '' });
      const later = await scene.burst(5, topic);
      await reader.heard(...later);
      const expected = [...missed, ...later].filter((key) => !before.has(key));
      assert.deepEqual(reader.keys, expected);
      assert.deepEqual(reader.named('gap'), []);
    },
  },
  {
    name: 'gap: a cursor of another log is told inside the stream, then comes all that is kept',
    run: async (scene) => {
      const topic = scene.topic('orders');
      const keys = await scene.burst(5, topic);
      for (const since of [`1${randomBytes(16).toString('base64url')}`, 'x', 'z'.repeat(64)])
        await assertGap(await scene.reader([topic], { since }), 'unknown', keys);
    },
  },
  {
    name: 'gap: a cursor below what retention kept is told, then comes the oldest kept',
    alone: true,
    run: async (scene) => {
      const topic = scene.topic('orders');
      const { cursor = '' } = await scene.publish(topic);
      await scene.burst(5, topic);
      await pause(2);
      const from = Date.now();
      const kept = await scene.burst(5, topic);
      await scene.host.forget(from);
      await assertGap(await scene.reader([topic], { since: cursor }), 'retention', kept);
      const earliest = await scene.reader([topic], { since: 'earliest' });
      await earliest.heard(...kept);
      assert.deepEqual(earliest.keys, kept);
      assert.deepEqual(earliest.named('gap'), [], 'who wants all that is kept misses nothing');
    },
  },
  {
    name: 'gap: a cursor of a future that a restored backup has lost is told, before and after the log grew past it',
    alone: true,
    run: async (scene) => {
      const topic = scene.topic('orders');
      const kept = await scene.burst(2, topic);
      await scene.host.backUp();
      const { cursor = '' } = await scene.publish(topic);
      await scene.burst(5, topic);
      const { cursor: newest = '' } = await scene.publish(topic);
      await scene.host.restore();
      await assertGap(await scene.reader([topic], { since: newest }), 'unknown', kept);
      const grown = [...kept, ...(await scene.burst(20, topic))];
      for (const since of [cursor, newest]) await assertGap(await scene.reader([topic], { since }), 'unknown', grown);
    },
  },
];
