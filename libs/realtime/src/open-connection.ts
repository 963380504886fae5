import { principalId, type Principal } from '#clarion/access';
import type { CloseReasonName, Selector } from '#clarion/protocol';
import type { CloseReason, Peer } from './gateway.js';

/** `p`: a poll that is being answered; `s`: a session; `v`: a visitor, who has no session yet. */
export type ConnectionKind = 'p' | 's' | 'v';

/** What a connection reads, and how far it is. */
export interface Reading {
  readonly topics: readonly Selector[];
  /** Events of the log between its cursor and the head, whomever they concern. */
  readonly lag: number;
  /** Bytes of events that wait until its link has room. */
  readonly pendingBytes: number;
}

/** Why a session has ended: as its client was told, or because that went away. */
export type EndCause = CloseReasonName | 'gone';

/** Somebody who is connected to this node, whatever the wire format. */
export interface OpenConnection {
  readonly kind: ConnectionKind;
  /** Grows with each that comes, so that it is unique in this process. */
  readonly number: number;
  /** Name of its wire format. */
  readonly transport: string;
  /** Undefined: has not said so yet. */
  readonly who: Principal | undefined;
  /** The client's own name of its device. */
  readonly device?: string | undefined;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  readonly reading: Reading;
  /** Undefined when its transport does not count. */
  peer(): Peer | undefined;
  /** Says `bye`, where there is a way to say it, and ends. */
  close(reason: CloseReason): void;
}

/** One connection as it is at this moment, for an operator. */
export interface ConnectionView extends Reading, Peer {
  readonly id: string;
  readonly transport: string;
  /** The `principalId`; absent: it has not said so yet. */
  readonly who?: string;
  readonly device?: string;
  readonly since: number;
}

export function viewOf(connection: OpenConnection, id: string): ConnectionView {
  const { transport, who, device, openedAt: since } = connection;
  const { topics, lag, pendingBytes } = connection.reading;
  return {
    id,
    transport,
    ...(who !== undefined && { who: principalId(who) }),
    ...(device !== undefined && { device }),
    since,
    topics,
    lag,
    pendingBytes,
    ...connection.peer(),
  };
}
