import type { Access, ActContext, Principal } from '#clarion/access';
import { DomainError, isUserId, userTopic, type ExportedUser, type Topic } from '#clarion/protocol';
import { renderNotification } from '../notification-body.js';
import type { NotificationLog } from '../notification-log.js';
import { isoTime } from '../iso-time.js';
import type { PushLoop } from '../push/push-loop.js';
import type { Choice, PushStore, StoredDevice } from '../push/push-store.js';
import type { LastSeen } from './last-seen.js';
import type { PeopleStore, ReceiptNote, StoredPerson } from './people-store.js';
import { preferencesAsTold } from './preferences.js';
import type { ReceiptNotes } from './receipt-notes.js';

/** As the wire has it; notifications as JSON text. */
export type ExportedPerson = Omit<ExportedUser, 'notifications'> & { readonly notifications: readonly string[] };

/** What a person may ask of whoever keeps something of them (GDPR, articles 15, 17 and 20). For keys that may administer. */
export class Erasure {
  readonly #log: NotificationLog;
  readonly #store: PeopleStore;
  readonly #access: Access;
  readonly #lastSeen: LastSeen;
  readonly #notes: ReceiptNotes;
  readonly #pushStore: Pick<PushStore, 'export'>;
  readonly #push: Pick<PushLoop, 'settle'> | null;

  /** @param push null: nothing is pushed. */
  constructor(
    log: NotificationLog,
    store: PeopleStore,
    access: Access,
    lastSeen: LastSeen,
    notes: ReceiptNotes,
    pushStore: Pick<PushStore, 'export'>,
    push: Pick<PushLoop, 'settle'> | null,
  ) {
    this.#log = log;
    this.#store = store;
    this.#access = access;
    this.#lastSeen = lastSeen;
    this.#notes = notes;
    this.#pushStore = pushStore;
    this.#push = push;
  }

  /**
   * Removes what is stored of a person, everywhere: notifications to them alone, their name from others, marks, follows, preferences, receipts, devices and
   * what waits to be pushed to them.
   * Their tokens are void from then on, and their connections end. What they published to others stays, with their id as its sender; that they were
   * erased is in the audit log. Backups are not touched. Nothing to remove is no error.
   * @throws {DomainError} `credentials.missing`, `right.missing`, `token.subject_invalid`.
   */
  async erase(who: Principal, user: string, context: ActContext): Promise<void> {
    this.#access.assertAdmin(who);
    assertUser(user);
    await this.#access.audit(who, { act: 'user.erased', target: user }, context);
    await this.#access.disconnectUser(who, user, context);
    this.#lastSeen.forget(user);
    this.#notes.forget(user);
    await this.#notes.flush();
    await this.#push?.settle(user);
    await this.#store.beginErasure(user);
    await this.#log.act({ kind: 'erase', user, at: Date.now() });
  }

  /** @throws {DomainError} as {@link erase}. */
  async export(who: Principal, user: string): Promise<ExportedPerson> {
    this.#access.assertAdmin(who);
    assertUser(user);
    await this.#notes.flush();
    const [person, pushed] = await Promise.all([this.#store.export(user), this.#pushStore.export(user)]);
    const { notifications, follows, marks, receipts, preferences, lastSeenAt } = person;
    return {
      user,
      notifications: notifications.map((entry) =>
        renderNotification(entry, this.#log.cursorAt(entry.offset), seenBy(entry.topics, user)),
      ),
      follows: follows.map(({ topic, since, until }) => ({
        topic: topic as Topic,
        since: isoTime(since),
        ...(until !== null && { until: isoTime(until) }),
      })),
      marks: marks.map((mark) => this.#mark(mark)),
      receipts: receipts.map((note) => this.#receipt(note)),
      preferences: preferences === undefined ? null : preferencesAsTold(preferences),
      devices: pushed.devices.map(exportedDevice),
      choices: pushed.choices.map((choice) => this.#choice(choice)),
      ...(lastSeenAt !== undefined && { lastSeenAt: isoTime(lastSeenAt) }),
    };
  }

  #mark({ state, offset, upTo, topic, value }: StoredPerson['marks'][number]): ExportedUser['marks'][number] {
    return {
      state,
      undone: value.undone,
      at: isoTime(value.at),
      ...(value.until !== null && { until: isoTime(value.until) }),
      ...(offset !== undefined && { cursor: this.#log.cursorAt(offset) }),
      ...(upTo !== undefined && { upTo: this.#log.cursorAt(upTo) }),
      ...(topic !== undefined && { topic: topic as Topic }),
    };
  }

  #choice({ offset, action, at, transport, device }: Choice): ExportedUser['choices'][number] {
    return {
      cursor: this.#log.cursorAt(offset),
      action,
      at: isoTime(at),
      transport,
      ...(device !== null && { device }),
    };
  }

  #receipt({ offset, stage, at, transport, device }: ReceiptNote): ExportedUser['receipts'][number] {
    return {
      cursor: this.#log.cursorAt(offset),
      stage,
      at: isoTime(at),
      transport,
      ...(device !== null && { device }),
    };
  }
}

/** Without the keys: with them, and this server's, whoever has the export could write to the device. */
function exportedDevice(device: StoredDevice): ExportedUser['devices'][number] {
  const { id, name, locale, timeZone, endpoint, subscribe, createdAt, verifiedAt, failures } = device;
  const { lastSuccessAt, lastFailureAt, lastFailureReason } = device;
  return {
    id,
    ...(name !== null && { name }),
    ...(locale !== null && { locale }),
    ...(timeZone !== null && { timeZone }),
    endpoint,
    subscribe: subscribe.map(({ selector, historyFrom }) => ({ selector, historyFrom: isoTime(historyFrom) })),
    createdAt: isoTime(createdAt),
    verifiedAt: isoTime(verifiedAt),
    ...(lastSuccessAt !== null && { lastSuccessAt: isoTime(lastSuccessAt) }),
    failures,
    ...(lastFailureAt !== null && {
      lastFailure: { at: isoTime(lastFailureAt), reason: lastFailureReason ?? 'unknown' },
    }),
  };
}

/** The other addressees are nobody's business. */
function seenBy(topics: readonly string[], user: string): Topic {
  const own = userTopic(user);
  return topics.includes(own) ? own : ((topics[0] ?? own) as Topic);
}

function assertUser(user: string): void {
  if (!isUserId(user)) throw new DomainError('token.subject_invalid');
}
