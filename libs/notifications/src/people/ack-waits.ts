import { principalId, type Principal } from '#clarion/access';
import type { BusMessage, EventBus, LogEntry } from '#clarion/event-bus';
import { DomainError, userOfTopic } from '#clarion/protocol';

/** Publishers that wait at one time; one more is refused. */
const MAX_WAITS = 1_000;
/** Of these, those of one person: services are the operator's own. */
const MAX_WAITS_PER_PERSON = 10;

interface Wait {
  readonly missing: Set<string>;
  readonly done: () => void;
}

/** Publishers who wait until everybody named has acknowledged. */
export class AckWaits {
  readonly #waits = new Map<number, Set<Wait>>();
  readonly #unsubscribe: () => void;
  readonly #places = new Map<string, number>();
  #count = 0;
  #released = false;

  constructor(bus: EventBus) {
    this.#unsubscribe = bus.subscribe((message) => this.#take(message));
  }

  /** @throws {DomainError} `overloaded` when there is no room for one more; `rate.limited` when this person has enough. @returns what gives it back. */
  takePlace(who: Principal): () => void {
    if (this.#count >= MAX_WAITS) throw new DomainError('overloaded', 'too many publishes wait for acknowledgements');
    const name = principalId(who);
    const own = this.#places.get(name) ?? 0;
    if (who.kind === 'subscriber' && own >= MAX_WAITS_PER_PERSON)
      throw new DomainError('rate.limited', 'too many publishes of this person wait for acknowledgements');
    this.#count++;
    this.#places.set(name, own + 1);
    return () => this.#giveBack(name);
  }

  /**
   * Resolves when all of `users` have acknowledged what stands at `offset`, or were erased, or when `signal` aborts.
   * @param alreadyAcked asked once it listens, so that no acknowledgement falls between the two.
   */
  async until(
    offset: number,
    users: readonly string[],
    alreadyAcked: () => Promise<readonly string[]>,
    signal: AbortSignal,
  ): Promise<void> {
    let done = (): void => undefined;
    const finished = new Promise<void>((resolve) => (done = resolve));
    const wait: Wait = { missing: new Set(users), done };
    this.#add(offset, wait);
    signal.addEventListener('abort', done, { once: true });
    try {
      for (const user of await alreadyAcked()) wait.missing.delete(user);
      if (wait.missing.size > 0 && !signal.aborted && !this.#released) await finished;
    } finally {
      signal.removeEventListener('abort', done);
      this.#delete(offset, wait);
    }
  }

  /** Has all who wait answered as it stands, now and from now on: the node goes away. */
  release(): void {
    this.#released = true;
    this.#unsubscribe();
    for (const waits of this.#waits.values()) for (const { done } of waits) done();
  }

  #take(message: BusMessage): void {
    if (this.#waits.size === 0) return;
    if (message.kind === 'committed') this.#takeErasures(message.entries);
    if (message.kind !== 'acked') return;
    for (const offset of message.offsets) takeFrom(this.#waits.get(offset) ?? [], message.user);
  }

  /** Nobody hears of them any more, nor need anybody wait. */
  #takeErasures(entries: readonly LogEntry[]): void {
    for (const { kind, body } of entries) {
      const user = kind === 'erased' ? userOfTopic(body) : undefined;
      if (user !== undefined) for (const waits of this.#waits.values()) takeFrom(waits, user);
    }
  }

  #add(offset: number, wait: Wait): void {
    const waits = this.#waits.get(offset) ?? new Set();
    this.#waits.set(offset, waits.add(wait));
  }

  #delete(offset: number, wait: Wait): void {
    const waits = this.#waits.get(offset);
    waits?.delete(wait);
    if (waits?.size === 0) this.#waits.delete(offset);
  }

  #giveBack(name: string): void {
    this.#count--;
    const left = (this.#places.get(name) ?? 1) - 1;
    if (left === 0) this.#places.delete(name);
    else this.#places.set(name, left);
  }
}

function takeFrom(waits: Iterable<Wait>, user: string): void {
  for (const { missing, done } of waits) if (missing.delete(user) && missing.size === 0) done();
}
