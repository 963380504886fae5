import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Listener, LONG_MS, Scene, SHORT_MS, type Reader } from '../../test/presence-scene.js';

const TOPICS = ['a', 'b/x', 'c'] as const;
const USERS = ['u-1', 'u-2', 'u-3', undefined] as const;
const LISTENERS = 2;

const anyTopic = fc.constantFrom(...TOPICS);
const who = fc.nat(LISTENERS - 1);
const some = fc.uniqueArray(fc.constantFrom(...TOPICS, '**'), { minLength: 1, maxLength: 3 });
const reader = fc.nat(5);
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('open' as const), user: fc.constantFrom(...USERS), topics: some }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), reader }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('read' as const), reader, topics: some }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), reader, topics: some }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('watch' as const), who, topic: anyTopic, hasty: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unwatch' as const), who, topic: anyTopic }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('hide' as const),
      user: fc.constantFrom('u-1', 'u-2'),
      hides: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(SHORT_MS, LONG_MS) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The scene, and beside it what a reading of the rules says of it. */
class Walk {
  readonly scene = new Scene();
  readonly listeners = Array.from({ length: LISTENERS }, () => new Listener());
  readonly readers: Reader[] = [];
  /** `topic user`: gone from a watched topic within the linger. */
  readonly lingering = new Set<string>();

  /** Who has a device there. */
  devicesOn(topic: string): Set<string | undefined> {
    return new Set(this.readers.filter(({ topics }) => topics.includes(topic)).map(({ user }) => user));
  }

  present(topic: string): string[] {
    const there = this.devicesOn(topic);
    const users = ['u-1', 'u-2', 'u-3'].filter((user) => there.has(user) || this.lingering.has(`${topic} ${user}`));
    return users.filter((user) => !this.scene.hidden.has(user));
  }

  isWatched(topic: string): boolean {
    return this.listeners.some(({ wanted }) => wanted.has(topic));
  }

  /** Does it, and notes who has gone and who is back. */
  moving(act: () => void): void {
    const before = new Map(TOPICS.map((topic) => [topic, this.devicesOn(topic)]));
    act();
    for (const topic of TOPICS) {
      const after = this.devicesOn(topic);
      for (const user of before.get(topic)!)
        if (!after.has(user) && this.isWatched(topic)) this.lingering.add(`${topic} ${user}`);
      for (const user of after) this.lingering.delete(`${topic} ${user}`);
    }
  }

  async take(action: Step): Promise<void> {
    const chosen = 'reader' in action ? this.readers[action.reader % Math.max(1, this.readers.length)] : undefined;
    switch (action.do) {
      case 'open':
        return this.moving(() => this.readers.push(this.scene.reader(action.user).read(...action.topics)));
      case 'end':
        return this.moving(() => chosen?.end());
      case 'read':
        return this.moving(() => chosen?.read(...action.topics));
      case 'drop':
        return this.moving(() => chosen?.drop(...action.topics));
      case 'watch': {
        const watching = this.scene.watch(this.listeners[action.who]!, action.topic);
        return action.hasty ? undefined : void (await watching);
      }
      case 'unwatch':
        this.scene.unwatch(this.listeners[action.who]!, action.topic);
        if (!this.isWatched(action.topic)) this.forget(action.topic);
        return;
      case 'hide':
        return this.scene.hide(action.user, action.hides);
      case 'wait':
        await vi.advanceTimersByTimeAsync(action.ms);
        if (action.ms === LONG_MS) this.lingering.clear();
    }
  }

  forget(topic: string): void {
    for (const one of this.lingering) if (one.startsWith(`${topic} `)) this.lingering.delete(one);
  }
}

test('every watcher knows at every time exactly who is there, and is told nothing twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 50 }), async (steps) => {
      vi.useFakeTimers({ now: 1_000_000_000_000 });
      const walk = new Walk();
      for (const [i, action] of steps.entries()) {
        await walk.take(action);
        // What comes after a hasty watch comes before its roster.
        if (action.do === 'watch' && action.hasty && i + 1 < steps.length) continue;
        await vi.advanceTimersByTimeAsync(0);
        for (const { known } of walk.listeners)
          for (const [topic, users] of known) expect([...users].toSorted()).toEqual(walk.present(topic));
      }
      for (const listener of walk.listeners) for (const topic of TOPICS) walk.scene.unwatch(listener, topic);
      await vi.advanceTimersByTimeAsync(LONG_MS);
      expect([walk.scene.board.topics, vi.getTimerCount()]).toEqual([0, 0]);
      vi.useRealTimers();
    }),
    { numRuns: 500 },
  );
}, 60_000);
