import type { DeliveryWitness, PersonalNotification, Via } from './delivery-witness.js';
import type { PeopleStore, ReceiptNote } from './people-store.js';

/** How much is gathered and kept in memory. */
export interface ReceiptLimits {
  /** How often what was heard is written. Milliseconds. */
  readonly everyMs: number;
  /** Notes that may wait to be written; what comes beyond is dropped, and counted. */
  readonly maxWaiting: number;
  /** People of whom it is remembered what was sent and has not come back. */
  readonly maxPeople: number;
  /** Of each of them: the newest. */
  readonly maxSent: number;
}

/** What went to one device of somebody, and has not come back. */
interface Sent extends PersonalNotification {
  readonly device: string | null;
}

/** What one transaction writes: about 2 ms, since publishes wait for it. */
const ROWS_AT_ONCE = 1_000;

/**
 * Hears what was sent and received, and writes it in batches: at most so often, and so much. A crash loses what was not written; when more comes than
 * can be written, the rest is dropped rather than delivery held up.
 */
export class ReceiptNotes implements DeliveryWitness {
  readonly #store: Pick<PeopleStore, 'noteReceipts' | 'noteOffered'>;
  readonly #limits: ReceiptLimits;
  readonly #onError: (error: unknown) => void;
  /** Who was sent what, and has not come back with a cursor beyond it; who was sent something longest ago is forgotten first. */
  readonly #sent = new Map<string, Sent[]>();
  #notes: ReceiptNote[] = [];
  #offered = new Map<number, number>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #dropped = 0;

  constructor(
    store: Pick<PeopleStore, 'noteReceipts' | 'noteOffered'>,
    limits: ReceiptLimits,
    onError: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#limits = limits;
    this.#onError = onError;
  }

  /** Notes that were dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  sent(user: string, notifications: readonly PersonalNotification[], via: Via): void {
    const { device } = via;
    for (const { offset } of notifications) this.#note({ offset, user, stage: 'sent', at: Date.now(), ...via });
    const now = notifications.map(({ offset, topics }) => ({ offset, topics, device }));
    const before = this.#sent.get(user) ?? [];
    this.#sent.delete(user);
    this.#sent.set(user, [...before, ...now].slice(-this.#limits.maxSent));
    if (this.#sent.size > this.#limits.maxPeople) this.#sent.delete(this.#sent.keys().next().value!);
  }

  cameBack(user: string, through: number, via: Via, reads: (topic: string) => boolean): void {
    const sent = this.#sent.get(user);
    if (sent === undefined) return;
    const hasCome = ({ offset, device, topics }: Sent): boolean =>
      offset <= through && device === via.device && topics.some(reads);
    const came = sent.filter(hasCome);
    if (came.length === 0) return;
    const offsets = new Set(came.map(({ offset }) => offset));
    this.received(user, [...offsets], via);
    const left = sent.filter((one) => !came.includes(one));
    if (left.length === 0) this.#sent.delete(user);
    else this.#sent.set(user, left);
  }

  /** What waits of this person is not written any more: they are erased. */
  forget(user: string): void {
    this.#sent.delete(user);
    this.#notes = this.#notes.filter((note) => note.user !== user);
  }

  /** Whoever acknowledges has received. */
  received(user: string, offsets: readonly number[], via: Via, at = Date.now()): void {
    for (const offset of offsets) this.#note({ offset, user, stage: 'received', at, ...via });
  }

  offered(offset: number, connections: number): void {
    const before = this.#offered.get(offset);
    if (before === undefined && this.#offered.size >= this.#limits.maxWaiting) return void this.#dropped++;
    this.#offered.set(offset, (before ?? 0) + connections);
    this.#writeLater();
  }

  /** Writes what was heard until now; resolves when it is written. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Taken only when what came before is written: until then it counts as waiting.
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  #note(note: ReceiptNote): void {
    if (this.#notes.length >= this.#limits.maxWaiting) return void this.#dropped++;
    this.#notes.push(note);
    this.#writeLater();
  }

  #writeLater(): void {
    this.#timer ??= setTimeout(() => void this.flush(), this.#limits.everyMs).unref();
  }

  async #write(): Promise<void> {
    const [notes, offered] = [this.#notes, this.#offered];
    this.#notes = [];
    this.#offered = new Map();
    try {
      for (const some of partsOf(notes)) await this.#store.noteReceipts(some);
      for (const some of partsOf([...offered])) await this.#store.noteOffered(new Map(some));
    } catch (error) {
      this.#onError(error);
    }
  }
}

function* partsOf<T>(all: readonly T[]): Generator<T[]> {
  for (let at = 0; at < all.length; at += ROWS_AT_ONCE) yield all.slice(at, at + ROWS_AT_ONCE);
}
