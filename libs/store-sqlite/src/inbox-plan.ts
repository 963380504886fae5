import type { InboxScope, InboxSource, RangeMark } from '#clarion/notifications';
import { beats, latest } from '#clarion/notifications/people';
import { MARK_STATES, type MarkState } from '#clarion/protocol/plain';
import type { InboxFilter } from '#clarion/protocol';
import { isListed } from './inbox-filter.js';
import { standingOf, type Ranges, type Said } from './mark-cells.js';

/** A stretch of one topic, `(after, upTo]`, throughout which ranges say the same. */
export interface Segment {
  readonly topic: string;
  readonly after: number;
  readonly upTo: number;
  readonly publishedFrom: number;
  readonly base: Said;
}

export type Stretch = Pick<Segment, 'topic' | 'after' | 'upTo'>;

/** How a list, or a count, is found. */
export interface InboxPlan {
  /** What is listed here unless a mark of its own says otherwise. */
  readonly walked: readonly Segment[];
  /** Whether there is more, where nothing is listed unless a mark of its own says so. */
  readonly skips: boolean;
  /** Where ranges by topic hide what is listed by another topic: nothing that lies here by one of its topics is listed, unless a mark of its own says so. */
  readonly covered: readonly Stretch[];
  /** Where ranges by topic may say otherwise of what is seen by another topic, and which of them counts must be looked at one by one. */
  readonly crossing: readonly Stretch[];
  /** Nothing is at or below this offset. */
  readonly after: number;
}

/** So that what one range covers need not be walked. `before`: exclusive. */
export function planInbox(
  { sources, now }: InboxScope,
  ranges: Ranges,
  filter: InboxFilter,
  before = Number.MAX_SAFE_INTEGER,
): InboxPlan {
  const bases = new Bases(ranges);
  const segments = segmentsOf(sources, bases, before);
  const listed = new Map<Said, boolean>();
  const isWanted = (base: Said): boolean => {
    const known = listed.get(base) ?? isListed(filter, standingOf(base, NO_RANGES, 0, []), now);
    listed.set(base, known);
    return known;
  };
  const walked = segments.filter(({ base }) => isWanted(base));
  const [after, isCrossed] = [least(sources), isCrossedIn(filter, ranges, now)];
  return {
    walked,
    skips: walked.length < segments.length,
    covered: isCrossed || filter === 'all' ? [] : bases.covered(after, before, isWanted),
    crossing: isCrossed ? crossingIn(ranges, after, before) : [],
    after,
  };
}

/** What follows one on another, whatever is said of it. */
export function joined(segments: readonly Segment[]): Stretch[] {
  const whole: Stretch[] = [];
  for (const segment of segments) {
    const last = whole.at(-1);
    const isNext = last !== undefined && last.upTo === segment.after && last.topic === segment.topic;
    if (isNext) whole[whole.length - 1] = { topic: last.topic, after: last.after, upTo: segment.upTo };
    else whole.push(segment);
  }
  return whole;
}

/** What lies above an offset, and what does not. */
export function splitAt(
  segments: readonly Segment[],
  end: number,
): { readonly above: readonly Segment[]; readonly below: readonly Segment[] } {
  return {
    above: segments.flatMap((one) => (one.upTo > end ? { ...one, after: Math.max(one.after, end) } : [])),
    below: segments.flatMap((one) => (one.after < end ? { ...one, upTo: Math.min(one.upTo, end) } : [])),
  };
}

const NO_RANGES: Ranges = { seen: [], read: [], archived: [], snoozed: [] };

function segmentsOf(sources: readonly InboxSource[], bases: Bases, before: number): Segment[] {
  const segments: Segment[] = [];
  for (const { topic, after, upTo, publishedFrom } of sources) {
    const end = Math.min(upTo ?? Number.MAX_SAFE_INTEGER, before - 1);
    let from = after;
    for (const level of bases.of(topic)) {
      const to = Math.min(level.upTo, end);
      if (to <= from) continue;
      segments.push({ topic, after: from, upTo: to, publishedFrom, base: level.base });
      from = to;
    }
  }
  return segments;
}

/** A range, and what it is about. */
interface StateRange extends RangeMark {
  readonly state: MarkState;
}

/** Up to where ranges say the same of a topic, from where the level before ends. */
interface Level {
  readonly upTo: number;
  readonly base: Said;
}

