import { topicOf } from './layout.js';

/**
 * Judges what one reader gets during a run: of each lane every message to one of its topics, each once, in order. `orderHash` sums up
 * how the server merged the lanes; all readers of the same topics must have the same.
 */
export class DeliveryCheck {
  readonly #own: readonly number[];
  readonly #topics: number;
  /** By lane: the sequence number that must come next. */
  #next: Uint32Array = new Uint32Array();
  #received = 0;
  #orderHash = 0;
  #fault: string | null = null;

  /** @param own the topics of this reader, of `topics` in all. */
  constructor(lanes: number, own: readonly number[] = [0], topics = 1) {
    this.#own = own;
    this.#topics = topics;
    this.reset(lanes);
  }

  /** Begins a run: nothing has been received. */
  reset(lanes: number): void {
    this.#next = new Uint32Array(lanes).map((_, lane) => this.#following(lane, 0));
    this.#received = 0;
    this.#orderHash = 0;
    this.#fault = null;
  }

  accept(lane: number, sequence: number): void {
    const expected = this.#next[lane];
    if (expected !== sequence) this.#fault ??= `lane ${lane}: expected ${expected ?? 'nothing'}, got ${sequence}`;
    else this.#next[lane] = this.#following(lane, sequence);
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

  /** How many messages this reader must get when `sent[lane]` messages of each lane were published. */
  expected(sent: readonly number[]): number {
    let sum = 0;
    for (const [lane, count] of sent.entries())
      for (const topic of this.#own) sum += Math.ceil((count - this.#distance(lane, 0, topic)) / this.#topics);
    return sum;
  }

  /** What is wrong when exactly `sent[lane]` messages of each lane were published and all of its own should have arrived; null: nothing. */
  verdict(sent: readonly number[]): string | null {
    if (this.#fault !== null) return this.#fault;
    const lane = sent.findIndex((count, index) => this.#next[index] !== this.#following(index, count));
    return lane < 0 ? null : `lane ${lane}: ${sent[lane]} sent, ${this.#next[lane]} did not come`;
  }

  /** The first number after this one that belongs to a topic of this reader. */
  #following(lane: number, sequence: number): number {
    let nearest = this.#topics;
    for (const topic of this.#own) nearest = Math.min(nearest, this.#distance(lane, sequence, topic));
    return sequence + 1 + nearest;
  }

  /** How many messages of the lane are between this one and the next to a topic. */
  #distance(lane: number, sequence: number, topic: number): number {
    return (topic - topicOf(lane, sequence + 1, this.#topics) + this.#topics) % this.#topics;
  }
}
