import type { Access, Principal } from '#clarion/access';
import type { NotificationLog, TopicHistories } from '#clarion/notifications';
import type { Amendments } from './amendments.js';
import type { CatchUp } from './catch-up.js';
import type { FanOut } from './fan-out.js';
import type { CloseReason, Session } from './gateway.js';
import type { InterestIndex } from './interest-index.js';
import type { LogPages, PageLimits } from './log-pages.js';
import type { LogReading } from './log-reading.js';
import type { EndCause, OpenConnection } from './open-connection.js';
import type { People } from './people.js';
import type { PresenceBoard } from './presence/presence-board.js';
import type { WatchingSession } from './presence/watches.js';
import type { Watching } from './presence/watching.js';
import type { RealtimeStats } from './realtime-stats.js';
import type { Ring } from './ring.js';
import type { Screen } from './screen.js';
import type { SummaryFeed } from './summary-feed.js';
import type { Turnstile } from './turnstile.js';

/** What all sessions of a process share. */
export interface SessionContext {
  readonly log: NotificationLog;
  readonly histories: TopicHistories;
  readonly access: Access;
  readonly ring: Ring;
  readonly pages: LogPages;
  readonly index: InterestIndex;
  readonly fanOut: FanOut;
  readonly presence: PresenceBoard;
  readonly watching: Watching;
  readonly catchUp: CatchUp;
  /** Through which polls go that have waited, on their way to an answer. */
  readonly answers: Turnstile;
  readonly stats: RealtimeStats;
  readonly limits: SessionLimits;
  readonly people: People;
  readonly screen: Screen;
  readonly amendments: Amendments;
  /** The session's token is valid until then, milliseconds since 1970; undefined: for ever. */
  expires(session: OpenSession, at: number | undefined): void;
  /** Undefined: nobody is told how much of their inbox is new. */
  readonly summaries: SummaryFeed | undefined;
  ended(session: OpenSession, cause: EndCause): void;
  failed(session: OpenSession, error: unknown): void;
}

/** What the process does with a session without knowing its wire format. */
export interface OpenSession extends Session, OpenConnection, WatchingSession {
  readonly who: Principal;
  /** Whether the client said that others matter more. */
  readonly lowPriority: boolean;
  readonly reading: LogReading;
  tellCursor(): void;
  close(reason: CloseReason): void;
}

export interface SessionLimits {
  /** Selectors of one reader. */
  readonly maxSelectors: number;
  /** Bytes of events that wait for a full link; beyond, they are forgotten and read again when it drains. */
  readonly maxPendingBytes: number;
  /** One page while catching up. */
  readonly page: PageLimits;
  /** Keys of ephemeral events of which a reader who is behind is kept the newest. */
  readonly maxKeys: number;
  /** Commands of one client that are carried out at one time. */
  readonly maxCommands: number;
  /** While catching up on what does not concern it, a client is told its new cursor at most this often. Milliseconds. */
  readonly cursorEveryMs: number;
}
