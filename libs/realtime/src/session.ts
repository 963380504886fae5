import type { Principal } from '#clarion/access';
import type { Located } from '#clarion/notifications';
import {
  DomainError,
  type ClientCommand,
  type ControlEvent,
  type GapReason,
  type Ready,
  type Selector,
  type Subscription,
  type Topic,
} from '#clarion/protocol';
import type { Laggard } from './catch-up.js';
import { expiryOf, expiryTold } from './expiry.js';
import type { Flushable } from './fan-out.js';
import type { CloseReason, Link, Peer, Want } from './gateway.js';
import type { LogEvent, View } from './log-event.js';
import { NewestByKey } from './newest-by-key.js';
import type { Reading } from './open-connection.js';
import type { Outlet, Run } from './outlet.js';
import { locate } from './place.js';
import { deviceOf } from './presence/device.js';
import { Watches, type WatchingSession } from './presence/watches.js';
import type { Page } from './ring.js';
import type { OpenSession, SessionContext } from './session-context.js';
import { readHistory } from './session-history.js';
import { SessionSelectors } from './session-selectors.js';
import type { Presence, Receiver } from './subscription.js';

/**
 * `live`: has everything up to the head, and is fed by the fan-out. `catching up`: reads pages after its cursor as its link drains,
 * and turns live in the same turn in which it has read what memory holds up to the head. `opening` waits to learn where its cursor lies.
 */
type State = 'opening' | 'catching up' | 'live' | 'ended';

/**
 * One reader of the log, with one cursor. Everything at or below the cursor that concerns it was given to its link, in log order
 * and once; the selectors share it.
 */
export class LogSession<F> implements OpenSession, Receiver, Flushable, Laggard, WatchingSession {
  readonly kind = 's';
  readonly number: number;
  readonly openedAt = Date.now();
  readonly #context: SessionContext;
  readonly #link: Link<F>;
  readonly #outlet: Outlet<F>;
  readonly #selectors: SessionSelectors;
  /** Ephemeral events that its link had no room for. */
  #missed: NewestByKey | undefined;
  /** Once it has watched who is there. */
  #watches: Watches | undefined;
  who: Principal;
  device: string | undefined;
  #state: State = 'opening';
  /** The cursor: all that concerns this session at or below it is written. While live with nothing pending it is the head. */
  #through = 0;
  /** The cursor that the client was told last. */
  #told = 0;
  /** The last durable event that was put into the run. */
  #offered = 0;
  /** Live: what was offered and is not written. */
  #run: Run<F> | undefined;
  #pendingBytes = 0;
  #flushing = false;
  /** The link said that it is full. */
  #held = false;
  /** A page is being read or waits for its turn. */
  #stepping = false;
  #dispatch = 0;
  /** Resolves when the session has found its place. */
  #opening: Promise<void> | undefined;
  /** Grows with each change of the selectors: a page read for the old ones is not taken. */
  #version = 0;
  #cursorToldAt = 0;
  #commands = 0;
  /** Whether the client said that others matter more. */
  lowPriority = false;

  constructor(number: number, context: SessionContext, link: Link<F>, outlet: Outlet<F>, who: Principal) {
    this.number = number;
    this.#context = context;
    this.#link = link;
    this.#outlet = outlet;
    this.who = who;
    this.#selectors = new SessionSelectors(context, this);
  }

  get id(): string {
    return `s${this.number}`;
  }

  get transport(): string {
    return this.#link.codec.name;
  }

