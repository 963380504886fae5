/** Something with offsets that descend. */
export interface Stream<T> {
  /** Nothing above this offset. */
  readonly head: number;
  /** The first `count` from `upTo` downwards; fewer: there are no more. */
  fetch(upTo: number, count: number): readonly T[];
}

/** A stream and what was fetched of it. */
interface Opened<T> {
  readonly stream: Stream<T>;
  ahead: readonly T[];
  at: number;
  chunk: number;
  /** The offset of what comes next, or a bound for it; 0: nothing comes. */
  head: number;
}

const FIRST_CHUNK = 4;
const LARGEST_CHUNK = 64;

/** Many streams as one, newest first. What several have comes several times, one after the other. Reads ahead only where much comes from. */
export class NewestFirst<T extends { readonly offset: number }> {
  /** By their heads, ascending: of hundreds a page needs few. */
  readonly #unopened: Stream<T>[];
  readonly #opened: Opened<T>[] = [];

  constructor(streams: readonly Stream<T>[]) {
    this.#unopened = [...streams].sort((a, b) => a.head - b.head);
  }

  /** Whether nothing more comes, as far as is known without looking. */
  get isExhausted(): boolean {
    return this.#newest() === undefined;
  }

  next(): T | undefined {
    for (let newest = this.#newest(); newest !== undefined; newest = this.#newest()) {
      const found = newest.ahead[newest.at];
      if (found === undefined) refill(newest);
      else {
        advance(newest);
        return found;
      }
    }
    return undefined;
  }

  #newest(): Opened<T> | undefined {
    let newest: Opened<T> | undefined;
    for (const one of this.#opened) if (one.head > (newest?.head ?? 0)) newest = one;
    const next = this.#unopened.at(-1);
    if (next === undefined || next.head <= (newest?.head ?? 0)) return newest;
    this.#unopened.pop();
    const opened: Opened<T> = { stream: next, ahead: [], at: 0, chunk: FIRST_CHUNK, head: next.head };
    this.#opened.push(opened);
    return opened;
  }
}

function refill<T extends { readonly offset: number }>(one: Opened<T>): void {
  one.ahead = one.stream.fetch(one.head, one.chunk);
  one.at = 0;
  one.head = one.ahead[0]?.offset ?? 0;
}

function advance<T extends { readonly offset: number }>(one: Opened<T>): void {
  const taken = one.ahead[one.at]?.offset ?? 0;
  one.at += 1;
  const next = one.ahead[one.at];
  if (next !== undefined) one.head = next.offset;
  else one.head = one.ahead.length < one.chunk ? 0 : taken - 1;
  one.chunk = one.at === one.ahead.length ? Math.min(LARGEST_CHUNK, one.chunk * 2) : one.chunk;
}
