import type { ReceiptNote, StoredPerson, StoredPreferences } from '#clarion/notifications';
import { MARK_STATES, type MarkState } from '#clarion/protocol/plain';
import { integer, integerOrNull, text, textOrNull, type Connection, type Row, type Statement } from './connection.js';
import { toEntry } from './entry-row.js';
import { followListIn, followsIn, type FollowList } from './follow-list.js';
import { rangesOf, saidOf } from './mark-cells.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { personalTopic } from './personal-topic.js';
import { ReceiptReader } from './receipt-reader.js';
import { StoreError } from './store-error.js';

const NAMES = [
  'follows',
  'followers',
  'preferences',
  'anyPreferences',
  'lastSeen',
  'categories',
  'notificationsOf',
  'allMarks',
  'ranges',
] as const;

/** What is kept of people beside their inbox. */
export class PersonReader {
  readonly #connection: Connection;
  readonly #receipts: ReceiptReader;
  readonly #sql: Readonly<Record<(typeof NAMES)[number], Statement>>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#receipts = new ReceiptReader(connection);
    const prepare = (name: (typeof NAMES)[number]): Statement => connection.prepare(PEOPLE_QUERIES[name]);
    this.#sql = {
      follows: prepare('follows'),
      followers: prepare('followers'),
      preferences: prepare('preferences'),
      anyPreferences: prepare('anyPreferences'),
      lastSeen: prepare('lastSeen'),
      categories: prepare('categories'),
      notificationsOf: prepare('notificationsOf'),
      allMarks: prepare('allMarks'),
      ranges: prepare('ranges'),
    };
  }

  follows(user: string): FollowList {
    return followListIn(this.#sql.follows.get([user]) ?? []);
  }

  /** Walks the index of the topic's followers: 100,000 take some milliseconds. */
  followers(topic: string): number {
    return integer(this.#sql.followers.get([topic]) ?? [0], 0);
  }

  preferencesOf(users: readonly string[]): (StoredPreferences | undefined)[] {
    return this.#connection.read(() => users.map((user) => this.#preferences(user)));
  }

  havePreferences(): boolean {
    return this.#sql.anyPreferences.get([]) !== undefined;
  }

  lastSeen(user: string): number | undefined {
    const row = this.#sql.lastSeen.get([user]);
    return row === undefined ? undefined : (integerOrNull(row, 0) ?? undefined);
  }

  /** As JSON. */
  categories(): string[] {
    return this.#sql.categories.all([]).map((row) => text(row, 0));
  }

  export(user: string): StoredPerson {
    return this.#connection.read(() => ({
      notifications: this.#sql.notificationsOf.all([personalTopic(user)]).map(toEntry),
      follows: followsIn(this.follows(user)),
      marks: [...this.#itemMarks(user), ...this.#rangeMarks(user)],
      receipts: this.#receiptsOf(user),
      preferences: this.#preferences(user),
      lastSeenAt: this.lastSeen(user),
    }));
  }

  #itemMarks(user: string): StoredPerson['marks'] {
    return this.#sql.allMarks.all([user]).flatMap((row) => {
      const said = saidOf(row, 1);
      return statesIn(said).map((state) => ({ state, offset: integer(row, 0), value: said[state]! }));
    });
  }

  #rangeMarks(user: string): StoredPerson['marks'] {
    const ranges = rangesOf(this.#sql.ranges.all([user]));
    return MARK_STATES.flatMap((state) =>
      ranges[state].map(({ upTo, topic, at, undone, until }) => ({
        state,
        upTo,
        ...(topic !== null && { topic }),
        value: { at, undone, until },
      })),
    );
  }

  #receiptsOf(user: string): ReceiptNote[] {
    return this.#receipts.of(user);
  }

  #preferences(user: string): StoredPreferences | undefined {
    return storedPreferences(this.#sql.preferences.get([user]));
  }
}

/** Precondition: what this server has written. @param row of the column `preferences`. */
export function storedPreferences(row: Row | undefined): StoredPreferences | undefined {
  const json = row === undefined ? null : textOrNull(row, 0);
  if (json === null) return undefined;
  const value: unknown = JSON.parse(json);
  if (!isPreferences(value)) throw new StoreError('unreadable', 'the database is damaged: preferences of no version');
  return value;
}

function isPreferences(value: unknown): value is StoredPreferences {
  return typeof value === 'object' && value !== null && 'categories' in value && 'mutedTopics' in value;
}

function statesIn(said: Readonly<Partial<Record<MarkState, unknown>>>): MarkState[] {
  return MARK_STATES.filter((state) => said[state] !== undefined);
}
