const MAX_SLOTS = 64;

/**
 * One timer for something that all members need once per period, spread evenly over it: heartbeats without a timer per connection.
 */
export class Wheel<T> {
  readonly #slots: Set<T>[];
  readonly #slotOf = new Map<T, Set<T>>();
  readonly #turn: (member: T) => void;
  readonly #timer: NodeJS.Timeout;
  #now = 0;
  #next = 0;

  /** @param periodMs each member's turn comes once in it, at least 10 ms. */
  constructor(periodMs: number, turn: (member: T) => void) {
    // Timers count whole milliseconds: a turn comes a little early rather than late.
    const tickMs = Math.max(10, Math.ceil(periodMs / MAX_SLOTS));
    const slots = Math.max(1, Math.floor(periodMs / tickMs));
    this.#slots = Array.from({ length: slots }, () => new Set<T>());
    this.#turn = turn;
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  add(member: T): void {
    const slot = this.#slots[this.#next++ % this.#slots.length]!;
    slot.add(member);
    this.#slotOf.set(member, slot);
  }

  delete(member: T): void {
    this.#slotOf.get(member)?.delete(member);
    this.#slotOf.delete(member);
  }

  get size(): number {
    return this.#slotOf.size;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    this.#slots[this.#now++ % this.#slots.length]!.forEach(this.#turn);
  }
}
