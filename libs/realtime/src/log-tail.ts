import type { BusMessage, LogEntry } from '#clarion/event-bus';
import type { NotificationLog } from '#clarion/notifications';
import type { Topic } from '#clarion/protocol';
import { LogEvent } from './log-event.js';
import type { Ring } from './ring.js';

type Committed = Extract<BusMessage, { kind: 'committed' }>;

/** Told of the log in its order; memory has it by then. */
export interface LogTailListener {
  /** Called before it is delivered: the log has an earlier event in another form from now on. */
  amended(by: LogEvent): void;
  deliver(event: LogEvent): void;
  /** A person's own topic, and what concerned nobody else, is no longer. */
  erased(topic: Topic): void;
}

export interface LogTailLimits {
  /** Messages that came too early and are kept until the hole before them is filled; beyond, they are read from the log. */
  readonly maxEarly: number;
  /** How many of the newest offsets are brought into memory at start, as far as they fit. */
  readonly warmOffsets: number;
}

/** Offsets by which the start goes back at a time to find what fits into memory. */
const WARM_STEP = 256;
const PAGE = { limit: 1_000, maxBytes: 4_194_304 } as const;

/**
 * Follows the log's head on this node: brings what the bus tells of into log order, reads from the log what the bus lost, and hands
 * on every event exactly once. The bus may lose, repeat and reorder; what leaves here may not.
 */
export class LogTail {
  readonly #log: NotificationLog;
  readonly #ring: Ring;
  readonly #listener: LogTailListener;
  readonly #limits: LogTailLimits;
  readonly #onError: (error: unknown) => void;
  readonly #early = new Map<number, Committed>();
  /** Who waits until the head is here. */
  #awaited: { readonly head: number; readonly done: () => void }[] = [];
  #target = 0;
  #filling: Promise<void> | undefined;
  #holes = 0;

  constructor(
    log: NotificationLog,
    ring: Ring,
    limits: LogTailLimits,
    listener: LogTailListener,
    onError: (error: unknown) => void,
  ) {
    this.#log = log;
    this.#ring = ring;
    this.#limits = limits;
    this.#listener = listener;
    this.#onError = onError;
  }

  /** Holes in the bus that were read from the log. */
  get holes(): number {
    return this.#holes;
  }

  /** Brings the newest part of the log into memory, before anybody reads: as much as the ring holds. */
  warm(): Promise<void> {
    return (this.#filling = this.#warm().finally(() => (this.#filling = undefined)));
  }

  async #warm(): Promise<void> {
    const { head, floor } = this.#log;
    this.#ring.begin(await this.#warmFrom(head, Math.max(floor, head - this.#limits.warmOffsets)));
    await this.#fill(head);
  }

  /** The offset above which entries fill the ring, found from the newest backwards; at least `earliest`. */
  async #warmFrom(head: number, earliest: number): Promise<number> {
    let bytes = 0;
    let from = head;
    while (from > earliest && bytes < this.#ring.maxBytes) {
      const upTo = from;
      from = Math.max(earliest, upTo - WARM_STEP);
      const { entries } = await this.#log.read({
        after: from,
        selectors: null,
        limit: WARM_STEP,
        maxBytes: this.#ring.maxBytes,
      });
      for (const entry of entries) if (entry.offset <= upTo) bytes += entry.body.length;
    }
    return from;
  }

  /** Takes a message of the bus. */
  take(message: Committed): void {
    const { head } = this.#ring;
    if (message.last <= head) return;
    if (this.#filling === undefined && message.first <= head + 1) this.#accept(message.entries, message.last);
    else this.#keep(message);
  }

  /** Compares this node's head with the log's, so that a lost last message is found too. */
  async compare(): Promise<void> {
    const { head } = await this.#log.refresh();
    if (head > this.#ring.head) this.#fillUpTo(head);
  }

  /** Resolves when everything has been handed on that was in the log when this was called. */
  async settled(): Promise<void> {
    const { head } = await this.#log.refresh();
    if (this.#ring.head < head) await new Promise<void>((done) => this.#awaited.push({ head, done }));
  }

  #keep(message: Committed): void {
    if (this.#early.size < this.#limits.maxEarly) this.#early.set(message.first, message);
    this.#fillUpTo(message.last);
  }

  #fillUpTo(head: number): void {
    this.#target = Math.max(this.#target, head);
    if (this.#filling !== undefined) return;
    this.#holes++;
    this.#filling = this.#fill(this.#target)
      .catch(this.#onError)
      .finally(() => (this.#filling = undefined));
  }

  async #fill(target: number): Promise<void> {
    this.#target = Math.max(this.#target, target);
    while (this.#ring.head < this.#target) {
      const { entries, through } = await this.#log.read({ after: this.#ring.head, selectors: null, ...PAGE });
      if (through <= this.#ring.head)
        throw new Error(`the log ends at ${through}, though ${this.#target} was announced`);
      this.#accept(entries, through);
      this.#acceptEarly();
    }
  }

  #acceptEarly(): void {
    for (const [first, message] of [...this.#early].sort(([a], [b]) => a - b)) {
      if (first > this.#ring.head + 1) return;
      this.#early.delete(first);
      this.#accept(message.entries, message.last);
    }
  }

  #accept(entries: readonly LogEntry[], through: number): void {
    for (const entry of entries) {
      if (entry.offset <= this.#ring.head) continue;
      if (entry.kind === 'erased') this.#erase(entry);
      else this.#pass(LogEvent.durable(entry, this.#log.cursorAt(entry.offset)));
    }
    this.#ring.advance(through);
    if (this.#awaited.length > 0) this.#tellAwaited();
  }

  #tellAwaited(): void {
    const { head } = this.#ring;
    const awaited = this.#awaited;
    this.#awaited = awaited.filter((one) => one.head > head);
    for (const one of awaited) if (one.head <= head) one.done();
  }

  #pass(event: LogEvent): void {
    const { amends } = event;
    const now = amends === undefined ? event : this.#amend(event, amends);
    this.#ring.push(now);
    this.#listener.deliver(now);
  }

  /** @returns the event itself, or as a tombstone if memory, which was read from the log, knows already that its notification was taken back. */
  #amend(event: LogEvent, about: number): LogEvent {
    const known = this.#ring.at(about);
    const newest = known?.name === 'retracted' ? event.revised(known) : event;
    this.#ring.amend(newest);
    this.#listener.amended(newest);
    return newest;
  }

  /** Its body is the person's own topic. */
  #erase({ offset, body }: LogEntry): void {
    const topic = body as Topic;
    this.#ring.erase(topic);
    this.#ring.advance(offset);
    this.#listener.erased(topic);
  }
}
