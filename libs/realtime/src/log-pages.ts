import type { NotificationLog, ReadRequest, ReadResult } from '#clarion/notifications';
import type { Amendment, Keeper } from './amendment.js';
import type { Interest } from './interest.js';
import { LogEvent, type View } from './log-event.js';
import type { Page } from './ring.js';

export interface LogPagesLimits {
  /** Bytes of pages that are kept for the next reader. */
  readonly maxBytes: number;
  /** Who lags behind memory by no more offsets reads pages that all share, who is further away only what concerns it. */
  readonly sharedReach: number;
  /** Reads of the log at one time; further ones wait in order. */
  readonly maxFlights: number;
}

/** How much one reader is given at once. */
export interface PageLimits {
  readonly limit: number;
  readonly maxBytes: number;
}

/** Offsets of one shared page. */
const PAGE_OFFSETS = 128;
const PAGE_BYTES = 1_048_576;

interface Events {
  readonly events: readonly LogEvent[];
  readonly through: number;
  readonly floor: number;
}

/** Events as they were at a {@link LogPages.version}. */
type Dated = Events & { readonly version: number };

interface Kept {
  readonly page: Events;
  readonly bytes: number;
}

/** A read of the log that is under way, and what has become of events meanwhile. */
interface Flight {
  readonly landing: Promise<Dated>;
  readonly amendments: Amendment[];
}

/** What was read behind memory; readers whose cursor lies below `floor` have lost what was in between. */
export interface LogPage extends Page {
  readonly floor: number;
  /** As {@link LogPages.version} was: if it differs by the time when this is used, it must be read again. */
  readonly version: number;
}

/**
 * What lies behind the ring, read in pages from the log. Readers of one range share the page, and one read serves all who wait
 * for it: ten thousand clients that return together do not meet in the database.
 */
export class LogPages implements Keeper {
  readonly #log: NotificationLog;
  readonly #limits: LogPagesLimits;
  readonly #flights = new Map<string, Flight>();
  readonly #kept = new Map<string, Kept>();
  readonly #queue: (() => void)[] = [];
  #keptBytes = 0;
  #reading = 0;
  #reads = 0;
  #version = 0;

  constructor(log: NotificationLog, limits: LogPagesLimits) {
    this.#log = log;
    this.#limits = limits;
  }

  /** Reads that went to the log. */
  get reads(): number {
    return this.#reads;
  }

  /** Grows with each amendment. */
  get version(): number {
    return this.#version;
  }

  /** Nobody is given the old form from here any more, of what is being read neither. */
  amend(amendment: Amendment): void {
    this.#version++;
    for (const { amendments } of this.#flights.values()) amendments.push(amendment);
    for (const [key, kept] of this.#kept) this.#amendKept(key, kept, amendment);
  }

  #amendKept(key: string, { page, bytes }: Kept, amendment: Amendment): void {
    const now = amended(page, amendment);
    if (now === page) return;
    const grown = bytesOf(now) - bytesOf(page);
    this.#kept.set(key, { page: now, bytes: bytes + grown });
    this.#keptBytes += grown;
  }

  /**
   * The contract of the log's read, for one reader: matches in `(after, through]`, in order, at most `limit` and about `maxBytes`
   * (one at least), `through > after`.
   * @param memoryFloor where the ring begins: what is near to it is worth reading for all.
   */
  async read(
    after: number,
    interest: Interest,
    memoryFloor: number,
    { limit, maxBytes }: PageLimits,
  ): Promise<LogPage> {
    const near = memoryFloor - after <= this.#limits.sharedReach;
    const found = await (near ? this.#shared(after) : this.#selective(after, interest, maxBytes));
    const { events, through, floor, version } = found;
    return { ...viewsAfter(after, events, interest, limit, maxBytes, through), floor, version };
  }

  /**
   * The shared page around `after`. A page whose bodies are large is cut into parts; they are walked from its start, so that every
   * reader finds the same parts.
   */
  async #shared(after: number): Promise<Dated> {
    const start = after - (after % PAGE_OFFSETS);
    const end = start + PAGE_OFFSETS;
    let part = await this.#part(start, end);
    while (part.through <= after) part = await this.#part(part.through, end);
    return part;
  }

  #part(from: number, end: number): Promise<Dated> {
    return this.#page(`@${from}`, async () => {
      const page = await this.#readLog({
        after: from,
        selectors: null,
        limit: PAGE_OFFSETS,
        maxBytes: PAGE_BYTES,
      });
      return this.#asEvents(page, Math.min(page.through, end));
    });
  }

  #selective(after: number, interest: Interest, maxBytes: number): Promise<Dated> {
    const { selectors } = interest;
    return this.#page(`${after}:${interest.key}`, async () => {
      const page = await this.#readLog({ after, selectors, limit: PAGE_OFFSETS, maxBytes });
      return this.#asEvents(page, page.through);
    });
  }

  #asEvents({ entries, floor }: ReadResult, through: number): Events {
    const within = entries.filter(({ offset, kind }) => offset <= through && kind !== 'erased');
    return { events: within.map((entry) => LogEvent.durable(entry, this.#log.cursorAt(entry.offset))), through, floor };
  }

  #page(key: string, load: () => Promise<Events>): Promise<Dated> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      // Most recently used last.
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return Promise.resolve(this.#dated(kept.page));
    }
    return (this.#flights.get(key) ?? this.#depart(key, load)).landing;
  }

  #depart(key: string, load: () => Promise<Events>): Flight {
    const amendments: Amendment[] = [];
    const flight = { landing: this.#fly(key, amendments, load), amendments };
    this.#flights.set(key, flight);
    return flight;
  }

  async #fly(key: string, amendments: readonly Amendment[], load: () => Promise<Events>): Promise<Dated> {
    try {
      const page = amendments.reduce(amended, await load());
      this.#keep(key, page);
      return this.#dated(page);
    } finally {
      this.#flights.delete(key);
    }
  }

  #dated(page: Events): Dated {
    return { ...page, version: this.#version };
  }

  #keep(key: string, page: Events): void {
    const bytes = bytesOf(page) + key.length;
    this.#kept.set(key, { page, bytes });
    this.#keptBytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#kept) {
      if (this.#keptBytes <= this.#limits.maxBytes) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= freed;
    }
  }

  async #readLog(request: ReadRequest): Promise<ReadResult> {
    if (this.#reading >= this.#limits.maxFlights) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#reading++;
    this.#reads++;
    try {
      return await this.#log.read(request);
    } finally {
      this.#reading--;
      this.#queue.shift()?.();
    }
  }
}

/** The very same page if nothing in it is concerned. */
function amended(page: Events, amendment: Amendment): Events {
  if (page.through < amendment.from) return page;
  const events = page.events.flatMap((event) => amendment.of(event) ?? []);
  const isSame = events.length === page.events.length && events.every((event, i) => event === page.events[i]);
  return isSame ? page : { ...page, events };
}

function bytesOf({ events }: Events): number {
  return events.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A shared page may hold more than one reader should be given at once: its rest is read again, from the pages kept in memory. */
function viewsAfter(
  after: number,
  events: readonly LogEvent[],
  interest: Interest,
  limit: number,
  maxBytes: number,
  through: number,
): Page {
  const views: View[] = [];
  let bytes = 0;
  for (const event of events) {
    const topic = event.offset! > after ? interest.view(event) : undefined;
    if (topic === undefined) continue;
    bytes += event.bytes;
    if (views.length === limit || (views.length > 0 && bytes > maxBytes))
      return { views, through: views.at(-1)!.event.offset! };
    views.push({ event, topic });
  }
  return { views, through };
}
