const MAX_SLOTS = 64;

/**
 * One timer for something that all members need once per period, spread evenly over it: heartbeats without a timer per connection,
 * and without any while there is none. Iterates over its members in the order in which they came.
 */
export class Wheel<T> {
  readonly #slots: readonly T[][];
  /** Where a member is: its slot, and how many times the number of slots further it stands in it. */
  readonly #placeOf = new Map<T, number>();
  readonly #turn: (member: T) => void;
  readonly #tickMs: number;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #now = 0;
  #next = 0;

  /** @param periodMs each member's turn comes once in it, at least 10 ms. */
  constructor(periodMs: number, turn: (member: T) => void) {
    // Timers count whole milliseconds: a turn comes a little early rather than late.
    this.#tickMs = Math.max(10, Math.ceil(periodMs / MAX_SLOTS));
    const slots = Math.max(1, Math.floor(periodMs / this.#tickMs));
    this.#slots = Array.from({ length: slots }, () => []);
    this.#turn = turn;
  }

  /** Precondition: it is no member. */
  add(member: T): void {
    const index = this.#next++ % this.#slots.length;
    const slot = this.#slots[index]!;
    this.#placeOf.set(member, index + this.#slots.length * slot.length);
    slot.push(member);
    if (!this.#stopped) this.#timer ??= setInterval(() => this.#tick(), this.#tickMs).unref();
  }

  /** Idempotent. */
  delete(member: T): void {
    const place = this.#placeOf.get(member);
    if (place === undefined) return;
    this.#placeOf.delete(member);
    if (this.#placeOf.size === 0) this.#rest();
    const slot = this.#slots[place % this.#slots.length]!;
    const last = slot.pop();
    if (last === undefined || last === member) return;
    // The last takes the place of who leaves.
    slot[Math.floor(place / this.#slots.length)] = last;
    this.#placeOf.set(last, place);
  }

  get size(): number {
    return this.#placeOf.size;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.#placeOf.keys();
  }

  /** Nobody has a turn any more. */
  stop(): void {
    this.#stopped = true;
    this.#rest();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** From the end, so that nobody is left out when members leave in their turn. */
  #tick(): void {
    const slot = this.#slots[this.#now++ % this.#slots.length]!;
    for (let i = slot.length - 1; i >= 0; i--) if (i < slot.length) this.#turn(slot[i]!);
  }
}
