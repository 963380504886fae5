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

type Columns = readonly [
  topics: readonly string[],
  after: readonly number[],
  upTo: readonly (number | null)[],
  publishedFrom: readonly number[],
];
