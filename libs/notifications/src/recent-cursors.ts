import type { Cursor } from '#clarion/protocol';

/** A power of two, more than what is committed in one turn. */
const SLOTS = 2_048;

/** Remembers the cursors of the newest offsets: readers and the publisher ask for the same one in the same turn. */
export class RecentCursors {
  readonly #make: (offset: number) => Cursor;
  readonly #offsets = new Float64Array(SLOTS).fill(-1);
  readonly #cursors: Cursor[] = [];

  /** @param make the cursor of an offset; always the same one. */
  constructor(make: (offset: number) => Cursor) {
    this.#make = make;
  }

  at(offset: number): Cursor {
    const slot = offset % SLOTS;
    const known = this.#offsets[slot] === offset ? this.#cursors[slot] : undefined;
    if (known !== undefined) return known;
    this.#offsets[slot] = offset;
    return (this.#cursors[slot] = this.#make(offset));
  }

  /** For when the epochs have changed. */
  forget(): void {
    this.#offsets.fill(-1);
  }
}
