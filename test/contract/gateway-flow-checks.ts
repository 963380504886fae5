import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Reader } from './gateway-reader.js';
import { liveBytes } from './gateway-resources.js';
import type { GatewayCheck, Scene } from './gateway-scene.js';

const MIB = 1_048_576;
/** Many times what one connection may hold in memory. */
const FLOOD = { events: 200, bodyChars: 60_000, perBurst: 20 };
/** More than sockets take on loopback. */
const FEWER = FLOOD.events / 2;
/** The ring, shared pages and a session's buffer, three times over; a flood that is held back in memory is far above. */
const MAX_RISE_BYTES = 5 * MIB;
const SMALL_MEMORY = { ringBytes: MIB, pageCacheBytes: MIB, sessionBufferBytes: 65_536 };
const BEAT_MS = 150;
/** Clients that vanish between two polls are missed only after a heartbeat and a half. */
const FAST_BEAT_MS = 1_000;

/** Publishes so many large notifications, at the pace at which `witness` reads them. */
async function flood(scene: Scene, topic: string, witness: Reader, events: number): Promise<string[]> {
  const keys: string[] = [];
  while (keys.length < events) {
    keys.push(...(await scene.burst(FLOOD.perBurst, topic, { body: 'x'.repeat(FLOOD.bodyChars) })));
    await witness.heard(keys.at(-1) ?? '');
  }
  return keys;
}

export const flowChecks: readonly GatewayCheck[] = [
  {
    name: 'backpressure: who does not read costs bounded memory, holds up nobody, and gets everything later',
    settings: SMALL_MEMORY,
    run: async (scene) => {
      const topic = scene.topic('flood');
      const [blocked, other] = [await scene.reader([topic]), await scene.reader([topic])];
      blocked.pause();
      const before = await liveBytes();
      const keys = await flood(scene, topic, other, FLOOD.events);
      const rise = (await liveBytes()) - before;
      assert.deepEqual(other.keys, keys);
      assert.ok(blocked.keys.length < keys.length, 'the network did not hold the reader up');
      assert.ok(rise < MAX_RISE_BYTES, `${Math.round(rise / MIB)} MiB more in memory for one reader`);
      blocked.resume();
      await blocked.heard(...keys);
      assert.deepEqual(blocked.keys, keys);
    },
  },
  {
    name: 'backpressure: who lags longer than retention is told so, and goes on with the oldest kept',
    settings: SMALL_MEMORY,
    run: async (scene) => {
      const topic = scene.topic('flood');
      const [blocked, other] = [await scene.reader([topic]), await scene.reader([topic])];
      blocked.pause();
      const keys = await flood(scene, topic, other, FEWER);
      await pause(2);
      const from = Date.now();
      const kept = await scene.burst(5, topic);
      await scene.host.forget(from);
      blocked.resume();
      await blocked.heard(...kept);
      const heard = blocked.keys.slice(0, -kept.length);
      assert.ok(heard.length < keys.length, 'nothing was lost, so that nothing is tested');
      assert.deepEqual(blocked.keys, [...keys.slice(0, heard.length), ...kept]);
      const names = blocked.events.map(({ name }) => name);
      const gap = blocked.named('gap')[0];
      assert.equal(gap?.data['reason'], scene.can('connection') ? 'lag' : 'retention');
      const between = blocked.events.slice(names.indexOf('gap')).filter(({ name }) => name === 'notification');
      assert.equal(between.length, kept.length, 'the gap is told where it is');
    },
  },
  {
    name: 'idle: a connection on which nothing happens is kept alive',
    needs: ['connection'],
    settings: { heartbeatMs: BEAT_MS },
    alone: true,
    run: async (scene) => {
      const topic = scene.topic('orders');
      const reader = await scene.reader([topic]);
      for (let beat = 0; beat < 4; beat++) {
        const before = reader.network.bytesDown;
        await scene.eventually('a sign of life', () => reader.network.bytesDown > before);
      }
      assert.equal(reader.events.length, 1, 'clients do not hear heartbeats');
      const { key } = await scene.publish(topic);
      await reader.heard(key);
    },
  },
  {
    name: 'idle: a reader of quiet topics is told how far it has read, and so never falls behind retention',
    settings: { heartbeatMs: BEAT_MS },
    run: async (scene) => {
      const topic = scene.topic('quiet');
      const reader = await scene.reader([topic]);
      await scene.burst(10, scene.topic('busy'));
      const { cursor } = await scene.publish(scene.topic('busy'));
      await reader.until('cursor of the head', () => reader.cursor === cursor);
      await pause(2);
      await scene.host.forget(Date.now());
      const later = await scene.reader([topic], { since: reader.cursor ?? '' });
      const { key } = await scene.publish(topic);
      await later.heard(key);
      assert.deepEqual(later.named('gap'), []);
    },
  },
  {
    name: 'idle: a half-open peer, whose network went silent, is noticed within one heartbeat and a half',
    needs: ['commands'],
    settings: { heartbeatMs: FAST_BEAT_MS },
    alone: true,
    run: async (scene) => {
      const before = scene.host.sessions;
      const silent = await scene.reader([scene.topic('orders')]);
      const since = performance.now();
      silent.network.silence();
      await scene.eventually('the session ends', () => scene.host.sessions <= before);
      const beats = (performance.now() - since) / FAST_BEAT_MS;
      // Machines have other things to do: a whole beat of grace.
      assert.ok(beats <= 2.5, `noticed after ${beats.toFixed(1)} heartbeats`);
    },
  },
  {
    name: 'idle: whoever is gone, with or without a goodbye, is forgotten',
    settings: { heartbeatMs: FAST_BEAT_MS },
    alone: true,
    run: async (scene) => {
      const before = scene.host.sessions;
      const topic = scene.topic('orders');
      const [cut, closed, ...others] = await Promise.all([1, 2, 3, 4].map(() => scene.reader([topic])));
      if (scene.can('connection')) assert.equal(scene.host.sessions, before + 4);
      await cut?.cut();
      await closed?.close();
      await scene.eventually('two sessions end', () => scene.host.sessions <= before + 2);
      const { key } = await scene.publish(topic);
      for (const other of others) await other.heard(key);
      for (const other of others) await other.close();
      await scene.eventually('all sessions end', () => scene.host.sessions <= before);
      // Polls that wait are no sessions: the end of a connection is noticed a moment later.
      await scene.eventually('no topic has a reader', () => scene.host.realtime.snapshot().topics === 0);
    },
  },
];
