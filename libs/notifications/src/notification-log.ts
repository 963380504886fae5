import type { BusMessage, EventBus, LogEntry } from '#clarion/event-bus';
import { DomainError, type Cursor, type GapReason } from '#clarion/protocol';
import { CursorCodec } from './cursor-codec.js';
import { RecentCursors } from './recent-cursors.js';
import { NotificationIds } from './notification-id.js';
import type { ActResult, LogAct } from './people/acts.js';
import { GroupCommit, type GroupCommitLimits } from './group-commit.js';
import type {
  AppendRequest,
  AppendResult,
  Epoch,
  LogBounds,
  NotificationStore,
  ReadRequest,
  ReadResult,
  RetentionPolicy,
  TopicHistory,
  TopicHistoryRequest,
} from './store.js';

/** Where a brought cursor lies: an offset to read after, or why that is impossible. `ahead`: beyond what this node knows of. */
export type Located =
  { readonly offset: number } | { readonly gap: Exclude<GapReason, 'lag'> } | { readonly ahead: true };

/** An act that was carried out. */
export type Acted = Extract<ActResult, { outcome: 'acted' }>;

/**
 * The one log: what the store keeps, seen through positions and cursors. It appends (many publishes, one commit) and tells the
 * bus, and judges which cursors name a place in it.
 */
export class NotificationLog {
  readonly #store: NotificationStore;
  readonly #bus: EventBus;
  readonly #group: GroupCommit;
  readonly #onBusError: (error: unknown) => void;
  readonly #cursors = new RecentCursors((offsets) => this.#makeCursors(offsets));
  readonly #ids = new NotificationIds();
  #codec: CursorCodec | undefined;
  #epochs: readonly Epoch[] = [];
  #head = 0;
  #floor = 0;

  /** @param onBusError told when the bus did not take the news of a commit. */
  constructor(
    store: NotificationStore,
    bus: EventBus,
    limits: GroupCommitLimits,
    onBusError: (error: unknown) => void,
  ) {
    this.#onBusError = onBusError;
    this.#store = store;
    this.#bus = bus;
    this.#group = new GroupCommit((batch) => this.#commit(batch), limits);
  }

  /** Opens the store. Nothing else may be called before it resolved. */
  async open(): Promise<void> {
    const opened = await this.#store.open();
    this.#codec = new CursorCodec(opened.secret);
    this.#adopt(opened);
  }

  /** The highest offset that this node knows to be visible. */
  get head(): number {
    return this.#head;
  }

  /** Everything above this offset is still in the resume log. */
  get floor(): number {
    return this.#floor;
  }

  /** Publishes that wait for the next commit. */
  get waiting(): number {
    return this.#group.waiting;
  }

  /** Whether more is published than can be committed in useful time. */
  get isLate(): boolean {
    return this.#group.isLate;
  }

  /**
   * Resolves when the request is on disk; the bus is told of it.
   * @throws {DomainError} `overloaded`.
   */
  append(request: AppendRequest): Promise<AppendResult> {
    return this.#group.append(request);
  }

  /**
   * Resolves when the act is on disk; the bus is told of what it appended.
   * @throws {DomainError} what the writer refuses it with; `overloaded`.
   */
  async act(act: LogAct): Promise<Acted> {
    const result = await this.#group.append({ id: this.#ids.next(Date.now()), entry: null, act });
    if (result.outcome === 'refused') throw new DomainError(result.code, result.detail);
    if (result.outcome !== 'acted') throw new Error(`an act was answered with ${result.outcome}`);
    return result;
  }

  /** The contract of {@link NotificationStore.read}. */
  async read(request: ReadRequest): Promise<ReadResult> {
    const result = await this.#store.read(request);
    this.#floor = Math.max(this.#floor, result.floor);
    return result;
  }

  history(request: TopicHistoryRequest): Promise<TopicHistory> {
    return this.#store.history(request);
  }

  /** The cursor of an offset: equal on every node, and for ever. About 1 µs, of the newest less. */
  cursorAt(offset: number): Cursor {
    return this.#cursors.at(offset);
  }

