import type { Topic } from '#clarion/protocol';
import { amendmentBy, erasureOf } from './amendment.js';
import type { Interest } from './interest.js';
import type { LogEvent, View } from './log-event.js';

/** What was read, and how far: matches in `(after, through]`. */
export interface Page {
  readonly views: readonly View[];
  readonly through: number;
}

/** Events in order of their offsets, taken away at the front. */
class EventQueue {
  #events: LogEvent[] = [];
  #start = 0;

  get length(): number {
    return this.#events.length - this.#start;
  }

  at(index: number): LogEvent | undefined {
    return this.#events[this.#start + index];
  }

  push(event: LogEvent): void {
    this.#events.push(event);
  }

  shift(): LogEvent | undefined {
    const first = this.#events[this.#start];
    if (first === undefined) return undefined;
    this.#start++;
    // Let go of the shifted half at once: amortised constant, and never more than twice what is kept.
    if (this.#start * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
    return first;
  }

  /** Puts the event in the place of the one with the same offset, which it returns; undefined: there is none, and nothing changes. Logarithmic. */
  put(event: LogEvent): LogEvent | undefined {
    const index = this.#start + this.indexAfter(event.offset! - 1);
    const before = this.#events[index];
    if (before?.offset !== event.offset) return undefined;
    this.#events[index] = event;
    return before;
  }

  /** Replaces each event, or lets it go. Linear. */
  replace(by: (event: LogEvent) => LogEvent | undefined): void {
    this.#events = this.#events.slice(this.#start).flatMap((event) => by(event) ?? []);
    this.#start = 0;
  }

  /** Index of the first event above the offset. Logarithmic. */
  indexAfter(offset: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle)!.offset! <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Events that one read of wildcards looks at, so that it stays short. */
const MAX_SCAN = 2_048;

/**
 * The newest part of the log in memory, bounded by bytes. It holds every entry in `(floor, head]`, also by topic, so that a reader
 * of few topics does not look at the others' events.
 */
export class Ring {
  readonly #maxBytes: number;
  readonly #all = new EventQueue();
  readonly #byTopic = new Map<Topic, EventQueue>();
  /** Offsets of the events `updated`, oldest first, by that of their notification. */
  readonly #updates = new Map<number, number[]>();
  #bytes = 0;
  #floor = 0;
  #head = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Begins at `offset`: nothing at or below it is in memory. Precondition: nothing was pushed. */
  begin(offset: number): void {
    this.#floor = offset;
    this.#head = offset;
  }

  /** Every event above this offset, up to the head, is in memory. */
  get floor(): number {
    return this.#floor;
  }

  /** The last offset that is known to be in log order without holes. */
  get head(): number {
    return this.#head;
  }

  /** What it may hold. */
  get maxBytes(): number {
    return this.#maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#all.length;
  }

  /** Takes the next event. Precondition: its offset is above the head, and every offset between is final as absent. */
  push(event: LogEvent): void {
    this.#head = event.offset!;
    this.#all.push(event);
    this.#bytes += event.bytes;
    for (const topic of event.topics) {
      const queue = this.#byTopic.get(topic);
      if (queue === undefined) this.#queueOf(topic).push(event);
      else queue.push(event);
    }
    if (event.amends !== undefined) this.#noteUpdate(event.amends, event);
    this.#shrink();
  }

  /** The event at this offset; undefined: it is not in memory. Logarithmic. */
  at(offset: number): LogEvent | undefined {
    const event = this.#all.at(this.#all.indexAfter(offset - 1));
    return event?.offset === offset ? event : undefined;
  }

  /** Has the notification that this event is about, and what told of earlier edits, in the newest form. Costs what changes. */
  amend(newer: LogEvent): void {
    const amendment = amendmentBy(newer);
    if (amendment === undefined) return;
    for (const offset of [amendment.from, ...(this.#updates.get(amendment.from) ?? [])]) {
      const event = this.at(offset);
      const now = event && amendment.of(event);
      if (now !== undefined) this.#put(now);
    }
    this.#shrink();
  }

  /** Forgets what concerned nobody but this topic, and the topic itself. Linear, unless nothing does. */
  erase(topic: Topic): void {
    if (!this.#byTopic.delete(topic)) return;
    const erasure = erasureOf(topic);
    this.#all.replace((event) => {
      const now = erasure.of(event);
      if (now === undefined) this.#forgot(event);
      else if (now !== event) for (const other of now.topics) this.#byTopic.get(other)?.put(now);
      return now;
    });
  }

  /** Moves the head over offsets that are final as absent. */
  advance(head: number): void {
    if (head > this.#head) this.#head = head;
  }

  /**
   * Matches in `(after, through]`, at most `limit` and about `maxBytes` (one at least). `through` moves even if nothing matched.
   * Exact topics cost their matches; wildcards look at a bounded number of events. Precondition: `after >= floor`.
   */
  read(after: number, interest: Interest, limit: number, maxBytes: number): Page {
    return interest.hasWildcards
      ? this.#scan(after, interest, limit, maxBytes)
      : this.#merge(after, interest, limit, maxBytes);
  }

  #scan(after: number, interest: Interest, limit: number, maxBytes: number): Page {
    const views: View[] = [];
    const start = this.#all.indexAfter(after);
    const end = Math.min(this.#all.length, start + MAX_SCAN);
    let bytes = 0;
    for (let i = start; i < end; i++) {
      const event = this.#all.at(i)!;
      const topic = interest.view(event);
      if (topic === undefined) continue;
      if (views.length === limit || (views.length > 0 && bytes + event.bytes > maxBytes))
        return { views, through: views.at(-1)!.event.offset! };
      views.push({ event, topic });
      bytes += event.bytes;
    }
    return { views, through: end === this.#all.length ? this.#head : this.#all.at(end - 1)!.offset! };
  }

  #merge(after: number, interest: Interest, limit: number, maxBytes: number): Page {
    const heads = this.#queuesAfter(after, interest);
    const views: View[] = [];
    let bytes = 0;
    let last = after;
    for (;;) {
      const event = takeOldest(heads);
      if (event === undefined) return { views, through: this.#head };
      if (event.offset === last) continue;
      const topic = interest.view(event);
      if (topic === undefined) continue;
      if (views.length === limit || (views.length > 0 && bytes + event.bytes > maxBytes))
        return { views, through: last };
      last = event.offset!;
      views.push({ event, topic });
      bytes += event.bytes;
    }
  }

  #queuesAfter(after: number, interest: Interest): QueueHead[] {
    const heads: QueueHead[] = [];
    for (const topic of interest.topics) {
      const queue = this.#byTopic.get(topic);
      if (queue !== undefined) heads.push({ queue, index: queue.indexAfter(after) });
    }
    return heads;
  }

  #queueOf(topic: Topic): EventQueue {
    const queue = new EventQueue();
    this.#byTopic.set(topic, queue);
    return queue;
  }

  #put(event: LogEvent): void {
    const before = this.#all.put(event);
    this.#bytes += event.bytes - (before?.bytes ?? event.bytes);
    for (const topic of event.topics) this.#byTopic.get(topic)?.put(event);
  }

  #noteUpdate(about: number, { name, offset }: LogEvent): void {
    if (name !== 'updated') return;
    const offsets = this.#updates.get(about);
    if (offsets === undefined) this.#updates.set(about, [offset!]);
    else offsets.push(offset!);
  }

  #forgot({ bytes, amends, offset }: LogEvent): void {
    this.#bytes -= bytes;
    if (amends === undefined) return;
    const offsets = this.#updates.get(amends)?.filter((other) => other !== offset) ?? [];
    if (offsets.length > 0) this.#updates.set(amends, offsets);
    else this.#updates.delete(amends);
  }

  #shrink(): void {
    while (this.#bytes > this.#maxBytes) this.#evict();
  }

  #evict(): void {
    const event = this.#all.shift()!;
    this.#forgot(event);
    this.#floor = event.offset!;
    for (const topic of event.topics) {
      const queue = this.#byTopic.get(topic);
      queue?.shift();
      if (queue?.length === 0) this.#byTopic.delete(topic);
    }
  }
}

interface QueueHead {
  readonly queue: EventQueue;
  index: number;
}

/** The oldest event that any of the queues has next; it is taken from that one queue only. */
function takeOldest(heads: readonly QueueHead[]): LogEvent | undefined {
  let oldest: QueueHead | undefined;
  for (const head of heads) {
    const event = head.queue.at(head.index);
    if (event !== undefined && (oldest === undefined || event.offset! < oldest.queue.at(oldest.index)!.offset!))
      oldest = head;
  }
  return oldest?.queue.at(oldest.index++);
}
