import type { LogEntry } from '#clarion/event-bus';
import {
  editBody,
  tombstoneBody,
  type ActResult,
  type EditAct,
  type EraseAct,
  type LogAct,
  type RetractAct,
} from '#clarion/notifications';
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
import { matches, userTopic, type Selector, type Topic } from '#clarion/protocol';

const EPOCH = { id: '00000000000000aa', firstOffset: 1 };

/** The log as a plain array, for unit tests in which the log is the model; reads answer when the test lets them. */
export class MemoryStore implements NotificationStore {
  readonly entries: LogEntry[] = [];
  /** How many turns of the event loop a read takes; about half of them lie between what it saw and its answer. */
  readTurns = 1;
  #floor = 0;
  #head = 1;

  async open(): Promise<OpenedStore> {
    return { ...(await this.bounds()), secret: Buffer.alloc(32, 7) };
  }

  async append(batch: readonly AppendRequest[]): Promise<AppendResult[]> {
    return batch.map(({ id, entry, act }) => {
      if (act !== undefined) return this.#carryOut(id, act);
      if (entry === null) return { outcome: 'appended', id, offset: null };
      const offset = ++this.#head;
      this.entries.push({ offset, id, ...entry });
      return { outcome: 'appended', id, offset };
    });
  }

  async read({ after, selectors, limit, maxBytes }: ReadRequest): Promise<ReadResult> {
    const before = Math.floor(this.readTurns / 2);
    await turns(before);
    const seen = this.#select({ after, selectors, limit, maxBytes });
    await turns(this.readTurns - before);
    return seen;
  }

  #select({ after, selectors, limit, maxBytes }: ReadRequest): ReadResult {
    const from = Math.max(after, this.#floor);
    const matching = this.entries.filter(({ offset, topics }) => offset > from && concerns(topics, selectors));
    let bytes = 0;
    const end = matching.findIndex(({ body }, i) => i >= limit || ((bytes += body.length) > maxBytes && i > 0));
    const entries = end === -1 ? matching : matching.slice(0, end);
    return { entries, through: end === -1 ? Math.max(after, this.#head) : entries.at(-1)!.offset, floor: this.#floor };
  }

  #carryOut(id: string, act: LogAct): ActResult {
    switch (act.kind) {
      case 'edit':
        return this.#amend(act, (entry) => this.#edit(entry, act));
      case 'retract':
        return this.#amend(act, (entry) => this.#retract(entry, act));
      case 'erase':
        return this.#erase(id, act);
      case 'ack':
        return { outcome: 'acted', entry: null, offsets: act.offsets };
      default:
        return this.#acted({ id, topics: [userTopic(act.user)], publishedAt: act.at, kind: 'inbox', body: act.body });
    }
  }

  #amend({ notification, at }: EditAct | RetractAct, carryOut: (entry: LogEntry) => ActResult): ActResult {
    const entry = this.entries.find(({ id, about, offset }) => id === notification && (about ?? offset) === offset);
    if (entry === undefined) return { outcome: 'refused', code: 'notification.unknown' };
    const isOver = entry.kind === 'retracted' || (entry.expiresAt ?? Infinity) <= at;
    return isOver ? { outcome: 'refused', code: 'notification.over' } : carryOut(entry);
  }

  #edit(entry: LogEntry, { edit, at }: EditAct): ActResult {
    const body = editBody(entry.body, edit, new Date(at).toISOString());
    if (body === undefined) return { outcome: 'refused', code: 'body.invalid' };
    this.#revise(entry, (old) => ({ ...old, body }));
    return this.#acted({ ...entry, body, kind: 'updated', about: entry.offset });
  }

  #retract(entry: LogEntry, { at }: RetractAct): ActResult {
    const body = tombstoneBody(new Date(at).toISOString());
    this.#revise(entry, (old) => ({ ...old, body, kind: 'retracted', about: entry.offset }));
    return this.#acted({ ...entry, body, kind: 'retracted', about: entry.offset });
  }

  /** The notification where it stands, and what told of earlier edits. */
  #revise({ offset: about }: LogEntry, by: (entry: LogEntry) => LogEntry): void {
    this.entries.forEach((entry, i) => {
      if (entry.offset === about || entry.about === about) this.entries[i] = by(entry);
    });
  }

  #erase(id: string, { user, at }: EraseAct): ActResult {
    const own = userTopic(user);
    const kept = this.entries.map((entry) => ({ ...entry, topics: entry.topics.filter((topic) => topic !== own) }));
    this.entries.splice(0, Infinity, ...kept.filter(({ topics, kind }) => topics.length > 0 || kind === 'erased'));
    return this.#acted({ id, topics: [], publishedAt: at, kind: 'erased', body: own });
  }

  #acted(entry: Omit<LogEntry, 'offset'>): ActResult {
    const appended = { ...entry, offset: ++this.#head };
    this.entries.push(appended);
    return { outcome: 'acted', entry: appended };
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

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function concerns(topics: readonly string[], selectors: readonly string[] | null): boolean {
  return (
    selectors === null ||
    topics.some((topic) => selectors.some((selector) => matches(selector as Selector, topic as Topic)))
  );
}
