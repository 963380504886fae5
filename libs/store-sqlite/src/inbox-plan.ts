import type { InboxScope, InboxSource, RangeMark } from '#clarion/notifications';
import { latest } from '#clarion/notifications/people';
import { MARK_STATES, type InboxFilter } from '#clarion/protocol';
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

/** How a list, or a count, is found. */
export interface InboxPlan {
  /** What is listed here unless a mark of its own says otherwise. */
  readonly walked: readonly Segment[];
  /** Whether there is more, where nothing is listed unless a mark of its own says so. */
  readonly skips: boolean;
  /** Ranges by topic that may say otherwise of what is seen by another topic. */
  readonly crossing: readonly Pick<Segment, 'topic' | 'after' | 'upTo'>[];
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
  const byTopic = rangesByTopic(ranges);
  const segments = sources.flatMap((source) => segmentsOf(source, byTopic, before));
  const walked = segments.filter(({ base }) => isListed(filter, standingOf(base, NO_RANGES, 0, []), now));
  return {
    walked,
    skips: walked.length < segments.length,
    crossing: filter === 'all' ? [] : crossingIn(ranges, before),
    after: sources.reduce((least, { after }) => Math.min(least, after), Number.MAX_SAFE_INTEGER),
  };
}

const NO_RANGES: Ranges = { seen: [], read: [], archived: [], snoozed: [] };

/** The ranges that are about all that came by a topic, and those about everything. */
type RangesByTopic = ReadonlyMap<string | null, { readonly [S in keyof Ranges]: RangeMark[] }>;

function rangesByTopic(ranges: Ranges): RangesByTopic {
  const byTopic = new Map<string | null, { readonly [S in keyof Ranges]: RangeMark[] }>();
  for (const state of MARK_STATES)
    for (const range of ranges[state]) {
      const those = byTopic.get(range.topic) ?? { seen: [], read: [], archived: [], snoozed: [] };
      byTopic.set(range.topic, those);
      those[state].push(range);
    }
  return byTopic;
}

function segmentsOf(
  { topic, after, upTo, publishedFrom }: InboxSource,
  byTopic: RangesByTopic,
  before: number,
): Segment[] {
  const end = Math.min(upTo ?? Number.MAX_SAFE_INTEGER, before - 1);
  if (end <= after) return [];
  const those = [byTopic.get(null), byTopic.get(topic)].filter((some) => some !== undefined);
  const ends = new Set([end]);
  for (const some of those)
    for (const state of MARK_STATES)
      for (const range of some[state]) if (range.upTo > after && range.upTo < end) ends.add(range.upTo);
  const sorted = [...ends].sort((a, b) => a - b);
  return sorted.map((segmentEnd, i) => ({
    topic,
    after: sorted[i - 1] ?? after,
    upTo: segmentEnd,
    publishedFrom,
    base: baseOf(those, segmentEnd),
  }));
}

function baseOf(those: readonly { readonly [S in keyof Ranges]: readonly RangeMark[] }[], end: number): Said {
  if (those.length === 0) return NOTHING_SAID;
  const base: { -readonly [S in keyof Said]: Said[S] } = {};
  for (const state of MARK_STATES) {
    const value = latest(those.flatMap((some) => some[state].filter(({ upTo }) => upTo >= end)));
    if (value !== undefined) base[state] = value;
  }
  return base;
}

const NOTHING_SAID: Said = Object.freeze({});

function crossingIn(ranges: Ranges, before: number): InboxPlan['crossing'] {
  return MARK_STATES.flatMap((state) =>
    ranges[state].flatMap(({ topic, upTo }) =>
      topic === null ? [] : [{ topic, after: 0, upTo: Math.min(upTo, before - 1) }],
    ),
  );
}
