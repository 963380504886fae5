import { userOfTopic, type Topic } from '#clarion/protocol';
import type { InterestIndex, Readers } from './interest-index.js';
import type { LogEvent } from './log-event.js';
import { NO_PEOPLE, type People } from './people.js';

/** Somebody who writes what was offered once the turn is over. */
export interface Flushable {
  flush(): void;
}

/** Milliseconds of writing after which other work of the event loop gets its turn: about a thousand sockets. */
const SLICE_MS = 8;
/** Writes between two looks at the clock. */
const STRIDE = 32;
/** Events with which a write costs hardly more than with one, so that waiting for more would save nothing. */
const WELL_FILLED = 8;
/** Timers are no finer. */
const SHORTEST_REST_MS = 1;

/**
 * Brings each event to those who read one of its topics, and has them write once at the end of the event loop's turn: all that
 * was offered meanwhile goes as one write. Many writes are cut into slices. Between two of them further events may be offered:
 * who waits takes them along, and who has written waits for the next round, so that nobody writes twice before all have written once.
 */
export class FanOut {
  readonly #index: InterestIndex;
  readonly #afterRound: () => void;
  readonly #tickMs: number;
  readonly #people: Pick<People, 'rules' | 'witness'>;
  #waiting: Flushable[] = [];
  #round: Flushable[] = [];
  #next = 0;
  #scheduled = false;
  #roundBeganAt = 0;
  #restsUntil = -Infinity;
  /** Since the last round ended. */
  #offers = 0;
  #timer: NodeJS.Timeout | undefined;
  #dispatch = 0;

  /**
   * @param tickMs the longest rest after a round of small writes ({@link restAfter}); 0: none, each begins at the end of the turn. What
   *   comes after longer silence never waits.
   * @param afterRound called when all that was offered before the round began has been written.
   * @param people whose witness is told how many readers of topics that are nobody's own a notification was offered.
   */
  constructor(
    index: InterestIndex,
    tickMs: number,
    afterRound: () => void,
    people: Pick<People, 'rules' | 'witness'> = NO_PEOPLE,
  ) {
    this.#index = index;
    this.#tickMs = tickMs;
    this.#afterRound = afterRound;
    this.#people = people;
  }

  deliver(event: LogEvent): void {
    const dispatch = ++this.#dispatch;
    if (event.isPlain) event.rulesRevision = this.#people.rules.revision;
    let anonymous = 0;
    for (const topic of event.topics) {
      const readers = this.#offer(event, topic, dispatch);
      if (readers > 0 && userOfTopic(topic) === undefined) anonymous += readers;
    }
    if (anonymous > 0 && event.offset !== undefined && event.name === 'notification')
      this.#people.witness.offered(event.offset, anonymous);
  }

  /** Has all who read the topic look again at what they have been offered and have not written. */
  reread(topic: Topic): void {
    for (const readers of this.#index.readersOf(topic))
      for (let i = readers.length - 1; i >= 0; i--) readers[i]?.reader.reread?.();
  }

  /** @returns to how many. */
  #offer(event: LogEvent, topic: Topic, dispatch: number): number {
    let count = 0;
    for (const readers of this.#index.readersOf(topic)) {
      count += readers.length;
      offerTo(readers, event, topic, dispatch);
    }
    this.#offers += count;
    return count;
  }

  /** Has `receiver.flush` called at the end of this turn. Precondition: it is not waiting for that already. */
  flushLater(receiver: Flushable): void {
    this.#waiting.push(receiver);
    if (!this.#scheduled) this.#schedule();
  }

  /** Nothing that waits is written any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#scheduled = true;
    const waitMs = this.#restsUntil - performance.now();
    if (waitMs >= SHORTEST_REST_MS) this.#timer = setTimeout(() => this.#begin(), waitMs);
    else setImmediate(() => this.#begin());
  }

  #begin(): void {
    this.#roundBeganAt = performance.now();
    this.#round = this.#waiting;
    this.#waiting = [];
    this.#next = 0;
    this.#slice();
  }

  #slice(): void {
    try {
      this.#writeSome(performance.now() + SLICE_MS);
    } finally {
      if (this.#next < this.#round.length) setImmediate(() => this.#slice());
      else this.#end();
    }
  }

  #writeSome(until: number): void {
    const round = this.#round;
    while (this.#next < round.length) {
      round[this.#next++]!.flush();
      if (this.#next % STRIDE === 0 && performance.now() >= until) return;
    }
  }

  #end(): void {
    const now = performance.now();
    const wellFilled = this.#offers >= WELL_FILLED * this.#round.length;
    this.#restsUntil = wellFilled ? now : now + restAfter(now - this.#roundBeganAt, this.#tickMs);
    this.#offers = 0;
    this.#round = [];
    this.#scheduled = false;
    this.#afterRound();
    if (this.#waiting.length > 0) this.#schedule();
  }
}

/**
 * Milliseconds that pass after a round before the next one: as long as it took to write, so that half of the time at least is left
 * to what brings events, and more of them go with one write. A longer round needs less of it, since they gather while it is written.
 */
function restAfter(roundMs: number, tickMs: number): number {
  return Math.min(roundMs, 2 * tickMs - roundMs);
}

/** From the end: who leaves meanwhile gives its place to the last, who has been offered the event already, and nobody is left out. */
function offerTo(readers: Readers, event: LogEvent, topic: Topic, dispatch: number): void {
  const { publishedAt } = event;
  for (let i = readers.length - 1; i >= 0; i--) {
    const subscription = readers[i];
    if (subscription !== undefined && publishedAt >= subscription.historyFrom)
      subscription.reader.offer(event, topic, dispatch);
  }
}
