import type { LogEntry } from '#clarion/event-bus';
import {
  latest,
  reaches,
  type FollowInterval,
  type InboxCounts,
  type InboxScope,
  type InboxSource,
  type MarkAct,
  type MarkValue,
  type RangeMark,
  type Standing,
} from '#clarion/notifications';
import { MARK_STATES, type InboxFilter, type MarkState } from '#clarion/protocol';
import { OWN } from './people-store-harness.js';

/** What a list says of one notification. */
export interface ModelRow {
  readonly offset: number;
  readonly topic: string;
  readonly standing: Standing;
}

type Published = LogEntry & { retracted?: true };

/** One person's inbox as anybody would write it with arrays and no haste: everything that was ever said is kept, and looked through each time. */
export class PeopleModel {
  readonly published: Published[] = [];
  readonly follows: { topic: string; from: number; to: number | null }[] = [];
  readonly #items: { state: MarkState; offset: number; value: MarkValue }[] = [];
  readonly #ranges: { state: MarkState; range: RangeMark }[] = [];

  follow(topic: string, offset: number): void {
    this.follows.push({ topic, from: offset, to: null });
  }

  unfollow(topic: string, offset: number): void {
    for (const follow of this.follows) if (follow.topic === topic && follow.to === null) follow.to = offset;
  }

  isFollowed(topic: string): boolean {
    return this.follows.some((follow) => follow.topic === topic && follow.to === null);
  }

  /** @returns whether it changes what counts; undefined: it must be refused. */
  mark({ state, undo, until, at, target }: MarkAct, head: number): boolean | undefined {
    const value = { at, undone: undo, until: undo ? null : until };
    if (!('ids' in target))
      return this.#markRange(state, { ...value, upTo: Math.min(target.upTo, head), topic: target.topic });
    const found = target.ids.map((id) => this.published.find((one) => one.id === id));
    const marked = found.filter((one) => one !== undefined && this.#isTheirs(one));
    if (marked.length < found.length) return undefined;
    let changed = false;
    for (const one of marked) if (one !== undefined) changed = this.#markOne(state, one, value) || changed;
    return changed;
  }

  /** All of a list, newest first. */
  list(scope: InboxScope, filter: InboxFilter): ModelRow[] {
    return this.published
      .filter((one) => one.retracted !== true && isShown(one, scope))
      .flatMap((one) => this.#rowOf(one, scope.sources))
      .filter(({ standing }) => isListed(filter, standing, scope.now))
      .toReversed();
  }

  counts(scope: InboxScope): InboxCounts {
    return { unread: this.list(scope, 'unread').length, unseen: this.list(scope, 'unseen').length };
  }

  standing({ offset, topics }: Pick<LogEntry, 'offset' | 'topics'>): Standing {
    const standing: { [S in MarkState]?: MarkValue } = {};
    for (const state of MARK_STATES) {
      const value = this.#effective(state, offset, topics);
      if (value !== undefined && !value.undone) standing[state] = value;
    }
    return standing;
  }

  #rowOf(one: Published, sources: readonly InboxSource[]): ModelRow[] {
    const topic = one.topics.find((name) => sources.some((source) => source.topic === name && has(source, one)));
    if (topic === undefined) return [];
    const standing = this.standing(one);
    const newer = this.published.find(
      ({ offset, topics, collapseKey }) =>
        offset > one.offset && collapseKey !== undefined && collapseKey === one.collapseKey && topics.includes(topic),
    );
    if (newer !== undefined && !(standing.read !== undefined && standing.read.at < newer.publishedAt)) return [];
    return [{ offset: one.offset, topic, standing }];
  }

  #markOne(state: MarkState, { offset, topics }: Published, value: MarkValue): boolean {
    const before = this.#effective(state, offset, topics);
    this.#items.push({ state, offset, value });
    return before === undefined || JSON.stringify(this.#effective(state, offset, topics)) !== JSON.stringify(before);
  }

  #markRange(state: MarkState, range: RangeMark): boolean {
    const isDominated = this.#ranges.some(
      (other) =>
        other.state === state &&
        other.range.upTo >= range.upTo &&
        (other.range.topic === null || other.range.topic === range.topic) &&
        sameValue(latest([other.range, range]), other.range),
    );
    this.#ranges.push({ state, range });
    return !isDominated;
  }

  #effective(state: MarkState, offset: number, topics: readonly string[]): MarkValue | undefined {
    const values = [
      ...this.#items.filter((item) => item.state === state && item.offset === offset).map(({ value }) => value),
      ...this.#ranges
        .filter((one) => one.state === state && reaches(one.range, offset, topics))
        .map(({ range }) => range),
    ];
    const best = latest(values);
    return best === undefined ? undefined : { at: best.at, undone: best.undone, until: best.until };
  }

  #isTheirs({ offset, topics }: Published): boolean {
    return (
      topics.includes(OWN) ||
      this.follows.some(
        ({ topic, from, to }) => topics.includes(topic) && from < offset && (to === null || offset <= to),
      )
    );
  }
}

/** The whole inbox of a person who may see all that they follow. */
export function sourcesOf(follows: readonly Pick<FollowInterval, 'topic' | 'from' | 'to'>[]): InboxSource[] {
  const own = { topic: OWN, after: 0, upTo: null, publishedFrom: 0 };
  return [own, ...follows.map(({ topic, from, to }) => ({ topic, after: from, upTo: to, publishedFrom: 0 }))];
}

function has({ after, upTo, publishedFrom }: InboxSource, { offset, publishedAt }: LogEntry): boolean {
  return offset > after && (upTo === null || offset <= upTo) && publishedAt >= publishedFrom;
}

function isShown({ expiresAt, category }: LogEntry, { now, hiddenCategories }: InboxScope): boolean {
  return (
    (expiresAt === undefined || expiresAt > now) && (category === undefined || !hiddenCategories.includes(category))
  );
}

function isListed(filter: InboxFilter, { seen, read, archived, snoozed }: Standing, now: number): boolean {
  const asleep = snoozed?.until !== undefined && snoozed.until !== null && snoozed.until > now;
  const inbox = archived === undefined && !asleep;
  return {
    all: true,
    inbox,
    unread: inbox && read === undefined,
    unseen: inbox && read === undefined && seen === undefined,
    read: inbox && read !== undefined,
    archived: archived !== undefined,
    snoozed: asleep,
  }[filter];
}

function sameValue(one: MarkValue | undefined, other: MarkValue): boolean {
  return one !== undefined && one.at === other.at && one.undone === other.undone && one.until === other.until;
}
