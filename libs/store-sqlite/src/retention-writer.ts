import { integer, type Connection, type Statement } from './connection.js';
import { EntryRemover } from './entry-remover.js';
import { isPersonal, userOf } from './personal-topic.js';
import { WRITE_ROWS, type OverfullTopic } from './retention-planner.js';
import { RETENTION_QUERIES } from './retention-queries.js';

/** Removes what {@link RetentionPlanner} found, in short transactions. */
export class RetentionWriter {
  readonly #connection: Connection;
  readonly #raiseFloor: Statement;
  readonly #dropEpochs: Statement;
  readonly #remover: EntryRemover;
  readonly #oldestUpTo: Statement;
  readonly #dropAudience: Statement;
  readonly #noteTrimmed: Statement;
  readonly #countRemoval: Statement;
  readonly #countLift: Statement;
  readonly #dropClaims: Statement;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#raiseFloor = connection.prepare(RETENTION_QUERIES.raiseFloor);
    this.#dropEpochs = connection.prepare(RETENTION_QUERIES.dropEpochs);
    this.#remover = new EntryRemover(connection);
    this.#oldestUpTo = connection.prepare(RETENTION_QUERIES.oldestUpTo);
    this.#dropAudience = connection.prepare(RETENTION_QUERIES.dropAudience);
    this.#noteTrimmed = connection.prepare(RETENTION_QUERIES.noteTrimmed);
    this.#countRemoval = connection.prepare(RETENTION_QUERIES.countRemoval);
    this.#countLift = connection.prepare(RETENTION_QUERIES.countLift);
    this.#dropClaims = connection.prepare(RETENTION_QUERIES.dropClaims);
  }

  /** The floor never sinks. */
  raiseFloor(floor: number): void {
    this.#connection.write(() => this.#raiseFloor.run([floor]));
  }

  /** Removes the epochs that nothing belongs to any more: cursors are made for what is kept, and judged down to the floor. */
  dropEpochs(): void {
    this.#connection.write(() => this.#dropEpochs.run([]));
  }

  /** Removes entries for every topic. Precondition: they lie at or below the floor. */
  dropEntries(offsets: readonly number[]): void {
    this.#connection.write(() => {
      for (const offset of offsets) this.#remover.remove(offset);
      if (offsets.length > 0) this.#countRemoval.run([]);
    });
  }

  /** Removes a topic's oldest entries for that topic alone, and those that no other topic keeps altogether. @returns whether more are left. */
  trimTopic({ topic, upTo }: OverfullTopic): boolean {
    return this.#connection.write(() => {
      const rows = this.#oldestUpTo.all([topic, upTo, WRITE_ROWS]);
      for (const row of rows) {
        this.#dropAudience.run([topic, integer(row, 0)]);
        const isGone = this.#remover.removeIfUnaddressed(integer(row, 0));
        if (!isGone && isPersonal(topic)) this.#noteTrimmed.run([userOf(topic), integer(row, 0)]);
      }
      if (rows.length > 0) this.#countRemoval.run([]);
      if (rows.some((row) => row[1] === 1)) this.#countLift.run([]);
      return rows.length === WRITE_ROWS;
    });
  }

  /** Forgets claims whose time is over. @returns whether more are left. */
  dropClaims(now: number): boolean {
    return this.#connection.write(() => this.#dropClaims.run([now, WRITE_ROWS]) === WRITE_ROWS);
  }
}
