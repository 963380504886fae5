import { createHash } from 'node:crypto';
import type { PublishRequest, Topic } from '#clarion/protocol';

/**
 * The part of a notification that is the same for every reader, as JSON members without braces, in the order in which they are shown;
 * the audience is not disclosed. Made once per publish; {@link renderNotification} completes it per topic.
 */
export function serialiseBody(draft: PublishRequest, publishedAt: number): string {
  const { type, title, body, url, icon, data, collapseKey } = draft;
  const ephemeral = draft.ephemeral === true ? true : undefined;
  const time = new Date(publishedAt).toISOString();
  return JSON.stringify({ type, title, body, url, icon, data, ephemeral, collapseKey, publishedAt: time }).slice(1, -1);
}

/** The notification's JSON as a reader gets it: id, cursor and topic spliced before the shared members. No parsing, no escaping: ids, cursors and topics need none. */
export function renderNotification(
  entry: { readonly id: string; readonly body: string },
  cursor: string | undefined,
  topic: Topic,
): string {
  const place = cursor === undefined ? '' : `"cursor":"${cursor}",`;
  return `{"id":"${entry.id}",${place}"topic":"${topic}",${entry.body}}`;
}

/** Digest that is equal for equal parsed bodies, whatever the order of their fields. The idempotency key itself is left out. */
export function fingerprint(draft: PublishRequest): string {
  const { idempotencyKey: _, ...rest } = draft;
  return createHash('sha256').update(canonicalJson(rest)).digest('base64url');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
