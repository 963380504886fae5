import type { LogEntry } from '#clarion/event-bus';
import type { EntryWriter } from './entry-writer.js';
import { personalTopic } from './personal-topic.js';

/**
 * Appends the event by which a person's devices hear what one of them did. That may have been long ago by the device's clock: for retention it
 * counts when it came.
 */
export function addPersonal(
  entries: EntryWriter,
  id: string,
  { user, at, body }: { readonly user: string; readonly at: number; readonly body: string },
): LogEntry {
  const entry = { kind: 'inbox', topics: [personalTopic(user)], publishedAt: at, body } as const;
  return entries.add(id, entry, Date.now());
}
