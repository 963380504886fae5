/** Milliseconds since 1970 as ISO 8601 text. Many notifications share a millisecond, and making the text costs as much as the rest of one. */
export class Timestamps {
  #at = Number.NaN;
  #text = '';

  of(at: number): string {
    if (at !== this.#at) {
      this.#text = new Date(at).toISOString();
      this.#at = at;
    }
    return this.#text;
  }
}
