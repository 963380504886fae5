const LARGEST_CHUNK = 64;

/** Something with offsets that descend, read in chunks: small ones first, since of hundreds a page needs little of each. */
export class Stream {
  /** The next offset, or a bound for it; 0: there is none. */
  head: number;
  readonly #fetch: (upTo: number, count: number) => readonly number[];
  #ahead: readonly number[];
  #at = 0;
  #chunk: number;

  /**
   * @param head nothing is above this offset.
   * @param fetch the first `count` from `upTo` downwards; fewer: there are no more.
   * @param chunk how many to fetch at first.
   */
  constructor(head: number, fetch: (upTo: number, count: number) => readonly number[], chunk: number) {
    this.head = head;
    this.#fetch = fetch;
    this.#ahead = [];
    this.#chunk = chunk;
  }

  /** Takes its first chunk, fetched beside those of others. Precondition: nothing was asked yet. */
  begin(first: readonly number[]): void {
    this.#ahead = first;
    this.head = first[0] ?? 0;
  }

  /** The offset at its head; undefined: that is lower than it was thought to be. */
  next(): number | undefined {
    const next = this.#ahead[this.#at];
    if (next === undefined) this.#refill();
    else this.#advance(next);
    return next;
  }

  #refill(): void {
    this.#ahead = this.#fetch(this.head, this.#chunk);
    this.#at = 0;
    this.head = this.#ahead[0] ?? 0;
  }

  #advance(taken: number): void {
    this.#at += 1;
    const next = this.#ahead[this.#at];
    if (next !== undefined) this.head = next;
    else {
      this.head = this.#ahead.length < this.#chunk ? 0 : taken - 1;
      this.#chunk = Math.min(LARGEST_CHUNK, this.#chunk * 2);
    }
  }
}

/** Many streams as one, newest first, and what several have once. */
export class NewestFirst {
  /** By their heads, ascending. */
  readonly #streams: Stream[];
  #last = 0;

  constructor(streams: readonly Stream[]) {
    this.#streams = streams.filter(({ head }) => head > 0).sort((a, b) => a.head - b.head);
  }

  /** Whether nothing more comes, as far as is known without looking. */
  get isExhausted(): boolean {
    return this.#streams.length === 0;
  }

  /** The next `count`, or all that are left. */
  take(count: number): number[] {
    const taken: number[] = [];
    for (let newest = this.#streams.pop(); newest !== undefined; newest = this.#streams.pop()) {
      const next = newest.next();
      if (newest.head > 0) this.#insert(newest);
      if (next === undefined || next === this.#last) continue;
      this.#last = next;
      if (taken.push(next) === count) break;
    }
    return taken;
  }

  #insert(stream: Stream): void {
    let [low, high] = [0, this.#streams.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#streams[middle]!.head < stream.head) low = middle + 1;
      else high = middle;
    }
    this.#streams.splice(low, 0, stream);
  }
}
