import type { Cursor } from '#clarion/protocol';

/** A power of two, more than what is committed in one turn. */
const SLOTS = 2_048;

/** Remembers the cursors of the newest offsets: readers and the publisher ask for the same one in the same turn. */
export class RecentCursors {
  readonly #make: (offsets: readonly number[]) => Cursor[];
  readonly #offsets = new Float64Array(SLOTS).fill(-1);
  readonly #cursors: Cursor[] = [];

  /** @param make the cursor of each offset; always the same one. */
  constructor(make: (offsets: readonly number[]) => Cursor[]) {
    this.#make = make;
  }

  at(offset: number): Cursor {
    const slot = offset % SLOTS;
    if (this.#offsets[slot] !== offset) this.prepare([offset]);
    return this.#cursors[slot]!;
  }

  /** Makes those together that will be asked for one by one. */
  prepare(offsets: readonly number[]): void {
    const cursors = this.#make(offsets);
    offsets.forEach((offset, i) => {
      const slot = offset % SLOTS;
      this.#offsets[slot] = offset;
      this.#cursors[slot] = cursors[i]!;
    });
  }

  /** For when the epochs have changed. */
  forget(): void {
    this.#offsets.fill(-1);
  }
}
