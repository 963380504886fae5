import type { AppendRequest, InboxCounts, InboxScope, InboxSource, MarkAct, NewEntry } from '#clarion/notifications';
import { changeBody } from '#clarion/notifications/people';
import type { Connection } from '../src/connection.js';
import { ErasedPeople } from '../src/erased-people.js';
import { InboxCounter } from '../src/inbox-counter.js';
import type { RememberedRow } from '../src/inbox-memory.js';
import { LogWriter } from '../src/log-writer.js';
import { MemoryWriter } from '../src/memory-writer.js';
import { SourcesReader, packSources } from '../src/packed-sources.js';
import { RememberedInboxes } from '../src/remembered-inboxes.js';
import { RetentionWriter } from '../src/retention-writer.js';
import { temporaryLog } from './temporary-log.js';

export const OWN = 'users/u';
export const NOW = 100;
export const [UNREAD, SEEN] = [
  { unread: 1, unseen: 1 },
  { unread: 1, unseen: 0 },
];

type Draft = Pick<NewEntry, 'topics'> &
  Partial<Record<'category' | 'collapseKey', string | undefined>> & { readonly expiresAt?: number | undefined };
type Mark = Partial<Pick<MarkAct, 'user' | 'state' | 'undo' | 'until' | 'at'>> & { readonly target: MarkAct['target'] };

/** Somebody's inbox on a log of its own, counted as it is remembered and anew. */
export class Scene {
  readonly connection: Connection;
  #remembered: RememberedInboxes;
  readonly #memory: MemoryWriter;
  /** Not yet written. */
  #toRemember: RememberedRow[] = [];
  readonly #writer: LogWriter;
  readonly #retention: RetentionWriter;
  readonly #fewCame: number | undefined;
  #published = 0;
  scope: InboxScope;

  /** @param fewCame so many that came are judged one by one, and more are counted. */
  constructor(connection: Connection, fewCame?: number) {
    this.connection = connection;
    this.#fewCame = fewCame;
    this.#remembered = newReader(connection, fewCame);
    const erased = new ErasedPeople();
    this.#memory = new MemoryWriter(connection, erased);
    this.#writer = new LogWriter(connection, erased);
    this.#retention = new RetentionWriter(connection);
    for (const topic of ['a', 'b']) this.#append({ id: 'f', entry: null, act: { ...said('follow'), topic } });
    // As if it had been before all that is published.
    connection.exec('UPDATE follows SET from_offset = 0');
    const sources = [OWN, 'a', 'b'].map((topic) => ({ topic, after: 0, upTo: null, publishedFrom: 0 }));
    this.scope = { user: 'u', sources, hiddenCategories: ['hidden'], now: NOW };
  }

  /** With the ids `n-1` and so on. */
  publish(...drafts: readonly Draft[]): void {
    const requests = drafts.map(({ topics, ...traits }): AppendRequest => {
      const known = Object.entries(traits).filter(([, value]) => value !== undefined);
      const entry = { topics, publishedAt: this.scope.now, body: '"title":"x"', ...Object.fromEntries(known) };
      return { id: `n-${++this.#published}`, entry };
    });
    this.#writer.append(requests);
  }

  get last(): string {
    return `n-${this.#published}`;
  }

  mark({ user = 'u', state = 'read', undo = false, until = null, at = this.scope.now, target }: Mark): void {
    const ids = 'ids' in target ? { ids: [...target.ids] } : {};
    const body = changeBody({ change: 'marked', mark: { state, ...(undo && { undo }), ...ids }, at: '' });
    const isSnooze = state === 'snoozed' && !undo;
    const act = {
      ...said('mark'),
      user,
      at,
      body,
      state,
      undo,
      until: isSnooze ? (until ?? this.scope.now + 5) : null,
    };
    this.#append({ id: 'm', entry: null, act: { ...act, target } });
  }

  read(...ids: readonly string[]): void {
    this.mark({ target: { ids } });
  }

  retract(id: string): void {
    this.#append({ id: 'r', entry: null, act: { kind: 'retract', notification: id, at: this.scope.now } });
  }

  edit(id: string): void {
    const act = { kind: 'edit', notification: id, edit: { title: 'y' }, at: this.scope.now } as const;
    this.#append({ id: 'e', entry: null, act });
  }

  erase(user: string): void {
    this.#append({ id: 'x', entry: null, act: { kind: 'erase', user, at: this.scope.now } });
  }

  trim(topic: string, upTo: number): void {
    this.#retention.raiseFloor(Math.min(upTo, this.head));
    this.#retention.trimTopic({ topic, upTo });
  }

  drop(offset: number): void {
    this.#retention.raiseFloor(Math.min(offset, this.head));
    this.#retention.dropEntries([offset]);
  }

  /** Nothing of now can be resumed from any more. */
  pass(): void {
    this.#retention.raiseFloor(this.head);
  }

  add(source: InboxSource): void {
    this.scope = { ...this.scope, sources: [...this.scope.sources, source] };
  }

  get head(): number {
    return Number(this.connection.prepare('SELECT max(offset) FROM entries').get([])?.[0]);
  }

  get remembered(): InboxCounts {
    const answer = this.#remembered.counts({ ...this.scope, sources: packSources(this.scope.sources) });
    const { toRemember, ...counts } = answer;
    if (toRemember !== undefined) this.#toRemember.push(toRemember);
    return counts;
  }

  /** What was counted comes into the file. */
  remember(): void {
    this.#memory.remember(this.#toRemember);
    this.#toRemember = [];
  }

  /** Another reader, which knows what is in the file. */
  beginAnew(): void {
    this.#remembered = newReader(this.connection, this.#fewCame);
  }

  get anew(): InboxCounts {
    return new InboxCounter(this.connection).counts(this.scope);
  }

  #append(request: AppendRequest): void {
    this.#writer.append([request]);
  }
}

/** To whom nothing is too fast to be remembered. */
export function newReader(connection: Connection, fewCame?: number): RememberedInboxes {
  return new RememberedInboxes(connection, new SourcesReader(), 0, fewCame);
}

function said<K extends 'follow' | 'mark'>(kind: K) {
  return { kind, user: 'u', at: 1, body: changeBody({ change: 'followed', at: '' }) } as const;
}

export function newScene(fewCame?: number): Scene {
  const { connection } = temporaryLog();
  connection.exec('PRAGMA synchronous = OFF');
  return new Scene(connection, fewCame);
}
