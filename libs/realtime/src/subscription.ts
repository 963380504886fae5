import type { Selector, Topic } from '#clarion/protocol';
import type { LogEvent } from './log-event.js';
import type { Device } from './presence/device.js';

/** Who is there by a reader, and with what. */
export interface Presence {
  readonly user: string;
  /** Of the session; unique in this process. */
  readonly number: number;
  readonly device: Device;
}

/** A reader of the index that takes events as they come. */
export interface Receiver {
  /** Undefined: nobody is there by it, since it is no session of a person. */
  readonly presence?: Presence | undefined;
  /** @param dispatch grows by one with each event: an event that several selectors match is offered again with the same number. */
  offer(event: LogEvent, topic: Topic, dispatch: number): void;
}

/** One selector of one reader, as the index keeps it. */
export class Subscription {
  readonly reader: Receiver;
  readonly selector: Selector;
  /** Only what was published from then on is shown; milliseconds since 1970, 0: all. */
  historyFrom: number;
  /** Its place in the list of those with the same selector, so that leaving costs the same however many they are. The list's business. */
  position = -1;

  constructor(reader: Receiver, selector: Selector, historyFrom: number) {
    this.reader = reader;
    this.selector = selector;
    this.historyFrom = historyFrom;
  }
}
