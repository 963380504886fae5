import assert from 'node:assert/strict';
import { publishReplySchema, type PublishReply } from '#clarion/protocol';
import { z } from 'zod';
import type { Reply } from './gateway-harness.js';
import type { Reader } from './gateway-reader.js';
import type { GatewayCheck, Scene } from './gateway-scene.js';

/** As many as one connection may have under way. */
const AT_ONCE = 1_000;

const answerSchema = z.strictObject(publishReplySchema.shape);

/** @throws unless it was accepted, with no member more than there are. */
function answerIn(reply: Reply): PublishReply {
  assert.ok(reply.ok, `refused: ${JSON.stringify(reply)}`);
  return answerSchema.parse(reply.data);
}

function check(name: string, run: (scene: Scene) => Promise<void>): GatewayCheck {
  return { name: `publishing: ${name}`, needs: ['connection', 'publish'], run };
}

/** Reads and may publish to these topics. */
async function writer(scene: Scene, topics: readonly string[]): Promise<Reader> {
  return scene.reader(topics, { token: await scene.token(topics, { publish: topics }) });
}

/** A draft under a key. */
function draft(topic: string, key: string, more: object = {}): object {
  return { topic, data: { key }, ...more };
}

async function assertRefused(client: Reader, body: object, code: string): Promise<void> {
  assert.deepEqual(await client.send('publish', body), { ok: false, code });
}

function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

