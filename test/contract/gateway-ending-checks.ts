import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { connectionsOf } from '../support/connections-of.js';
import type { Reader } from './gateway-reader.js';
import { ResourceWatch } from './gateway-resources.js';
import type { GatewayCheck, Scene } from './gateway-scene.js';

const TOKEN_LIFE_MS = 700;
/** Of the settings of every application of this suite: the soonest return, and over how long returns are spread. */
const RETRY_MS = { from: 200, to: 700 };
/** Well below the time after which an application cuts what is left. */
const PROMPT_MS = 5_000;
const DEADLINE_MS = 300;
/** How soon a withdrawn right has its effect. */
const LET_GO_MS = 2_000;

/** @returns the data of the `bye` with which this reader's stream ended. */
async function bye(reader: Reader): Promise<Readonly<Record<string, unknown>>> {
  await reader.untilEnded();
  const last = reader.events.at(-1);
  assert.equal(last?.name, 'bye', `the last event is ${JSON.stringify(last)}`);
  return last?.data ?? {};
}

/** Clients that poll are between two polls for a moment, in which a server that no longer listens cannot tell them anything. */
async function settled(scene: Scene, readers: readonly Reader[]): Promise<void> {
  await scene.eventually('all clients are connected', () => readers.every(({ network }) => network.open > 0));
  await pause(50);
}

export const endingChecks: readonly GatewayCheck[] = [
  {
    name: 'ending: a token that expires while connected ends the connection, and coming back with it makes no sense',
    needs: ['connection'],
    run: async (scene) => {
      const topic = scene.topic('orders');
      const token = await scene.token([topic], { expiresInMs: TOKEN_LIFE_MS });
      const ends = performance.now() + TOKEN_LIFE_MS;
      const reader = await (await scene.connect({ token, topics: [topic] })).opened();
      const other = await scene.reader([topic]);
      assert.deepEqual(await bye(reader), { reason: 'token.expired', reconnect: false });
      assert.ok(performance.now() > ends - 100, 'ended before its time');
      const { key } = await scene.publish(topic);
      await other.heard(key);
      assert.deepEqual(reader.keys, []);
    },
  },
  {
    name: 'ending: whose token was voided is told so and stays away, and is let in with a newer one',
    needs: ['connection'],
    run: async (scene) => {
      const topic = scene.topic('orders');
      const token = await scene.token([topic]);
      const options = { token, topics: [topic], comesBack: scene.can('return') };
      const reader = await (await scene.connect(options)).opened();
      const other = await scene.reader([topic], { token: await scene.token([topic], { sub: 'somebody-else' }) });
      await scene.host.disconnect(scene.user);
      assert.deepEqual(await bye(reader), { reason: 'access.revoked', reconnect: false });
      await (await scene.connect({ token, topics: [topic] })).untilRefused();
      const again = await scene.reader([topic]);
      const { key } = await scene.publish(topic);
      await Promise.all([other, again].map((one) => one.heard(key)));
      assert.deepEqual(reader.keys, []);
    },
  },
  {
    name: 'ending: whose token was voided is let go at once, although it does not read',
    needs: ['connection', 'wire'],
    alone: true,
    run: async (scene) => {
      const topic = scene.topic('flood');
      const blocked = await scene.reader([topic]);
      const other = await scene.reader([topic], { token: await scene.token([topic], { sub: 'somebody-else' }) });
      blocked.pause();
      await other.heard(...(await scene.burst(150, topic, { body: 'x'.repeat(60_000) })));
      const open = await connectionsOf(scene.host.port);
      await scene.host.disconnect(scene.user);
      const until = performance.now() + LET_GO_MS;
      let left = open;
      while (left.size === open.size && performance.now() < until) left = await connectionsOf(scene.host.port);
      assert.equal(left.size, open.size - 1, 'a client that does not read keeps its connection');
    },
  },
  {
    name: 'ending: whom an operator closes is told so and may come back, and then has missed nothing',
    needs: ['connection'],
    run: async (scene) => {
      const topic = scene.topic('orders');
      const reader = await scene.reader([topic], { comesBack: scene.can('return') });
      const other = await scene.reader([topic], { token: await scene.token([topic], { sub: 'somebody-else' }) });
      const { connections } = await scene.host.realtime.connections({ user: scene.user, limit: 10 });
      assert.deepEqual(
        connections.map(({ who, topics }) => ({ who, topics })),
        [{ who: `user:${scene.user}`, topics: [topic] }],
      );
      for (const { id } of connections) assert.ok(await scene.host.realtime.close(id));
      const { key } = await scene.publish(topic);
      await reader.untilEnded();
      const { reason, reconnect, retryAfterMs } = reader.named('bye')[0]?.data ?? {};
      assert.deepEqual({ reason, reconnect }, { reason: 'closed.by_operator', reconnect: true });
      assert.ok(Number(retryAfterMs) >= RETRY_MS.from && Number(retryAfterMs) <= RETRY_MS.to);
      await other.heard(key);
      if (scene.can('return')) await reader.heard(key);
      assert.equal(other.ends, 0);
    },
  },
  {
    name: 'ending: a server that goes away sends each client off with a time of its own to come back',
    needs: ['connection'],
    alone: true,
    run: async (scene) => {
      const topic = scene.topic('orders');
      const readers = await Promise.all(Array.from({ length: 8 }, () => scene.reader([topic])));
      const { key } = await scene.publish(topic);
      for (const reader of readers) await reader.heard(key);
      await settled(scene, readers);
      const from = performance.now();
      await scene.host.close();
      assert.ok(performance.now() - from < PROMPT_MS, 'waits for its deadline although everybody listens');
      const times = new Set<unknown>();
      for (const reader of readers) {
        const { reason, reconnect, retryAfterMs } = await bye(reader);
        assert.deepEqual({ reason, reconnect }, { reason: 'server.draining', reconnect: true });
        assert.ok(Number(retryAfterMs) >= RETRY_MS.from && Number(retryAfterMs) <= RETRY_MS.to);
        times.add(retryAfterMs);
      }
      assert.ok(times.size > 1, 'all come back at one time');
    },
  },
  {
    name: 'ending: after the application is closed no timer, socket or thread of it is left',
    alone: true,
    run: async (scene) => {
      await scene.host.close();
      const watch = new ResourceWatch();
      try {
        await scene.host.restart();
        const topic = scene.topic('orders');
        const readers = await Promise.all([1, 2, 3].map(() => scene.reader([topic])));
        const { key } = await scene.publish(topic);
        for (const reader of readers) await reader.heard(key);
        await readers[0]?.cut();
        await readers[1]?.close();
        await settled(scene, readers.slice(2));
        await scene.host.close();
        for (const reader of readers) await reader.close();
        await scene.eventually('sockets and threads end', () => !watch.hasGrown);
        assert.deepEqual(watch.left, []);
      } finally {
        watch.stop();
      }
    },
  },
  {
    name: 'ending: a client that does not read is let go when its time is over',
    alone: true,
    run: async (scene) => {
      const topic = scene.topic('flood');
      const [blocked, other] = [await scene.reader([topic]), await scene.reader([topic])];
      blocked.pause();
      const keys = await scene.burst(150, topic, { body: 'x'.repeat(60_000) });
      await other.heard(...keys);
      let released = false;
      const drained = scene.host.drain(DEADLINE_MS).then(() => (released = true));
      await scene.eventually('the gateway has let go', () => released);
      await drained;
      const from = performance.now();
      await scene.host.close();
      assert.ok(performance.now() - from < PROMPT_MS, 'something waits for a client that was let go');
    },
  },
];
