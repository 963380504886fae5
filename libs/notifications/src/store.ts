import type { LogEntry } from '#clarion/event-bus';
import type { ActResult, LogAct } from './people/acts.js';

/** The first offset that a writer's start gave to the log, and the random id (16 lower-case hex digits) that began there. */
export interface Epoch {
  readonly id: string;
  readonly firstOffset: number;
}

/** What a node must know of the log to judge cursors. */
export interface LogBounds {
  /** The highest visible offset; at least 1, since every start of a writer appends an entry. */
  readonly head: number;
  /** Everything above this offset is still in the resume log; 0 when nothing was pruned yet. */
  readonly floor: number;
  /** Oldest first; those to which nothing belongs that is still kept may be missing. Never empty. */
  readonly epochs: readonly Epoch[];
}

export interface OpenedStore extends LogBounds {
  /** 32 random bytes made with the store and kept in it: the key under which cursors are opaque. */
  readonly secret: Uint8Array;
}

/** Makes a publish repeatable: within `scope`, the first request with `key` decides. */
export interface IdempotencyClaim {
  /** Who publishes: `principalId` of an API key or a person. */
  readonly scope: string;
  readonly key: string;
  /** Digest of the parsed body: the same key with another one is a mismatch. */
  readonly fingerprint: string;
  /** Milliseconds since 1970 until which the claim must be kept. */
  readonly expiresAt: number;
}

/** An entry before it has its place. */
export type NewEntry = Omit<LogEntry, 'offset' | 'id'>;

export interface AppendRequest {
  readonly id: string;
  /** Null claims the idempotency key alone, for what is never stored; or there is an `act`. */
  readonly entry: NewEntry | null;
  readonly idempotency?: IdempotencyClaim;
  /** Decided by the writer, in the order of the requests and in their transaction; what comes of it is an entry of its own. */
  readonly act?: LogAct;
  /**
   * Milliseconds since 1970: when to decide to whose devices the entry is pushed. Kept only where somebody may have one: for what names people
   * alone, when one of them has a device; else when anybody has.
   */
  readonly pushAt?: number;
}

/** `offset` is null where the request (or the first one with its key) had no entry. */
export type AppendResult =
  | { readonly outcome: 'appended'; readonly id: string; readonly offset: number | null }
  | { readonly outcome: 'replayed'; readonly id: string; readonly offset: number | null }
  | { readonly outcome: 'mismatch' }
  | ActResult;

export interface ReadRequest {
  /** Exclusive. */
  readonly after: number;
  /** Topics or wildcard patterns, at least one; null: every topic. Of exact topics the store may be told in any number. */
  readonly selectors: readonly string[] | null;
  /** 1–1,000 entries. */
  readonly limit: number;
  /** Stops before the entry whose body would exceed it, but never before the first. */
  readonly maxBytes: number;
}

export interface ReadResult {
  readonly entries: readonly LogEntry[];
  readonly through: number;
  /** The resume log's floor when this was read: a reader whose cursor lies below it has lost what was in between. */
  readonly floor: number;
}

export interface TopicHistoryRequest {
  readonly topic: string;
  /** 1–100 entries. */
  readonly limit: number;
  /** Only offsets below this one; absent: from the newest. */
  readonly before?: number;
  /** Milliseconds since 1970: nothing older. */
  readonly publishedFrom: number;
}

export interface TopicHistory {
  /** Newest first. */
  readonly entries: readonly LogEntry[];
  /** Whether older ones follow. */
  readonly more: boolean;
}

/** How long things are kept. The resume log has one floor for all topics; history has an age, and a count per topic. */
export interface RetentionPolicy {
  readonly resumeMaxAgeMs: number;
  readonly resumeMaxBytes: number;
  readonly historyMaxAgeMs: number;
  readonly historyMaxPerTopic: number;
}

/**
 * The log on disk. One suite holds every implementation to this contract (`test/contract/store.contract.ts`).
 *
 * All work runs off the event loop.
 */
export interface NotificationStore {
  /**
   * Opens or creates the log, migrates it, and begins a new epoch with an internal entry.
   * @throws {Error} with a message for operators: a newer schema, a second process on the same data, unreadable files.
   */
  open(): Promise<OpenedStore>;

  /**
   * Commits all requests in one transaction, in order, and resolves only when it is on disk (a sync has completed). Offsets are
   * given in order; when one is visible, every lower one is visible or final. All or nothing: a rejection means that none was
   * stored. Requests of one batch see the idempotency claims of those before them.
   */
  append(batch: readonly AppendRequest[]): Promise<AppendResult[]>;

  /**
   * Entries matching `selectors` in `(after, through]`, oldest first. `through` moves even if nothing matched, up to the head;
   * offsets absent up to it are final. It never stalls: `through > after` unless `after` is the head. Exact topics cost one
   * indexed range each; wildcards resolve to known topics up to a bound, else scan a bounded number of entries.
   */
  read(request: ReadRequest): Promise<ReadResult>;

  /** One exact topic's kept notifications, newest first, also those below the resume floor. */
  history(request: TopicHistoryRequest): Promise<TopicHistory>;

  /** As of now; other writers may have moved them. */
  bounds(): Promise<LogBounds>;

  /** Raises the floor and removes what no retention keeps, in bounded steps that do not hold up appends. Resolves with the new floor. */
  prune(policy: RetentionPolicy, now: number): Promise<number>;

  /** Finishes what was begun, and lets go of the files. */
  close(): Promise<void>;
}

export const NOTIFICATION_STORE = Symbol('NotificationStore');
