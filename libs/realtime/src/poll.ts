import type { Principal } from '#clarion/access';
import type { Cursor, Gap, Topic } from '#clarion/protocol';
import type { Amendment, Keeper } from './amendment.js';
import { Recipient } from './recipient.js';
import type { Peer, PollWant } from './gateway.js';
import { Interest } from './interest.js';
import type { LogEvent, View } from './log-event.js';
import { logReading, type LogReading } from './log-reading.js';
import type { OpenConnection } from './open-connection.js';
import { userOf } from './people.js';
import { locateFinally, type Place } from './place.js';
import type { DeliverySource } from './realtime-stats.js';
import type { Page } from './ring.js';
import type { SessionContext } from './session-context.js';
import { assertFew } from './session-selectors.js';
import type { Receiver } from './subscription.js';

/** What one poll answers: all that concerns the reader after the brought cursor up to `cursor`, as far as the limit allows. */
export interface PollPage {
  /** In log order. */
  readonly views: readonly View[];
  readonly cursor: Cursor;
  readonly gap?: Gap;
}

/** Bytes of events in one answer, about; one event at least is given. */
const MAX_ANSWER_BYTES = 1_048_576;
/** Pages that one poll looks at before it answers with the cursor that it has reached. */
const MAX_PAGES = 64;

/**
 * One poll: reads the log after a cursor, and waits at the head if there is nothing. It is all the state there is, and nothing of it
 * outlives the answer: the next poll may go to any node. Ephemeral events have no place in the log and never appear.
 */
export class Poll implements Receiver, OpenConnection, Keeper {
  readonly kind = 'p';
  readonly transport = 'polling';
  readonly openedAt = Date.now();
  readonly number: number;
  readonly who: Principal;
  readonly #context: SessionContext;
  readonly #want: PollWant;
  readonly #interest: Interest;
  readonly #recipient: Recipient;
  #views: View[] = [];
  #bytes = 0;
  /** Where it began: what lies at or below was never for it. */
  #from = 0;
  #through = 0;
  #gap: Gap | undefined;
  #wake: (() => void) | undefined;
  #closed = false;

  /** @throws {DomainError} when one of the selectors is not granted, or there are too many. */
  constructor(number: number, context: SessionContext, who: Principal, want: PollWant) {
    this.number = number;
    this.who = who;
    this.#context = context;
    this.#want = want;
    this.#interest = new Interest(this, context.screen, userOf(who));
    this.#recipient = new Recipient(context, who, this.transport, want.device);
    assertFew(want.selectors.length, context.limits.maxSelectors);
    for (const selector of want.selectors) this.#interest.add(context.access.readGrant(who, selector));
  }

  get device(): string | undefined {
    return this.#want.device;
  }

  /** What it has found is given only with the answer. */
  get reading(): LogReading {
    const first = this.#views[0]?.event.offset;
    const given = first === undefined ? this.#through : first - 1;
    const { subscriptions } = this.#interest;
    return logReading(subscriptions, this.#context.ring.head, this.#bytes, this.#from, given);
  }

  peer(): Peer {
    return { address: this.#want.address };
  }

  /** Answers with what there is, and waits no longer. */
  close(): void {
    this.#closed = true;
    this.wake();
  }

  /**
   * @param waiting called when the poll begins to wait, for somebody to call {@link wake} in time.
   * @throws {DomainError} when its credentials have become void meanwhile.
   */
  async answer(waiting: () => void): Promise<PollPage> {
    const { amendments } = this.#context;
    amendments.add(this);
    try {
      await this.#recipient.begin();
      return await this.#answer(waiting);
    } finally {
      amendments.delete(this);
      this.#recipient.end();
    }
  }

  async #answer(waiting: () => void): Promise<PollPage> {
    this.#begin(await locateFinally(this.#context, this.#want.since));
    await this.#read();
    if (this.#mayWait) {
      await this.#wait(waiting);
      await this.#read();
    }
    this.#context.access.assertGood(this.who);
    this.#dropOver();
    this.#recipient.answered(this.#views.map(({ event }) => event));
    return {
      views: this.#views,
      cursor: this.#context.log.cursorAt(this.#through),
      ...(this.#gap !== undefined && { gap: this.#gap }),
    };
  }

  /** What was read and is not answered yet follows. */
  amend(amendment: Amendment): void {
    if (this.#views.length === 0) return;
    this.#views = this.#views.flatMap((view) => {
      const event = amendment.of(view.event);
      return event !== undefined && event.topics.includes(view.topic) ? [{ ...view, event }] : [];
    });
  }

  /** Ends the waiting. Idempotent. */
  wake(): void {
    this.#wake?.();
  }

  /** What comes is in memory before it is offered: it is read from there, with all that came in the same turn. */
  offer(event: LogEvent, topic: Topic): void {
    if (event.offset !== undefined && this.#interest.hears(event, topic)) this.wake();
  }

  get #mayWait(): boolean {
    const atHead = this.#through >= this.#context.ring.head;
    return atHead && !this.#closed && this.#want.waitMs > 0 && this.#views.length === 0 && this.#gap === undefined;
  }

  #begin(located: Place): void {
    if ('gap' in located) this.#lose(located.gap);
    else this.#beginAt(located.offset);
  }

  #beginAt(offset: number): void {
    this.#through = this.#from = offset;
    this.#recipient.foundAt(offset, this.#want.since, this.#interest);
  }

  /** Some time has passed since the first pages were read. */
  #dropOver(): void {
    const now = Date.now();
    if (this.#views.some(({ event }) => event.isOver(now)))
      this.#views = this.#views.filter(({ event }) => !event.isOver(now));
  }

  #lose(reason: Gap['reason']): void {
    const { log, stats } = this.#context;
    stats.gap(reason);
    this.#through = this.#from = log.floor;
    this.#gap = { reason, cursor: log.cursorAt(log.floor) };
  }

  async #wait(waiting: () => void): Promise<void> {
    const { index } = this.#context;
    const { subscriptions } = this.#interest;
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    for (const subscription of subscriptions) index.add(subscription);
    try {
      waiting();
      await woken;
    } finally {
      for (const subscription of subscriptions) index.delete(subscription);
    }
    await this.#context.answers.turn();
  }

  /** Reads until the answer is full, the head is reached, or enough was looked at. */
  async #read(): Promise<void> {
    const { ring, log } = this.#context;
    for (let pages = 0; pages < MAX_PAGES && this.#through < ring.head && this.#room > 0; pages++) {
      if (this.#through < log.floor) this.#lose('retention');
      if (this.#through >= ring.floor) this.#take(this.#readMemory(), 'ring');
      else await this.#readLog();
    }
  }

  get #room(): number {
    return this.#bytes >= MAX_ANSWER_BYTES ? 0 : this.#want.limit - this.#views.length;
  }

  #readMemory(): Page {
    return this.#context.ring.read(this.#through, this.#interest, this.#room, MAX_ANSWER_BYTES - this.#bytes);
  }

  async #readLog(): Promise<void> {
    const { pages, ring, limits } = this.#context;
    const most = { limit: this.#room, maxBytes: limits.page.maxBytes };
    const page = await pages.read(this.#through, this.#interest, ring.floor, most);
    // Retention may have passed the cursor, or events have got another form, while the log was read: the next turn says so.
    if (this.#through >= page.floor && page.version === pages.version) this.#take(page, 'log');
  }

  #take({ views, through }: Page, source: DeliverySource): void {
    for (const { event } of views) this.#bytes += event.bytes;
    this.#views.push(...views);
    this.#through = Math.max(this.#through, through);
    this.#context.stats.delivered(source, views.length);
  }
}
