import type { Access, Principal } from '#clarion/access';
import type { NotificationLog, TopicHistories } from '#clarion/notifications';
import type { CatchUp } from './catch-up.js';
import type { FanOut } from './fan-out.js';
import type { CloseReason, Session } from './gateway.js';
import type { InterestIndex } from './interest-index.js';
import type { LogPages } from './log-pages.js';
import type { OpenConnection } from './open-connection.js';
import type { PresenceBoard } from './presence/presence-board.js';
import type { RealtimeStats } from './realtime-stats.js';
import type { Ring } from './ring.js';
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
  readonly catchUp: CatchUp;
  /** Through which polls go that have waited, on their way to an answer. */
  readonly answers: Turnstile;
  readonly stats: RealtimeStats;
  readonly limits: SessionLimits;
  /** The session's token is valid until then, milliseconds since 1970; undefined: for ever. */
  expires(session: OpenSession, at: number | undefined): void;
  ended(session: OpenSession): void;
  failed(session: OpenSession, error: unknown): void;
}

/** What the process does with a session without knowing its wire format. */
export interface OpenSession extends Session, OpenConnection {
  readonly who: Principal;
  readonly lowPriority: boolean;
  tellCursor(): void;
  close(reason: CloseReason): void;
}

export interface SessionLimits {
  /** Selectors of one reader. */
  readonly maxSelectors: number;
  /** Bytes of events that wait for a full link; beyond, they are forgotten and read again when it drains. */
  readonly maxPendingBytes: number;
  /** Events in one page while catching up. */
  readonly pageEvents: number;
  /** Bytes of one page while catching up. */
  readonly pageBytes: number;
  /** Keys of ephemeral events of which a reader who is behind is kept the newest. */
  readonly maxKeys: number;
  /** Commands of one client that are carried out at one time. */
  readonly maxCommands: number;
  /** While catching up on what does not concern it, a client is told its new cursor at most this often. Milliseconds. */
  readonly cursorEveryMs: number;
}
