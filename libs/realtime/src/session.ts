import type { Principal, Subscriber } from '#clarion/access';
import type { Via } from '#clarion/notifications';
import {
  type ClientCommand,
  type ControlEvent,
  type GapReason,
  type Ready,
  type Subscription,
  type Topic,
} from '#clarion/protocol';
import { Recipient } from './recipient.js';
import type { Laggard } from './catch-up.js';
import { expiryOf, expiryTold } from './expiry.js';
import type { Flushable } from './fan-out.js';
import type { CloseReason, Link, Peer, Want } from './gateway.js';
import type { LogEvent, View } from './log-event.js';
import { logReading, type LogReading } from './log-reading.js';
import type { EndCause } from './open-connection.js';
import type { Outlet, Run } from './outlet.js';
import { userOf } from './people.js';
import { locate, locateFinally, type Place } from './place.js';
import type { Page } from './ring.js';
import type { DeliverySource } from './realtime-stats.js';
import { CommandsUnderWay } from './commands-under-way.js';
import { assertHeard, carryOut, isPersonal, type Commanded } from './session-commands.js';
import type { SessionContext } from './session-context.js';
import { SessionSelectors } from './session-selectors.js';
import type { SessionState } from './session-state.js';
import type { Receiver } from './subscription.js';
import { Unwritten } from './unwritten.js';

/**
 * One reader of the log, with one cursor. Everything at or below the cursor that concerns it was given to its link, in log order
 * and once; the selectors share it.
 */
export class LogSession<F> implements Commanded, Receiver, Flushable, Laggard {
  readonly kind = 's';
  readonly openedAt = Date.now();
  readonly #context: SessionContext;
  readonly #link: Link<F>;
  readonly #unwritten: Unwritten<F>;
  readonly selectors: SessionSelectors;
  who: Principal;
  readonly #recipient: Recipient;
  readonly #commands: CommandsUnderWay;
  #state: SessionState = 'opening';
  /** The cursor: all that concerns this session at or below it is written. While live with nothing pending it is the head. */
  #through = 0;
  /** Where it began: what lies at or below was never for it. */
  #from = 0;
  /** The cursor that the client was told last. */
  #told = 0;
  #flushing = false;
  /** The link said that it is full. */
  #held = false;
  /** A page is being read or waits for its turn. */
  #stepping = false;
  #dispatch = 0;
  /** A revision of the rules by which it hears all that is plain: what has that is not looked at further. */
  #hearsAt = -2;
  /** Resolves when the session has found its place. */
  #opening: Promise<void> | undefined;
  /** Grows with each change of the selectors: a page read for the old ones is not taken. */
  #version = 0;
  #cursorToldAt = 0;
  #endedBy: EndCause | undefined;
  lowPriority = false;

  constructor(
    readonly number: number,
    context: SessionContext,
    link: Link<F>,
    outlet: Outlet<F>,
    who: Principal,
    readonly device?: string,
  ) {
    this.#context = context;
    this.#link = link;
    this.#unwritten = new Unwritten(outlet, context.limits.maxKeys);
    this.who = who;
    this.#recipient = new Recipient(context, who, this.transport, device);
    this.#commands = new CommandsUnderWay(context.limits.maxCommands);
    this.selectors = new SessionSelectors(context, this, userOf(who));
  }

  get id(): string {
    return `s${this.number}`;
  }

  get transport(): string {
    return this.#link.codec.name;
  }

  /** By what its client is reached. */
  get via(): Via {
    return this.#recipient.via;
  }

