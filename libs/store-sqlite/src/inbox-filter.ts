import type { Standing } from '#clarion/notifications';
import type { InboxFilter } from '#clarion/protocol';

/** Whether a list has what stands so with a person. */
export function isListed(filter: InboxFilter, { seen, read, archived, snoozed }: Standing, now: number): boolean {
  const isAsleep = snoozed !== undefined && (snoozed.until ?? 0) > now;
  if (filter === 'all') return true;
  if (filter === 'archived') return archived !== undefined;
  if (filter === 'snoozed') return isAsleep;
  if (archived !== undefined || isAsleep) return false;
  if (filter === 'read') return read !== undefined;
  if (filter === 'unread') return read === undefined;
  if (filter === 'unseen') return read === undefined && seen === undefined;
  return true;
}

/** Whether a newer one with the same key has taken its place: not if it was read before. @param collapsedAt when the newer one was published. */
export function isCollapsed(collapsedAt: number | null, { read }: Standing): boolean {
  return collapsedAt !== null && !(read !== undefined && read.at < collapsedAt);
}
