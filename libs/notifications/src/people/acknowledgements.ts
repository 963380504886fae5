import type { EventBus } from '#clarion/event-bus';
import { DomainError, userTopic } from '#clarion/protocol';
import type { NotificationLog } from '../notification-log.js';
import type { Via } from './delivery-witness.js';
import type { PeopleStore, StoredNotification } from './people-store.js';
import type { Person } from './person.js';
import type { ReceiptNotes } from './receipt-notes.js';

/** What clients say they have shown: durable, and told to every node at once. */
export class Acknowledgements {
  readonly #log: NotificationLog;
  readonly #bus: EventBus;
  readonly #store: PeopleStore;
  readonly #notes: ReceiptNotes;

  constructor(log: NotificationLog, bus: EventBus, store: PeopleStore, notes: ReceiptNotes) {
    this.#log = log;
    this.#bus = bus;
    this.#store = store;
    this.#notes = notes;
  }

  /**
   * Resolves when it is on disk, with how many were not acknowledged before.
   * @param at when it was asked for, before anything was awaited: whoever is erased meanwhile has acknowledged before that, and leaves nothing.
   * @throws {DomainError} `notification.unknown` for an id that this person cannot have got: then nothing is acknowledged.
   */
  async ack(person: Person, ids: readonly string[], via: Via, at = Date.now()): Promise<number> {
    const offsets = (await this.#store.findAll(ids)).map((found) => offsetFor(person, found));
    const { user } = person;
    const { offsets: fresh = [] } = await this.#log.act({ kind: 'ack', user, offsets, at, ...via });
    if (fresh.length === 0) return 0;
    this.#notes.received(user, fresh, via, at);
    await this.#bus.publish({ kind: 'acked', user, offsets: fresh, at });
    return fresh.length;
  }
}

/** @throws {DomainError} `notification.unknown`. */
function offsetFor({ user, historyFrom }: Person, found: StoredNotification | undefined): number {
  const isTheirs = found?.entry.topics.some((topic) => {
    if (topic === userTopic(user)) return true;
    const from = historyFrom(topic);
    return from !== undefined && found.entry.publishedAt >= from;
  });
  if (found === undefined || isTheirs !== true) throw new DomainError('notification.unknown');
  return found.entry.offset;
}