/** What ranges say of topics. Of all topics without ranges of their own, as nearly all are, the very same is said. */
class Bases {
  readonly #ofAll: readonly StateRange[];
  readonly #ofTopic = new Map<string, StateRange[]>();
  readonly #levelsOfAll: readonly Level[];

  constructor(ranges: Ranges) {
    const all = MARK_STATES.flatMap((state) => ranges[state].map((range) => ({ ...range, state })));
    this.#ofAll = all.filter(({ topic }) => topic === null);
    this.#levelsOfAll = levelsOf(this.#ofAll);
    for (const range of all)
      if (range.topic !== null && this.#ofTopic.get(range.topic)?.push(range) === undefined)
        this.#ofTopic.set(range.topic, [range]);
  }

  /** From the oldest on, without an end. */
  of(topic: string): readonly Level[] {
    const own = this.#ofTopic.get(topic);
    return own === undefined ? this.#levelsOfAll : levelsOf([...this.#ofAll, ...own]);
  }

  /** Where a topic's own ranges take away what others leave. */
  covered(after: number, before: number, isWanted: (base: Said) => boolean): Stretch[] {
    return [...this.#ofTopic.keys()].flatMap((topic) => {
      let from = after;
      return this.of(topic).flatMap((level) => {
        const stretch = { topic, after: from, upTo: Math.min(level.upTo, before - 1) };
        from = Math.max(from, stretch.upTo);
        const isCovered = isWanted(this.#ofAllAt(stretch.upTo)) && !isWanted(level.base);
        return stretch.upTo > stretch.after && isCovered ? stretch : [];
      });
    });
  }

  #ofAllAt(offset: number): Said {
    return this.#levelsOfAll.find(({ upTo }) => upTo >= offset)?.base ?? NOTHING_SAID;
  }
}

function levelsOf(ranges: readonly StateRange[]): Level[] {
  return [...endsOf(ranges), Number.MAX_SAFE_INTEGER].map((upTo) => ({ upTo, base: baseOf(ranges, upTo) }));
}

function endsOf(ranges: readonly RangeMark[]): number[] {
  return [...new Set(ranges.map(({ upTo }) => upTo))].sort((a, b) => a - b);
}

function baseOf(ranges: readonly StateRange[], end: number): Said {
  const base: { -readonly [S in keyof Said]: Said[S] } = {};
  for (const state of MARK_STATES) {
    const value = latest(ranges.filter((range) => range.state === state && range.upTo >= end));
    if (value !== undefined) base[state] = value;
  }
  // What is above all ranges is in one state, whatever the topic.
  return Object.keys(base).length === 0 ? NOTHING_SAID : base;
}

const NOTHING_SAID: Said = Object.freeze({});

/** What lies before all sources is in no inbox. */
function least(sources: readonly InboxSource[]): number {
  return sources.reduce((after, source) => Math.min(after, source.after), Number.MAX_SAFE_INTEGER);
}

/** Of several ranges of one topic the longest is looked at. */
function crossingIn(ranges: Ranges, after: number, before: number): InboxPlan['crossing'] {
  const ends = new Map<string, number>();
  for (const state of MARK_STATES)
    for (const { topic, upTo } of ranges[state])
      if (topic !== null) ends.set(topic, Math.max(ends.get(topic) ?? 0, Math.min(upTo, before - 1)));
  return [...ends].map(([topic, upTo]) => ({ topic, after, upTo }));
}

/** Lists of what is neither read nor put away: a range can only take away from them, unless it takes back what another one says. */
const OPEN_LISTS: ReadonlySet<InboxFilter> = new Set<InboxFilter>(['inbox', 'unread', 'unseen']);

/** Whether a range by topic may bring into the list what another topic's stretch does not list. */
function isCrossedIn(filter: InboxFilter, ranges: Ranges, now: number): boolean {
  if (filter === 'all') return false;
  if (!OPEN_LISTS.has(filter)) return true;
  const states = filter === 'unseen' ? MARK_STATES : MARK_STATES.filter((state) => state !== 'seen');
  return states.some((state) => {
    const holding = ranges[state].filter((range) => isHolding(range, now));
    const lifting = ranges[state].filter((range) => range.topic !== null && !isHolding(range, now));
    return lifting.some((range) => holding.some((other) => other.topic !== range.topic && beats(range, other)));
  });
}

/** A snooze that is over is as good as none. */
function isHolding({ undone, until }: RangeMark, now: number): boolean {
  return !undone && (until === null || until > now);
}
