import type { EntryTraits } from '#clarion/event-bus';
import type { AppendRequest, AppendResult, IdempotencyClaim, LogAct, NewEntry } from '#clarion/notifications';
import { hasTraits } from './entry-row.js';

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
  /** Empty when no entry has any, else one for each request. */
  readonly traits: readonly (EntryTraits | undefined)[];
  /** Empty when nothing is done but to publish, else one for each request. */
  readonly acts: readonly (LogAct | undefined)[];
  /** Empty when nothing is to be pushed, else one for each request. */
  readonly pushAt: readonly (number | undefined)[];
}

/** The offset for what was appended, or null if there was no entry; all else as it is. */
export type PackedResult = number | null | AppendResult;

export function packBatch(batch: readonly AppendRequest[]): PackedBatch {
  return {
    ids: batch.map(({ id }) => id),
    bodies: batch.map(({ entry }) => entry?.body ?? null),
    publishedAt: batch.map(({ entry }) => entry?.publishedAt ?? null),
    topics: batch.map(({ entry }) => (entry === null ? null : oneOrAll(entry.topics))),
    claims: anyOf(batch, ({ idempotency }) => idempotency),
    traits: anyOf(batch, ({ entry }) => (entry === null ? undefined : traitsOf(entry))),
    acts: anyOf(batch, ({ act }) => act),
    pushAt: anyOf(batch, ({ pushAt }) => pushAt),
  };
}

export function unpackBatch(batch: PackedBatch): AppendRequest[] {
  const { ids, bodies, publishedAt, topics, claims, traits, acts } = batch;
  return ids.map((id, i) => {
    const body = bodies[i] ?? null;
    const plain = body === null ? null : { topics: [topics[i] ?? []].flat(), publishedAt: publishedAt[i] ?? 0, body };
    const more = traits[i];
    const entry = plain === null || more === undefined ? plain : { ...plain, ...more };
    const [idempotency, act, pushAt] = [claims[i], acts[i], batch.pushAt[i]];
    if (idempotency === undefined && act === undefined)
      return pushAt === undefined ? { id, entry } : { id, entry, pushAt };
    return {
      id,
      entry,
      ...(idempotency !== undefined && { idempotency }),
      ...(act !== undefined && { act }),
      ...(pushAt !== undefined && { pushAt }),
    };
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

/** One for each request; empty when none has it. */
function anyOf<T>(
  batch: readonly AppendRequest[],
  of: (request: AppendRequest) => T | undefined,
): readonly (T | undefined)[] {
  const all = batch.map(of);
  return all.some((one) => one !== undefined) ? all : [];
}

function traitsOf(entry: NewEntry): EntryTraits | undefined {
  // Nearly all have none, and an object of the rest costs more than to look.
  if (!hasTraits(entry)) return undefined;
  const { topics: _, publishedAt: __, body: ___, ...traits } = entry;
  return traits;
}
