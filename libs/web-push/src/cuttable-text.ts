const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** UTF-16 units beyond which nothing of a text is looked at: each takes a byte at least, and no payload has so many. */
const MAX_UNITS = 4_096;

/**
 * A text that can be cut without a person noticing more than that it was: never within a character, however many code points that has. A cut takes
 * some µs, whatever the length: boundaries are looked for where they are needed.
 */
export class CuttableText {
  /** UTF-16 units of which some may be left out. */
  readonly length: number;
  readonly #text: string;
  readonly #isWhole: boolean;
  #segments: Intl.Segments | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#isWhole = text.length <= MAX_UNITS;
    // What lies at the end of so much may go on beyond.
    this.length = this.#isWhole ? text.length : MAX_UNITS - 1;
  }

  /** At most the first `units`, with “…” where more was; the whole text when it has no more. */
  first(units: number): string {
    if (this.#isWhole && units >= this.length) return this.#text;
    this.#segments ??= segmenter.segment(this.#text.slice(0, MAX_UNITS));
    const end = this.#segments.containing(Math.min(units, this.length))?.index ?? 0;
    return `${this.#text.slice(0, end).trimEnd()}…`;
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
