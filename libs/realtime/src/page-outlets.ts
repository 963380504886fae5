import type { Codec } from './gateway.js';
import type { View } from './log-event.js';
import { Outlets, type Run } from './outlet.js';

/** For how long a page is kept for others who miss the same. Milliseconds. */
const KEEP_MS = 100;
/** Bytes of events in pages that were kept, from which on a new beginning is made. */
const MAX_BYTES = 1_048_576;

/**
 * What those who catch up are given. Ten thousand clients that were cut off together have missed the same, so that a page is encoded and
 * joined once for all who read it within a tenth of a second. Bounded; a page that is still to be sent is held by who sends it.
 */
export class PageOutlets {
  readonly #outlets = new Outlets();
  #timer: NodeJS.Timeout | undefined;

  /** A page in this wire format; the same for all who are given the same. */
  run<F>(codec: Codec<F>, views: readonly View[]): Run<F> {
    return views.reduce((run, { event, topic }) => run.plus(event, topic), this.root(codec));
  }

  /** Where a page begins in this wire format. */
  root<F>(codec: Codec<F>): Run<F> {
    if (this.#outlets.bytes > MAX_BYTES) this.#outlets.reset();
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#forget(), KEEP_MS).unref();
    return this.#outlets.of(codec).root;
  }

  #forget(): void {
    this.#timer = undefined;
    this.#outlets.reset();
  }
}
