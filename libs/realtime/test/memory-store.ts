import type { LogEntry } from '#clarion/event-bus';
import type {
  AppendRequest,
  AppendResult,
  LogBounds,
  NotificationStore,
  OpenedStore,
  ReadRequest,
  ReadResult,
  RetentionPolicy,
  TopicHistory,
} from '#clarion/notifications';
import { matches, type Selector, type Topic } from '#clarion/protocol';

const EPOCH = { id: '00000000000000aa', firstOffset: 1 };

/** The log as a plain array, for unit tests in which the log is the model; reads answer when the test lets them. */
export class MemoryStore implements NotificationStore {
  readonly entries: LogEntry[] = [];
  /** How many turns of the event loop a read takes. */
  readTurns = 1;
  #floor = 0;
  #head = 1;

  async open(): Promise<OpenedStore> {
    return { ...(await this.bounds()), secret: Buffer.alloc(32, 7) };
  }

  async append(batch: readonly AppendRequest[]): Promise<AppendResult[]> {
    return batch.map(({ id, entry }) => {
      if (entry === null) return { outcome: 'appended', id, offset: null };
      const offset = ++this.#head;
      this.entries.push({ offset, id, ...entry });
      return { outcome: 'appended', id, offset };
    });
  }

  async read({ after, selectors, limit, maxBytes }: ReadRequest): Promise<ReadResult> {
    for (let turn = 0; turn < this.readTurns; turn++) await new Promise((resolve) => setImmediate(resolve));
    const from = Math.max(after, this.#floor);
    const matching = this.entries.filter(({ offset, topics }) => offset > from && concerns(topics, selectors));
    let bytes = 0;
    const end = matching.findIndex(({ body }, i) => i >= limit || ((bytes += body.length) > maxBytes && i > 0));
    const entries = end === -1 ? matching : matching.slice(0, end);
    return { entries, through: end === -1 ? Math.max(after, this.#head) : entries.at(-1)!.offset, floor: this.#floor };
  }

  async history(): Promise<TopicHistory> {
    return { entries: [], more: false };
  }

  async bounds(): Promise<LogBounds> {
    return { head: this.#head, floor: this.#floor, epochs: [EPOCH] };
  }

  /** Keeps nothing at or below the floor that the test chose. */
  async prune(_policy: RetentionPolicy, floor: number): Promise<number> {
    this.#floor = Math.max(this.#floor, Math.min(floor, this.#head));
    return this.#floor;
  }

  async close(): Promise<void> {
    this.entries.length = 0;
  }
}

function concerns(topics: readonly string[], selectors: readonly string[] | null): boolean {
  return (
    selectors === null ||
    topics.some((topic) => selectors.some((selector) => matches(selector as Selector, topic as Topic)))
  );
}
