import { randomInt } from 'node:crypto';
import type { Access, Principal, RightsChange } from '#clarion/access';
import type { BusMessage, EventBus } from '#clarion/event-bus';
import type { NotificationLog, Reach, TopicHistories } from '#clarion/notifications';
import { DomainError, userOfTopic, type Selector } from '#clarion/protocol';
import { amendmentBy, erasureOf } from './amendment.js';
import { Amendments } from './amendments.js';
import { CatchUp } from './catch-up.js';
import { Connections, type ConnectionsPage, type ConnectionsRequest } from './connections.js';
import { Deadlines } from './deadlines.js';
import { Departures } from './departures.js';
import { endOfWait } from './expiry.js';
import { FanOut } from './fan-out.js';
import type { CloseReason, Link, PollWant, Session, Visitor, Want } from './gateway.js';
import { InterestIndex } from './interest-index.js';
import { Load } from './load.js';
import { LogEvent } from './log-event.js';
import { LogPages } from './log-pages.js';
import { LogTail } from './log-tail.js';
import { NodeReach } from './node-reach.js';
import type { EndCause } from './open-connection.js';
import { NO_PEOPLE, type People } from './people.js';
import { personReading } from './person-reading.js';
import { Outlets } from './outlet.js';
import { Poll, type PollPage } from './poll.js';
import { ConnectedPeople } from './presence/connected-people.js';
import type { ToldDevice } from './presence/device.js';
import { PresenceBoard } from './presence/presence-board.js';
import { Watching } from './presence/watching.js';
import type { RealtimeSnapshot } from './realtime-snapshot.js';
import { RealtimeStats } from './realtime-stats.js';
import type { RealtimeConfig } from './realtime.config.js';
import { Ring } from './ring.js';
import { Screen } from './screen.js';
import type { OpenSession, SessionContext } from './session-context.js';
import { sessionLimits } from './session-limits.js';
import { assertFew } from './session-selectors.js';
import { LogSession } from './session.js';
import { hasLost } from './standing.js';
import { SummaryFeed } from './summary-feed.js';
import { listTopics, type TopicsPage, type TopicsRequest } from './topic-list.js';
import { Turnstile } from './turnstile.js';
import { Wheel } from './wheel.js';

/** Told when something fails that no client can be told of. */
export type ErrorSink = (error: unknown, about: string) => void;

const TAIL_LIMITS = { maxEarly: 1_024, warmOffsets: 20_000 } as const;
/** Soonest return after the server went away: a restart takes about that long. */
const MIN_RETRY_MS = 200;

/** The readers of the log on this node, and how events reach them. Gateways open sessions here. */
export class Realtime {
  readonly #log: NotificationLog;
  readonly #bus: EventBus;
  readonly #config: RealtimeConfig;
  readonly #onError: ErrorSink;
  readonly #ring: Ring;
  readonly #tail: LogTail;
  readonly #pages: LogPages;
  readonly #index = new InterestIndex();
  /** Who is on which topic. */
  readonly presence: PresenceBoard;
  readonly #watching: Watching;
  readonly #connected: ConnectedPeople;
  readonly #departures = new Departures();
  /** Who can be reached now, for those who explain what was delivered and what was not. */
  readonly reach: Reach;
  readonly #outlets = new Outlets();
  readonly #fanOut: FanOut;
  readonly #stats = new RealtimeStats();
  readonly #amendments = new Amendments();
  readonly #people: People;
  readonly #summaries: SummaryFeed | undefined;
  /** All that are open; each tells its cursor once per turn of the wheel. */
  readonly #sessions: Wheel<OpenSession>;
  readonly #connections: Connections;
  readonly #expiry = new Deadlines<OpenSession>((session) => session.close({ name: 'token.expired' }));
  readonly #polls = new Deadlines<Poll>((poll) => poll.wake());
  readonly #load: Load;
  readonly #context: SessionContext;
  #compareTimer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  #draining = false;

