import type { LogEntry } from '#clarion/event-bus';
import type { ActResult, EditAct, RetractAct } from '#clarion/notifications';
import { editBody, senderOf, tombstoneBody } from '#clarion/notifications/people';
import { integer, type Connection, type Statement } from './connection.js';
import { ENTRY_QUERIES } from './entry-queries.js';
import type { EntryWriter } from './entry-writer.js';
import { NotificationFinder } from './notification-finder.js';
import type { TakeBackNotes } from './take-back-writer.js';

/** Edits of one notification that the resume log has at one time: each rewrites what told of those before. */
export const MAX_EDITS = 100;

/**
 * Edits and retractions: nothing of an old body is left, neither in the notification's place nor in what was told of it. What an entry counts for
 * retention stays what it counted when it came.
 */
export class EditWriter {
  readonly #entries: EntryWriter;
  readonly #finder: NotificationFinder;
  readonly #takeBacks: TakeBackNotes;
  readonly #countUpdates: Statement;
  readonly #replaceBodies: Statement;
  readonly #replaceByTombstones: Statement;
  readonly #tombstonesInAudience: Statement;

  constructor(connection: Connection, entries: EntryWriter, takeBacks: TakeBackNotes) {
    this.#entries = entries;
    this.#takeBacks = takeBacks;
    this.#finder = new NotificationFinder(connection);
    this.#countUpdates = connection.prepare(ENTRY_QUERIES.countUpdates);
    this.#replaceBodies = connection.prepare(ENTRY_QUERIES.replaceBodies);
    this.#replaceByTombstones = connection.prepare(ENTRY_QUERIES.replaceByTombstones);
    this.#tombstonesInAudience = connection.prepare(ENTRY_QUERIES.tombstonesInAudience);
  }

  edit({ notification, edit, at }: EditAct): ActResult {
    const found = this.#finder.first(notification);
    if (found === undefined) return { outcome: 'refused', code: 'notification.unknown' };
    if (found.kind === 'retracted' || isOver(found, at)) return { outcome: 'refused', code: 'notification.over' };
    if (integer(this.#countUpdates.get([found.id]) ?? [0], 0) >= MAX_EDITS)
      return {
        outcome: 'refused',
        code: 'rate.limited',
        detail: 'edited too often: what changes all the time is better ephemeral',
      };
    const body = editBody(found.body, edit, new Date(at).toISOString());
    if (body === undefined)
      return { outcome: 'refused', code: 'body.invalid', detail: 'one of title, type and data must be left' };
    this.#replaceBodies.run([found.id, body]);
    return { outcome: 'acted', entry: this.#tell(found, 'updated', body, at) };
  }

  retract({ notification, at }: RetractAct): ActResult {
    const found = this.#finder.first(notification);
    if (found === undefined) return { outcome: 'refused', code: 'notification.unknown' };
    if (found.kind === 'retracted') return { outcome: 'acted', entry: null };
    if (isOver(found, at)) return { outcome: 'refused', code: 'notification.over' };
    const body = tombstoneBody(new Date(at).toISOString(), senderOf(found.body));
    this.#replaceByTombstones.run([found.id, body, found.offset]);
    this.#tombstonesInAudience.run([found.id]);
    this.#takeBacks.retracted(found.offset, at);
    return { outcome: 'acted', entry: this.#tell(found, 'retracted', body, at) };
  }

  #tell({ offset, id, ...notification }: LogEntry, kind: 'updated' | 'retracted', body: string, at: number): LogEntry {
    return this.#entries.add(id, { ...notification, kind, about: offset, body }, at);
  }
}

export function isOver({ expiresAt }: LogEntry, at: number): boolean {
  return expiresAt !== undefined && expiresAt <= at;
}
