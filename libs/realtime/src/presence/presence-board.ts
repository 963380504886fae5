import { NOBODY_HIDES, type HiddenPeople } from '#clarion/notifications';
import type { PresenceChange, PresenceList, Topic } from '#clarion/protocol';
import { Deadlines } from '../deadlines.js';
import type { InterestIndex } from '../interest-index.js';
import type { Receiver, Subscription } from '../subscription.js';
import { walk } from '../walk.js';
import { presenceOf } from './presence.js';
import { Room, type Stay } from './room.js';
import type { Announcement, Watcher } from './watcher.js';

/**
 * Who is on a topic: people (not services) with a session on this node that reads exactly it. Known for topics that somebody watches or
 * asks about, and for no others: there coming and going costs one look-up. A person joins with the first device and leaves when the last
 * one has been gone for the linger, so that a page that is loaded anew is no news.
 */
export class PresenceBoard {
  readonly #index: InterestIndex;
  readonly #lingerMs: number;
  readonly #hidden: HiddenPeople;
  readonly #unlisten: () => void;
  readonly #rooms = new Map<string, Room>();
  readonly #leaving = new Deadlines<Stay>((stay) => this.#end(stay));

  /**
   * @param lingerMs how long somebody is still there after their last device went; a little later, since one timer serves all.
   * @param hidden asked when somebody comes, and when they have changed their mind.
   */
  constructor(index: InterestIndex, lingerMs: number, hidden: HiddenPeople = NOBODY_HIDES) {
    this.#index = index;
    this.#lingerMs = lingerMs;
    this.#hidden = hidden;
    this.#unlisten = hidden.onChanged((user) => this.#reconsider(user));
  }

  /** Topics that are watched or asked about now. */
  get topics(): number {
    return this.#rooms.size;
  }

  /** Somebody reads this, and is in the index. */
  entered({ selector, reader }: Subscription): void {
    const room = this.#rooms.get(selector);
    if (room !== undefined) this.#enter(room, reader);
  }

  /** Somebody reads this no longer, and is in the index no more. */
  left({ selector, reader }: Subscription): void {
    const room = this.#rooms.get(selector);
    if (room !== undefined) this.#leave(room, reader);
  }

  /**
   * Who is there. Looks at all who read the topic, in turns of 2 ms, unless it is watched: there it costs what it lists. Whether the answer
   * may be told is for the caller to know (`Access.assertPresence`).
   */
  ask(topic: Topic): Promise<PresenceList> {
    return this.#answer(topic, (room) => room.list());
  }

  /** The same; and in the same moment the watcher begins to hear what changes, so that nothing is missed or told twice. Idempotent. */
  watch(topic: Topic, watcher: Watcher): Promise<PresenceList> {
    return this.#answer(topic, (room) => {
      if (watcher.begin(topic)) room.watchers.add(watcher);
      return room.list();
    });
  }

  /** It hears no more. Idempotent. */
  unwatch(topic: Topic, watcher: Watcher): void {
    const room = this.#rooms.get(topic);
    if (room?.watchers.delete(watcher) === true) this.#closeUnwanted(room);
  }

  /** Whether this person does not want to be shown; read if need be. */
  async isHidden(user: string): Promise<boolean> {
    return (await this.#hidden.preferencesOf(user)).presence === 'hidden';
  }

  /** Whether somebody wants to be shown may have changed: they are announced or taken back. O(topics that are watched). */
  #reconsider(user: string): void {
    const isShown = !this.#hidden.isHidden(user);
    for (const room of this.#rooms.values()) {
      const stay = room.people.get(user);
      if (stay === undefined || stay.isShown === isShown) continue;
      stay.isShown = isShown;
      announce(stay, isShown ? 'joined' : 'left');
    }
  }

  /** Nobody leaves any more. */
  stop(): void {
    this.#unlisten();
    this.#leaving.stop();
  }

  async #answer(topic: Topic, list: (room: Room) => PresenceList): Promise<PresenceList> {
    const room = this.#rooms.get(topic) ?? this.#open(topic);
    room.asking++;
    try {
      await room.filled;
      return list(room);
    } finally {
      room.asking--;
      this.#closeUnwanted(room);
    }
  }

  #open(topic: Topic): Room {
    const room = new Room(topic);
    this.#rooms.set(topic, room);
    room.filled = this.#fill(room);
    return room;
  }

  /** While it lasts nobody watches yet, and those who come and go meanwhile say so themselves. */
  async #fill(room: Room): Promise<void> {
    const readers = this.#index.readersOf(room.topic).find(([one]) => one?.selector === room.topic) ?? [];
    await walk([...readers], (subscription) => {
      if (readers[subscription.position] === subscription) this.#enter(room, subscription.reader);
      return false;
    });
  }

  #closeUnwanted(room: Room): void {
    if (!room.isWanted) this.#rooms.delete(room.topic);
  }

  #enter(room: Room, reader: Receiver): void {
    const presence = presenceOf(reader);
    if (presence === undefined) return;
    const { user, number, device } = presence;
    const stay = room.people.get(user) ?? this.#begin(room, user);
    this.#leaving.delete(stay);
    stay.devices.set(number, device);
  }

  #leave(room: Room, reader: Receiver): void {
    const presence = presenceOf(reader);
    const stay = presence && room.people.get(presence.user);
    if (stay?.devices.delete(presence!.number) !== true || stay.devices.size > 0) return;
    this.#leaving.set(stay, Date.now() + this.#lingerMs);
  }

  #begin(room: Room, user: string): Stay {
    const stay: Stay = { room, user, devices: new Map(), isShown: !this.#hidden.isHidden(user) };
    room.people.set(user, stay);
    if (stay.isShown) announce(stay, 'joined');
    return stay;
  }

  #end(stay: Stay): void {
    stay.room.people.delete(stay.user);
    if (stay.isShown) announce(stay, 'left');
  }
}

function announce({ room: { topic, watchers }, user }: Stay, change: PresenceChange['change']): void {
  if (watchers.size === 0) return;
  const at = new Date().toISOString();
  const announcement: Announcement = {
    key: `${topic}\n${user}`,
    event: { name: 'presence', data: { topic, user, change, at } },
  };
  for (const watcher of watchers) watcher.hear(announcement);
}
