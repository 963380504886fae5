import { topicOf } from './layout.js';

/** How many topics there are, and which of them a reader has: ascending, at least one. */
export interface ReaderTopics {
  readonly topics: number;
  readonly own: readonly number[];
}

const THE_ONE_TOPIC: ReaderTopics = { topics: 1, own: [0] };

/**
 * Judges what one reader gets during a run: of each lane every message on the reader's topics ({@link topicOf}), each once, in order. `orderHash`
 * sums up how the server merged the lanes; all readers with the same topics must have the same.
 */
export class DeliveryCheck {
  readonly #topics: ReaderTopics;
  /** For each topic of the reader: how many messages of a lane later the next one comes that is for this reader. */
  readonly #gaps: readonly number[];
  #next = new Uint32Array(0);
  #received = 0;
  #orderHash = 0;
  #fault: string | null = null;

  constructor(lanes: number, topics = THE_ONE_TOPIC) {
    this.#topics = topics;
    this.#gaps = gapsOf(topics);
    this.reset(lanes);
  }

  /** Begins a run: nothing has been received. */
  reset(lanes: number): void {
    this.#next = Uint32Array.from({ length: lanes }, (_, lane) => this.#firstAfter(lane, 0));
    this.#received = 0;
    this.#orderHash = 0;
    this.#fault = null;
  }

  accept(lane: number, sequence: number): void {
    const expected = this.#next[lane];
    if (expected !== sequence) this.#fault ??= `lane ${lane}: expected ${expected ?? 'nothing'}, got ${sequence}`;
    else this.#next[lane] = sequence + this.#gapAt(lane, sequence);
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

  /** How many messages are for this reader when each lane has sent so many. */
  expected(sent: readonly number[]): number {
    const { topics, own } = this.#topics;
    let count = 0;
    for (const [lane, messages] of sent.entries())
      for (const topic of own) count += Math.ceil((messages - stepsTo(topic, lane, topics)) / topics);
    return count;
  }

  /** What is wrong when exactly `sent[lane]` messages of each lane were published and all should have arrived; null: nothing. */
  verdict(sent: readonly number[]): string | null {
    if (this.#fault !== null) return this.#fault;
    const lane = sent.findIndex((count, index) => this.#next[index] !== this.#firstAfter(index, count));
    if (lane >= 0) return `lane ${lane}: ${sent[lane]} sent, all before ${this.#next[lane] ?? 1} received`;
    return null;
  }

  /** The first sequence number beyond `sequence` that is for this reader. */
  #firstAfter(lane: number, sequence: number): number {
    const { topics, own } = this.#topics;
    return sequence + 1 + Math.min(...own.map((topic) => stepsTo(topic, lane + sequence, topics)));
  }

  #gapAt(lane: number, sequence: number): number {
    const index = this.#gaps.length === 1 ? 0 : this.#topics.own.indexOf(topicOf(lane, sequence, this.#topics.topics));
    return this.#gaps[index]!;
  }
}

/** How many topics further the given one is, on the way round all of them. */
function stepsTo(topic: number, from: number, topics: number): number {
  return (((topic - from) % topics) + topics) % topics;
}

function gapsOf({ topics, own }: ReaderTopics): number[] {
  return own.map((topic, index) => {
    const next = own[index + 1] ?? own[0]! + topics;
    return next - topic;
  });
}
