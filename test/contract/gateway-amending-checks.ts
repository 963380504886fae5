import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { GatewayCheck, Scene } from './gateway-scene.js';

/** From memory, and from the log behind it. */
const MEMORIES = [
  ['memory', {}],
  ['the log', { ringBytes: 1_024, pageCacheBytes: 0 }],
] as const;

export const amendingChecks: readonly GatewayCheck[] = MEMORIES.flatMap(([source, settings]) => [
  {
    name: `amending: an edit is heard as such, at a place of its own, and whoever comes later gets the newest form from ${source}`,
    settings,
    run: async (scene) => {
      const topic = scene.topic('orders');
      const reader = await scene.reader([topic]);
      const { id, key } = await scene.publish(topic, { title: 'old' });
      await scene.host.edit(id, { title: 'middle' });
      await scene.host.edit(id, { title: 'new' });
      const { key: last } = await pushOut(scene, topic);
      await reader.heard(last);
      assert.equal(reader.keys.filter((heard) => heard === key).length, 1);
      const updates = reader
        .named('updated')
        .map(({ data }) => ({ id: data['id'], title: data['title'], topic: data['topic'] }));
      assert.deepEqual(updates.at(-1), { id, title: 'new', topic });
      const late = await scene.reader([topic], { since: 'earliest' });
      await late.heard(last);
      assert.deepEqual(
        late.events.filter(({ data }) => data['id'] === id).map(({ name, data }) => [name, data['title']]),
        [
          ['notification', 'new'],
          ['updated', 'new'],
          ['updated', 'new'],
        ],
      );
    },
  },
  {
    name: `amending: what was taken back is heard as such, and its body from ${source} no more`,
    settings,
    run: async (scene) => {
      const topic = scene.topic('orders');
      const reader = await scene.reader([topic]);
      const { id, key } = await scene.publish(topic, { title: 'secret' });
      await reader.heard(key);
      await scene.host.edit(id, { title: 'secret, too' });
      await scene.host.retract(id);
      const { key: last } = await pushOut(scene, topic);
      await reader.heard(last);
      assert.equal(reader.named('retracted').at(-1)?.data['id'], id);
      const late = await scene.reader([topic], { since: 'earliest' });
      await late.heard(last);
      assert.deepEqual(
        late.events.filter(({ data }) => data['id'] === id).map(({ name }) => name),
        ['retracted', 'retracted', 'retracted'],
      );
      assert.equal(JSON.stringify(late.events).includes('secret'), false);
    },
  },
  {
    name: `amending: what has expired is not given from ${source}`,
    settings,
    run: async (scene) => {
      const topic = scene.topic('orders');
      const reader = await scene.reader([topic]);
      const { key } = await scene.publish(topic, { ttl: 1 });
      await reader.heard(key);
      const expiresAt = Date.parse(String(reader.named('notification')[0]?.data['expiresAt']));
      const { key: last } = await pushOut(scene, topic);
      await pause(expiresAt - Date.now() + 20);
      const late = await scene.reader([topic], { since: 'earliest' });
      await late.heard(last);
      assert.deepEqual([late.has(key), late.has(last)], [false, true]);
    },
  },
  {
    name: `amending: what a person did on one device is heard on the others, and from ${source} by whoever comes later`,
    settings,
    run: async (scene) => {
      const topic = `users/${scene.user}`;
      const reader = await scene.reader([topic]);
      const at = new Date().toISOString();
      const body = `"change":"followed","followed":"a","at":"${at}"`;
      await scene.host.act({ kind: 'follow', user: scene.user, at: Date.now(), body, topic: 'a' });
      const { key: last } = await pushOut(scene, topic);
      const late = await scene.reader([topic], { since: 'earliest' });
      for (const heard of [reader, late]) {
        await heard.heard(last);
        assert.deepEqual(
          heard.named('inbox').map(({ data }) => [data['change'], data['followed'], data['at'], data['topic']]),
          [['followed', 'a', at, topic]],
        );
      }
    },
  },
]);

/** Something that is larger than a small memory, and then a last one. */
async function pushOut(scene: Scene, topic: string): ReturnType<Scene['publish']> {
  await scene.publish(topic, { body: 'x'.repeat(2_000) });
  return scene.publish(topic);
}