export const publishChecks: readonly GatewayCheck[] = [
  check('the answer has the id and the cursor with which it is heard', async (scene) => {
    const topic = scene.topic('orders');
    const client = await writer(scene, [topic]);
    const answer = answerIn(await client.send('publish', draft(topic, 'a')));
    assert.ok(answer.cursor !== undefined && answer.replayed === undefined, JSON.stringify(answer));
    await client.heard('a');
    const heard = client.named('notification')[0]?.data;
    assert.deepEqual([heard?.['id'], heard?.['cursor']], [answer.id, answer.cursor]);
    const later = await scene.reader([topic], { since: 'earliest' });
    await later.heard('a');
  }),

  check('what is ephemeral is heard, has no cursor, and is in no log', async (scene) => {
    const topic = scene.topic('orders');
    const client = await writer(scene, [topic]);
    const answer = answerIn(await client.send('publish', draft(topic, 'a', { ephemeral: true })));
    assert.deepEqual(Object.keys(answer), ['id']);
    await client.heard('a');
    answerIn(await client.send('publish', draft(topic, 'b')));
    const later = await scene.reader([topic], { since: 'earliest' });
    await later.heard('b');
    assert.deepEqual(later.keys, ['b']);
  }),

  check('what one client publishes without waiting enters the log in that order', async (scene) => {
    const topic = scene.topic('orders');
    const client = await writer(scene, [topic]);
    const keys = Array.from({ length: AT_ONCE }, (_, i) => `key-${i}`);
    const replies = await Promise.all(keys.map((key) => client.send('publish', draft(topic, key))));
    const ids = replies.map((reply) => answerIn(reply).id);
    await client.heard(...keys);
    assert.deepEqual(client.keys, keys);
    assert.deepEqual(
      client.named('notification').map(({ data }) => data['id']),
      ids,
    );
  }),

  check('other commands are carried out meanwhile', async (scene) => {
    const [a, b] = [scene.topic('a'), scene.topic('b')];
    const token = await scene.token([a, b], { publish: [a, b] });
    const client = await scene.reader([a], { token });
    const keys = Array.from({ length: 100 }, (_, i) => `key-${i}`);
    const publishing = keys.map((key) => client.send('publish', draft(a, key)));
    const history = client.send('history', { topic: a, limit: 1 });
    const subscribed = await client.send('subscribe', { topics: [b] });
    const own = client.send('publish', draft(b, 'own'));
    const replies = await Promise.all([...publishing, subscribed, own, history]);
    assert.ok(
      replies.every(({ ok }) => ok),
      JSON.stringify(replies.filter(({ ok }) => !ok)),
    );
    await client.until('own', () => client.has('own') && client.has('key-99'));
    assert.deepEqual(
      client.keys.filter((key) => key !== 'own'),
      keys,
    );
  }),

  check('only topics that the newest token grants; one that it does not refuses the whole', async (scene) => {
    const [a, b] = [scene.topic('a'), scene.topic('b')];
    const client = await scene.reader([a, b], { token: await scene.token([a, b], { publish: [a] }) });
    for (const topics of [[b], [a, b], [a, 'users/me'], [a, '$own']])
      await assertRefused(client, { topics, data: { key: 'no' } }, 'topic.forbidden');
    const renewed = await client.send('auth', { token: await scene.token([a, b], { publish: [b] }) });
    assert.ok(renewed.ok, JSON.stringify(renewed));
    await assertRefused(client, draft(a, 'no'), 'topic.forbidden');
    answerIn(await client.send('publish', draft(b, 'yes')));
    await client.heard('yes');
    assert.deepEqual(client.keys, ['yes']);
  }),

  check('whoever only reads, or is nobody, publishes nothing', async (scene) => {
    const topic = `open/${scene.id}`;
    await assertRefused(await scene.reader([topic]), draft(topic, 'no'), 'topic.forbidden');
    const nobody = await (await scene.connect({ topics: [topic] })).opened();
    await assertRefused(nobody, draft(topic, 'no'), 'credentials.missing');
    await assertRefused(nobody, {}, 'credentials.missing');
    const { key } = await scene.publish(topic);
    await nobody.heard(key);
    assert.deepEqual(nobody.keys, [key]);
  }),

  check('a repeat under the same key gets the first answer, and says so', async (scene) => {
    const topic = scene.topic('orders');
    const [client, other] = [await writer(scene, [topic]), await writer(scene, [topic])];
    const body = draft(topic, 'once', { idempotencyKey: 'k' });
    const [first, second, third] = [
      await Promise.all([client.send('publish', body), client.send('publish', body)]),
      await other.send('publish', body),
    ].flat();
    assert.ok(first && second && third);
    const { id, cursor } = answerIn(first);
    assert.deepEqual(answerIn(second), { id, cursor, replayed: true });
    assert.deepEqual(answerIn(third), { id, cursor, replayed: true });
    await assertRefused(client, draft(topic, 'other', { idempotencyKey: 'k' }), 'idempotency.mismatch');
    const { key } = await scene.publish(topic);
    await other.heard(key);
    assert.deepEqual(other.keys, ['once', key]);
  }),

  check('what does not fit is refused as over HTTP, and the session lives on', async (scene) => {
    const topic = scene.topic('orders');
    const client = await writer(scene, [topic]);
    const say = { topic, title: 't' };
    for (const [body, code] of [
      [{}, 'body.invalid'],
      [{ topic }, 'body.invalid'],
      [{ title: 't' }, 'body.invalid'],
      [{ ...say, surprise: 1 }, 'body.invalid'],
      [{ ...say, topic: 'orders/*' }, 'body.invalid'],
      [{ ...say, users: Array(1_000).fill('u') }, 'body.invalid'],
      [{ ...say, url: 'javascript:alert(1)' }, 'body.invalid'],
      [{ ...say, ttl: 0 }, 'body.invalid'],
      [{ ...say, deliverAt: '2030-01-01T00:00:00Z' }, 'field.unsupported'],
      [{ topic, data: nested(64) }, 'json.invalid'],
      [{ topic, data: JSON.parse('{"__proto__":{"polluted":1}}') }, 'json.invalid'],
      [{ topic, data: { constructor: { prototype: {} } } }, 'json.invalid'],
    ] as const)
      await assertRefused(client, body, code);
    answerIn(await client.send('publish', draft(topic, 'good', { body: 'x'.repeat(40_000) })));
    await client.heard('good');
    assert.deepEqual(client.keys, ['good']);
  }),

  {
    name: 'publishing: what was accepted when the server goes away is answered before the end',
    needs: ['connection', 'publish', 'wire'],
    alone: true,
    run: async (scene) => {
      const topic = scene.topic('orders');
      const client = await writer(scene, [topic]);
      const keys = Array.from({ length: AT_ONCE }, (_, i) => `key-${i}`);
      const sends = keys.map((key) => client.send('publish', draft(topic, key)));
      const settled = Promise.allSettled(sends);
      await sends[0];
      const [outcomes] = await Promise.all([settled, scene.host.restart()]);
      const answered = keys.filter((_, i) => isAccepted(outcomes[i]));
      const later = await scene.reader([topic], { since: 'earliest' });
      await scene.publish(topic);
      await later.until('what is last', () => later.keys.some((key) => key.startsWith(scene.id)));
      assert.deepEqual(
        later.keys.filter((key) => key.startsWith('key-')),
        answered,
      );
    },
  },
];

function isAccepted(outcome: PromiseSettledResult<Reply> | undefined): boolean {
  return outcome?.status === 'fulfilled' && outcome.value.ok;
}
