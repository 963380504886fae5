import type { Principal } from '#clarion/access';
import {
  CLOSE_REASONS,
  type Bye,
  type ClientCommand,
  type CloseReasonName,
  type ControlEvent,
  type Cursor,
  type EARLIEST,
  type Priority,
  type Selector,
  type Topic,
} from '#clarion/protocol';
import type { LogEvent } from './log-event.js';

/** Why the server ends a connection; {@link byeOf} says it in the words of the wire. */
export interface CloseReason {
  readonly name: CloseReasonName;
  /** When to come back, milliseconds; differs between clients so that they do not return as one. */
  readonly retryAfterMs?: number;
  /** A transport to come back with. */
  readonly use?: string;
}

/** A way for clients to reach the server; one library implements it and registers itself with {@link Gateways}. */
export interface Gateway {
  /** Configuration key, metric label, log field: `sse`. */
  readonly name: string;
  /**
   * Lets go of every connection. Sessions were closed (and their clients told) before; what is left is waiting for the bytes to
   * leave, until `signal` aborts. Resolves when no socket, timer or handle of the gateway remains.
   */
  drain(signal: AbortSignal): Promise<void>;
}

/** A wire format. Each event is encoded once per (codec, topic by which it is seen); the frame is shared by all links. */
export interface Codec<F> {
  /** Metric label: `sse`. */
  readonly name: string;
  encode(event: LogEvent, topic: Topic): F;
  /** Several frames as one write. Precondition: two or more. */
  join(frames: readonly F[]): F;
  /** Events about one session, made for it alone. */
  control(event: ControlEvent): F;
}

/** Frames for one or many links, joined at most once. */
export interface Batch<F> {
  readonly frames: readonly F[];
  joined(): F;
}

/** The other end of a connection, as far as its transport knows it; bytes are those of the connection, as the system counts them. */
export interface Peer {
  readonly address?: string | undefined;
  readonly bytesSent?: number | undefined;
  readonly bytesReceived?: number | undefined;
}

/** The server's end of one client. It may outlive its socket (Engine.IO upgrade). Only its session calls it. */
export interface Link<F> {
  readonly codec: Codec<F>;
  /** Takes all of the batch; false: full, the session holds back until {@link Session.writable}. Must not call the session back synchronously. */
  write(batch: Batch<F>): boolean;
  /** Says `bye` and ends the connection. No write follows. */
  close(reason: CloseReason): void;
  /** For an operator who looks at the connections; absent: nothing is known. Asked seldom, so that it may cost, but not hold memory. */
  peer?(): Peer;
}

/** A connection that has no session yet: gateways with such tell {@link Realtime} of them, so that an operator sees and can close them, too. */
export interface Visitor {
  /** As its codec will be called. */
  readonly transport: string;
  /** Undefined: it has not said so. */
  readonly who: Principal | undefined;
  peer(): Peer;
  /** Says `bye` and ends the connection. */
  close(reason: CloseReason): void;
}

/** What a reader wants. An event that several selectors match arrives once. */
export interface Want {
  /** At most `MAX_SELECTORS`; `users/me` is resolved to the reader's own topic. */
  readonly selectors: readonly Selector[];
  /** Read after this; absent: from now on. */
  readonly since?: Cursor | typeof EARLIEST;
  /** Under too much load readers of low priority are asked to poll first. */
  readonly priority?: Priority;
  /** The client's own name of the device that it runs on. */
  readonly device?: string;
}

/** A want that is answered once. */
export interface PollWant extends Want {
  /** Events in one answer, 1–1,000. */
  readonly limit: number;
  /** How long to wait for the first event; 0: not at all. */
  readonly waitMs: number;
  /** Where the client is, for an operator. */
  readonly address?: string;
}

/** How a gateway drives one reader of the log. */
export interface Session {
  /** Unique in this process; for logs. */
  readonly id: string;
  /** Who reads, with the rights of the newest token. */
  readonly who: Principal;
  /**
   * Carries out what the client asks.
   * @returns the data of the acknowledgement.
   * @throws {DomainError} for the client.
   */
  handle(command: ClientCommand): Promise<unknown>;
  /** The link has room again. */
  writable(): void;
  /** The connection is gone; the session ends and is forgotten. Idempotent. */
  ended(): void;
}

/** Told by somebody, or by the clock, that this client must go. */
const DISMISSALS: ReadonlySet<CloseReasonName> = new Set(['access.revoked', 'closed.by_operator', 'token.expired']);

/**
 * Whether a client that takes nothing more is cut when its connection is closed for this: a goodbye would wait for as long as it likes, and
 * what lies before it is not for it any more. When the server goes away, it has the time of the drain.
 */
export function isDismissal({ name }: CloseReason): boolean {
  return DISMISSALS.has(name);
}

/** The reason in the words of the wire, with the catalogue's advice whether to come back with the same credentials. */
export function byeOf({ name, retryAfterMs, use }: CloseReason): Bye {
  return {
    reason: name,
    reconnect: CLOSE_REASONS[name].reconnect,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(use !== undefined && { use }),
  };
}
