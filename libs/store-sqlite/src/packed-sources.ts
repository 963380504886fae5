import type { InboxScope, InboxSource } from '#clarion/notifications';

/**
 * Of what an inbox consists, on its way to a reader's thread: JSON of a list for each column. Of a thousand topics that costs a fraction of what objects
 * do, and whether it is the same as before is one comparison.
 */
export type PackedSources = string & { readonly __brand: 'PackedSources' };

/** What is asked with such sources in place of its own. */
export type Packed<T extends InboxScope> = Omit<T, 'sources'> & { readonly sources: PackedSources };

export function packSources(sources: readonly InboxSource[]): PackedSources {
  const columns: Columns = [
    sources.map(({ topic }) => topic),
    sources.map(({ after }) => after),
    sources.map(({ upTo }) => upTo),
    sources.map(({ publishedFrom }) => publishedFrom),
  ];
  return JSON.stringify(columns) as PackedSources;
}

export function unpackSources(packed: PackedSources): InboxSource[] {
  const [topics, after, upTo, publishedFrom] = JSON.parse(packed) as Columns;
  return topics.map((topic, i) => ({
    topic,
    after: after[i] ?? 0,
    upTo: upTo[i] ?? null,
    publishedFrom: publishedFrom[i] ?? 0,
  }));
}

/** Of hundreds of topics: fewer are unpacked faster than they are found. */
const WORTH_KEEPING = 4_096;
/** Characters of all that is kept; what was made of them takes about four times as much. */
const MAX_KEPT = 1_024 * 1_024;

/** Unpacks, and keeps what was asked for lately: those who are connected are asked for again and again, with the same topics. */
export class SourcesReader {
  /** The latest comes last. */
  readonly #kept = new Map<PackedSources, Kept>();
  #length = 0;

  read(packed: PackedSources): readonly InboxSource[] {
    if (packed.length < WORTH_KEEPING) return unpackSources(packed);
    const kept = this.#kept.get(packed) ?? { packed, sources: unpackSources(packed) };
    if (!this.#kept.delete(packed)) this.#length += packed.length;
    this.#kept.set(kept.packed, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#length <= MAX_KEPT) break;
      this.#kept.delete(oldest);
      this.#length -= oldest.length;
    }
    return kept.sources;
  }

  /** What they were when the log ended at `head`: without what was followed, and unfollowed, since then. */
  asOf(packed: PackedSources, head: number): PackedSources {
    const sources = this.read(packed);
    if (sources.every(({ after, upTo }) => after < head && (upTo === null || upTo < head))) return packed;
    const then = sources.filter(({ after }) => after < head);
    return packSources(then.map((one) => (one.upTo === null || one.upTo < head ? one : { ...one, upTo: null })));
  }
}

interface Kept {
  readonly packed: PackedSources;
  readonly sources: readonly InboxSource[];
}

type Columns = readonly [
  topics: readonly string[],
  after: readonly number[],
  upTo: readonly (number | null)[],
  publishedFrom: readonly number[],
];
