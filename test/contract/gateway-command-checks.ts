import assert from 'node:assert/strict';
import { ERRORS, historySchema, subscriptionSchema, type Subscription } from '#clarion/protocol';
import type { Reply } from './gateway-harness.js';
import type { GatewayCheck, Scene } from './gateway-scene.js';

const OVERSIZED_CHARS = 300_000;

/** @throws unless the command was carried out. @returns what it answered. */
function subscriptionIn(reply: Reply): Subscription {
  assert.ok(reply.ok, `refused: ${JSON.stringify(reply)}`);
  return subscriptionSchema.parse(reply.data);
}

function assertRefused(reply: Reply, code: string): void {
  assert.deepEqual(reply, { ok: false, code });
}

function command(name: string, run: (scene: Scene) => Promise<void>): GatewayCheck {
  return { name: `commands: ${name}`, needs: ['connection', 'commands'], run };
}

export const commandChecks: readonly GatewayCheck[] = [
  command('a topic subscribed later takes effect at the cursor that the reply names', async (scene) => {
    const [a, b] = [scene.topic('a'), scene.topic('b')];
    const token = await scene.token([a, b]);
    const reader = await (await scene.connect({ token, topics: [a] })).opened();
    const early = await scene.burst(3, (i) => (i === 1 ? b : a));
    await reader.heard(...early);
    const { topics, cursor } = subscriptionIn(await reader.send('subscribe', { topics: [b] }));
    assert.deepEqual(new Set(topics), new Set([a, b]));
    const later = await scene.burst(6, (i) => (i % 2 === 0 ? a : b));
    await reader.heard(...later);
    assert.deepEqual(reader.keys, [early[0], early[2], ...later]);
    const resumed = await (await scene.connect({ token, topics: [a, b], since: cursor })).opened();
    await resumed.heard(...later);
    assert.deepEqual(resumed.keys, later);
  }),

  command(
    'subscribing amid a burst: each event after the named cursor arrives, and no earlier one of the new topic',
    async (scene) => {
      const [a, b] = [scene.topic('a'), scene.topic('b')];
      const token = await scene.token([a, b]);
      const reader = await (await scene.connect({ token, topics: [a] })).opened();
      const publishing = scene.burst(200, (i) => (i % 2 === 0 ? a : b));
      const { cursor } = subscriptionIn(await reader.send('subscribe', { topics: [b] }));
      const keys = await publishing;
      const { key: last } = await scene.publish([b]);
      await reader.heard(last);
      const resumed = await (await scene.connect({ token, topics: [b], since: cursor })).opened();
      await resumed.heard(last);
      const expected = new Set([...keys.filter((_, i) => i % 2 === 0), ...resumed.keys]);
      assert.deepEqual(
        reader.keys,
        [...keys, last].filter((key) => expected.has(key)),
      );
    },
  ),

  command('what is unsubscribed arrives no longer', async (scene) => {
    const [a, b] = [scene.topic('a'), scene.topic('b')];
    const reader = await scene.reader([a, b]);
    const { topics } = subscriptionIn(await reader.send('unsubscribe', { topics: [b] }));
    assert.deepEqual(topics, [a]);
    await scene.publish(b);
    const { key } = await scene.publish(a);
    await reader.heard(key);
    assert.deepEqual(reader.keys, [key]);
  }),

  command('one forbidden topic refuses the whole command, and the session lives on', async (scene) => {
    const [a, b] = [scene.topic('a'), scene.topic('b')];
    const token = await scene.token([a, b]);
    const reader = await (await scene.connect({ token, topics: [a] })).opened();
    assertRefused(await reader.send('subscribe', { topics: [b, 'users/somebody-else'] }), 'topic.forbidden');
    await scene.publish(b);
    const { key } = await scene.publish(a);
    await reader.heard(key);
    assert.deepEqual(reader.keys, [key]);
  }),

  command(
    'what is no command, or not its body, gets an error for an answer, and the session lives on',
    async (scene) => {
      const topic = scene.topic('orders');
      const reader = await scene.reader([topic]);
      const bodies = [undefined, null, 7, 'orders', [], {}, { topics: [] }, { topics: 'a' }, { topics: ['a b'] }];
      for (const body of [...bodies, { topics: [topic], since: 'x' }, { topics: Array(101).fill(topic) }])
        assertRefused(await reader.send('subscribe', body), 'body.invalid');
      assertRefused(await reader.send('history', { topic: '*' }), 'body.invalid');
      assertRefused(await reader.send('auth', { token: '' }), 'body.invalid');
      const unheardOf = await reader.send('unheard-of', { topics: [topic] });
      assert.ok(!unheardOf.ok && Object.hasOwn(ERRORS, unheardOf.code), JSON.stringify(unheardOf));
      const { key } = await scene.publish(topic);
      await reader.heard(key);
    },
  ),

  command('a new token in time lets the session live on, with the rights that it grants', async (scene) => {
    const [a, b] = [scene.topic('a'), scene.topic('b')];
    const token = await scene.token([a, b], { expiresInMs: 900 });
    const reader = await (await scene.connect({ token, topics: [a, b] })).opened();
    const old = await (await scene.connect({ token, topics: [a] })).opened();
    const reply = await reader.send('auth', { token: await scene.token([a]) });
    assert.ok(reply.ok, JSON.stringify(reply));
    await old.untilEnded();
    await scene.publish(b);
    const { key } = await scene.publish(a);
    await reader.heard(key);
    assert.deepEqual(reader.keys, [key]);
  }),

  command('a token of another person, or none, changes nothing', async (scene) => {
    const topic = scene.topic('orders');
    const reader = await scene.reader([topic]);
    const stranger = await scene.token([topic], { sub: 'somebody-else' });
    assertRefused(await reader.send('auth', { token: stranger }), 'token.invalid');
    assertRefused(await reader.send('auth', { token: 'a.b.c' }), 'token.invalid');
    const { key } = await scene.publish([topic, 'users/somebody-else']);
    await reader.heard(key);
    assert.equal(reader.named('notification')[0]?.data['topic'], topic);
  }),

  command('history is read in pages, newest first, and moves no cursor', async (scene) => {
    const topic = scene.topic('orders');
    const keys = await scene.burst(5, topic);
    const reader = await scene.reader([topic]);
    const pages = [];
    let page: string | undefined;
    do {
      const reply = await reader.send('history', { topic, limit: 2, ...(page !== undefined && { page }) });
      assert.ok(reply.ok, JSON.stringify(reply));
      const { notifications, nextPage } = historySchema.parse(reply.data);
      pages.push(notifications.map(({ data }) => Object(data)['key']));
      page = nextPage;
    } while (page !== undefined && pages.length < 4);
    assert.deepEqual(pages, [[keys[4], keys[3]], [keys[2], keys[1]], [keys[0]]]);
    assertRefused(await reader.send('history', { topic: scene.topic('others') }), 'topic.forbidden');
    const { key } = await scene.publish(topic);
    await reader.heard(key);
    assert.deepEqual(reader.keys, [key]);
  }),

  command('many at once are all answered', async (scene) => {
    const topic = scene.topic('orders');
    const reader = await scene.reader([topic]);
    const replies = await Promise.all(Array.from({ length: 100 }, () => reader.send('history', { topic })));
    const codes = new Set(replies.flatMap((reply) => (reply.ok ? [] : [reply.code])));
    assert.ok(replies.some(({ ok }) => ok));
    assert.deepEqual(
      [...codes].filter((code) => code !== 'rate.limited'),
      [],
    );
    const { key } = await scene.publish(topic);
    await reader.heard(key);
  }),

  command('more than a message may hold ends that client at most, and nobody else', async (scene) => {
    const topic = scene.topic('orders');
    const [reader, other] = [await scene.reader([topic]), await scene.reader([topic])];
    let answer: Reply | undefined;
    const sent = reader.send('subscribe', { topics: ['x'.repeat(OVERSIZED_CHARS)] }).then(
      (reply) => (answer = reply),
      () => undefined, // the connection ended before an answer
    );
    await reader.until('end or answer', () => reader.ends > 0 || answer !== undefined);
    await sent;
    assert.ok(answer?.ok !== true, 'carried out');
    const { key } = await scene.publish(topic);
    await other.heard(key);
  }),
];
