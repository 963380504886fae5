import assert from 'node:assert/strict';
import { ALLOWED_ORIGIN } from './gateway-host.js';
import type { ReaderOptions } from './gateway-reader.js';
import type { GatewayCheck, Scene } from './gateway-scene.js';

/** Larger than what any gateway need take from a client that it does not know yet. */
const OVERSIZED_CHARS = 300_000;

/** A check that the server has no such client. The code may be unreadable where the transport's client hides it. */
function refusal(
  name: string,
  code: string,
  options: (scene: Scene) => Promise<ReaderOptions> | ReaderOptions,
): GatewayCheck {
  return {
    name: `opening: refuses ${name}`,
    run: async (scene) => {
      const reader = await scene.connect(await options(scene));
      assert.equal((await reader.untilRefused()).code, code);
      assert.deepEqual(reader.events, []);
      await assertServes(scene);
    },
  };
}

/** The server goes on. */
async function assertServes(scene: Scene): Promise<void> {
  const topic = scene.topic('serves');
  const reader = await scene.reader([topic]);
  const { key } = await scene.publish(topic);
  await reader.heard(key);
}

async function withToken(scene: Scene, topics: readonly string[], granted = topics): Promise<ReaderOptions> {
  return { token: await scene.token(granted), topics };
}

export const openingChecks: readonly GatewayCheck[] = [
  {
    name: 'opening: ready comes first and says what is read, from where, and until when',
    needs: ['connection'],
    run: async (scene) => {
      const topics = [scene.topic('orders'), `${scene.id}/*`];
      const before = Date.now();
      const reader = await scene.reader(topics, { topics: ['users/me', ...topics] });
      const [{ name, data } = { name: 'nothing', data: {} }] = reader.events;
      assert.equal(name, 'ready');
      assert.deepEqual(new Set(Object(data['topics'])), new Set([`users/${scene.user}`, ...topics]));
      const ends = Date.parse(String(data['expiresAt'])) - 3_600_000;
      assert.ok(ends >= before - 1 && ends <= Date.now(), `expiresAt ${String(data['expiresAt'])} is not the token's`);
      const { key, cursor } = await scene.publish(`${scene.id}/orders`);
      await reader.heard(key);
      assert.equal(reader.cursor, cursor, 'the reader and the publisher are told the same cursor');
      assert.notEqual(cursor, data['cursor']);
    },
  },
  {
    name: 'opening: whoever names no topics reads their own',
    run: async (scene) => {
      const reader = await (await scene.connect({ token: await scene.token([]) })).opened();
      await scene.publish(`users/not-${scene.user}`);
      const { key } = await scene.publish(`users/${scene.user}`);
      await reader.heard(key);
      assert.deepEqual(reader.keys, [key]);
    },
  },
  {
    name: 'opening: an empty list of topics reads nothing, and is not refused',
    needs: ['connection'],
    run: async (scene) => {
      const reader = await scene.reader([], { topics: [] });
      assert.deepEqual(reader.events[0]?.data['topics'], []);
    },
  },
  {
    name: 'opening: what is open to everybody needs no token',
    run: async (scene) => {
      const topic = `open/${scene.id}`;
      const reader = await (await scene.connect({ topics: [topic] })).opened();
      const { key } = await scene.publish(topic);
      await reader.heard(key);
    },
  },
  {
    name: 'opening: pages of an allowed origin are served',
    run: async (scene) => {
      await scene.reader([scene.topic('orders')], { origin: ALLOWED_ORIGIN });
    },
  },
  {
    name: 'opening: refuses a foreign origin',
    run: async (scene) => {
      const topics = [scene.topic('orders')];
      const reader = await scene.connect({ ...(await withToken(scene, topics)), origin: 'https://evil.example' });
      const { code = 'origin.forbidden' } = await reader.untilRefused();
      assert.equal(code, 'origin.forbidden');
      assert.deepEqual(reader.events, []);
    },
  },
  refusal('everything when one topic is forbidden', 'topic.forbidden', (scene) => {
    const granted = [scene.topic('orders')];
    return withToken(scene, [...granted, scene.topic('invoices')], granted);
  }),
  refusal('a wildcard wider than the grant', 'topic.forbidden', (scene) =>
    withToken(scene, [`${scene.id}/**`], [`${scene.id}/*`]),
  ),
  refusal("another person's topic, whatever the grant says", 'topic.forbidden', (scene) =>
    withToken(scene, ['users/somebody-else'], ['**']),
  ),
  refusal('reserved topics', 'topic.forbidden', (scene) => withToken(scene, ['$sys/all'], ['**'])),
  refusal('topics that are none', 'query.invalid', (scene) => withToken(scene, ['orders//42'], ['**'])),
  refusal('more than a hundred topics', 'query.invalid', (scene) =>
    withToken(
      scene,
      Array.from({ length: 101 }, (_, i) => `t/${i}`),
      ['**'],
    ),
  ),
  refusal('somebody without a token', 'credentials.missing', (scene) => ({ topics: [scene.topic('orders')] })),
  refusal('text that is no token', 'token.invalid', (scene) => ({ token: 'a.b.c', topics: [scene.topic('orders')] })),
  refusal('a token that somebody else signed', 'token.invalid', async (scene) => {
    const topics = [scene.topic('orders')];
    return { token: await scene.token(topics, { secret: 'x'.repeat(40) }), topics };
  }),
  refusal('a token that has expired', 'token.expired', async (scene) => {
    const topics = [scene.topic('orders')];
    return { token: await scene.token(topics, { expiresInMs: -60_000 }), topics };
  }),
  refusal('what cannot be a cursor', 'cursor.invalid', async (scene) => ({
    ...(await withToken(scene, [scene.topic('orders')])),
    since: 'no cursor!',
  })),
  {
    name: 'opening: more than it takes from a client ends that client alone',
    run: async (scene) => {
      const topic = scene.topic('orders');
      const other = await scene.reader([topic]);
      const reader = await scene.connect({ token: await scene.token([topic]), topics: ['x'.repeat(OVERSIZED_CHARS)] });
      await reader.until('refusal or end', () => reader.refusal !== undefined || reader.ends > 0);
      const { key } = await scene.publish(topic);
      await other.heard(key);
      assert.deepEqual(reader.events, []);
      await assertServes(scene);
    },
  },
];
