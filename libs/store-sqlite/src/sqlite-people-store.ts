import type {
  FollowInterval,
  InboxCounts,
  InboxRequest,
  InboxScope,
  InboxSlice,
  PeopleStore,
  ReceiptNote,
  Standing,
  StoredNotification,
  StoredPerson,
  StoredPreferences,
} from '#clarion/notifications';
import { categorySchema, type Category } from '#clarion/protocol';
import { followsIn } from './follow-list.js';
import { MemoryNotes } from './memory-notes.js';
import { packSources } from './packed-sources.js';
import type { StoreThreads } from './store-threads.js';

/** What is kept of people, in the file of the log and through its threads. Every rejection is a `StoreError`. */
export class SqlitePeopleStore implements PeopleStore {
  readonly #threads: StoreThreads;
  readonly #memory: MemoryNotes;

  constructor(threads: StoreThreads) {
    this.#threads = threads;
    this.#memory = new MemoryNotes(threads);
  }

  /** Hands to the writer what waits for it, before the threads are closed. Never rejects. */
  flush(): Promise<void> {
    return this.#memory.flush();
  }

  async find(id: string): Promise<StoredNotification | undefined> {
    return (await this.findAll([id]))[0];
  }

  findAll(ids: readonly string[]): Promise<(StoredNotification | undefined)[]> {
    return this.#threads.withReader((reader) => reader.call('findAll', ids));
  }

  async follows(user: string): Promise<FollowInterval[]> {
    return followsIn(await this.#threads.withReader((reader) => reader.call('follows', user)));
  }

  followers(topic: string): Promise<number> {
    return this.#threads.withReader((reader) => reader.call('followers', topic));
  }

  inbox(request: InboxRequest): Promise<InboxSlice> {
    return this.#threads.withReaderOf(request.user, (reader) =>
      reader.call('inbox', { ...request, sources: packSources(request.sources) }),
    );
  }

  async counts(scope: InboxScope): Promise<InboxCounts> {
    const { toRemember, ...counts } = await this.#threads.withReaderOf(scope.user, (reader) =>
      reader.call('inboxCounts', { ...scope, sources: packSources(scope.sources) }),
    );
    if (toRemember !== undefined) this.#memory.add(toRemember);
    return counts;
  }

  standing(user: string, offset: number): Promise<Standing> {
    return this.#threads.withReader((reader) => reader.call('standing', { user, offset }));
  }

  preferencesOf(users: readonly string[]): Promise<(StoredPreferences | undefined)[]> {
    return this.#threads.withReader((reader) => reader.call('preferencesOf', users));
  }

  havePreferences(): Promise<boolean> {
    return this.#threads.withReader((reader) => reader.call('havePreferences', null));
  }

  async categories(): Promise<Category[]> {
    const definitions = await this.#threads.withReader((reader) => reader.call('categories', null));
    return definitions.map((definition) => categorySchema.parse(JSON.parse(definition)));
  }

  putCategory(category: Category): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('putCategory', category));
  }

  deleteCategory(id: string): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('deleteCategory', id));
  }

  noteReceipts(receipts: readonly ReceiptNote[]): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('noteReceipts', receipts));
  }

  noteOffered(connections: ReadonlyMap<number, number>): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('noteOffered', connections));
  }

  receipts(offset: number, users: readonly string[]): Promise<ReceiptNote[]> {
    return this.#threads.withReader((reader) => reader.call('receipts', { offset, users }));
  }

  topicReceipts(offset: number, except: readonly string[]): Promise<{ offered: number; acked: number }> {
    return this.#threads.withReader((reader) => reader.call('topicReceipts', { offset, except }));
  }

  touch(people: readonly { readonly user: string; readonly at: number }[]): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('touch', people));
  }

  lastSeen(user: string): Promise<number | undefined> {
    return this.#threads.withReader((reader) => reader.call('lastSeen', user));
  }

  async beginErasure(user: string): Promise<void> {
    while (await this.#threads.withWriter((writer) => writer.call('takeOut', user)));
  }

  export(user: string): Promise<StoredPerson> {
    return this.#threads.withReader((reader) => reader.call('exportPerson', user));
  }
}
