/** What delivery must know of an entry without reading its body. What is absent says nothing. */
export interface EntryTraits {
  /** Absent: a notification. */
  readonly kind?: 'updated' | 'retracted' | 'inbox' | 'erased';
  /** Of an update or a retraction: the offset of its notification, whose body it replaces there; of a tombstone its own. */
  readonly about?: number;
  /** Milliseconds since 1970: from then on it is neither delivered nor listed. */
  readonly expiresAt?: number;
  readonly category?: string;
  /** Whether it may disturb people in their quiet hours. */
  readonly urgent?: true;
  /** Of what has no place in the log: a slow reader is kept the newest per key. Of notifications: which older unread ones it replaces. */
  readonly collapseKey?: string;
}

/** A committed entry of the log, as plain data: it crosses worker threads and, with other drivers, the network. */
export interface LogEntry extends EntryTraits {
  /** Its place: 1, 2, 3 … over the whole log. Offsets may be absent (internal or pruned entries), never reused. */
  readonly offset: number;
  readonly id: string;
  /** Whom it concerns, in the publisher's order; 1–1,000, each at most 1,024 bytes. */
  readonly topics: readonly string[];
  /** Milliseconds since 1970. */
  readonly publishedAt: number;
  /** The notification as JSON members without braces, serialised once at publish; cursor and topic are spliced in per reader. */
  readonly body: string;
}

/** A notification that has no place in the log: at most once, to those who are connected. */
export type EphemeralEntry = Omit<LogEntry, 'offset'>;

/** What nodes tell one another: plain JSON data. */
export type BusMessage =
  | {
      readonly kind: 'committed';
      /** Every offset in `[first, last]` is in `entries` or final as absent. */
      readonly first: number;
      readonly last: number;
      readonly entries: readonly LogEntry[];
    }
  | { readonly kind: 'ephemeral'; readonly entry: EphemeralEntry }
  /** People have acknowledged notifications; on disk already. */
  | { readonly kind: 'acked'; readonly user: string; readonly offsets: readonly number[]; readonly at: number };

export type BusListener = (message: BusMessage) => void;

/**
 * Carries news of commits, and ephemeral notifications, to every node including the sender. It may lose, repeat or reorder: the
 * log is the truth, and each node's tail puts what arrives into log order and reads what is missing.
 */
export interface EventBus {
  /** Hands the message to the bus. Resolves once the bus has it, which says nothing of other nodes. */
  publish(message: BusMessage): Promise<void>;
  /** Calls `listener` for each message from now on, one at a time; returns how to stop. A listener must not throw. */
  subscribe(listener: BusListener): () => void;
  /** Delivers nothing more. */
  close(): Promise<void>;
}

export const EVENT_BUS = Symbol('EventBus');
