import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cursor, Selector, Topic } from '#clarion/protocol';
import { expected, offsetOf } from '../test/expectation.js';
import { change, Client, held, makeWorld, TIGHT, type World } from '../test/session-world.js';

/** Every selector and topic that the walks use; `b/*` and `**` overlap the others. */
const SELECTORS = ['a', 'b/x', 'b/y', 'b/*', '**', 'c'] as Selector[];
const TOPICS = ['a', 'b/x', 'b/y', 'c', 'd'] as Topic[];

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      topics: fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 3 }),
      bytes: fc.integer({ min: 1, max: 700 }),
      times: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ephemeral' as const), topic: fc.constantFrom(...TOPICS) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('full' as const), client: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('drain' as const), client: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      client: fc.nat(2),
      topics: fc.uniqueArray(fc.constantFrom(...SELECTORS), { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('unsubscribe' as const),
      client: fc.nat(2),
      topics: fc.uniqueArray(fc.constantFrom(...SELECTORS), { minLength: 1, maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reconnect' as const), client: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('prune' as const), keep: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const), turns: fc.integer({ min: 1, max: 4 }) }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(world: World, action: Step): Promise<void> {
  switch (action.do) {
    case 'publish':
      for (let i = 0; i < action.times; i++) void world.publish(action.topics, action.bytes);
      return;
    case 'ephemeral':
      return world.bus.publish({
        kind: 'ephemeral',
        entry: { id: 'e', topics: [action.topic], publishedAt: 1, body: '"ephemeral":true', collapseKey: 'k' },
      });
    case 'full':
      return fill(world, world.clients[action.client]!);
    case 'drain':
      return world.clients[action.client]!.drain();
    case 'subscribe':
    case 'unsubscribe':
      return change(world.clients[action.client]!, action.do, action.topics);
    case 'reconnect':
      return reconnect(world, world.clients[action.client]!);
    case 'prune':
      return world.log.prune(
        { resumeMaxAgeMs: 0, resumeMaxBytes: 0, historyMaxAgeMs: 0, historyMaxPerTopic: 0 },
        world.log.head - action.keep,
      );
    case 'turn':
      for (let i = 0; i < action.turns; i++) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A link is full from its next write on: it is given one. */
async function fill(world: World, client: Client): Promise<void> {
  client.full = true;
  await world.publish(['a', 'b/x', 'c'] as Topic[], 1);
  await new Promise((resolve) => setImmediate(resolve));
}

/** As a client does that lost its connection: only its last cursor and its selectors come along. */
function reconnect(world: World, client: Client): void {
  client.session!.ended();
  client.full = false;
  const cursor = cursorOfLast(world, client);
  client.seen.push({ kind: 'unsubscribed', topics: [], cursor });
  world.open(client, held.get(client)!, cursor);
  client.seen.push({ kind: 'subscribed', topics: held.get(client)!, cursor });
}

function cursorOfLast(world: World, client: Client): Cursor {
  const last = client.seen.findLast(
    (item) => item.kind !== 'ephemeral' && item.kind !== 'subscribed' && item.kind !== 'unsubscribed',
  );
  if (last === undefined) throw new Error('a session that said nothing');
  return last.kind === 'notification' ? world.log.cursorAt(last.offset) : (last as { cursor: Cursor }).cursor;
}

test('sessions give every client exactly what its selectors match, in order and once, whatever happens meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 60 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0, 4_096),
      async (steps, readTurns, sharedReach) => {
        const world = await makeWorld({ ...TIGHT, sharedReach });
        world.store.readTurns = readTurns;
        for (const selectors of [['a'], ['b/*', 'c'], ['**']] as Selector[][]) {
          const client = new Client();
          world.clients.push(client);
          held.set(client, selectors);
          world.open(client, selectors, undefined);
          client.seen.push({ kind: 'subscribed', topics: selectors, cursor: client.lastCursor! });
        }
        for (const action of steps) await take(world, action);
        await world.settle();

        expect(world.errors).toEqual([]);
        for (const client of world.clients) {
          const got = client.seen.flatMap((item) => (item.kind === 'notification' ? [item.offset] : []));
          expect(got).toEqual(expected(world, client));
        }
        for (const client of world.clients) expectRisingCursors(world, client);
        world.stop();
      },
    ),
    { numRuns: 400 },
  );
}, 60_000);

/** After each `ready` a client's place only moves forward, and never to where it is already. */
function expectRisingCursors(world: World, client: Client): void {
  let place = -1;
  for (const item of client.seen) {
    if (item.kind === 'gap') place = -1;
    if (item.kind === 'ready') place = offsetOf(world, item.cursor);
    if (item.kind !== 'notification' && item.kind !== 'cursor') continue;
    const next = item.kind === 'notification' ? item.offset : offsetOf(world, item.cursor);
    expect(next).toBeGreaterThan(place);
    place = next;
  }
}
