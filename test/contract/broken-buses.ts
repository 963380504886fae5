import type { BusListener, BusMessage, EventBus } from '#clarion/event-bus';
import type { BusHarness } from './bus-harness.js';

/** A bus that breaks the contract in one way, and the sentence of the contract that says so. */
export interface BrokenBus {
  readonly name: string;
  readonly caughtBy: string;
  /** What differs from the real bus. Called once per connection. */
  breakIt(real: EventBus): Partial<EventBus>;
}

/** The harness of the same implementation, broken. */
export function brokenHarness(harness: BusHarness, { name, breakIt }: BrokenBus): BusHarness {
  return {
    ...harness,
    name: `${harness.name}, ${name}`,
    create: async () => {
      const place = await harness.create();
      const node = async (): Promise<EventBus> => {
        const real = await place.node();
        return {
          publish: (message) => real.publish(message),
          subscribe: (listener) => real.subscribe(listener),
          close: () => real.close(),
          ...breakIt(real),
        };
      };
      return { node, dispose: () => place.dispose() };
    },
  };
}

/** A bus that gives listeners something else than it was given. */
function delivering(deliver: (message: BusMessage, listener: BusListener) => void): BrokenBus['breakIt'] {
  return (real) => ({ subscribe: (listener) => real.subscribe((message) => deliver(message, listener)) });
}

export const brokenBuses: readonly BrokenBus[] = [
  {
    name: 'knows one subscriber only',
    caughtBy: 'delivers to every subscriber of the node that publishes',
    breakIt: (real) => {
      let unsubscribe = (): void => undefined;
      return {
        subscribe: (listener) => {
          unsubscribe();
          return (unsubscribe = real.subscribe(listener));
        },
      };
    },
  },
  {
    name: 'carries no ephemeral notifications',
    caughtBy: 'delivers to every subscriber of the node that publishes',
    breakIt: delivering((message, listener) => message.kind === 'ephemeral' || listener(message)),
  },
  {
    name: 'carries one byte per character',
    caughtBy: 'a message arrives as it was published',
    breakIt: delivering((message, listener) => {
      if (message.kind !== 'committed') return listener(message);
      const entries = message.entries.map((entry) => ({
        ...entry,
        body: Buffer.from(entry.body, 'latin1').toString('latin1'),
      }));
      listener({ ...message, entries });
    }),
  },
  {
    name: 'drops what is large',
    caughtBy: 'a message arrives as it was published',
    breakIt: (real) => ({
      publish: async (message) => {
        if (JSON.stringify(message).length < 65_536) await real.publish(message);
      },
    }),
  },
  {
    name: 'marks what it has delivered',
    caughtBy: 'a message belongs to everybody: nobody changes it',
    breakIt: (real) => ({ publish: (message) => real.publish(Object.assign({ ...message }, { seen: true })) }),
  },
  {
    name: 'delivers in another order',
    caughtBy: 'in the order of the calls, to all',
    breakIt: (real) => {
      let held: BusMessage | undefined;
      return {
        publish: async (message) => {
          const before = held;
          held = before === undefined && message.kind === 'ephemeral' ? message : undefined;
          if (held === undefined) await real.publish(message);
          if (before !== undefined) await real.publish(before);
        },
      };
    },
  },
  {
    name: 'calls listeners from within their calls',
    caughtBy:
      'what is published while a message is delivered comes after it, to all, and no listener is called within its own call',
    breakIt: () => {
      const listeners = new Set<BusListener>();
      return {
        publish: async (message) => {
          for (const listener of listeners) listener(message);
        },
        subscribe: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      };
    },
  },
  {
    name: 'loses one in a hundred',
    caughtBy: 'none is lost',
    breakIt: (real) => {
      let count = 0;
      return {
        publish: async (message) => {
          if (++count % 100 !== 50) await real.publish(message);
        },
      };
    },
  },
  {
    name: 'delivers twice',
    caughtBy: 'none comes twice',
    breakIt: delivering((message, listener) => {
      listener(message);
      listener(message);
    }),
  },
  {
    name: 'gives newcomers what was before',
    caughtBy: 'a subscriber hears nothing from before it subscribed',
    breakIt: (real) => {
      let last: BusMessage | undefined;
      return {
        publish: (message) => {
          last = message;
          return real.publish(message);
        },
        subscribe: (listener) => {
          if (last !== undefined) listener(last);
          return real.subscribe(listener);
        },
      };
    },
  },
  {
    name: 'goes on after unsubscribing',
    caughtBy: 'who unsubscribed hears nothing more, and nobody else misses anything',
    breakIt: (real) => ({
      subscribe: (listener) => {
        real.subscribe(listener);
        return () => undefined;
      },
    }),
  },
  {
    name: 'goes on after unsubscribing within a call',
    caughtBy: 'who unsubscribes while a message is delivered hears neither it again nor the next',
    breakIt: (real) => ({
      subscribe: (listener) => {
        let inside = false;
        const unsubscribe = real.subscribe((message) => {
          inside = true;
          listener(message);
          inside = false;
        });
        return () => inside || unsubscribe();
      },
    }),
  },
  {
    name: 'takes a listener once',
    caughtBy: 'a listener that subscribes twice is two subscribers',
    breakIt: (real) => {
      const known = new Map<BusListener, () => void>();
      return {
        subscribe: (listener) => {
          const unsubscribe = known.get(listener) ?? real.subscribe(listener);
          known.set(listener, unsubscribe);
          return unsubscribe;
        },
      };
    },
  },
  {
    name: 'waits for a subscriber',
    caughtBy: 'publishing needs no subscriber',
    breakIt: (real) => {
      let subscribed = false;
      return {
        publish: (message) => (subscribed ? real.publish(message) : new Promise(() => undefined)),
        subscribe: (listener) => {
          subscribed = true;
          return real.subscribe(listener);
        },
      };
    },
  },
  {
    name: 'goes on after it was closed',
    caughtBy: 'after it was closed it delivers nothing more, and a second close is none',
    breakIt: () => ({ close: async () => undefined }),
  },
  {
    name: 'is one for the whole process',
    caughtBy: 'two buses do not meet',
    breakIt: (real) => {
      everybody.add(real);
      return {
        publish: async (message) => {
          await Promise.all([...everybody].map((bus) => bus.publish(message)));
        },
      };
    },
  },
];

/** Of the bus that does what no library may: share state between applications. */
const everybody = new Set<EventBus>();
