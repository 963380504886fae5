import type { LogBounds } from '#clarion/notifications';
import { integer, text, type Connection, type Statement } from './connection.js';
import { BOUNDS_QUERIES } from './read-queries.js';

/** Where the log begins and ends, and its epochs. */
export class BoundsReader {
  readonly #connection: Connection;
  readonly #edges: Statement;
  readonly #epochs: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#edges = connection.prepare(BOUNDS_QUERIES.edges);
    this.#epochs = connection.prepare(BOUNDS_QUERIES.epochs);
  }

  /** As the present transaction sees them. */
  edges(): { head: number; floor: number } {
    const row = this.#edges.get([]);
    return row === undefined ? { head: 0, floor: 0 } : { head: integer(row, 0), floor: integer(row, 1) };
  }

  /** The contract of `NotificationStore.bounds`. */
  bounds(): LogBounds {
    return this.#connection.read(() => {
      const epochs = this.#epochs.all([]).map((row) => ({ firstOffset: integer(row, 0), id: text(row, 1) }));
      return { ...this.edges(), epochs };
    });
  }
}
