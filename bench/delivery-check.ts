/**
 * Judges what one reader gets during a run: in each lane every sequence number, each once, in order. `orderHash` sums up how the
 * server merged the lanes; all readers must have the same.
 */
export class DeliveryCheck {
  #next: Uint32Array;
  #received = 0;
  #orderHash = 0;
  #fault: string | null = null;

  constructor(lanes: number) {
    this.#next = new Uint32Array(lanes).fill(1);
  }

  /** Begins a run: nothing has been received. */
  reset(lanes: number): void {
    this.#next = new Uint32Array(lanes).fill(1);
    this.#received = 0;
    this.#orderHash = 0;
    this.#fault = null;
  }

  accept(lane: number, sequence: number): void {
    const expected = this.#next[lane];
    if (expected !== sequence) this.#fault ??= `lane ${lane}: expected ${expected ?? 'nothing'}, got ${sequence}`;
    else this.#next[lane] = sequence + 1;
    this.#received += 1;
    this.#orderHash = (Math.imul(this.#orderHash, 31) + lane + 1) | 0;
  }

  get received(): number {
    return this.#received;
  }

  get orderHash(): number {
    return this.#orderHash;
  }

  /** The first thing that was wrong; null so far. */
  get fault(): string | null {
    return this.#fault;
  }

  /** What is wrong when exactly `sent[lane]` messages of each lane were published and all should have arrived; null: nothing. */
  verdict(sent: readonly number[]): string | null {
    if (this.#fault !== null) return this.#fault;
    const lane = sent.findIndex((count, index) => this.#next[index] !== count + 1);
    if (lane >= 0) return `lane ${lane}: ${sent[lane]} sent, ${(this.#next[lane] ?? 1) - 1} received`;
    return null;
  }
}
