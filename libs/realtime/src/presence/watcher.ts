import type { ControlEvent, Topic } from '#clarion/protocol';

/** That somebody came or went; one object for all who hear of it. */
export interface Announcement {
  /** The same for the same person on the same topic: the newest replaces those before it. */
  readonly key: string;
  readonly event: Extract<ControlEvent, { name: 'presence' }>;
}

/** Somebody who hears who comes and goes. */
export interface Watcher {
  /**
   * The roster of this moment is being told; whatever is announced from now on comes after it.
   * @returns false when it does not want to hear more of the topic, after all.
   */
  begin(topic: Topic): boolean;
  hear(announcement: Announcement): void;
}
