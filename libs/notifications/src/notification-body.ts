import { createHash } from 'node:crypto';
import type { PublishRequest, Topic } from '#clarion/protocol';

/** What readers get of a publish, in the order in which it is shown; the audience is not disclosed. */
const SHOWN = ['type', 'title', 'body', 'url', 'icon', 'data', 'ephemeral', 'collapseKey'] as const;

/**
 * The part of a notification that is the same for every reader, as JSON members without braces. Made once per publish;
 * {@link renderNotification} completes it per topic. Member by member it costs half of what an object of them does.
 * @param publishedAt ISO 8601.
 */
export function serialiseBody(draft: PublishRequest, publishedAt: string): string {
  let members = '';
  for (const field of SHOWN) {
    const value = draft[field];
    if (value !== undefined && !isDefault(field, value)) members += `"${field}":${JSON.stringify(value)},`;
  }
  return `${members}"publishedAt":"${publishedAt}"`;
}

/** Nobody is told of a durable notification that it is one. */
function isDefault(field: (typeof SHOWN)[number], value: unknown): boolean {
  return field === 'ephemeral' && value === false;
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
