import type { InboxScope, InboxSource } from '#clarion/notifications';

/** Of what an inbox consists, on its way to a reader's thread: by columns, as a batch to the writer's. Of a thousand topics that is a quarter of the cost. */
export interface PackedSources {
  readonly topics: readonly string[];
  readonly after: readonly number[];
  readonly upTo: readonly (number | null)[];
  readonly publishedFrom: readonly number[];
}

/** What is asked with such sources in place of its own. */
export type Packed<T extends InboxScope> = Omit<T, 'sources'> & { readonly sources: PackedSources };

export function packSources(sources: readonly InboxSource[]): PackedSources {
  return {
    topics: sources.map(({ topic }) => topic),
    after: sources.map(({ after }) => after),
    upTo: sources.map(({ upTo }) => upTo),
    publishedFrom: sources.map(({ publishedFrom }) => publishedFrom),
  };
}

export function unpackSources({ topics, after, upTo, publishedFrom }: PackedSources): InboxSource[] {
  return topics.map((topic, i) => ({
    topic,
    after: after[i] ?? 0,
    upTo: upTo[i] ?? null,
    publishedFrom: publishedFrom[i] ?? 0,
  }));
}