  get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  get reading(): LogReading {
    const { subscriptions } = this.selectors.interest;
    return logReading(subscriptions, this.#context.ring.head, this.#unwritten.bytes, this.#from, this.#position);
  }

  peer(): Peer | undefined {
    return this.#link.peer?.();
  }

  /** Begins to read. @throws {DomainError} when one of the selectors is not granted; nothing has begun then. */
  open(want: Want): void {
    this.selectors.add(this.selectors.grants(this.who, want.selectors));
    const rules = this.#recipient.begin();
    this.lowPriority = want.priority === 'low';
    this.#context.expires(this, expiryOf(this.who));
    const located = rules === undefined ? locate(this.#context, want.since) : undefined;
    if (located === undefined || 'ahead' in located) this.#opening = this.#openLater(want, rules);
    else this.#begin(located, want.since);
  }

  handle(command: ClientCommand): Promise<unknown> {
    return this.#commands.run(command, async () => {
      if (this.#state === 'opening' && !isPersonal(command)) await this.#opening;
      assertHeard(command, this.#endedBy);
      return carryOut(this, this.#context, command);
    });
  }

  offer(event: LogEvent, topic: Topic, dispatch: number): void {
    if (dispatch === this.#dispatch) return;
    if (event.offset === undefined) return this.#offerEphemeral(event, topic, dispatch);
    if (this.#state !== 'live' || event.offset <= this.#through) return;
    // Before rules are asked: who has ceased to hear of it may have an old form waiting all the same.
    if (event.amends !== undefined && (event.amends > this.#through || this.#unwritten.hasAmendments)) this.reread();
    if (this.#state !== 'live' || (event.rulesRevision !== this.#hearsAt && !this.#hears(event, topic))) return;
    // What one topic withholds may be heard by another.
    this.#dispatch = dispatch;
    this.#offerDurable(event, event.offset, topic);
  }

  #hears(event: LogEvent, topic: Topic): boolean {
    if (event.isPlain && !this.selectors.interest.mayWithholdPlain) this.#hearsAt = event.rulesRevision;
    const hears = this.selectors.interest.hears(event, topic);
    if (!hears) this.#recipient.withheld(event, topic);
    return hears;
  }

  /** What waits may be in an old form: it is forgotten, and read again. */
  reread(): void {
    if (this.#unwritten.isEmpty) return;
    this.#unwritten.forget();
    this.#state = 'catching up';
    if (!this.#held) this.#stepLater();
  }

  flush(): void {
    this.#flushing = false;
    this.#writeUnwritten();
  }

  #writeUnwritten(): void {
    if (this.#state !== 'live' || this.#held) return;
    if (this.#unwritten.isOver) return this.reread();
    const { newest } = this.#unwritten;
    const run = this.#unwritten.take();
    if (run === undefined) return;
    // The fan-out has offered everything up to the head, so nothing below it is still to come.
    this.#through = Math.max(this.#through, this.#context.ring.head);
    this.#told = Math.max(this.#told, newest);
    this.#writeEvents(run, 'live');
  }

  writable(): void {
    if (!this.#held || this.#state === 'ended') return;
    this.#held = false;
    if (this.#state === 'catching up') this.#stepLater();
    else if (this.#state === 'live') this.#resumeLive();
    this.#context.watching.writable(this);
  }

  tell(events: readonly ControlEvent[]): boolean {
    if (this.#held || this.#state === 'ended') return false;
    this.#write(this.#unwritten.outlet.controls(events));
    return true;
  }

  step(): void {
    this.#stepping = false;
    if (this.#state !== 'catching up' || this.#held) return;
    const { ring, log } = this.#context;
    if (this.#through < log.floor) this.#gap('lag');
    if (this.#held) return;
    if (this.#through >= ring.floor) this.#readMemory();
    else this.#readLog();
  }

  /** Tells the client its cursor if it moved without a notification, so that it does not fall behind retention. */
  tellCursor(): void {
    if (this.#state !== 'live' || this.#held || !this.#unwritten.isEmpty || this.#position <= this.#told) return;
    this.#sendCursor();
  }

  /** Says `bye` and ends. */
  close(reason: CloseReason): void {
    if (this.#state === 'ended') return;
    this.#end(reason.name);
    this.#link.close(reason);
  }

  ended(): void {
    if (!this.hasEnded) this.#end('gone');
  }

  get #position(): number {
    return this.#state === 'live' && this.#unwritten.isEmpty
      ? Math.max(this.#through, this.#context.ring.head)
      : this.#through;
  }

  /** As soon as what the person has chosen to hear is known, and where the cursor lies. */
  #openLater({ since }: Want, rules: Promise<void> | undefined): Promise<void> {
    return Promise.resolve(rules)
      .then(() => locateFinally(this.#context, since))
      .then((located) => void (this.#state === 'opening' && this.#begin(located, since)))
      .catch((error: unknown) => this.#fail(error));
  }

  #begin(located: Place, since: Want['since']): void {
    this.#state = 'catching up';
    if ('gap' in located) this.#gap(located.gap);
    else {
      this.#through = this.#told = this.#from = located.offset;
      this.#recipient.foundAt(located.offset, since, this.selectors.interest);
    }
    this.#control({ name: 'ready', data: this.ready });
    this.#cursorToldAt = performance.now();
    if (!this.#held && this.#through >= this.#context.ring.head) this.#state = 'live';
    else if (!this.#held) this.#stepLater();
  }

  get ready(): Ready {
    return { ...this.subscription, ...expiryTold(this.who) };
  }

  get subscription(): Subscription {
    return { topics: this.selectors.interest.selectors, cursor: this.#context.log.cursorAt(this.#position) };
  }

  #offerDurable(event: LogEvent, offset: number, topic: Topic): void {
    this.#context.summaries?.heard(this.who);
    // Whatever lies between the last write and this event is known not to concern the session.
    if (this.#unwritten.isEmpty) this.#through = offset - 1;
    this.#add(event, topic);
    if (this.#unwritten.bytes <= this.#context.limits.maxPendingBytes) return;
    if (this.#held) this.#fallBehind();
    else this.#writeUnwritten();
  }

  #offerEphemeral(event: LogEvent, topic: Topic, dispatch: number): void {
    const isReady =
      this.#state === 'live' && !this.#held && this.#unwritten.bytes < this.#context.limits.maxPendingBytes;
    if (isReady && !this.selectors.interest.hears(event, topic)) return;
    this.#dispatch = dispatch;
    if (!isReady) return this.#unwritten.miss(event, topic);
    this.#through = this.#position;
    this.#add(event, topic);
  }

  #add(event: LogEvent, topic: Topic): void {
    this.#unwritten.add(event, topic);
    if (this.#flushing || this.#held) return;
    this.#flushing = true;
    this.#context.fanOut.flushLater(this);
  }

  /** Forgets what waits for a full link, and keeps the cursor: the log still has it, and the link will say when it has room. */
  #fallBehind(): void {
    this.#unwritten.forget();
    this.#state = 'catching up';
    this.#context.stats.fellBehind();
  }

  #resumeLive(): void {
    const place = this.#position;
    if (this.#unwritten.recover(this.selectors.interest)) this.#through = place;
    this.#writeUnwritten();
    if (this.#unwritten.takeLack()) this.#recipient.inboxChanged();
  }

  #stepLater(): void {
    if (this.#stepping) return;
    this.#stepping = true;
    this.#context.catchUp.add(this);
  }

  #readMemory(): void {
    const { ring, limits } = this.#context;
    this.#take(ring.read(this.#through, this.selectors.interest, limits.page.limit, limits.page.maxBytes), 'ring');
  }

  #readLog(): void {
    const version = this.#version;
    const { pages, ring, limits } = this.#context;
    this.#stepping = true;
    pages
      .read(this.#through, this.selectors.interest, ring.floor, limits.page)
      .then((page) => {
        this.#stepping = false;
        if (this.#state !== 'catching up') return;
        // Selectors may have changed, retention have passed the cursor, or events have got another form, while the log was read.
        const isCurrent = version === this.#version && page.version === pages.version;
        if (isCurrent && this.#through >= page.floor) this.#take(page, 'log');
        else this.#stepLater();
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #take(page: Page, source: 'ring' | 'log'): void {
    this.#through = Math.max(this.#through, page.through);
    if (page.views.length > 0) this.#writeViews(page.views, source);
    // What follows memory's head is offered from now on: the state turns in the turn in which the head was read.
    if (this.#through >= this.#context.ring.head) this.#turnLive();
    else if (page.views.length === 0 && performance.now() - this.#cursorToldAt >= this.#context.limits.cursorEveryMs)
      this.#sendCursor();
    if (this.#state === 'catching up' && !this.#held) this.#stepLater();
  }

  #writeViews(views: readonly View[], source: 'ring' | 'log'): void {
    const run = this.#context.catchUp.pages.run(this.#link.codec, views);
    this.#told = views.at(-1)!.event.offset!;
    this.#writeEvents(run, source);
  }

  #writeEvents(run: Run<F>, source: DeliverySource): void {
    this.#context.stats.delivered(source, run.length);
    this.#write(run);
    this.#recipient.wrote(run);
  }

  #turnLive(): void {
    this.#state = 'live';
    if (this.#held) return;
    if (this.#through > this.#told) this.#sendCursor();
    if (!this.#held) this.#resumeLive();
  }

  #sendCursor(): void {
    this.#told = this.#position;
    this.#cursorToldAt = performance.now();
    this.#control({ name: 'cursor', data: { cursor: this.#context.log.cursorAt(this.#told) } });
  }

  #gap(reason: GapReason): void {
    const { log, stats } = this.#context;
    stats.gap(reason);
    this.#through = this.#told = this.#from = log.floor;
    this.#control({ name: 'gap', data: { reason, cursor: log.cursorAt(log.floor) } });
  }

  #control(event: ControlEvent): void {
    this.#write(this.#unwritten.outlet.controls([event]));
  }

  #write(batch: Parameters<Link<F>['write']>[0]): void {
    if (!this.#link.write(batch)) this.#held = true;
  }

  renew(who: Subscriber): void {
    this.who = who;
    this.#context.expires(this, expiryOf(who));
    this.settle();
    this.selectors.regrant(who);
  }

  settle(): void {
    this.#version++;
    if (this.#state !== 'live') return;
    this.#writeUnwritten();
    if (this.#unwritten.isEmpty) this.#through = this.#position;
    else this.#fallBehind();
  }

  #fail(error: unknown): void {
    if (this.#state === 'ended') return;
    this.#context.failed(this, error);
    this.close({ name: 'internal' });
  }

  #end(cause: EndCause): void {
    this.#state = 'ended';
    this.#endedBy = cause;
    this.#unwritten.forget();
    this.selectors.clear();
    this.#recipient.end();
    this.#context.ended(this, cause);
  }
}
