import type { EntryTraits } from '#clarion/event-bus';
import type { PublishRequest } from '#clarion/protocol';

/** What delivery must know of a draft, whoever publishes it. Most have nothing. @param publishedAt milliseconds since 1970. */
export function traitsOf({ category, priority, ttl }: PublishRequest, publishedAt: number): EntryTraits {
  return {
    ...(ttl !== undefined && { expiresAt: publishedAt + ttl * 1_000 }),
    ...(category !== undefined && { category }),
    ...(priority === 'urgent' && { urgent: true }),
  };
}