  /** Judges a well-formed cursor by the epochs: a restart voids nothing, another log or a lost future is `unknown`. */
  locate(cursor: Cursor): Located {
    const position = this.#codecOrThrow().decode(cursor);
    if (position === undefined) return { gap: 'unknown' };
    if (position.offset < this.#floor) return { gap: 'retention' };
    if (position.offset > this.#head) return { ahead: true };
    // An empty log has a position before its first entry, which belongs to no epoch yet.
    const epoch = this.#epochOf(position.offset)?.id ?? NO_EPOCH;
    return epoch === position.epoch ? { offset: position.offset } : { gap: 'unknown' };
  }

  /** The offset that a cursor of this log names, also below the floor; undefined: it names no place of it. */
  async offsetOf(cursor: Cursor): Promise<number | undefined> {
    const position = this.#codecOrThrow().decode(cursor);
    if (position === undefined) return undefined;
    // From another node a moment ago, perhaps.
    if (position.offset > this.#head) await this.refresh();
    const isKnown =
      position.offset <= this.#head && (this.#epochOf(position.offset)?.id ?? NO_EPOCH) === position.epoch;
    return isKnown ? position.offset : undefined;
  }

  /** Continues a newest-first listing below `offset`: opaque like a cursor, and never valid as one. */
  pageTokenAt(offset: number): string {
    return this.#codecOrThrow().encode({ epoch: PAGE_EPOCH, offset });
  }

  /** The offset of a page token of this log; undefined for all other text. */
  locatePage(token: string): number | undefined {
    const position = this.#codecOrThrow().decode(token);
    return position?.epoch === PAGE_EPOCH ? position.offset : undefined;
  }

  /** Learns from the store what other writers did. */
  async refresh(): Promise<LogBounds> {
    const bounds = await this.#store.bounds();
    this.#adopt(bounds);
    return bounds;
  }

  async prune(policy: RetentionPolicy, now: number): Promise<void> {
    this.#floor = Math.max(this.#floor, await this.#store.prune(policy, now));
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #commit(batch: readonly AppendRequest[]): Promise<AppendResult[]> {
    const results = await this.#store.append(batch);
    const message = committedMessage(batch, results);
    if (message !== undefined) {
      this.#head = Math.max(this.#head, message.last);
      // Each is in the answer to its publish, and in what readers get.
      this.#cursors.prepare(message.entries.map(({ offset }) => offset));
      // On disk it is: a bus that fails or dawdles does not make it undone, and nodes that hear nothing compare heads.
      this.#bus.publish(message).catch(this.#onBusError);
    }
    return results;
  }

  #adopt(bounds: LogBounds): void {
    // Those that were made ahead are of an epoch that may have ended.
    if (bounds.epochs.at(-1)?.id !== this.#epochs.at(-1)?.id) this.#cursors.forget();
    this.#epochs = bounds.epochs;
    this.#head = Math.max(this.#head, bounds.head);
    this.#floor = Math.max(this.#floor, bounds.floor);
  }

  #makeCursors(offsets: readonly number[]): Cursor[] {
    return this.#codecOrThrow().encodeAll(
      offsets.map((offset) => ({ epoch: this.#epochOf(offset)?.id ?? NO_EPOCH, offset })),
    );
  }

  #epochOf(offset: number): Epoch | undefined {
    // Nearly always the newest: cursors are made for what was just committed.
    return this.#epochs.findLast(({ firstOffset }) => firstOffset <= offset);
  }

  #codecOrThrow(): CursorCodec {
    if (this.#codec === undefined) throw new Error('the log is not open');
    return this.#codec;
  }
}

const NO_EPOCH = '0000000000000000';
/** Stands where a cursor has its epoch, so that the two cannot be mistaken for each other. */
const PAGE_EPOCH = 'ffffffffffffffff';

function committedMessage(
  batch: readonly AppendRequest[],
  results: readonly AppendResult[],
): Extract<BusMessage, { kind: 'committed' }> | undefined {
  const entries: LogEntry[] = [];
  results.forEach((result, i) => {
    const { entry, id } = batch[i]!;
    if (result.outcome === 'acted' && result.entry !== null) entries.push(result.entry);
    if (result.outcome === 'appended' && result.offset !== null && entry !== null)
      entries.push({ offset: result.offset, id, ...entry });
  });
  const first = entries[0]?.offset;
  const last = entries.at(-1)?.offset;
  return first === undefined || last === undefined ? undefined : { kind: 'committed', first, last, entries };
}
