import assert from 'node:assert/strict';
import type { BusMessage } from '#clarion/event-bus';
import {
  acked,
  committed,
  delivered,
  ephemeral,
  idOf,
  Listener,
  onBus,
  PATIENCE_MS,
  settled,
  type BusCheck,
} from './bus-harness.js';

const AWKWARD = String.raw`"title":"ä 漢字 🚀 \" \\ \u0000 \n \u2028","data":{"__proto__":[1.5e300]}`;
/** The largest body of a notification, many to a commit. */
const LARGE = `"body":"${'x'.repeat(260_000)}"`;

/** The contract of `EventBus`, sentence by sentence. Each check makes its own bus; they can run in any order. */
export const busContract: readonly BusCheck[] = [
  onBus('delivers to every subscriber of the node that publishes', async (harness, bus) => {
    const listeners = [new Listener(bus), new Listener(bus), new Listener(bus)];
    for (const message of [committed(), ephemeral(), acked()]) await delivered(harness, bus, message, ...listeners);
  }),

  onBus(
    'delivers to every other node',
    async (harness, bus, place) => {
      const others = [new Listener(await place.node()), new Listener(await place.node())];
      for (const message of [committed(), ephemeral(), acked()]) await delivered(harness, bus, message, ...others);
    },
    ({ joinsNodes }) => joinsNodes,
  ),

  onBus('a message arrives as it was published', async (harness, bus) => {
    const listener = new Listener(bus);
    const many: BusMessage = { kind: 'committed', first: 7, last: 12, entries: [] };
    const named = [committed(AWKWARD), committed(LARGE), committed(''), ephemeral(), acked(), many];
    for (const message of named) {
      await delivered(harness, bus, message, listener);
      assert.deepEqual(
        listener.heard.find((heard) => idOf(heard) === idOf(message)),
        message,
      );
    }
  }),

  onBus('a message belongs to everybody: nobody changes it', async (harness, bus) => {
    const listeners = [new Listener(bus), new Listener(bus)];
    const message = deepFrozen(committed());
    const before = JSON.stringify(message);
    await delivered(harness, bus, message, ...listeners);
    assert.equal(JSON.stringify(message), before);
    for (const { heard } of listeners) assert.equal(JSON.stringify(heard[0]), before);
  }),

  onBus(
    'in the order of the calls, to all',
    async (_harness, bus) => {
      const listeners = [new Listener(bus), new Listener(bus)];
      const messages = Array.from({ length: 500 }, (_, i) => (i % 3 === 0 ? ephemeral() : committed()));
      await Promise.all(messages.map((message) => bus.publish(message)));
      const ids = messages.map(idOf);
      for (const listener of listeners) {
        await listener.hears(ids.at(-1) ?? '');
        const heard = new Set(listener.ids);
        const inOrder = ids.filter((id) => heard.has(id));
        assert.deepEqual([...heard], inOrder);
      }
    },
    ({ keeps }) => keeps.order,
  ),

  onBus(
    'what is published while a message is delivered comes after it, to all, and no listener is called within its own call',
    async (_harness, bus) => {
      const [first, second] = [committed(), committed()];
      const heard: string[][] = [[], []];
      let inside = 0;
      let deepest = 0;
      let publishing: Promise<void> | undefined;
      for (const ids of heard)
        bus.subscribe((message) => {
          // A listener must not throw: what is wrong is said afterwards.
          deepest = Math.max(deepest, ++inside);
          ids.push(idOf(message));
          publishing ??= bus.publish(second);
          inside--;
        });
      const last = new Listener(bus);
      await bus.publish(first);
      await last.hears(idOf(second));
      await publishing;
      assert.equal(deepest, 1, 'called within a call');
      assert.deepEqual(heard, [
        [idOf(first), idOf(second)],
        [idOf(first), idOf(second)],
      ]);
    },
    ({ keeps }) => keeps.order && keeps.once,
  ),

  onBus(
    'none is lost',
    async (_harness, bus) => {
      const listener = new Listener(bus);
      const messages = Array.from({ length: 1_000 }, () => committed());
      await Promise.all(messages.map((message) => bus.publish(message)));
      for (const message of messages) await listener.hears(idOf(message));
    },
    ({ keeps }) => keeps.all,
  ),

  onBus(
    'none comes twice',
    async (harness, bus) => {
      const listener = new Listener(bus);
      const messages = Array.from({ length: 200 }, () => committed());
      for (const message of messages) await bus.publish(message);
      await delivered(harness, bus, ephemeral(), listener);
      await settled();
      assert.equal(listener.ids.length, new Set(listener.ids).size);
    },
    ({ keeps }) => keeps.once,
  ),

  onBus('a subscriber hears nothing from before it subscribed', async (harness, bus) => {
    const early = committed();
    let late: Listener | undefined;
    bus.subscribe(() => {
      late ??= new Listener(bus);
    });
    await delivered(harness, bus, early, new Listener(bus));
    await settled();
    assert.ok(late !== undefined);
    const later = committed();
    await delivered(harness, bus, later, late);
    if (harness.keeps.all) assert.deepEqual(late.ids, [idOf(later)]);
  }),

  onBus('who unsubscribed hears nothing more, and nobody else misses anything', async (harness, bus) => {
    const [gone, other] = [new Listener(bus), new Listener(bus)];
    await delivered(harness, bus, committed(), gone, other);
    const before = [...gone.ids];
    gone.unsubscribe();
    gone.unsubscribe();
    await delivered(harness, bus, committed(), other);
    await settled();
    assert.deepEqual(gone.ids, before);
  }),

  onBus('who unsubscribes while a message is delivered hears neither it again nor the next', async (harness, bus) => {
    const ids: string[] = [];
    const unsubscribe = bus.subscribe((message) => {
      ids.push(idOf(message));
      unsubscribe();
    });
    const other = new Listener(bus);
    const first = committed();
    await delivered(harness, bus, first, other);
    await delivered(harness, bus, committed(), other);
    await settled();
    assert.deepEqual(ids, [idOf(first)]);
  }),

  onBus('a listener that subscribes twice is two subscribers', async (harness, bus) => {
    const ids: string[] = [];
    const listen = (message: BusMessage): void => void ids.push(idOf(message));
    const [one, two] = [bus.subscribe(listen), bus.subscribe(listen)];
    const other = new Listener(bus);
    const first = committed();
    await delivered(harness, bus, first, other);
    await settled();
    assert.ok(ids.length >= 2);
    one();
    const second = committed();
    await delivered(harness, bus, second, other);
    await settled();
    assert.ok(ids.includes(idOf(second)));
    two();
  }),

  onBus('publishing needs no subscriber', async (_harness, bus) => {
    await withinPatience(bus.publish(committed()));
    await withinPatience(bus.publish(ephemeral()));
  }),

  onBus('after it was closed it delivers nothing more, and a second close is none', async (harness, bus) => {
    const listener = new Listener(bus);
    await delivered(harness, bus, committed(), listener);
    await withinPatience(bus.close());
    const before = [...listener.ids];
    await withinPatience(bus.publish(committed()).catch(() => undefined)); // may be refused
    await settled();
    assert.deepEqual(listener.ids, before);
    await withinPatience(bus.close());
  }),

  onBus('two buses do not meet', async (harness, bus) => {
    const elsewhere = await harness.create();
    try {
      const stranger = new Listener(await elsewhere.node());
      await delivered(harness, bus, committed(), new Listener(bus));
      await settled();
      assert.deepEqual(stranger.ids, []);
    } finally {
      await elsewhere.dispose();
    }
  }),
];

/** @throws {AssertionError} when it does not settle in time. */
async function withinPatience(work: Promise<unknown>): Promise<void> {
  let isSettled = false;
  void work.finally(() => (isSettled = true));
  const until = performance.now() + PATIENCE_MS;
  while (!isSettled) {
    assert.ok(performance.now() < until, 'never settles');
    await settled();
  }
}

function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) deepFrozen(member);
  return Object.freeze(value);
}
