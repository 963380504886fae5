import type { Principal } from '#clarion/access';
import { userOfTopic, type Cause, type Receipt, type ReceiptList } from '#clarion/protocol';
import { isoTime } from '../iso-time.js';
import type { AckWaits } from './ack-waits.js';
import type { Explanations } from './explanations.js';
import type { ManagedNotifications } from './managed.js';
import type { MarkValue } from './marks.js';
import type { PeopleStore, ReceiptNote, StoredNotification } from './people-store.js';
import type { Choice, PushStore } from '../push/push-store.js';
import type { ReceiptNotes } from './receipt-notes.js';

/** Named people in one answer that waited for acknowledgements. */
const MAX_LISTED = 1_000;
const NOBODY = { recipients: [], topics: { sent: 0, acked: 0 } };

/** How far a notification came: of each person whom it names, and in numbers of those who read its topics. */
export class Receipts {
  readonly #store: PeopleStore;
  readonly #choices: Pick<PushStore, 'choices'>;
  readonly #notes: ReceiptNotes;
  readonly #managed: ManagedNotifications;
  readonly #explanations: Explanations;
  readonly #waits: AckWaits;

  constructor(
    store: PeopleStore,
    choices: Pick<PushStore, 'choices'>,
    notes: ReceiptNotes,
    managed: ManagedNotifications,
    explanations: Explanations,
    waits: AckWaits,
  ) {
    this.#store = store;
    this.#choices = choices;
    this.#notes = notes;
    this.#managed = managed;
    this.#explanations = explanations;
    this.#waits = waits;
  }

  /**
   * One page of the people whom it names.
   * @param rest how many are left, of all if it is absent: an erasure takes a name off, and nobody is passed over for that.
   * @throws {DomainError} as `ManagedNotifications.get`.
   */
  async list(
    who: Principal,
    id: string,
    limit: number,
    rest = Infinity,
  ): Promise<ReceiptList & { readonly next?: number }> {
    return this.#page(who, await this.#managed.get(who, id), limit, rest);
  }

  async #page(
    who: Principal,
    found: StoredNotification,
    limit: number,
    rest = Infinity,
  ): Promise<ReceiptList & { readonly next?: number }> {
    await this.#notes.flush();
    const users = namedIn(found);
    const first = Math.max(0, users.length - rest);
    const listed = users.slice(first, first + limit);
    const { offset } = found.entry;
    const [notes, choices, { offered, acked }] = await Promise.all([
      this.#store.receipts(offset, listed),
      this.#choices.choices(offset, listed),
      this.#store.topicReceipts(offset, users),
    ]);
    const recipients = await Promise.all(listed.map((user) => this.#receipt(found, user, { notes, choices })));
    const missing = recipients.filter((receipt) => !isShown(receipt)).map(({ user }) => user);
    const causes = who.kind === 'key' ? await this.#explanations.causesOf(found, missing) : new Map<string, Cause>();
    const next = users.length - first - limit;
    return {
      id: found.entry.id,
      recipients: recipients.map((receipt) => asTold(receipt, causes.get(receipt.user), who)),
      topics: { sent: offered, acked },
      ...(next > 0 && { next }),
    };
  }

  /** A place among those who wait, taken before publishing. @throws {DomainError} `overloaded`, `rate.limited`. @returns what gives it back. */
  takePlace(who: Principal): () => void {
    return this.#waits.takePlace(who);
  }

  /**
   * Waits until everybody named has acknowledged, or `signal` aborts; then says how it stands, unless nobody is there to hear it. Whoever has published it is
   * told so whatever has become of their rights meanwhile; of what is gone, that it has no recipients.
   * @param gone aborted when the publisher has gone; then undefined.
   */
  async whenAcked(
    who: Principal,
    id: string,
    signal: AbortSignal,
    gone: AbortSignal,
  ): Promise<ReceiptList | undefined> {
    const found = await this.#store.find(id);
    if (found === undefined) return { id, ...NOBODY };
    const users = namedIn(found);
    const { offset } = found.entry;
    const acked = async (): Promise<string[]> =>
      (await this.#store.receipts(offset, users)).filter(({ stage }) => stage === 'acked').map(({ user }) => user);
    await this.#waits.until(offset, users, acked, signal);
    if (gone.aborted) return undefined;
    const left = await this.#store.find(id);
    if (left === undefined) return { id, ...NOBODY };
    const { next: _, ...list } = await this.#page(who, left, MAX_LISTED);
    return list;
  }

  async #receipt(found: StoredNotification, user: string, known: Known): Promise<Receipt> {
    const { offset, publishedAt } = found.entry;
    const { seen, read } = await this.#store.standing(user, offset);
    const notes = known.notes.filter((note) => note.user === user);
    const choices = known.choices.filter((choice) => choice.user === user);
    return {
      user,
      stored: { at: isoTime(publishedAt) },
      ...Object.fromEntries(notes.map((note) => [note.stage, stageOf(note)])),
      ...(seen !== undefined && { seen: markedAt(seen) }),
      ...(read !== undefined && { read: markedAt(read) }),
      ...(choices.length > 0 && { acted: choices.map(actedAs) }),
    };
  }
}

/** What is known of all who are listed. */
interface Known {
  readonly notes: readonly ReceiptNote[];
  readonly choices: readonly Choice[];
}

function isShown({ acked, seen, read }: Receipt): boolean {
  return acked !== undefined || seen !== undefined || read !== undefined;
}

/** Other people are told when, and neither by what nor why not: that is for services. */
function asTold({ user, acted, ...stages }: Receipt, cause: Cause | undefined, who: Principal): Receipt {
  if (who.kind === 'key') return { user, ...stages, ...(acted && { acted }), ...(cause !== undefined && { cause }) };
  const times = Object.entries(stages).map(([stage, value]) => [
    stage,
    typeof value === 'string' ? value : { at: value.at },
  ]);
  return {
    user,
    stored: stages.stored,
    ...Object.fromEntries(times),
    ...(acted && { acted: acted.map(({ action, at }) => ({ action, at })) }),
  };
}

/** In the publisher's order. */
function namedIn({ entry }: StoredNotification): string[] {
  return entry.topics.flatMap((topic) => userOfTopic(topic) ?? []);
}

function stageOf({
  at,
  transport,
  device,
}: Pick<ReceiptNote, 'at' | 'transport' | 'device'>): NonNullable<Receipt['sent']> {
  return { at: isoTime(at), transport, ...(device !== null && { device }) };
}

function actedAs({ action, ...via }: Choice): NonNullable<Receipt['acted']>[number] {
  return { action, ...stageOf(via) };
}

function markedAt({ at }: MarkValue): NonNullable<Receipt['seen']> {
  return { at: isoTime(at) };
}
