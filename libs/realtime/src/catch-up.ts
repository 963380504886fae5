import { PageOutlets } from './page-outlets.js';

/** Somebody who is behind and can take one page now. */
export interface Laggard {
  /** Takes one page, and adds itself again if it can take another. */
  step(): void;
}

/** Milliseconds after which other work of the event loop gets its turn. */
const SLICE_MS = 4;

/**
 * Lets sessions that are behind catch up in turns of a few milliseconds, one page each, first come first served: ten thousand
 * of them do not stop publishing, nor those who are live.
 */
export class CatchUp {
  /** What they are given. */
  readonly pages = new PageOutlets();
  #queue: Laggard[] = [];
  #next = 0;
  #scheduled = false;

  get length(): number {
    return this.#queue.length - this.#next;
  }

  /** Precondition: the laggard is not waiting already. */
  add(laggard: Laggard): void {
    this.#queue.push(laggard);
    this.#schedule();
  }

  #slice(): void {
    const end = performance.now() + SLICE_MS;
    do {
      const laggard = this.#queue[this.#next++];
      if (laggard === undefined) break;
      laggard.step();
    } while (performance.now() < end);
    this.#compact();
    this.#scheduled = false;
    if (this.length > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#slice());
  }

  #compact(): void {
    if (this.#next * 2 < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#next);
    this.#next = 0;
  }
}
