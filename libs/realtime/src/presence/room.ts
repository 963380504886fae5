import type { PresenceList, Topic } from '#clarion/protocol';
import { tellDevices, type Device } from './device.js';
import type { Watcher } from './watcher.js';

/** People that one answer lists. */
const MAX_PEOPLE = 1_000;

/** One person on one topic, from the first device to the end of the linger after the last. */
export interface Stay {
  readonly room: Room;
  readonly user: string;
  /** By the number of the session; empty: gone, and perhaps back in a moment. */
  readonly devices: Map<number, Device>;
  /** Whether others are told. */
  isShown: boolean;
}

/** Who is on one topic, for as long as somebody wants to know. */
export class Room {
  readonly topic: Topic;
  readonly people = new Map<string, Stay>();
  readonly watchers = new Set<Watcher>();
  /** Those who wait for an answer. */
  asking = 0;
  /** Resolves when everybody who was there before the room was made is in it. Set by who makes it. */
  filled: Promise<void> = Promise.resolve();

  constructor(topic: Topic) {
    this.topic = topic;
  }

  get isWanted(): boolean {
    return this.asking > 0 || this.watchers.size > 0;
  }

  /** In the order in which they came; at most 1,000. */
  list(): PresenceList {
    const present: PresenceList['present'] = [];
    for (const { user, devices, isShown } of this.people.values()) {
      if (!isShown) continue;
      if (present.length === MAX_PEOPLE) return { topic: this.topic, present, more: true };
      present.push({ user, devices: tellDevices(devices.values()) });
    }
    return { topic: this.topic, present };
  }
}
