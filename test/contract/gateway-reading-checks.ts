import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayCheck } from './gateway-scene.js';

/** Line ends and marks that could begin a line or end a frame, in every length of UTF-8. */
const AWKWARD = 'id: 1\r\ndata: {}\n\n\r\u2028\u2029\u0085\u0000 "quoted" \\ ä 漢字 🚀 42["x"] :';

export const readingChecks: readonly GatewayCheck[] = [
  {
    name: 'reading: log order over several topics, for readers of all and of some',
    run: async (scene) => {
      const [a, b] = [scene.topic('a'), scene.topic('b')];
      const readers = [await scene.reader([a, b]), await scene.reader([b]), await scene.reader([`*/${scene.id}`])];
      const keys = await scene.burst(300, (i) => (i % 3 === 0 ? b : a));
      const ofB = keys.filter((_, i) => i % 3 === 0);
      for (const [i, expected] of [keys, ofB, keys].entries()) {
        await readers[i]?.heard(...expected);
        assert.deepEqual(readers[i]?.keys, expected);
      }
    },
  },
  {
    name: 'reading: what several selectors match arrives once',
    run: async (scene) => {
      const topics = [`${scene.id}/1/x`, `${scene.id}/2/x`];
      const selectors = [...topics, `${scene.id}/*/x`, `${scene.id}/**`];
      const reader = await scene.reader(selectors);
      const keys = await scene.burst(20, topics);
      await reader.heard(...keys);
      assert.deepEqual(reader.keys, keys);
      const later = await scene.reader(selectors, { since: 'earliest' });
      await later.heard(...keys);
      assert.deepEqual(later.keys, keys);
    },
  },
  {
    name: "reading: the topic shown is the first in the publisher's order that the reader may see, and no other is told",
    run: async (scene) => {
      const [secret, a, b] = [scene.topic('secret'), scene.topic('a'), scene.topic('b')];
      const token = await scene.token([a, b]);
      const live = await (await scene.connect({ token, topics: [b, a] })).opened();
      const onlyB = await scene.reader([b]);
      const { key } = await scene.publish([secret, a, b]);
      const late = await (await scene.connect({ token, topics: [b, a], since: 'earliest' })).opened();
      for (const [reader, topic] of [
        [live, a],
        [onlyB, b],
        [late, a],
      ] as const) {
        await reader.heard(key);
        const [event] = reader.named('notification');
        assert.equal(event?.data['topic'], topic);
        const told = JSON.stringify(event?.data);
        for (const other of [secret, a, b]) assert.equal(told.includes(other), other === topic, `${other} in ${told}`);
      }
    },
  },
  {
    name: 'reading: whatever was published arrives as it was',
    run: async (scene) => {
      const topic = scene.topic('orders');
      const reader = await scene.reader([topic]);
      const draft = { title: AWKWARD, type: AWKWARD, body: AWKWARD, url: 'https://example.org/?a=b&c=%22' };
      const published = await scene.publish(topic, draft);
      await reader.heard(published.key);
      const { publishedAt, ...data } = reader.named('notification')[0]?.data ?? {};
      const { key, id, cursor } = published;
      assert.deepEqual(data, { id, cursor, topic, ...draft, data: { key } });
      assert.ok(Math.abs(Date.parse(String(publishedAt)) - Date.now()) < 60_000);
    },
  },
  {
    name: "reading: no wildcard reaches people's topics",
    run: async (scene) => {
      const token = await scene.token(['**', '*/*']);
      const reader = await (await scene.connect({ token, topics: ['**', '*/*'] })).opened();
      await scene.publish([`users/${scene.user}`, 'users/somebody-else']);
      const { key } = await scene.publish(scene.topic('orders'));
      await reader.heard(key);
      assert.deepEqual(reader.keys, [key]);
      const late = await (await scene.connect({ token, topics: ['**'], since: 'earliest' })).opened();
      await late.heard(key);
      const topics = late.named('notification').map(({ data }) => String(data['topic']));
      assert.deepEqual(
        topics.filter((topic) => topic.startsWith('users/')),
        [],
      );
    },
  },
  {
    name: 'reading: a grant that begins later hides what is older',
    run: async (scene) => {
      const topic = scene.topic('orders');
      await scene.burst(5, topic);
      await pause(2);
      const historyFrom = new Date().toISOString();
      const keys = await scene.burst(5, topic);
      const token = await scene.token([{ selector: topic, historyFrom }]);
      const reader = await (await scene.connect({ token, topics: [topic], since: 'earliest' })).opened();
      await reader.heard(...keys);
      assert.deepEqual(reader.keys, keys);
    },
  },
  {
    name: 'reading: what is ephemeral arrives in order, without a place in the log',
    needs: ['connection'],
    run: async (scene) => {
      const topic = scene.topic('ticks');
      const reader = await scene.reader([topic]);
      const place = reader.cursor;
      const keys = await scene.burst(20, topic, { ephemeral: true });
      await reader.heard(...keys);
      assert.deepEqual(reader.keys, keys);
      assert.equal(reader.cursor, place);
    },
  },
  {
    name: 'reading: what is ephemeral is never replayed',
    run: async (scene) => {
      const topic = scene.topic('ticks');
      const witness = await scene.reader([topic]);
      const { key: first, cursor = '' } = await scene.publish(topic);
      await scene.burst(5, topic, { ephemeral: true });
      const { key: last } = await scene.publish(topic);
      await witness.heard(last);
      for (const [since, expected] of [
        [cursor, [last]],
        ['earliest', [first, last]],
      ] as const) {
        const reader = await scene.reader([topic], { since });
        await reader.heard(last);
        assert.deepEqual(reader.keys, expected);
      }
    },
  },
];
