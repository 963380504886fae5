import type { Topic } from '#clarion/protocol';
import type { LogEvent } from './log-event.js';

/** The log has some events in another form from now on: what was read before must follow. */
export interface Amendment {
  /** No event below this offset is concerned. */
  readonly from: number;
  /** The event as it is now: the very same if it is not concerned; undefined: it is gone. */
  of(event: LogEvent): LogEvent | undefined;
}

/** A notification was edited or taken back: it, and what told of earlier edits, is in the newest form. Undefined: the event is none of that. */
export function amendmentBy(newer: LogEvent): Amendment | undefined {
  const about = newer.amends;
  if (about === undefined) return undefined;
  return {
    from: about,
    of: (event) => (event.offset === about || event.amends === about ? event.revised(newer) : event),
  };
}

/** A person was erased: what was on their own topic alone is gone, and the topic from everything else. */
export function erasureOf(topic: Topic): Amendment {
  return { from: 0, of: (event) => (event.topics.includes(topic) ? event.without(topic) : event) };
}

/** Somebody who keeps events for longer than a turn of the event loop. */
export interface Keeper {
  amend(amendment: Amendment): void;
}
