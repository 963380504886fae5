const SLOT_MS = 250;

/** Ends members at their time with one timer for all, which rests while there are none; at most a quarter of a second late. */
export class Deadlines<T> {
  readonly #slots = new Map<number, Set<T>>();
  readonly #slotOf = new Map<T, number>();
  readonly #expired: (member: T) => void;
  #timer: NodeJS.Timeout | undefined;
  #passed = 0;
  #stopped = false;

  constructor(expired: (member: T) => void) {
    this.#expired = expired;
  }

  /** Sets or moves a member's deadline, milliseconds since 1970. One that has passed comes with the next tick. */
  set(member: T, at: number): void {
    this.#remove(member);
    this.#start();
    const slot = Math.max(slotAt(at), this.#passed + 1);
    const members = this.#slots.get(slot);
    if (members === undefined) this.#slots.set(slot, new Set([member]));
    else members.add(member);
    this.#slotOf.set(member, slot);
  }

  delete(member: T): void {
    this.#remove(member);
    if (this.#slotOf.size === 0) this.#rest();
  }

  #remove(member: T): void {
    const slot = this.#slotOf.get(member);
    if (slot === undefined) return;
    this.#slotOf.delete(member);
    const members = this.#slots.get(slot);
    members?.delete(member);
    if (members?.size === 0) this.#slots.delete(slot);
  }

  members(): T[] {
    return [...this.#slotOf.keys()];
  }

  /** Nobody is ended any more. */
  stop(): void {
    this.#stopped = true;
    this.#rest();
  }

  #start(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#passed = slotAt(Date.now()) - 1;
    this.#timer = setInterval(() => this.#tick(), SLOT_MS).unref();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = slotAt(Date.now()) - 1;
    for (let slot = this.#passed + 1; slot <= now; slot++)
      this.#slots.get(slot)?.forEach((member) => this.#end(member));
    this.#passed = Math.max(this.#passed, now);
  }

  #end(member: T): void {
    this.delete(member);
    this.#expired(member);
  }
}

function slotAt(time: number): number {
  return Math.ceil(time / SLOT_MS);
}
