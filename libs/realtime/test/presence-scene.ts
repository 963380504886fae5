import { APPLICATION, type Principal } from '#clarion/access';
import { NO_PREFERENCES } from '#clarion/notifications';
import type { PresenceList, Selector, Topic } from '#clarion/protocol';
import { InterestIndex } from '../src/interest-index.js';
import { PresenceBoard } from '../src/presence/presence-board.js';
import type { Announcement, Watcher } from '../src/presence/watcher.js';
import { Subscription, type Receiver } from '../src/subscription.js';

export const LINGER_MS = 5_000;
/** Certainly beyond the linger, and certainly within it however often it is waited. */
export const LONG_MS = 10_000;
export const SHORT_MS = 50;

/** A session as the board sees it. */
export class Reader implements Receiver {
  readonly kind = 's';
  readonly transport = 'test';
  readonly openedAt: number;
  readonly who: Principal;
  readonly #scene: Scene;
  readonly #reads = new Map<string, Subscription>();

  constructor(
    scene: Scene,
    readonly user: string | undefined,
    readonly number: number,
    readonly device: string,
  ) {
    this.#scene = scene;
    this.openedAt = number;
    this.who =
      user === undefined ? APPLICATION : { kind: 'subscriber', sub: user, subscribe: [], publish: [], expiresAt: 0 };
  }

  get topics(): string[] {
    return [...this.#reads.keys()];
  }

  offer(): void {
    throw new Error('nothing is published here');
  }

  read(...topics: string[]): this {
    for (const topic of topics) {
      if (this.#reads.has(topic)) continue;
      const subscription = new Subscription(this, topic as Selector, 0);
      this.#reads.set(topic, subscription);
      this.#scene.index.add(subscription);
      this.#scene.board.entered(subscription);
    }
    return this;
  }

  drop(...topics: string[]): void {
    for (const topic of topics) {
      const subscription = this.#reads.get(topic);
      if (subscription === undefined) continue;
      this.#reads.delete(topic);
      this.#scene.index.delete(subscription);
      this.#scene.board.left(subscription);
    }
  }

  end(): void {
    this.drop(...this.topics);
  }
}

/** Somebody who watches, and who is there as far as they were told. Complains of what tells nothing new. */
export class Listener implements Watcher {
  /** `topic: +user` or `topic: -user`, in order. */
  readonly heard: string[] = [];
  readonly known = new Map<string, Set<string>>();
  readonly wanted = new Set<string>();
  /** Rosters that are on their way: what is told meanwhile comes after them. */
  #awaited = 0;
  #early: Announcement[] = [];

  begin(topic: Topic): boolean {
    this.#early = this.#early.filter(({ event }) => event.data.topic !== topic);
    return this.wanted.has(topic);
  }

  async see(roster: Promise<PresenceList>): Promise<void> {
    this.#awaited++;
    const { topic, present } = await roster;
    if (this.wanted.has(topic)) this.known.set(topic, new Set(present.map(({ user }) => user)));
    if (--this.#awaited === 0) for (const announcement of this.#early.splice(0)) this.hear(announcement);
  }

  hear(announcement: Announcement): void {
    if (this.#awaited > 0) return void this.#early.push(announcement);
    const { data } = announcement.event;
    const known = this.known.get(data.topic);
    if (known === undefined) throw new Error(`${data.topic} was announced, and is not watched`);
    const isNews = data.change === 'joined' ? !known.has(data.user) : known.has(data.user);
    if (!isNews) throw new Error(`${data.user} ${data.change} ${data.topic} again`);
    if (data.change === 'joined') known.add(data.user);
    else known.delete(data.user);
    this.heard.push(`${data.topic}: ${data.change === 'joined' ? '+' : '-'}${data.user}`);
  }
}

export class Scene {
  readonly index = new InterestIndex();
  readonly hidden = new Set<string>();
  #reconsider: (user: string) => void = () => undefined;
  readonly board = new PresenceBoard(this.index, LINGER_MS, {
    isHidden: (user) => this.hidden.has(user),
    onChanged: (listener) => {
      this.#reconsider = listener;
      return () => (this.#reconsider = () => undefined);
    },
    preferencesOf: async (user) => ({ ...NO_PREFERENCES, presence: this.hidden.has(user) ? 'hidden' : 'visible' }),
  });
  #number = 0;

  /** @param user undefined: a service. */
  reader(user: string | undefined, device = 'd'): Reader {
    return new Reader(this, user, ++this.#number, device);
  }

  async watch(listener: Listener, topic: string): Promise<PresenceList> {
    listener.wanted.add(topic);
    const list = this.board.watch(topic as Topic, listener);
    await listener.see(list);
    return list;
  }

  unwatch(listener: Listener, topic: string): void {
    listener.wanted.delete(topic);
    listener.known.delete(topic);
    listener.begin(topic as Topic);
    this.board.unwatch(topic as Topic, listener);
  }

  hide(user: string, hides: boolean): void {
    if (hides) this.hidden.add(user);
    else this.hidden.delete(user);
    this.#reconsider(user);
  }
}
