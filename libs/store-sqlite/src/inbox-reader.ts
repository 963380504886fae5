import type { InboxRequest, InboxSlice, Standing } from '#clarion/notifications';
import type { InboxFilter } from '#clarion/protocol';
import { integer, text, type Connection, type Row, type Statement } from './connection.js';
import { InboxJudge, JudgedScope } from './inbox-judge.js';
import { joined, planInbox, type Stretch } from './inbox-plan.js';
import { INBOX_QUERIES } from './inbox-queries.js';
import { InboxRows, type Asked, type Listed } from './inbox-rows.js';
import { rangesOf } from './mark-cells.js';
import { NewestFirst, Stream } from './newest-first.js';
import { offsetListsIn, offsetsOrNullsIn } from './offset-lists.js';
import { OldestRows } from './oldest-rows.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { segmentList } from './segment-list.js';

/** Notifications that one page looks at; with these it ends, however few it has. */
const MAX_LOOKED_AT = 1_000;
/** Read of a stretch at first. */
const FIRST_CHUNK = 8;

/** A page. */
interface AskedPage extends Asked {
  readonly request: InboxRequest;
}

/**
 * Pages of people's inboxes, newest first: the newest of each stretch of a topic, of the newest of these as many more as are likely needed, and from there
 * what is. Offsets first, then all at once the notifications themselves.
 */
export class InboxReader {
  readonly #connection: Connection;
  readonly #judge: InboxJudge;
  readonly #rows: InboxRows;
  readonly #ranges: Statement;
  readonly #heads: Statement;
  readonly #newestOfEach: Statement;
  readonly #oldest: OldestRows;
  readonly #shared: Statement;
  readonly #marked: Readonly<Record<Exclude<InboxFilter, 'all'>, Statement>>;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#judge = new InboxJudge(connection);
    this.#rows = new InboxRows(connection);
    this.#ranges = connection.prepare(PEOPLE_QUERIES.ranges);
    this.#heads = connection.prepare(INBOX_QUERIES.heads);
    this.#newestOfEach = connection.prepare(INBOX_QUERIES.newestOfEach);
    this.#oldest = new OldestRows(connection);
    this.#shared = connection.prepare(INBOX_QUERIES.shared);
    const lifting = connection.prepare(INBOX_QUERIES.markedInbox);
    this.#marked = {
      inbox: lifting,
      unread: lifting,
      unseen: lifting,
      read: connection.prepare(INBOX_QUERIES.markedRead),
      archived: connection.prepare(INBOX_QUERIES.markedArchived),
      snoozed: connection.prepare(INBOX_QUERIES.markedSnoozed),
    };
  }

  /** The contract of `PeopleStore.inbox`, in one snapshot. */
  page(request: InboxRequest): InboxSlice {
    return this.#connection.read(() => {
      const ranges = rangesOf(this.#ranges.all([request.user]));
      const asked = { request, scope: new JudgedScope(request), ranges };
      return this.#gather(new NewestFirst(this.#streams(asked)), asked);
    });
  }

  /** The contract of `PeopleStore.standing`. */
  standing(user: string, offset: number): Standing {
    return this.#connection.read(() => {
      const entry = this.#judge.entry(offset);
      return entry === undefined ? {} : this.#judge.standing(user, entry, rangesOf(this.#ranges.all([user])));
    });
  }

  #gather(candidates: NewestFirst, asked: AskedPage): InboxSlice {
    const { limit } = asked.request;
    const listed: Listed[] = [];
    let last: number | undefined;
    for (let [looked, factor] = [0, 1]; listed.length < limit && looked < MAX_LOOKED_AT; factor *= 2) {
      const offsets = candidates.take(Math.min((limit - listed.length) * factor, MAX_LOOKED_AT - looked));
      if (offsets.length === 0) break;
      listed.push(...this.#rows.listed(offsets, asked));
      looked += offsets.length;
      last = offsets.at(-1);
    }
    const rows = this.#rows.read(listed.slice(0, limit));
    if (listed.length > limit) return { rows, next: listed[limit - 1]?.offset ?? null };
    return { rows, next: candidates.isExhausted ? null : (last ?? null) };
  }

  #streams({ request, ranges }: AskedPage): Stream[] {
    const plan = planInbox(request, ranges, request.filter, request.before);
    const streams = this.#stretches(joined(plan.walked), request);
    for (const { topic, after, upTo } of this.#oldest.lookedAt(plan.crossing, request.sources))
      streams.push(streamOf(upTo, (to, count) => offsetsOf(this.#shared.all([topic, after, to, count]))));
    const { filter, user, before = Number.MAX_SAFE_INTEGER } = request;
    if (plan.skips && filter !== 'all')
      streams.push(
        streamOf(before - 1, (to, count) => offsetsOf(this.#marked[filter].all([user, plan.after, to, count]))),
      );
    return streams;
  }

  /** Where each begins is found for all at once: most of hundreds of topics have nothing among the newest. */
  #stretches(stretches: readonly Stretch[], { before, limit }: InboxRequest): Stream[] {
    const end = before === undefined ? Number.MAX_SAFE_INTEGER : before - 1;
    const heads = offsetsOrNullsIn(text(this.#heads.get([segmentList(stretches, end), end]) ?? [], 0));
    const found: { readonly stretch: Stretch; readonly stream: Stream }[] = [];
    for (const [i, stretch] of stretches.entries()) {
      const head = heads[i] ?? null;
      if (head === null) continue;
      const stream = streamOf(head, (upTo, count) => this.#newest([{ ...stretch, upTo }], count)[0] ?? []);
      found.push({ stretch, stream });
    }
    found.sort((a, b) => b.stream.head - a.stream.head);
    // No page needs more of them, unless much of it is hidden.
    const newest = found.slice(0, limit);
    const firsts = this.#newest(
      newest.map(({ stretch }) => stretch),
      FIRST_CHUNK,
    );
    for (const [i, { stream }] of newest.entries()) stream.begin(firsts[i] ?? []);
    return found.map(({ stream }) => stream);
  }

  #newest(stretches: readonly Stretch[], count: number): number[][] {
    return offsetListsIn(text(this.#newestOfEach.get([segmentList(stretches), count]) ?? [], 0));
  }
}

function streamOf(head: number, fetch: ConstructorParameters<typeof Stream>[1]): Stream {
  return new Stream(head, fetch, FIRST_CHUNK);
}

function offsetsOf(rows: readonly Row[]): number[] {
  return rows.map((row) => integer(row, 0));
}
