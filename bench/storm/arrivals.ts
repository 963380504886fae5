/** Judges what one client gets of notifications numbered without a hole: every number, each once, in order, and nothing else. */
export class Arrivals {
  readonly #first: number;
  readonly #end: number;
  #next: number;
  #fault: string | null = null;

  /** @param first the first number; @param count how many there are. */
  constructor(first: number, count: number) {
    this.#first = first;
    this.#end = first + count;
    this.#next = first;
  }

  accept(number: number): void {
    if (number === this.#next && number < this.#end) this.#next += 1;
    else this.#fault ??= this.#explain(number);
  }

  /** Whether all are there; the fault says whether anything else came too. */
  get isComplete(): boolean {
    return this.#next === this.#end;
  }

  /** What is wrong, now that nothing more should come; null: nothing. */
  verdict(): string | null {
    if (this.#fault !== null) return this.#fault;
    return this.isComplete ? null : `${this.#end - this.#next} of ${this.#end - this.#first} are missing`;
  }

  #explain(number: number): string {
    if (number < this.#first || number >= this.#end) return 'one came that was meant for others';
    return number < this.#next ? 'one came twice, or late' : 'one came too early';
  }
}
