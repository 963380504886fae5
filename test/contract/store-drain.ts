import assert from 'node:assert/strict';
import type { LogEntry } from '#clarion/event-bus';
import type { NotificationStore, ReadResult } from '#clarion/notifications';

export interface DrainRequest {
  readonly after?: number;
  readonly selectors?: readonly string[] | null;
  readonly limit?: number;
  readonly maxBytes?: number;
  /** Reads until `through` is here. */
  readonly head: number;
}

/** More calls than any honest store needs for the logs of this suite. */
const MAX_CALLS = 10_000;

/**
 * Reads page after page up to the head, and holds every page to what the contract says of each: `through` moves, entries lie in
 * `(after, through]` in order, and are no more than were asked for.
 */
export async function drain(store: NotificationStore, request: DrainRequest): Promise<LogEntry[]> {
  const { selectors = null, limit = 1_000, maxBytes = 1_000_000, head } = request;
  const entries: LogEntry[] = [];
  let after = request.after ?? 0;
  for (let calls = 0; after < head; calls++) {
    assert.ok(calls < MAX_CALLS, 'reading never reaches the head');
    const page = await store.read({ after, selectors, limit, maxBytes });
    checkPage(page, { after, limit, maxBytes });
    entries.push(...page.entries);
    after = page.through;
  }
  return entries;
}

/** What holds for every page that was read before the head. */
export function checkPage(
  { entries, through }: ReadResult,
  asked: { readonly after: number; readonly limit: number; readonly maxBytes: number },
): void {
  assert.ok(through > asked.after, `through stalls at ${through} after ${asked.after}`);
  assert.ok(entries.length <= asked.limit, `${entries.length} entries, ${asked.limit} were asked for`);
  let last = asked.after;
  for (const { offset } of entries) {
    assert.ok(offset > last, `offset ${offset} comes after ${last}`);
    last = offset;
  }
  assert.ok(last <= through, `entry ${last} lies beyond through ${through}`);
  const bytes = entries.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);
  assert.ok(entries.length <= 1 || bytes <= asked.maxBytes, `${bytes} bytes, ${asked.maxBytes} were asked for`);
}

export function idsOf(entries: readonly { readonly id: string }[]): string[] {
  return entries.map(({ id }) => id);
}
