import type { Selector, Topic } from '#clarion/protocol';
import type { LogEvent } from './log-event.js';
import type { OpenConnection } from './open-connection.js';

/** A reader of the index that takes events as they come; of sessions and polls also what connection it is. */
export interface Receiver extends Partial<Omit<OpenConnection, 'reading' | 'peer' | 'close'>> {
  /** @param dispatch grows by one with each event: an event that several selectors match is offered again with the same number. */
  offer(event: LogEvent, topic: Topic, dispatch: number): void;
  /** What it was offered may be no longer as it was: what it has not written, it reads again. Absent: it keeps nothing. */
  reread?(): void;
}

/** One selector of one reader, as the index keeps it. */
export class Subscription {
  readonly reader: Receiver;
  readonly selector: Selector;
  /** Only what was published from then on is shown; milliseconds since 1970, 0: all. */
  historyFrom: number;
  /** What lies at or below this offset was never for it; 0: it is its reader's beginning that counts. */
  readonly after: number;
  /** Its place in the list of those with the same selector, so that leaving costs the same however many they are. The list's business. */
  position = -1;

  constructor(reader: Receiver, selector: Selector, historyFrom: number, after = 0) {
    this.reader = reader;
    this.selector = selector;
    this.historyFrom = historyFrom;
    this.after = after;
  }
}
