import type { LogEntry } from '#clarion/event-bus';
import type { StoredNotification } from '#clarion/notifications';
import { integer, text, type Connection, type Statement } from './connection.js';
import { ENTRY_QUERIES } from './entry-queries.js';
import { toEntry } from './entry-row.js';

/** Finds notifications by their ids. */
export class NotificationFinder {
  readonly #connection: Connection;
  readonly #firstOfId: Statement;
  readonly #collapsed: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#firstOfId = connection.prepare(ENTRY_QUERIES.firstOfId);
    this.#collapsed = connection.prepare(ENTRY_QUERIES.collapsed);
  }

  /** The notification or its tombstone; undefined also when only what was told of it later is still there. */
  first(id: string): LogEntry | undefined {
    const row = this.#firstOfId.get([id]);
    if (row === undefined) return undefined;
    const entry = toEntry(row);
    const isInItsPlace = entry.kind === undefined || (entry.kind === 'retracted' && entry.about === entry.offset);
    return isInItsPlace ? entry : undefined;
  }

  /** In the order of the ids, as of one moment. */
  findAll(ids: readonly string[]): (StoredNotification | undefined)[] {
    return this.#connection.read(() => ids.map((id) => this.#find(id)));
  }

  #find(id: string): StoredNotification | undefined {
    const entry = this.first(id);
    if (entry === undefined) return undefined;
    const rows = entry.collapseKey === undefined ? [] : this.#collapsed.all([entry.offset]);
    return {
      entry,
      collapsedBy: new Map(rows.map((row) => [text(row, 0), { id: text(row, 1), at: integer(row, 2) }])),
    };
  }
}
