import type { EventBus } from '#clarion/event-bus';
import type { InboxChange } from '#clarion/protocol';
import type { NotificationLog } from '../notification-log.js';
import { isoTime } from '../iso-time.js';
import type { Via } from '../people/delivery-witness.js';
import type { Changed } from '../people/inbox-acts.js';
import type { Person } from '../people/person.js';
import type { ReceiptNotes } from '../people/receipt-notes.js';

/** One of a notification's actions. */
export interface ChosenAction {
  /** Of the notification. */
  readonly id: string;
  readonly action: string;
}

/** What people choose of what notifications offer: durable, a place in the log, heard by all of their devices. */
export class Actions {
  readonly #log: NotificationLog;
  readonly #bus: Pick<EventBus, 'publish'>;
  readonly #notes: Pick<ReceiptNotes, 'received'>;

  constructor(log: NotificationLog, bus: Pick<EventBus, 'publish'>, notes: Pick<ReceiptNotes, 'received'>) {
    this.#log = log;
    this.#bus = bus;
    this.#notes = notes;
  }

  /**
   * Resolves when it is on disk; whoever chooses has been shown it. Of each action the first time counts.
   * @throws {DomainError} `notification.unknown` when it is not in this person's inbox, `notification.over`, `action.unknown`.
   */
  async choose({ user }: Person, { id, action }: ChosenAction, via: Via): Promise<Changed> {
    const at = Date.now();
    const change: InboxChange = { change: 'chosen', chosen: { id, action }, at: isoTime(at) };
    const body = JSON.stringify(change).slice(1, -1);
    const acted = await this.#log.act({ kind: 'choose', user, at, body, notification: id, action, ...via });
    const { entry, offsets = [] } = acted;
    if (offsets.length > 0) {
      this.#notes.received(user, offsets, via, at);
      await this.#bus.publish({ kind: 'acked', user, offsets, at });
    }
    return entry === null ? { changed: false } : { changed: true, cursor: this.#log.cursorAt(entry.offset) };
  }
}
