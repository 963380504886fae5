import type { LogEntry } from '#clarion/event-bus';
import type {
  AppendRequest,
  AppendResult,
  RetentionPolicy,
  TopicHistory,
  TopicHistoryRequest,
} from '#clarion/notifications';
import { matches, type Selector, type Topic } from '#clarion/protocol';

/** The log as anybody would write it with arrays and no haste: what a store is compared with. */
export class StoreModel {
  readonly #resume: LogEntry[] = [];
  /** Which topics still have which entry in their history. */
  readonly #histories = new Map<string, LogEntry[]>();
  floor = 0;

  /** Takes over what a store says that it appended. */
  append(batch: readonly AppendRequest[], results: readonly AppendResult[]): void {
    for (const [i, { id, entry }] of batch.entries()) {
      const result = results[i];
      if (entry === null || result?.outcome !== 'appended' || result.offset === null) continue;
      const stored = { offset: result.offset, id, ...entry };
      this.#resume.push(stored);
      for (const topic of entry.topics) this.#histories.set(topic, [...(this.#histories.get(topic) ?? []), stored]);
    }
  }

  /** Every match in `(after, through]` that the resume log still has. */
  matching(after: number, through: number, selectors: readonly string[] | null): LogEntry[] {
    return this.#resume.filter(
      ({ offset, topics }) =>
        offset > Math.max(after, this.floor) &&
        offset <= through &&
        (selectors === null || selectors.some((selector) => topics.some((topic) => isMatch(selector, topic)))),
    );
  }

  history({ topic, limit, before = Infinity, publishedFrom }: TopicHistoryRequest): TopicHistory {
    const all = (this.#histories.get(topic) ?? [])
      .filter(({ offset, publishedAt }) => offset < before && publishedAt >= publishedFrom)
      .toReversed();
    return { entries: all.slice(0, limit), more: all.length > limit };
  }

  /** @returns the lowest and the highest floor that the policy allows. */
  prune(policy: RetentionPolicy, now: number, head: number): { readonly least: number; readonly most: number } {
    const above = this.#resume.filter(({ offset }) => offset > this.floor);
    const kept = above.findIndex(
      ({ publishedAt }, i) =>
        publishedAt >= now - policy.resumeMaxAgeMs && weigh(above.slice(i)) <= policy.resumeMaxBytes,
    );
    const dropped = kept === -1 ? above : above.slice(0, kept);
    const least = dropped.at(-1)?.offset ?? this.floor;
    return { least, most: kept === -1 ? head : Math.max(least, (above[kept]?.offset ?? 0) - 1) };
  }

  /** Follows a store to the floor that it chose. */
  forget(policy: RetentionPolicy, now: number, floor: number): void {
    this.floor = floor;
    for (const [topic, entries] of this.#histories) {
      const isKept = ({ offset, publishedAt }: LogEntry, i: number): boolean =>
        offset > floor ||
        (publishedAt >= now - policy.historyMaxAgeMs && i >= entries.length - policy.historyMaxPerTopic);
      this.#histories.set(topic, entries.filter(isKept));
    }
  }
}

/** What entries count for `resumeMaxBytes`: bodies and topics in UTF-8. */
function weigh(entries: readonly LogEntry[]): number {
  return entries.reduce(
    (sum, { body, topics }) => sum + Buffer.byteLength(body) + Buffer.byteLength(topics.join('')),
    0,
  );
}

function isMatch(selector: string, topic: string): boolean {
  return selector === topic || matches(selector as Selector, topic as Topic);
}
