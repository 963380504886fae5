import type { LogEntry } from '#clarion/event-bus';
import type { CandidatePage, PushCandidate, PushMark, StoredDevice } from '#clarion/notifications';
import { text, type Connection } from './connection.js';
import { toDevice } from './device-row.js';
import { BoundsReader } from './bounds-reader.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { storedPreferences } from './person-reader.js';
import { isPersonal, userOf } from './personal-topic.js';
import { prepareAll, type Prepared } from './prepared.js';
import { PushJudge } from './push-judge.js';
import { PUSH_QUERIES } from './push-queries.js';

const NAMES = ['followersWithDevices', 'nthFollower', 'devicesOf', 'acked', 'preferences'] as const;
const QUERIES = { ...PUSH_QUERIES, ...PEOPLE_QUERIES };

/** Followers that one page looks at, whether they have devices or not. */
const MAX_LOOKED_AT = 5_000;
/** What coming to the next topic counts as. */
const TOPIC_COSTS = 50;
/** Of people and topics: each is asked for each. */
const MAX_PAIRS = 100_000;

/**
 * How far a due push is decided: those who are named come first, in the order of their ids, then the followers of one topic after the other. Names may be
 * taken off meanwhile (erasure), other topics never.
 */
interface Place {
  /** The end of the log when it was begun: who follows a topic only since then does not count as having had it by that. */
  readonly head: number;
  /** 0: those named; n: the n-th topic that is nobody's own. */
  readonly phase: number;
  /** The last one looked at. */
  readonly after: string;
}

/** What is being paged. */
interface Paged {
  readonly entry: LogEntry;
  /** By code units. */
  readonly named: ReadonlySet<string>;
  readonly topics: readonly string[];
}

/** Who is found, and where to go on. */
interface Found {
  readonly users: readonly string[];
  readonly next: Place | null;
  /** How many were looked at. */
  readonly looked: number;
}

/** Finds whom a notification may be pushed to, page by page, so that no audience takes long. */
export class CandidateReader {
  readonly #connection: Connection;
  readonly #bounds: BoundsReader;
  readonly #judge: PushJudge;
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#bounds = new BoundsReader(connection);
    this.#judge = new PushJudge(connection);
    this.#sql = prepareAll(connection, QUERIES, NAMES);
  }

  /** The contract of `PushStore.candidates`, in one snapshot. */
  page(offset: number, mark: PushMark, limit: number): CandidatePage {
    return this.#connection.read(() => {
      const entry = this.#judge.entry(offset);
      // Of what was retracted there is nothing to decide.
      if (entry === undefined || entry.kind !== undefined) return { entry, candidates: [], next: null };
      return this.#page(pagedOf(entry), this.#placeOf(mark), limit);
    });
  }

  #page(paged: Paged, from: Place, limit: number): CandidatePage {
    const most = Math.max(1, Math.min(limit, Math.floor(MAX_PAIRS / Math.max(1, paged.topics.length))));
    const candidates: PushCandidate[] = [];
    let place: Place | null = from;
    let left = MAX_LOOKED_AT;
    while (place !== null && left > 0 && candidates.length < most) {
      const found: Found = this.#find(paged, place, most - candidates.length, left);
      for (const user of found.users) candidates.push(...this.#candidate(paged, user, place));
      left -= found.looked;
      place = found.next;
    }
    return { entry: paged.entry, candidates, next: place === null ? null : markOf(place) };
  }

  #placeOf(mark: PushMark): Place {
    const [head, phase, ...after] = mark.split(':');
    if (mark === '' || head === undefined) return { head: this.#bounds.edges().head, phase: 0, after: '' };
    return { head: Number(head), phase: Number(phase), after: after.join(':') };
  }

  /** @param most people; @param left to be looked at. */
  #find(paged: Paged, place: Place, most: number, left: number): Found {
    const { topics } = paged;
    if (place.phase === 0) return findNamed(paged, place, Math.min(most, left));
    const [topic, { offset }] = [topics[place.phase - 1] ?? '', paged.entry];
    const users = this.#sql.followersWithDevices
      .all([topic, place.after, left, offset, most])
      .map((row) => text(row, 0));
    if (users.length === most) return { users, next: { ...place, after: users[most - 1] ?? '' }, looked: most };
    const last = this.#sql.nthFollower.get([topic, place.after, left - 1]);
    return last === undefined
      ? { users, next: nextPhase(paged, place), looked: users.length + TOPIC_COSTS }
      : { users, next: { ...place, after: text(last, 0) }, looked: left };
  }

  /** None if they are found elsewhere, or have nothing to be pushed to. */
  #candidate({ entry, named, topics }: Paged, user: string, { head, phase }: Place): PushCandidate[] {
    const devices = this.#devicesOf(user, entry.offset);
    if (devices.length === 0 || (phase > 0 && named.has(user))) return [];
    const standing = this.#judge.standing(user, entry);
    const had = this.#judge.had(user, entry, standing, head);
    if (phase > 0 && had.all.find((topic) => !isPersonal(topic)) !== topics[phase - 1]) return [];
    if (had.topics.length === 0) return [];
    const preferences = storedPreferences(this.#sql.preferences.get([user]));
    const acked = this.#sql.acked.get([entry.offset, user]) !== undefined;
    return [{ user, topics: had.topics, preferences, acked, standing, devices }];
  }

  #devicesOf(user: string, offset: number): StoredDevice[] {
    return this.#sql.devicesOf
      .all([user])
      .map(toDevice)
      .filter(({ since }) => since < offset);
  }
}

function pagedOf(entry: LogEntry): Paged {
  const { topics } = entry;
  return {
    entry,
    named: new Set(topics.filter(isPersonal).map(userOf).toSorted(byCodeUnits)),
    topics: topics.filter((topic) => !isPersonal(topic)),
  };
}

function byCodeUnits(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function findNamed(paged: Paged, place: Place, most: number): Found {
  const left = [...paged.named].filter((user) => user > place.after);
  const users = left.slice(0, most);
  const next = users.length === left.length ? nextPhase(paged, place) : { ...place, after: users[most - 1] ?? '' };
  return { users, next, looked: users.length };
}

function nextPhase({ topics }: Paged, { head, phase }: Place): Place | null {
  return phase < topics.length ? { head, phase: phase + 1, after: '' } : null;
}

function markOf({ head, phase, after }: Place): PushMark {
  return `${head}:${phase}:${after}` as PushMark;
}
