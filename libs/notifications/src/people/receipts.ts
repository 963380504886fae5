import type { Principal } from '#clarion/access';
import { userOfTopic, type Receipt, type ReceiptList } from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import type { AckWaits } from './ack-waits.js';
import type { Explanations } from './explanations.js';
import type { ManagedNotifications } from './managed.js';
import type { MarkValue } from './marks.js';
import type { PeopleStore, ReceiptNote, StoredNotification } from './people-store.js';
import type { ReceiptNotes } from './receipt-notes.js';

/** Named people in one answer that waited for acknowledgements. */
const MAX_LISTED = 1_000;

/** How far a notification came: of each person whom it names, and in numbers of those who read its topics. */
export class Receipts {
  readonly #store: PeopleStore;
  readonly #notes: ReceiptNotes;
  readonly #managed: ManagedNotifications;
  readonly #explanations: Explanations;
  readonly #waits: AckWaits;

  constructor(
    store: PeopleStore,
    notes: ReceiptNotes,
    managed: ManagedNotifications,
    explanations: Explanations,
    waits: AckWaits,
  ) {
    this.#store = store;
    this.#notes = notes;
    this.#managed = managed;
    this.#explanations = explanations;
    this.#waits = waits;
  }

  /**
   * One page of the people whom it names.
   * @param page how many of them come before it.
   * @throws {DomainError} as `ManagedNotifications.get`.
   */
  async list(who: Principal, id: string, limit: number, page = 0): Promise<ReceiptList & { readonly next?: number }> {
    const found = await this.#managed.get(who, id);
    await this.#notes.flush();
    const users = namedIn(found);
    const listed = users.slice(page, page + limit);
    const { offset } = found.entry;
    const [known, { offered, acked }] = await Promise.all([
      this.#store.receipts(offset, listed),
      this.#store.topicReceipts(offset, users),
    ]);
    const recipients = await Promise.all(
      listed.map((user) =>
        this.#receipt(
          found,
          user,
          known.filter((note) => note.user === user),
        ),
      ),
    );
    const next = page + limit;
    return { id, recipients, topics: { sent: offered, acked }, ...(next < users.length && { next }) };
  }

  /** @throws {DomainError} `overloaded` when too many wait already: ask before publishing. */
  assertMayWait(): void {
    this.#waits.assertRoom();
  }

  /** Waits until everybody named has acknowledged, or `signal` aborts; then says how it stands. */
  async whenAcked(who: Principal, id: string, signal: AbortSignal): Promise<ReceiptList> {
    const found = await this.#managed.get(who, id);
    const users = namedIn(found);
    const { offset } = found.entry;
    const acked = async (): Promise<string[]> =>
      (await this.#store.receipts(offset, users)).filter(({ stage }) => stage === 'acked').map(({ user }) => user);
    await this.#waits.until(offset, users, acked, signal);
    const { next: _, ...list } = await this.list(who, id, MAX_LISTED);
    return list;
  }

  async #receipt(found: StoredNotification, user: string, notes: readonly ReceiptNote[]): Promise<Receipt> {
    const { offset, publishedAt } = found.entry;
    const { seen, read } = await this.#store.standing(user, offset);
    const stages = Object.fromEntries(notes.map((note) => [note.stage, stageOf(note)]));
    const isShown = stages['acked'] !== undefined || seen !== undefined || read !== undefined;
    return {
      user,
      stored: { at: isoTime(publishedAt) },
      ...stages,
      ...(seen !== undefined && { seen: markedAt(seen) }),
      ...(read !== undefined && { read: markedAt(read) }),
      ...(!isShown && { cause: (await this.#explanations.find(found, user)).cause }),
    };
  }
}

/** In the publisher's order. */
function namedIn({ entry }: StoredNotification): string[] {
  return entry.topics.flatMap((topic) => userOfTopic(topic) ?? []);
}

function stageOf({ at, transport, device }: ReceiptNote): NonNullable<Receipt['sent']> {
  return { at: isoTime(at), transport, ...(device !== null && { device }) };
}

function markedAt({ at }: MarkValue): NonNullable<Receipt['seen']> {
  return { at: isoTime(at) };
}
