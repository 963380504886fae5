import type { AckAct, ReceiptNote } from '#clarion/notifications';
import type { Connection, Statement } from './connection.js';
import type { ErasedPeople } from './erased-people.js';
import { PEOPLE_QUERIES } from './people-queries.js';

/** Notes how far notifications came; of what is no longer kept, nothing. The first time counts. */
export class ReceiptWriter {
  readonly #connection: Connection;
  readonly #erased: ErasedPeople;
  readonly #note: Statement;
  readonly #notes: Statement;
  readonly #offered: Statement;

  constructor(connection: Connection, erased: ErasedPeople) {
    this.#connection = connection;
    this.#erased = erased;
    this.#note = connection.prepare(PEOPLE_QUERIES.noteReceipt);
    this.#notes = connection.prepare(PEOPLE_QUERIES.noteReceipts);
    this.#offered = connection.prepare(PEOPLE_QUERIES.noteOffered);
  }

  /** @returns the offsets that were not acknowledged before. Precondition: a transaction is open. */
  acknowledge({ offsets, user, at, transport, device }: AckAct): number[] {
    if (this.#erased.hasSince(user, at)) return [];
    return offsets.filter((offset) => this.#note.run([offset, user, 'acked', at, transport, device]) === 1);
  }

  noteReceipts(receipts: readonly ReceiptNote[]): void {
    const kept = receipts.filter(({ user, at }) => !this.#erased.hasSince(user, at));
    const rows = kept.map(({ offset, user, stage, at, transport, device }) => [
      offset,
      user,
      stage,
      at,
      transport,
      device,
    ]);
    this.#connection.write(() => this.#notes.run([JSON.stringify(rows)]));
  }

  noteOffered(connections: ReadonlyMap<number, number>): void {
    this.#connection.write(() => this.#offered.run([JSON.stringify([...connections])]));
  }
}
