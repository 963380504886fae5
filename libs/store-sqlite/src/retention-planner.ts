import type { RetentionPolicy } from '#clarion/notifications';
import { integer, text, type Connection, type Statement } from './connection.js';
import { RETENTION_QUERIES } from './retention-queries.js';

/** Rows that one step of planning looks at. */
const STEP_ROWS = 1_000;
/** Audience rows that one write may remove: a few milliseconds, between which appends come through. */
export const WRITE_ROWS = 500;

export interface FloorRequest {
  readonly policy: RetentionPolicy;
  readonly now: number;
  /** The floor so far. */
  readonly floor: number;
}

export interface FloorPlan {
  readonly floor: number;
  /** Whether the next step may find more to drop. */
  readonly more: boolean;
}

export interface ExpiredRequest {
  /** Only offsets above this one … */
  readonly after: number;
  /** … up to the floor. */
  readonly floor: number;
  /** Published before this time, in milliseconds since 1970. */
  readonly publishedBefore: number;
}

export interface ExpiredPlan {
  readonly offsets: readonly number[];
  /** Where to go on; null: there is nothing more. */
  readonly next: number | null;
}

export interface UnlistedRequest {
  readonly floor: number;
  readonly now: number;
}

export interface OverfullRequest {
  /** Only topics from here on, in the order of their UTF-8 bytes. */
  readonly from: string;
  readonly floor: number;
  readonly maxPerTopic: number;
}

export interface OverfullTopic {
  readonly topic: string;
  /** Its entries up to this offset are too many. */
  readonly upTo: number;
}

export interface OverfullPlan {
  readonly topics: readonly OverfullTopic[];
  readonly next: string | null;
}

/** Finds out what retention may remove. It only reads, so that the writer is left to the appends. */
export class RetentionPlanner {
  readonly #connection: Connection;
  readonly #aboveFloor: Statement;
  readonly #newestTotal: Statement;
  readonly #belowFloor: Statement;
  readonly #besideHistory: Statement;
  readonly #over: Statement;
  readonly #nextTopic: Statement;
  readonly #oldestOf: Statement;
  readonly #firstTooMany: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#aboveFloor = connection.prepare(RETENTION_QUERIES.aboveFloor);
    this.#newestTotal = connection.prepare(RETENTION_QUERIES.newestTotal);
    this.#belowFloor = connection.prepare(RETENTION_QUERIES.belowFloor);
    this.#besideHistory = connection.prepare(RETENTION_QUERIES.besideHistory);
    this.#over = connection.prepare(RETENTION_QUERIES.over);
    this.#nextTopic = connection.prepare(RETENTION_QUERIES.nextTopicOfAll);
    this.#oldestOf = connection.prepare(RETENTION_QUERIES.oldestOf);
    this.#firstTooMany = connection.prepare(RETENTION_QUERIES.firstTooMany);
  }

  /**
   * Raises the floor over the oldest entries as long as each is too old or too much follows it. It stops at the first that is neither: a
   * clock that stepped back for a moment drops nothing young.
   */
  planFloor({ policy, now, floor }: FloorRequest): FloorPlan {
    return this.#connection.read(() => {
      const newest = this.#newestTotal.get([]);
      const total = newest === undefined ? 0 : integer(newest, 0);
      const rows = this.#aboveFloor.all([floor, STEP_ROWS]);
      const kept = rows.findIndex((row) => {
        const isYoung = integer(row, 1) >= now - policy.resumeMaxAgeMs;
        const bytesFromHere = total - integer(row, 3) + integer(row, 2);
        return isYoung && bytesFromHere <= policy.resumeMaxBytes;
      });
      const lastDropped = rows.at(kept === -1 ? rows.length - 1 : kept - 1);
      if (kept === 0 || lastDropped === undefined) return { floor, more: false };
      return { floor: integer(lastDropped, 0), more: kept === -1 && rows.length === STEP_ROWS };
    });
  }

  /** Goes on as long as a step finds something: that tolerates {@link STEP_ROWS} entries in a row whose clock ran ahead. */
  planExpired({ after, floor, publishedBefore }: ExpiredRequest): ExpiredPlan {
    const rows = this.#belowFloor.all([after, floor, STEP_ROWS]);
    const offsets: number[] = [];
    let audience = 0;
    for (const row of rows) {
      if (integer(row, 1) >= publishedBefore) continue;
      audience += integer(row, 2);
      offsets.push(integer(row, 0));
      if (audience >= WRITE_ROWS) return { offsets, next: integer(row, 0) };
    }
    const last = rows.at(-1);
    const isLast = offsets.length === 0 || rows.length < STEP_ROWS || last === undefined;
    return { offsets, next: isLast ? null : integer(last, 0) };
  }

  /** What no history lists, at or below the floor: tombstones, what is told of notifications, and those whose time is over. Empty: there is no more. */
  planUnlisted({ floor, now }: UnlistedRequest): readonly number[] {
    const rows = this.#besideHistory.all([floor, STEP_ROWS]);
    if (rows.length < STEP_ROWS) rows.push(...this.#over.all([now, floor, STEP_ROWS]));
    const offsets = new Set<number>();
    let audience = 0;
    for (const row of rows) {
      offsets.add(integer(row, 0));
      audience += 1 + integer(row, 1);
      if (audience >= WRITE_ROWS) break;
    }
    return [...offsets];
  }

  /** Topics with more than the policy's number of entries, of which some lie at or below the floor. */
  planOverfull({ from, floor, maxPerTopic }: OverfullRequest): OverfullPlan {
    return this.#connection.read(() => {
      const topics: OverfullTopic[] = [];
      let next: string | null = from;
      for (let visited = 0; visited < STEP_ROWS && next !== null; visited++) {
        const row = this.#nextTopic.get([next]);
        if (row === undefined) return { topics, next: null };
        const topic = text(row, 0);
        const upTo = this.#tooManyUpTo(topic, maxPerTopic, floor);
        if (upTo !== null) topics.push({ topic, upTo });
        // No text lies between the two: topics contain no NUL.
        next = `${topic}\u0001`;
      }
      return { topics, next };
    });
  }

  #tooManyUpTo(topic: string, maxPerTopic: number, floor: number): number | null {
    const oldest = this.#oldestOf.get([topic]);
    if (oldest === undefined || integer(oldest, 0) > floor) return null;
    const tooMany = this.#firstTooMany.get([topic, maxPerTopic]);
    return tooMany === undefined ? null : Math.min(integer(tooMany, 0), floor);
  }
}
