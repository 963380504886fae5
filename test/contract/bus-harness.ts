import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { BusMessage, EventBus } from '#clarion/event-bus';

/** What a bus brings so that the suite can examine it: `libs/<bus>/test/bus.harness.ts` exports one as `harness`. */
export interface BusHarness {
  readonly name: string;
  /** What this bus keeps of messages beyond what the port asks, as long as nothing fails. */
  readonly keeps: {
    /** All subscribers see all messages in the order of the calls, within a node. */
    readonly order: boolean;
    /** None is lost. */
    readonly all: boolean;
    /** None comes twice. */
    readonly once: boolean;
  };
  /** Whether several processes can be on it. */
  readonly joinsNodes: boolean;
  /** A bus to which nobody is connected. */
  create(): Promise<BusPlace>;
}

export interface BusPlace {
  /** One more connection to this bus: another node's, if it joins nodes. Without that, called once. */
  node(): Promise<EventBus>;
  /** Lets go of everything, also of nodes that were closed already. */
  dispose(): Promise<void>;
}

/** One sentence of the contract: `run` throws when the bus breaks it. */
export interface BusCheck {
  readonly name: string;
  /** What the bus must promise for the sentence to concern it. */
  concerns?(harness: BusHarness): boolean;
  run(harness: BusHarness): Promise<void>;
}

/** How long to wait for what must come, milliseconds. */
export const PATIENCE_MS = 2_000;
/** In which a message that must not come would have come. */
const SETTLE_MS = 50;

/** A subscriber that writes down what it hears. */
export class Listener {
  readonly heard: BusMessage[] = [];
  readonly unsubscribe: () => void;

  constructor(bus: EventBus) {
    this.unsubscribe = bus.subscribe((message) => {
      this.heard.push(message);
    });
  }

  get ids(): string[] {
    return this.heard.map(idOf);
  }

  /** Resolves when a message with this id was heard. @throws {AssertionError} when it does not come. */
  async hears(id: string): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while (!this.ids.includes(id)) {
      assert.ok(performance.now() < until, `${id} was not heard, but ${this.ids.join()}`);
      await pause(1);
    }
  }
}

/**
 * Publishes until a listener has heard it: once on a bus that keeps all, again and again on one that may lose.
 */
export async function delivered(
  { keeps }: BusHarness,
  bus: EventBus,
  message: BusMessage,
  ...listeners: readonly Listener[]
): Promise<void> {
  await bus.publish(message);
  const until = performance.now() + PATIENCE_MS;
  while (!listeners.every(({ ids }) => ids.includes(idOf(message)))) {
    assert.ok(performance.now() < until, `${idOf(message)} was not delivered to all`);
    await pause(5);
    if (!keeps.all) await bus.publish(message);
  }
}

/** Long enough for what is on its way. */
export function settled(): Promise<void> {
  return pause(SETTLE_MS);
}

/** Lends a bus, and disposes of it whatever happens. */
export function onBus(
  name: string,
  use: (harness: BusHarness, bus: EventBus, place: BusPlace) => Promise<void>,
  concerns?: BusCheck['concerns'],
): BusCheck {
  const run = async (harness: BusHarness): Promise<void> => {
    const place = await harness.create();
    try {
      await use(harness, await place.node(), place);
    } finally {
      await place.dispose();
    }
  };
  return { name, run, ...(concerns !== undefined && { concerns }) };
}

/** The id by which the suite knows a message. */
export function idOf(message: BusMessage): string {
  if (message.kind === 'ephemeral') return message.entry.id;
  return message.kind === 'acked' ? message.user : (message.entries[0]?.id ?? `${message.first}`);
}

let made = 0;

/** News of one commit, unlike any other. */
export function committed(body = '"title":"x"'): BusMessage {
  const offset = ++made;
  const entry = { offset, id: `n-${offset}`, topics: ['orders/1'], publishedAt: 1_700_000_000_000 + offset, body };
  return { kind: 'committed', first: offset, last: offset, entries: [entry] };
}

/** News of acknowledgements, unlike any other. */
export function acked(): BusMessage {
  return { kind: 'acked', user: `u-${++made}`, offsets: [1, 2 ** 40], at: 1_700_000_000_000 };
}

/** An ephemeral notification, unlike any other. */
export function ephemeral(): BusMessage {
  const id = `e-${++made}`;
  const entry = { id, topics: ['ticks/1', 'users/u-1'], publishedAt: 1_700_000_000_000, body: '"data":1' };
  return { kind: 'ephemeral', entry: { ...entry, collapseKey: 'price' } };
}
