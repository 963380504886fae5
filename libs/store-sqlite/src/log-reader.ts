import type { LogEntry } from '#clarion/event-bus';
import type { ReadRequest, ReadResult, TopicHistory, TopicHistoryRequest } from '#clarion/notifications';
import { integer, text, type Connection, type Row, type Statement } from './connection.js';
import { nextAfter, rangeOf, matchesTopic, Selection } from './selection.js';
import { mergeTopics, type OffsetRange } from './topic-merge.js';
import { BoundsReader } from './bounds-reader.js';
import { parseTopics, toEntry } from './entry-row.js';
import { READ_QUERIES } from './read-queries.js';

/** How much one call may look at. */
export interface ReadBounds {
  /** Known topics that are looked at to resolve wildcards; if there are more, entries are scanned instead. */
  readonly maxKnownTopics: number;
  /** Entries that one call scans for wildcards. */
  readonly maxScanned: number;
  /** A remaining stretch of so many offsets is scanned at once: cheaper than finding out which topics exist. */
  readonly shortStretch: number;
}

export const READ_BOUNDS: ReadBounds = { maxKnownTopics: 1_000, maxScanned: 5_000, shortStretch: 256 };

/** Entries fetched at once in a scan, and characters of topics after which it ends. */
const SCAN_CHUNK = 64;
const SCAN_MAX_CHARS = 4 * 1024 * 1024;
/** Entries older than `publishedFrom` that a page of history passes over: clocks may step back. */
const HISTORY_MAX_PASSED = 1_000;

/** Offsets that match, and how far the log was considered. */
interface Found {
  readonly offsets: readonly number[];
  readonly through: number;
}

/** Everything that is read from the log, each call in one snapshot. */
export class LogReader {
  readonly #connection: Connection;
  readonly #edges: BoundsReader;
  readonly #bounds: ReadBounds;
  readonly #sql: { readonly [Q in keyof typeof READ_QUERIES]: Statement };

  constructor(connection: Connection, bounds: ReadBounds = READ_BOUNDS) {
    this.#connection = connection;
    this.#edges = new BoundsReader(connection);
    this.#bounds = bounds;
    const prepare = (name: keyof typeof READ_QUERIES): Statement => connection.prepare(READ_QUERIES[name]);
    this.#sql = {
      entry: prepare('entry'),
      anyTopic: prepare('anyTopic'),
      oneTopic: prepare('oneTopic'),
      nextTopic: prepare('nextTopic'),
      scan: prepare('scan'),
      history: prepare('history'),
    };
  }

  /** The contract of `NotificationStore.read`. */
  read(request: ReadRequest): ReadResult {
    return this.#connection.read(() => {
      const { head, floor } = this.#edges.edges();
      const after = Math.max(request.after, floor);
      if (after >= head) return { entries: [], through: Math.max(request.after, head), floor };
      const found = this.#find({ after, upTo: head }, request);
      return { ...this.#load(found, request.maxBytes), floor };
    });
  }

  /** Notifications alone: neither what is told of them, nor tombstones, nor what has expired. */
  history({ topic, limit, before, publishedFrom }: TopicHistoryRequest, now: number): TopicHistory {
    const below = before ?? Number.MAX_SAFE_INTEGER;
    const rows = this.#sql.history.all([topic, below, now, limit + HISTORY_MAX_PASSED, publishedFrom, limit + 1]);
    return { entries: rows.slice(0, limit).map(toEntry), more: rows.length > limit };
  }

  #find(range: OffsetRange, { selectors, limit }: ReadRequest): Found {
    if (selectors === null)
      return foundUpTo(range, limit, offsetsOf(this.#sql.anyTopic.all([range.after, range.upTo, limit])));
    const selection = new Selection(selectors);
    const topics = this.#resolve(selection, range);
    if (topics === undefined) return this.#scan(range, selection, limit);
    const merged = mergeTopics(topics, range, limit, (topic, { after, upTo }, count) =>
      offsetsOf(this.#sql.oneTopic.all([topic, after, upTo, count])),
    );
    return foundUpTo(range, limit, merged);
  }

  /** The topics that the selection means now; undefined when a scan is the better, or the only bounded, way. */
  #resolve({ exact, patterns }: Selection, range: OffsetRange): string[] | undefined {
    if (patterns.length > 0 && range.upTo - range.after <= this.#bounds.shortStretch) return undefined;
    const topics = new Set(exact);
    let visits = this.#bounds.maxKnownTopics;
    for (const pattern of patterns) {
      const { from, before } = rangeOf(pattern);
      let known = this.#nextTopic(from, before);
      while (known !== undefined) {
        if (visits-- === 0) return undefined;
        if (matchesTopic(pattern, known)) topics.add(known);
        known = this.#nextTopic(nextAfter(pattern, known), before);
      }
    }
    return [...topics];
  }

  #nextTopic(from: string, before: string): string | undefined {
    const row = this.#sql.nextTopic.get([from, before]);
    return row === undefined ? undefined : text(row, 0);
  }

  #scan({ after, upTo }: OffsetRange, selection: Selection, limit: number): Found {
    const offsets: number[] = [];
    let through = after;
    let chars = 0;
    for (let scanned = 0; scanned < this.#bounds.maxScanned && chars < SCAN_MAX_CHARS; scanned += SCAN_CHUNK) {
      const rows = this.#sql.scan.all([through, upTo, SCAN_CHUNK]);
      for (const row of rows) {
        through = integer(row, 0);
        const topics = text(row, 1);
        chars += topics.length;
        if (selection.matchesAny(parseTopics(topics)) && offsets.push(through) === limit) return { offsets, through };
      }
      if (rows.length < SCAN_CHUNK) return { offsets, through: upTo };
    }
    return { offsets, through };
  }

  #load({ offsets, through }: Found, maxBytes: number): Omit<ReadResult, 'floor'> {
    const entries: LogEntry[] = [];
    let bytes = 0;
    for (const offset of offsets) {
      const row = this.#sql.entry.get([offset]);
      // Above the floor nothing is ever removed, and this is one snapshot: it cannot be missing in a sound database.
      if (row === undefined) continue;
      const entry = toEntry(row);
      bytes += Buffer.byteLength(entry.body);
      const last = entries.at(-1);
      if (last !== undefined && bytes > maxBytes) return { entries, through: last.offset };
      entries.push(entry);
    }
    return { entries, through };
  }
}

/** With a full page, all that follows its last entry is still to be read. */
function foundUpTo(range: OffsetRange, limit: number, offsets: readonly number[]): Found {
  return { offsets, through: offsets.length < limit ? range.upTo : (offsets.at(-1) ?? range.upTo) };
}

function offsetsOf(rows: readonly Row[]): number[] {
  return rows.map((row) => integer(row, 0));
}