  get reading(): Reading {
    const lag = Math.max(0, this.#context.ring.head - this.#position);
    return { topics: this.#selectors.interest.selectors, lag, pendingBytes: this.#pendingBytes };
  }

  /** Services and strangers are nobody. */
  get presence(): Presence | undefined {
    if (this.who.kind !== 'subscriber') return undefined;
    return { user: this.who.sub, number: this.number, device: deviceOf(this) };
  }

  peer(): Peer | undefined {
    return this.#link.peer?.();
  }

  /**
   * Begins to read.
   * @throws {DomainError} when one of the selectors is not granted; nothing has begun then.
   */
  open(want: Want): void {
    this.device = want.device;
    this.#selectors.add(this.#selectors.grants(this.who, want.selectors));
    this.lowPriority = want.priority === 'low';
    this.#context.expires(this, expiryOf(this.who));
    const located = locate(this.#context, want.since);
    if ('ahead' in located) this.#opening = this.#openAhead(want);
    else this.#begin(located);
  }

  async handle(command: ClientCommand): Promise<unknown> {
    if (this.#commands >= this.#context.limits.maxCommands)
      throw new DomainError('rate.limited', 'too many commands at once');
    this.#commands++;
    try {
      await this.#opening;
      if (this.#state === 'ended') throw new DomainError('draining', 'this session has ended');
      return await this.#carryOut(command);
    } finally {
      this.#commands--;
    }
  }

  async #carryOut(command: ClientCommand): Promise<unknown> {
    switch (command.op) {
      case 'subscribe':
        return this.#subscribe(command.topics);
      case 'unsubscribe':
        return this.#unsubscribe(command.topics);
      case 'auth':
        return this.#renew(command.token);
      case 'history':
        return readHistory(this, this.#context.histories, command);
      case 'presence':
        return (this.#watches ??= new Watches(this.#context, this)).carryOut(command);
    }
  }

  offer(event: LogEvent, topic: Topic, dispatch: number): void {
    if (dispatch === this.#dispatch) return;
    this.#dispatch = dispatch;
    if (event.offset === undefined) this.#offerEphemeral(event, topic);
    else if (this.#state === 'live' && event.offset > this.#through) this.#offerDurable(event, event.offset, topic);
  }

  flush(): void {
    this.#flushing = false;
    this.#writeRun();
  }

  #writeRun(): void {
    if (this.#state !== 'live' || this.#held || this.#run === undefined) return;
    const run = this.#run;
    this.#run = undefined;
    this.#pendingBytes = 0;
    // The fan-out has offered everything up to the head, so nothing below it is still to come.
    this.#through = Math.max(this.#through, this.#context.ring.head);
    this.#told = Math.max(this.#told, this.#offered);
    this.#context.stats.delivered('live', run.length);
    this.#write(run);
  }

  writable(): void {
    if (!this.#held || this.#state === 'ended') return;
    this.#held = false;
    if (this.#state === 'catching up') this.#stepLater();
    else if (this.#state === 'live') this.#resumeLive();
    this.#watches?.writable();
  }

  tell(events: readonly ControlEvent[]): boolean {
    if (this.#held || this.#state === 'ended') return false;
    const frames = events.map((event) => this.#outlet.control(event));
    this.#write({ frames, joined: () => (frames.length === 1 ? frames[0]! : this.#link.codec.join(frames)) });
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
    if (this.#state !== 'live' || this.#held || this.#run !== undefined || this.#position <= this.#told) return;
    this.#sendCursor();
  }

  /** Says `bye` and ends. */
  close(reason: CloseReason): void {
    if (this.#state === 'ended') return;
    this.#end();
    this.#link.close(reason);
  }

  ended(): void {
    if (this.#state !== 'ended') this.#end();
  }

  get #position(): number {
    return this.#state === 'live' && this.#run === undefined
      ? Math.max(this.#through, this.#context.ring.head)
      : this.#through;
  }

  /** A cursor beyond what this node knows may come from another node a moment ago, or from a lost future: the log knows. */
  async #openAhead(want: Want): Promise<void> {
    try {
      await this.#context.log.refresh();
      if (this.#state !== 'opening') return;
      const located = locate(this.#context, want.since);
      this.#begin('ahead' in located ? { gap: 'unknown' } : located);
    } catch (error) {
      this.#fail(error);
    }
  }

  #begin(located: Exclude<Located, { ahead: true }>): void {
    this.#state = 'catching up';
    if ('gap' in located) this.#gap(located.gap);
    else this.#through = this.#told = located.offset;
    this.#control({ name: 'ready', data: this.#ready() });
    this.#cursorToldAt = performance.now();
    if (!this.#held && this.#through >= this.#context.ring.head) this.#state = 'live';
    else if (!this.#held) this.#stepLater();
  }

  #ready(): Ready {
    return { ...this.#subscription(), ...expiryTold(this.who) };
  }

  #subscription(): Subscription {
    return { topics: this.#selectors.interest.selectors, cursor: this.#context.log.cursorAt(this.#position) };
  }

  #offerDurable(event: LogEvent, offset: number, topic: Topic): void {
    // Whatever lies between the last write and this event is known not to concern the session.
    if (this.#run === undefined) this.#through = offset - 1;
    this.#offered = offset;
    this.#append(event, topic);
    if (this.#pendingBytes <= this.#context.limits.maxPendingBytes) return;
    if (this.#held) this.#fallBehind();
    else this.#writeRun();
  }

  #offerEphemeral(event: LogEvent, topic: Topic): void {
    if (this.#state === 'live' && !this.#held && this.#pendingBytes < this.#context.limits.maxPendingBytes)
      this.#append(event, topic);
    else (this.#missed ??= new NewestByKey(this.#context.limits.maxKeys)).keep(event, topic);
  }

  #append(event: LogEvent, topic: Topic): void {
    if (event.offset === undefined) this.#through = this.#position;
    this.#run = (this.#run ?? this.#outlet.root).plus(event, topic);
    this.#pendingBytes += event.bytes;
    if (this.#flushing || this.#held) return;
    this.#flushing = true;
    this.#context.fanOut.flushLater(this);
  }

  /** Forgets what waits for a full link, and keeps the cursor: the log still has it, and the link will say when it has room. */
  #fallBehind(): void {
    this.#run = undefined;
    this.#pendingBytes = 0;
    this.#state = 'catching up';
    this.#context.stats.fellBehind();
  }

  #resumeLive(): void {
    for (const { event, topic } of this.#missed?.take(this.#selectors.interest) ?? []) this.#append(event, topic);
    this.#missed = undefined;
    this.#writeRun();
  }

  #stepLater(): void {
    if (this.#stepping) return;
    this.#stepping = true;
    this.#context.catchUp.add(this);
  }

  #readMemory(): void {
    const { ring, limits } = this.#context;
    this.#take(ring.read(this.#through, this.#selectors.interest, limits.pageEvents, limits.pageBytes), 'ring');
  }

  #readLog(): void {
    const version = this.#version;
    const { pages, ring, limits } = this.#context;
    this.#stepping = true;
    pages
      .read(this.#through, this.#selectors.interest, ring.floor, {
        limit: limits.pageEvents,
        maxBytes: limits.pageBytes,
      })
      .then((page) => {
        this.#stepping = false;
        if (this.#state !== 'catching up') return;
        // Selectors may have changed, or retention have passed the cursor, while the log was read.
        if (version === this.#version && this.#through >= page.floor) this.#take(page, 'log');
        else this.#stepLater();
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #take(page: Page, source: 'ring' | 'log'): void {
    this.#through = Math.max(this.#through, page.through);
    if (page.views.length > 0) this.#writeViews(page.views, source);
    // What follows memory's head is offered from now on: the state turns in the turn in which the head was read.
    if (this.#through >= this.#context.ring.head) this.#turnLive();
    else if (page.views.length === 0 && this.#cursorIsDue()) this.#sendCursor();
    if (this.#state === 'catching up' && !this.#held) this.#stepLater();
  }

  #writeViews(views: readonly View[], source: 'ring' | 'log'): void {
    let run = this.#context.catchUp.pages.root(this.#link.codec);
    for (const { event, topic } of views) run = run.plus(event, topic);
    this.#told = views.at(-1)!.event.offset!;
    this.#context.stats.delivered(source, run.length);
    this.#write(run);
  }

  #turnLive(): void {
    this.#state = 'live';
    if (this.#held) return;
    if (this.#through > this.#told) this.#sendCursor();
    if (!this.#held) this.#resumeLive();
  }

  #cursorIsDue(): boolean {
    return performance.now() - this.#cursorToldAt >= this.#context.limits.cursorEveryMs;
  }

  #sendCursor(): void {
    this.#told = this.#position;
    this.#cursorToldAt = performance.now();
    this.#control({ name: 'cursor', data: { cursor: this.#context.log.cursorAt(this.#told) } });
  }

  #gap(reason: GapReason): void {
    const { log, stats } = this.#context;
    stats.gap(reason);
    this.#through = this.#told = log.floor;
    this.#control({ name: 'gap', data: { reason, cursor: log.cursorAt(log.floor) } });
  }

  #control(event: ControlEvent): void {
    const frame = this.#link.codec.control(event);
    this.#write({ frames: [frame], joined: () => frame });
  }

  #write(batch: Parameters<Link<F>['write']>[0]): void {
    if (!this.#link.write(batch)) this.#held = true;
  }

  /** New selectors take effect at the present cursor, which the answer names. */
  #subscribe(wanted: readonly Selector[]): Subscription {
    const grants = this.#selectors.grants(this.who, wanted);
    this.#settle();
    this.#selectors.add(grants);
    return this.#subscription();
  }

  #unsubscribe(unwanted: readonly Selector[]): Subscription {
    const grants = this.#selectors.grants(this.who, unwanted);
    this.#settle();
    this.#selectors.delete(grants.map(({ selector }) => selector));
    return this.#subscription();
  }

  /** Brings the session to a single cursor, so that a change of selectors has one place at which it takes effect. */
  #settle(): void {
    this.#version++;
    if (this.#state !== 'live') return;
    this.#writeRun();
    if (this.#run === undefined) this.#through = this.#position;
    else this.#fallBehind();
  }

  /** A new token for the same person. What it does not grant any more is read no longer. */
  async #renew(token: string): Promise<Ready> {
    const who = await this.#context.access.verifyToken(token);
    const isSame = this.who.kind === 'subscriber' && who.sub === this.who.sub;
    if (!isSame || this.#state === 'ended') throw new DomainError('token.invalid');
    this.who = who;
    this.#context.expires(this, expiryOf(who));
    this.#settle();
    this.#selectors.regrant(who);
    this.#watches?.recheck();
    return this.#ready();
  }

  #fail(error: unknown): void {
    if (this.#state === 'ended') return;
    this.#context.failed(this, error);
    this.close({ name: 'internal' });
  }

  #end(): void {
    this.#state = 'ended';
    this.#run = undefined;
    this.#selectors.clear();
    this.#watches?.clear();
    this.#context.ended(this);
  }
}