  constructor(
    log: NotificationLog,
    bus: EventBus,
    access: Access,
    histories: TopicHistories,
    config: RealtimeConfig,
    onError: ErrorSink,
    people: People = NO_PEOPLE,
  ) {
    this.#people = people;
    this.#log = log;
    this.#bus = bus;
    this.#config = config;
    this.#onError = onError;
    this.#ring = new Ring(config.ringBytes);
    this.presence = new PresenceBoard(this.#index, config.presenceLingerMs, people.hidden);
    this.#connected = new ConnectedPeople((user) => people.lastSeen?.note(user, Date.now()));
    this.#fanOut = new FanOut(this.#index, config.flushTickMs, () => this.#outlets.reset(), people);
    this.#watching = new Watching({ access, fanOut: this.#fanOut, presence: this.presence });
    this.#pages = new LogPages(log, {
      maxBytes: config.pageCacheBytes,
      sharedReach: config.sharedReach,
      maxFlights: config.logReads,
    });
    this.#amendments.add(this.#pages);
    this.#tail = new LogTail(
      log,
      this.#ring,
      TAIL_LIMITS,
      {
        amended: (by) => this.#amendments.tell(amendmentBy(by)),
        deliver: (event) => this.#deliver(event),
        erased: (topic) => {
          this.#amendments.tell(erasureOf(topic));
          this.#fanOut.reread(topic);
          this.#people.rules.changed(userOfTopic(topic) ?? '');
        },
      },
      (error) => onError(error, 'log tail'),
    );
    this.#sessions = new Wheel(config.heartbeatMs, (session) => session.tellCursor());
    this.reach = new NodeReach(this.#sessions, this.#polls, this.#index, this.#departures, access);
    this.#connections = new Connections(this.#sessions, (error) => onError(error, 'closing a connection'));
    this.#load = new Load(
      { connections: config.stepDownConnections, delayMs: config.stepDownDelayMs, retryMs: config.stepDownRetryMs },
      () => this.#sessions.size,
    );
    this.#summaries =
      people.summaries &&
      new SummaryFeed(
        people.summaries,
        (topic) => personReading(this.#index, topic),
        () => this.#tail.settled(),
        (event) => this.#fanOut.deliver(event),
        (error) => onError(error, 'summaries'),
      );
    this.#context = this.#makeContext(access, histories);
  }

  /** Brings the newest part of the log into memory and listens to the bus. Sessions may be opened once it resolved. */
  async start(): Promise<void> {
    this.#unwatch = this.#context.access.onRightsChanged((change) => this.#revoke(change));
    this.#unsubscribe = this.#bus.subscribe((message) => this.#take(message));
    await this.#tail.warm();
    this.#load.start(() => this.#stepDownLow());
    this.#compareTimer = setInterval(() => this.#compare(), this.#config.headCheckMs).unref();
  }

  /**
   * Opens a reader. Its link gets `gap` if the cursor's place is lost, then `ready`, then what it missed, then what happens.
   * @throws {DomainError} `topic.forbidden`, `credentials.missing`, `draining`; `token.invalid`, `key.invalid` when the credentials have become
   * void since they were checked: nothing was opened.
   */
  open<F>(link: Link<F>, who: Principal, want: Want): Session {
    this.#assertOpenTo(who);
    const session = new LogSession(
      this.#connections.nextNumber(),
      this.#context,
      link,
      this.#outlets.of(link.codec),
      who,
      want.device,
    );
    this.#sessions.add(session);
    this.#connected.arrived(who);
    try {
      session.open(want);
    } catch (error) {
      session.ended();
      throw error;
    }
    this.#stats.opened++;
    // It has its cursor by now, and brings it when it polls or comes back.
    if (this.#load.isHigh()) this.#stepDown(session);
    return session;
  }

  /**
   * Answers one poll: what concerns the reader after its cursor; if there is nothing, what comes first within `waitMs`.
   * @param signal ends the waiting early, when the client has gone.
   * @throws {DomainError} as `open`.
   */
  async read(who: Principal, want: PollWant, signal: AbortSignal): Promise<PollPage> {
    this.#assertOpenTo(who);
    const poll = new Poll(this.#connections.nextNumber(), this.#context, who, want);
    const wake = (): void => poll.wake();
    signal.addEventListener('abort', wake);
    this.#connections.addPoll(poll);
    this.#connected.arrived(who);
    try {
      return await poll.answer(() => this.#wakeLater(poll, endOfWait(who, want.waitMs), signal));
    } finally {
      signal.removeEventListener('abort', wake);
      this.#polls.delete(poll);
      this.#connections.deletePoll(poll);
      this.#connected.departed(who);
      this.#departures.note(poll, 'gone');
    }
  }

  /**
   * Whether {@link open} would open this, for gateways that must know before they accept a connection.
   * @throws {DomainError} as `open`.
   */
  authorise(who: Principal, want: Want): void {
    this.#assertOpenTo(who);
    assertFew(want.selectors.length, this.#config.maxSelectors);
    for (const selector of want.selectors) this.#context.access.readGrant(who, selector);
  }

  /** There is a connection that has no session yet; or never will, if it only publishes. */
  arrived(visitor: Visitor): void {
    this.#connections.addVisitor(visitor);
  }

  /** It has a session now, or is gone. Idempotent. */
  departed(visitor: Visitor): void {
    this.#connections.deleteVisitor(visitor);
  }

  /**
   * Who is connected now: sessions, polls that are being answered, and visitors. Looks at all of them, in turns of 2 ms.
   * @throws {DomainError} `query.invalid` for a page token that is not of this process.
   */
  connections(request: ConnectionsRequest): Promise<ConnectionsPage> {
    return this.#connections.page(request);
  }

  /** Whether there is such a connection. */
  async isConnected(id: string): Promise<boolean> {
    return (await this.#connections.find(id)) !== undefined;
  }

  /** How many connections of this person are open. */
  count(user: string): Promise<number> {
    return this.#connections.count(({ who }) => who?.kind === 'subscriber' && who.sub === user);
  }

  /** By what a person is connected now: sessions, and polls that wait. Looks at all connections, in turns of 2 ms. */
  devicesOf(user: string): Promise<ToldDevice[]> {
    return this.#connections.devicesOf(user);
  }

  /** Closes one connection, whose client may come back. @returns false when there is none. */
  async close(id: string): Promise<boolean> {
    const connection = await this.#connections.find(id);
    connection?.close(this.#comeBackAfter('closed.by_operator'));
    return connection !== undefined;
  }

  /**
   * What is read now, in the order of the names. Looks at all of it, in turns of 2 ms.
   * @throws {DomainError} `query.invalid` for what is no page token.
   */
  topics(request: TopicsRequest): Promise<TopicsPage> {
    return listTopics(this.#index, request);
  }

  /** Closes all who read exactly this; each may come back, at a time of its own. @returns how many. */
  closeReaders(selector: Selector): Promise<number> {
    return this.#connections.close(
      ({ reading }) => reading.topics.includes(selector),
      () => this.#comeBackAfter('closed.by_operator'),
    );
  }

  /** Opens no more sessions, and tells those that are open to come back, each at a time of its own. */
  drain(): void {
    this.#draining = true;
    for (const poll of this.#polls.members()) poll.wake();
    for (const session of [...this.#sessions]) session.close(this.#comeBackAfter('server.draining'));
  }

  /** Lets go of the bus and all timers. */
  stop(): void {
    this.#load.stop();
    this.#fanOut.stop();
    this.#summaries?.stop();
    this.#polls.stop();
    this.#unsubscribe?.();
    this.#unwatch?.();
    clearInterval(this.#compareTimer);
    this.#sessions.stop();
    this.#expiry.stop();
    this.presence.stop();
  }

  snapshot(): RealtimeSnapshot {
    const sessions = new Map<string, number>();
    for (const { transport } of this.#sessions) sessions.set(transport, (sessions.get(transport) ?? 0) + 1);
    return {
      stats: this.#stats,
      sessions,
      catchingUp: this.#context.catchUp.length,
      ringBytes: this.#ring.bytes,
      ringEntries: this.#ring.length,
      head: this.#ring.head,
      logReads: this.#pages.reads,
      busHoles: this.#tail.holes,
      topics: this.#index.exactTopics,
    };
  }

  #assertOpenTo(who: Principal): void {
    if (this.#draining) throw new DomainError('draining');
    this.#context.access.assertGood(who);
  }

  /** Ends all who have come by credentials that are void now. */
  #revoke(change: RightsChange): void {
    const { access } = this.#context;
    this.#connections
      .close(
        ({ who }) => hasLost(access, who, change),
        () => ({ name: 'access.revoked' }),
      )
      .catch((error: unknown) => this.#onError(error, 'ending connections'));
  }

  #comeBackAfter(name: CloseReason['name']): CloseReason {
    return { name, retryAfterMs: MIN_RETRY_MS + randomInt(this.#config.retrySpreadMs + 1) };
  }

  #wakeLater(poll: Poll, at: number, signal: AbortSignal): void {
    if (signal.aborted || this.#draining) poll.wake();
    else this.#polls.set(poll, at);
  }

  /** A tenth of the streams of low priority at a time: their going away is load too. */
  #stepDownLow(): void {
    const low = [...this.#sessions].filter(({ lowPriority }) => lowPriority);
    for (const session of low.slice(0, Math.ceil(low.length / 10))) this.#stepDown(session);
  }

  #stepDown(session: OpenSession): void {
    this.#stats.steppedDown++;
    session.close(this.#load.reason());
  }

  #take(message: BusMessage): void {
    if (message.kind === 'committed') this.#tail.take(message);
    else if (message.kind === 'ephemeral') this.#fanOut.deliver(LogEvent.ephemeral(message.entry));
  }

  #deliver(event: LogEvent): void {
    this.#fanOut.deliver(event);
    if (event.name === 'inbox') this.#inboxChanged(event);
  }

  /** It is on the person's own topic alone. */
  #inboxChanged({ topics, changesPreferences }: LogEvent): void {
    const user = userOfTopic(topics[0] ?? '');
    if (user === undefined) return;
    if (changesPreferences) this.#people.rules.changed(user);
    this.#summaries?.changed(user);
  }

  #compare(): void {
    this.#tail.compare().catch((error: unknown) => this.#onError(error, 'comparing heads'));
  }

  #makeContext(access: Access, histories: TopicHistories): SessionContext {
    return {
      log: this.#log,
      histories,
      access,
      ring: this.#ring,
      pages: this.#pages,
      index: this.#index,
      fanOut: this.#fanOut,
      presence: this.presence,
      watching: this.#watching,
      catchUp: new CatchUp(),
      answers: new Turnstile(),
      stats: this.#stats,
      people: this.#people,
      screen: new Screen(this.#people.rules),
      amendments: this.#amendments,
      limits: sessionLimits(this.#config),
      expires: (session, at) => (at === undefined ? this.#expiry.delete(session) : this.#expiry.set(session, at)),
      summaries: this.#summaries,
      ended: (session, cause) => this.#forget(session, cause),
      failed: (session, error) => this.#onError(error, `session ${session.id}`),
    };
  }

  #forget(session: OpenSession, cause: EndCause): void {
    this.#departures.note(session, cause);
    this.#sessions.delete(session);
    this.#expiry.delete(session);
    this.#watching.end(session);
    this.#connected.departed(session.who);
  }
}
