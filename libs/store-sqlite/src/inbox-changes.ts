import { changedBy } from '#clarion/notifications/people';
import { integer, text, type Connection, type Row } from './connection.js';
import type { JudgedScope } from './inbox-judge.js';
import type { CountedInbox } from './inbox-memory.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { addAll, offsetsIn } from './offset-lists.js';
import { personalTopic } from './personal-topic.js';
import { prepareAll, type Prepared } from './prepared.js';

const NAMES = [
  'since',
  'bytesSince',
  'sinceByTopics',
  'offsetsOfIds',
  'sameKeyBeforeEach',
  'aboutEach',
  'bodies',
] as const;

/** So many that came are judged one by one; more are counted faster. */
const FEW_CAME = 64;
/**
 * Of so few entries, and of as many as there are topics where they are not long, all are read, whomever they concern; of more each topic is asked, as also
 * where they have many. What has a key or a kind has it behind its body.
 */
const [FEW_ENTRIES, SHORT_BYTES, TOPICS_OF_ONE] = [64, 262_144, 8];
/** Rows that are read of topics. */
const MAX_ROWS = 4_096;
/** Bodies that are read together. */
const AT_ONCE = 32;

/** Which notifications may stand otherwise than before. */
export interface Changes {
  readonly offsets: ReadonlySet<number>;
  /** By which topics so much came that it is to be counted: it is not among the offsets. */
  readonly muchCameBy: ReadonlySet<string> | undefined;
  /** Whether any other that was new may be so no more. */
  readonly mayBeLess: boolean;
  /** Whether that is for a mark up to a cursor. */
  readonly markedUpTo: boolean;
  /** How many rows of the log told that. */
  readonly told: number;
}

/** What came by the topics of an inbox, and what its person has done. */
interface Told {
  /** Notifications without a key, of which nothing else need be known. */
  readonly plain: readonly number[];
  readonly others: readonly Other[];
  /** By which of the topics all that came. */
  readonly cameBy: ReadonlySet<string>;
  readonly rows: number;
}

type Other = readonly [topic: string, offset: number, kind: string | null, collapseKey: string | null];

/** Reads in the log which notifications may stand otherwise in an inbox than they did some time ago: all that is said of them is told there. */
export class InboxChanges {
  readonly #fewCame: number;
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  /** @param fewCame so many that came are told one by one. */
  constructor(connection: Connection, fewCame = FEW_CAME) {
    this.#fewCame = fewCame;
    this.#sql = prepareAll(connection, INBOX_QUERIES, NAMES);
  }

  /** @returns undefined: too much was told, or more than `most` of what must be looked at one by one, or nobody can tell of what. */
  between(known: CountedInbox, head: number, scope: JudgedScope, most: number): Changes | undefined {
    const told = this.#told(known.head, head, scope);
    if (told.rows >= MAX_ROWS || told.others.length > most) return undefined;
    const [came, about, marks] = [new Set(told.plain), [] as number[], [] as number[]];
    const keyed: (readonly [string, string, number])[] = [];
    for (const [topic, offset, kind, key] of told.others) {
      if (kind === 'inbox') marks.push(offset);
      // Neither when it is over nor its category can be edited.
      if (kind === 'inbox' || kind === 'updated') continue;
      if (kind === null) came.add(offset);
      else about.push(offset);
      // What came and was retracted since has taken the place of an older one all the same.
      if (key !== null) keyed.push([topic, key, offset]);
    }
    const marked = this.#markedBy(marks, most);
    if (marked === undefined) return undefined;
    const offsets = new Set<number>();
    if (marked.ids.size > 0) addAll(offsets, this.#sql.offsetsOfIds.all([JSON.stringify([...marked.ids])]));
    const muchCameBy = came.size > this.#fewCame ? told.cameBy : undefined;
    if (muchCameBy === undefined) for (const offset of came) offsets.add(offset);
    // Both only take away. Where less was new than that, it is looked at instead.
    const takesAway = about.length + keyed.length > known.unread.length + known.unseen.length;
    if (!takesAway && about.length > 0) addAll(offsets, this.#sql.aboutEach.all([JSON.stringify(about)]));
    if (!takesAway && keyed.length > 0) addAll(offsets, this.#sql.sameKeyBeforeEach.all([JSON.stringify(keyed)]));
    const { upTo: markedUpTo } = marked;
    return { offsets, muchCameBy, mayBeLess: markedUpTo || takesAway, markedUpTo, told: told.rows };
  }

  /** What people said, by the events that tell it: some at a time, for each may name a thousand. */
  #markedBy(
    events: readonly number[],
    most: number,
  ): { readonly ids: ReadonlySet<string>; readonly upTo: boolean } | undefined {
    const ids = new Set<string>();
    let upTo = false;
    for (let from = 0; from < events.length; from += AT_ONCE) {
      for (const row of this.#sql.bodies.all([JSON.stringify(events.slice(from, from + AT_ONCE))])) {
        const changed = changedBy(text(row, 0));
        if (changed === 'anything') return undefined;
        if (changed === 'no more is new') upTo = true;
        else for (const id of changed) ids.add(id);
      }
      if (ids.size > most) return undefined;
    }
    return { ids, upTo };
  }

  #told(known: number, head: number, { user, topics }: JudgedScope): Told {
    if (head === known) return NOTHING_TOLD;
    const own = personalTopic(user);
    const entries = head - known;
    if (entries <= FEW_ENTRIES || (entries <= topics.size && this.#bytesSince(known) <= SHORT_BYTES)) {
      const all = othersIn(this.#sql.since.get([known, entries * TOPICS_OF_ONE]) ?? [], 0);
      if (all.length < entries * TOPICS_OF_ONE)
        return sorted(all.filter(([topic]) => topic === own || topics.has(topic)));
    }
    const asked = topics.has(own) ? [...topics.keys()] : [...topics.keys(), own];
    const row = this.#sql.sinceByTopics.get([JSON.stringify(asked), known, MAX_ROWS]) ?? [];
    const others = othersIn(row, 2);
    const places = new Set(offsetsIn(text(row, 1)));
    const cameBy = new Set([...[...places].map((place) => asked[place] ?? ''), ...others.map(([topic]) => topic)]);
    return { plain: offsetsIn(text(row, 0)), others, cameBy, rows: integer(row, 3) };
  }

  #bytesSince(offset: number): number {
    return integer(this.#sql.bytesSince.get([offset]) ?? [], 0);
  }
}

const NOTHING_TOLD: Told = { plain: [], others: [], cameBy: new Set(), rows: 0 };

function othersIn(row: Row, column: number): readonly Other[] {
  return JSON.parse(text(row, column)) as readonly Other[];
}

/** As `sinceByTopics` tells it. */
function sorted(rows: readonly Other[]): Told {
  const isPlain = ([, , kind, key]: Other): boolean => kind === null && key === null;
  const plain = rows.filter(isPlain).map(([, offset]) => offset);
  const others = rows.filter((row) => !isPlain(row));
  return { plain, others, cameBy: new Set(rows.map(([topic]) => topic)), rows: rows.length };
}
