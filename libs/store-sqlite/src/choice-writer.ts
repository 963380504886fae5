import type { LogEntry } from '#clarion/event-bus';
import type { ActResult, ChooseAct } from '#clarion/notifications';
import type { Connection } from './connection.js';
import { isOver } from './edit-writer.js';
import type { ErasedPeople } from './erased-people.js';
import type { EntryWriter } from './entry-writer.js';
import { InboxMembership } from './inbox-membership.js';
import { NotificationFinder } from './notification-finder.js';
import { addPersonal } from './personal-entry.js';
import { prepareAll, type Prepared } from './prepared.js';
import { PUSH_QUERIES } from './push-queries.js';
import { ReceiptWriter } from './receipt-writer.js';

const NAMES = ['choice', 'putChoice'] as const;

/** Notes which actions people have chosen, each once. */
export class ChoiceWriter {
  readonly #entries: EntryWriter;
  readonly #finder: NotificationFinder;
  readonly #inbox: InboxMembership;
  readonly #receipts: ReceiptWriter;
  readonly #sql: Prepared<(typeof NAMES)[number]>;

  constructor(connection: Connection, entries: EntryWriter, erased: ErasedPeople) {
    this.#entries = entries;
    this.#finder = new NotificationFinder(connection);
    this.#inbox = new InboxMembership(connection);
    this.#receipts = new ReceiptWriter(connection, erased);
    this.#sql = prepareAll(connection, PUSH_QUERIES, NAMES);
  }

  choose(id: string, act: ChooseAct): ActResult {
    const { user, at, action, transport, device } = act;
    const found = this.#finder.first(act.notification);
    if (found === undefined || !this.#inbox.has(user, found))
      return { outcome: 'refused', code: 'notification.unknown' };
    const { offset } = found;
    // Whoever says it again, not knowing that it was heard, is not refused for coming too late.
    if (this.#sql.choice.get([offset, user, action]) !== undefined)
      return { outcome: 'acted', entry: null, offsets: [] };
    if (found.kind === 'retracted' || isOver(found, at)) return { outcome: 'refused', code: 'notification.over' };
    if (!offers(found, action)) return { outcome: 'refused', code: 'action.unknown' };
    this.#sql.putChoice.run([offset, user, action, at, transport, device]);
    const offsets = this.#receipts.acknowledge({ kind: 'ack', user, offsets: [offset], at, transport, device });
    return { outcome: 'acted', entry: addPersonal(this.#entries, id, act), offsets };
  }
}

function offers({ body }: LogEntry, action: string): boolean {
  const members: unknown = JSON.parse(`{${body}}`);
  const offered: unknown =
    typeof members === 'object' && members !== null && 'actions' in members ? members.actions : undefined;
  return Array.isArray(offered) && offered.some((one: unknown) => isNamed(one, action));
}

function isNamed(one: unknown, id: string): boolean {
  return typeof one === 'object' && one !== null && 'id' in one && one.id === id;
}
