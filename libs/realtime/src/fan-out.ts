import type { Topic } from '#clarion/protocol';
import type { InterestIndex } from './interest-index.js';
import type { LogEvent } from './log-event.js';

/** A reader of the index that takes events as they come. */
export interface Receiver {
  /** @param dispatch grows by one with each event: an event that several selectors match is offered again with the same number. */
  offer(event: LogEvent, topic: Topic, dispatch: number): void;
}

/** Somebody who writes what was offered once the turn is over. */
export interface Flushable {
  flush(): void;
}

/** Brings each event to those who read one of its topics, and has them write once at the end of the event loop's turn. */
export class FanOut {
  readonly #index: InterestIndex<Receiver>;
  readonly #afterFlush: () => void;
  #dirty: Flushable[] = [];
  #dispatch = 0;

  /** @param afterFlush called when all that was offered has been written. */
  constructor(index: InterestIndex<Receiver>, afterFlush: () => void) {
    this.#index = index;
    this.#afterFlush = afterFlush;
  }

  deliver(event: LogEvent): void {
    const dispatch = ++this.#dispatch;
    for (const topic of event.topics)
      this.#index.forEachReader(topic, (receiver) => receiver.offer(event, topic, dispatch));
  }

  /** Has `receiver.flush` called at the end of this turn. Precondition: it is not waiting for that already. */
  flushLater(receiver: Flushable): void {
    if (this.#dirty.push(receiver) === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const receiver of dirty) receiver.flush();
    this.#afterFlush();
  }
}
