import type { ReceiptNote } from '#clarion/notifications';
import { integer, text, textOrNull, type Connection, type Statement } from './connection.js';
import { PEOPLE_QUERIES } from './people-queries.js';
import { StoreError } from './store-error.js';

const STAGES = ['sent', 'received', 'acked'] as const;

/** How far notifications came. */
export class ReceiptReader {
  readonly #connection: Connection;
  readonly #receipts: Statement;
  readonly #ofUser: Statement;
  readonly #offered: Statement;
  readonly #ackedBeside: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#receipts = connection.prepare(PEOPLE_QUERIES.receipts);
    this.#ofUser = connection.prepare(PEOPLE_QUERIES.receiptsOfUser);
    this.#offered = connection.prepare(PEOPLE_QUERIES.offered);
    this.#ackedBeside = connection.prepare(PEOPLE_QUERIES.ackedBeside);
  }

  receipts(offset: number, users: readonly string[]): ReceiptNote[] {
    return this.#connection.read(() =>
      users.flatMap((user) =>
        this.#receipts.all([offset, user]).map((row) => ({
          offset,
          user,
          stage: stageOf(text(row, 0)),
          at: integer(row, 1),
          transport: text(row, 2),
          device: textOrNull(row, 3),
        })),
      ),
    );
  }

  of(user: string): ReceiptNote[] {
    return this.#ofUser.all([user]).map((row) => ({
      offset: integer(row, 0),
      user,
      stage: stageOf(text(row, 1)),
      at: integer(row, 2),
      transport: text(row, 3),
      device: textOrNull(row, 4),
    }));
  }

  topicReceipts(offset: number, except: readonly string[]): { offered: number; acked: number } {
    const offered = this.#offered.get([offset]);
    const acked = this.#ackedBeside.get([offset, JSON.stringify(except)]);
    return { offered: offered === undefined ? 0 : integer(offered, 0), acked: integer(acked ?? [0], 0) };
  }
}

function stageOf(name: string): ReceiptNote['stage'] {
  const stage = STAGES.find((known) => known === name);
  if (stage === undefined) throw new StoreError('unreadable', `the database is damaged: a receipt of stage ${name}`);
  return stage;
}
