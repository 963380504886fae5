const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** UTF-16 units beyond which nothing of a text is looked at: each takes a byte at least, and no payload has so many. */
const MAX_UNITS = 4_096;

/** A text that can be cut anywhere without a person noticing more than that it was: never within a character, however many code points it has. */
export class Graphemes {
  readonly #all: readonly string[];
  readonly #text: string;
  readonly #isWhole: boolean;

  /** About 1 ms for the longest, whatever the length of the text. */
  constructor(text: string) {
    this.#text = text;
    this.#isWhole = text.length <= MAX_UNITS;
    const all = Array.from(segmenter.segment(text.slice(0, MAX_UNITS)), ({ segment }) => segment);
    // The last one may go on beyond.
    this.#all = this.#isWhole ? all : all.slice(0, -1);
  }

  get length(): number {
    return this.#all.length;
  }

  /** The first `count`, with “…” where more was; the whole text when it has no more. */
  first(count: number): string {
    if (this.#isWhole && count >= this.#all.length) return this.#text;
    return `${this.#all.slice(0, count).join('').trimEnd()}…`;
  }
}

/** The largest of 0 … `max` that fits, where each smaller one does as well; 0 when none does. O(log max) questions. */
export function largest(max: number, fits: (count: number) => boolean): number {
  let [low, high] = [0, max];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
