import type { LogEntry } from '#clarion/event-bus';
import type { Category, InboxFilter, MarkState, ReceiptStage } from '#clarion/protocol';
import type { MarkValue } from './marks.js';
import type { StoredPreferences } from './preferences.js';

/** The token by which the chosen store's module provides the {@link PeopleStore}, to the whole application. */
export const PEOPLE_STORE = Symbol('PeopleStore');

/**
 * What is kept of people beside the log, in the same place: one transaction and one backup have both. What people do is written through the log
 * (`LogAct`), so that it has a place in it; here it is read, and here is written what clients never hear. Opened and closed with the log. All work
 * runs off the event loop.
 */
export interface PeopleStore {
  /** The newest form of a notification, or its tombstone; undefined: there is none, or no longer. */
  find(id: string): Promise<StoredNotification | undefined>;
  /** The same for up to 1,000 ids, in their order. */
  findAll(ids: readonly string[]): Promise<(StoredNotification | undefined)[]>;

  /** What a person follows and has followed, by topic and then by time. */
  follows(user: string): Promise<FollowInterval[]>;
  /** How many follow a topic now. */
  followers(topic: string): Promise<number>;

  /** One page, newest first. Looks at a bounded number of rows: a page may be short, or even empty, though `next` says that more follow. */
  inbox(request: InboxRequest): Promise<InboxSlice>;
  /** What is new, each counted up to `MAX_COUNT + 1`. */
  counts(scope: InboxScope): Promise<InboxCounts>;
  /** How one notification stands with a person, by every topic of `sources`: for explanations and receipts. */
  standing(user: string, offset: number): Promise<Standing>;

  /** What up to 1,000 people have chosen, in their order; undefined: nothing ever. */
  preferencesOf(users: readonly string[]): Promise<(StoredPreferences | undefined)[]>;
  /** Whether anybody's preferences are kept. */
  havePreferences(): Promise<boolean>;
  categories(): Promise<Category[]>;
  putCategory(category: Category): Promise<void>;
  /** One that is not there is no error. */
  deleteCategory(id: string): Promise<void>;

  /** Notes what was sent and received; the first time of each counts, and nothing of somebody who was erased at that time or later. May be lost in a crash. */
  noteReceipts(receipts: readonly ReceiptNote[]): Promise<void>;
  /** Adds to how many connections were offered what was published to topics, by its offset. May be lost in a crash. */
  noteOffered(connections: ReadonlyMap<number, number>): Promise<void>;
  /** What is known of these people (at most 1,000) and one notification, in any order. */
  receipts(offset: number, users: readonly string[]): Promise<ReceiptNote[]>;
  /** How often it was offered to readers of topics, and how many people have acknowledged it, beside `except`. */
  topicReceipts(offset: number, except: readonly string[]): Promise<{ offered: number; acked: number }>;

  /** Notes when people were last connected; a time never goes back. May be lost in a crash. */
  touch(people: readonly { readonly user: string; readonly at: number }[]): Promise<void>;
  /** Milliseconds since 1970; undefined: never, or unknown. */
  lastSeen(user: string): Promise<number | undefined>;

  /**
   * Begins what the act `erase` ends: takes the person out of what names them, in steps between which others write, so that nobody waits long for that act. A
   * crash may leave it in the midst; only the act says that they are gone.
   */
  beginErasure(user: string): Promise<void>;
  /** All that is kept of a person, as of one moment. */
  export(user: string): Promise<StoredPerson>;
}

export interface StoredNotification {
  /** `kind` is absent or `retracted`. */
  readonly entry: LogEntry;
  /** The notification that took its place in inboxes, by the topic in which that happened. */
  readonly collapsedBy: ReadonlyMap<string, { readonly id: string; readonly at: number }>;
}

/** `(from, to]`: what was published to the topic there is in the inbox. */
export interface FollowInterval {
  readonly topic: string;
  readonly from: number;
  /** Null: still. */
  readonly to: number | null;
  /** Milliseconds since 1970, here and below. */
  readonly since: number;
  readonly until: number | null;
}

/** A stretch of one topic, `(after, upTo]`, of which a person's inbox consists. */
export interface InboxSource {
  readonly topic: string;
  readonly after: number;
  /** Null: up to the head. */
  readonly upTo: number | null;
  /** Nothing older. */
  readonly publishedFrom: number;
}

/**
 * Whose inbox, and what of it may be seen now. Listed and counted is, each once however many sources have it, what is a notification, has not
 * expired, is in none of the hidden categories, and was not collapsed: by the topic by which it is seen a newer one has the same collapse key, unless
 * it was read before that one was published. It is seen by the first of its topics, in the publisher's order, that is a source which has it.
 */
export interface InboxScope {
  readonly user: string;
  /** At most 2,000, disjoint for one topic. */
  readonly sources: readonly InboxSource[];
  readonly hiddenCategories: readonly string[];
  readonly now: number;
}

export interface InboxRequest extends InboxScope {
  readonly filter: InboxFilter;
  readonly category?: string;
  /** Only offsets below this one; absent: from the newest. */
  readonly before?: number;
  /** 1–100. */
  readonly limit: number;
}

/** What counts of a person's marks on one notification; absent: nothing was said, or it was taken back. */
export interface Standing {
  readonly seen?: MarkValue;
  readonly read?: MarkValue;
  readonly archived?: MarkValue;
  readonly snoozed?: MarkValue;
}

export interface InboxRow {
  readonly entry: LogEntry;
  /** By which it is seen. */
  readonly topic: string;
  readonly standing: Standing;
}

export interface InboxSlice {
  readonly rows: readonly InboxRow[];
  /** Where to go on, as `before`; null: there is nothing more. */
  readonly next: number | null;
}

/** `unseen`: neither seen nor read. What is archived, or snoozed until later, counts for neither. */
export interface InboxCounts {
  readonly unseen: number;
  readonly unread: number;
}

export interface ReceiptNote {
  readonly offset: number;
  readonly user: string;
  readonly stage: Extract<ReceiptStage, 'sent' | 'received' | 'acked'>;
  readonly at: number;
  readonly transport: string;
  readonly device: string | null;
}

export interface StoredPerson {
  readonly notifications: readonly LogEntry[];
  readonly follows: readonly FollowInterval[];
  readonly marks: readonly {
    readonly state: MarkState;
    readonly offset?: number;
    readonly upTo?: number;
    readonly topic?: string;
    readonly value: MarkValue;
  }[];
  readonly receipts: readonly ReceiptNote[];
  readonly preferences: StoredPreferences | undefined;
  readonly lastSeenAt: number | undefined;
}
