/** Something with offsets that descend. */
export interface Stream {
  /** Nothing above this offset. */
  readonly head: number;
  /** Its newest, where they are known: as many as are fetched at first; fewer: there are no more. */
  readonly first?: readonly number[];
  /** The first `count` from `upTo` downwards; fewer: there are no more. */
  fetch(upTo: number, count: number): readonly number[];
}

/** A stream and what was fetched of it. */
interface Opened {
  readonly stream: Stream;
  ahead: readonly number[];
  at: number;
  chunk: number;
  /** What comes next, or a bound for it; 0: nothing comes. */
  head: number;
}

const LARGEST_CHUNK = 64;

/** Many streams as one, newest first, and what several have once. Reads ahead only where much comes from. */
export class NewestFirst {
  readonly #chunk: number;
  /** By their heads, ascending: of hundreds a page needs few. */
  readonly #unopened: Stream[];
  readonly #opened: Opened[] = [];
  #last = 0;

  /** @param chunk how many are fetched of a stream at first. */
  constructor(streams: readonly Stream[], chunk: number) {
    this.#chunk = chunk;
    this.#unopened = [...streams].sort((a, b) => a.head - b.head);
  }

  /** Whether nothing more comes, as far as is known without looking. */
  get isExhausted(): boolean {
    return this.#newest() === undefined;
  }

  /** The next `count`, or all that are left. */
  take(count: number): number[] {
    const taken: number[] = [];
    while (taken.length < count) {
      const next = this.#next();
      if (next === undefined) break;
      if (next !== this.#last) taken.push(next);
      this.#last = next;
    }
    return taken;
  }

  #next(): number | undefined {
    for (let newest = this.#newest(); newest !== undefined; newest = this.#newest()) {
      const found = newest.ahead[newest.at];
      if (found === undefined) refill(newest);
      else {
        advance(newest, found);
        return found;
      }
    }
    return undefined;
  }

  #newest(): Opened | undefined {
    let newest: Opened | undefined;
    for (const one of this.#opened) if (one.head > (newest?.head ?? 0)) newest = one;
    const next = this.#unopened.at(-1);
    if (next === undefined || next.head <= (newest?.head ?? 0)) return newest;
    this.#unopened.pop();
    const opened: Opened = { stream: next, ahead: next.first ?? [], at: 0, chunk: this.#chunk, head: next.head };
    this.#opened.push(opened);
    return opened;
  }
}

function refill(one: Opened): void {
  one.ahead = one.stream.fetch(one.head, one.chunk);
  one.at = 0;
  one.head = one.ahead[0] ?? 0;
}

function advance(one: Opened, taken: number): void {
  one.at += 1;
  const next = one.ahead[one.at];
  if (next !== undefined) one.head = next;
  else {
    one.head = one.ahead.length < one.chunk ? 0 : taken - 1;
    one.chunk = Math.min(LARGEST_CHUNK, one.chunk * 2);
  }
}
