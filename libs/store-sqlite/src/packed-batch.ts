import type { AppendRequest, AppendResult, IdempotencyClaim } from '#clarion/notifications';

/**
 * A batch on its way to the writer's thread. Structured cloning writes the name of each member of each object: column by column it costs a
 * third of that, on both sides.
 */
export interface PackedBatch {
  readonly ids: readonly string[];
  /** Null where there is no entry, here and in what follows. */
  readonly bodies: readonly (string | null)[];
  readonly publishedAt: readonly (number | null)[];
  /** Nearly always one, which needs no array. */
  readonly topics: readonly (string | readonly string[] | null)[];
  /** Empty when nothing is claimed, else one for each request. */
  readonly claims: readonly (IdempotencyClaim | undefined)[];
}

/** The offset for what was appended, or null if there was no entry; all else as it is. */
export type PackedResult = number | null | AppendResult;

export function packBatch(batch: readonly AppendRequest[]): PackedBatch {
  return {
    ids: batch.map(({ id }) => id),
    bodies: batch.map(({ entry }) => entry?.body ?? null),
    publishedAt: batch.map(({ entry }) => entry?.publishedAt ?? null),
    topics: batch.map(({ entry }) => (entry === null ? null : oneOrAll(entry.topics))),
    claims: batch.some(({ idempotency }) => idempotency !== undefined)
      ? batch.map(({ idempotency }) => idempotency)
      : [],
  };
}

export function unpackBatch({ ids, bodies, publishedAt, topics, claims }: PackedBatch): AppendRequest[] {
  return ids.map((id, i) => {
    const body = bodies[i] ?? null;
    const entry = body === null ? null : { topics: [topics[i] ?? []].flat(), publishedAt: publishedAt[i] ?? 0, body };
    const idempotency = claims[i];
    return idempotency === undefined ? { id, entry } : { id, entry, idempotency };
  });
}

export function packResults(results: readonly AppendResult[]): PackedResult[] {
  return results.map((result) => (result.outcome === 'appended' ? result.offset : result));
}

/** @param batch the requests that were answered. */
export function unpackResults(batch: readonly AppendRequest[], results: readonly PackedResult[]): AppendResult[] {
  return batch.map(({ id }, i) => {
    const result = results[i];
    if (result === undefined) throw new Error(`the writer has answered ${results.length} of ${batch.length} requests`);
    return typeof result === 'number' || result === null ? { outcome: 'appended', id, offset: result } : result;
  });
}

function oneOrAll(topics: readonly string[]): string | readonly string[] {
  const [first] = topics;
  return topics.length === 1 && first !== undefined ? first : topics;
}
