import type { LogEntry } from '#clarion/event-bus';
import type { Edit, ErrorCode, MarkState, WantedPreferences } from '#clarion/protocol';
import type { DeviceHealth, StoredDevice } from '../push/push-store.js';

/**
 * What is done to what the log has: edits and retractions, and what people do. The writer decides each in the transaction that keeps it,
 * so that two at once never meet half-way. Times are milliseconds since 1970, here and below.
 */
export type LogAct =
  | EditAct
  | RetractAct
  | MarkAct
  | FollowAct
  | PreferencesAct
  | AckAct
  | ChooseAct
  | DeviceAct
  | RenewDeviceAct
  | RemoveDeviceAct
  | EraseAct;

/**
 * Merges the edit into the newest form of the notification, replaces its body where it stands, and appends an entry `updated` with the same
 * topics and traits, the id of the notification, and `about` its offset. Refused: `notification.unknown`; `notification.over` when it has expired
 * or was retracted; `body.invalid` when none of title, type and data would be left;
 * `rate.limited` when the resume log tells of 100 edits of it already.
 */
export interface EditAct {
  readonly kind: 'edit';
  readonly notification: string;
  readonly edit: Edit;
  readonly at: number;
}

/** Replaces the notification where it stands by a tombstone, and appends an entry `retracted`. Again: nothing changes. Refused as edits. */
export interface RetractAct {
  readonly kind: 'retract';
  readonly notification: string;
  readonly at: number;
}

/**
 * Who did something, and how the event `inbox` on their own topic says it: members of JSON without braces. Where it names what was marked, it names the same
 * as the act: a store may read it there (`changedBy`).
 */
interface PersonalAct {
  readonly user: string;
  readonly at: number;
  readonly body: string;
}

/**
 * Marks by ids or as one range. Nothing changes, and nothing is appended, when all of it is dominated by what is there. Refused: all of it with
 * `notification.unknown` when one of the ids is not in this person's inbox (their own topic, or one that they followed then).
 */
export interface MarkAct extends PersonalAct {
  readonly kind: 'mark';
  readonly state: MarkState;
  readonly undo: boolean;
  /** Of `snoozed`, unless undone. */
  readonly until: number | null;
  readonly target:
    | { readonly ids: readonly string[] }
    /** All with offsets up to this one; `topic`: only what came by it. */
    | { readonly upTo: number; readonly topic: string | null };
}

/**
 * Begins or ends an interval at the offset of the entry that it appends: what comes after it is in the inbox. Nothing changes when it is so
 * already. Refused: `body.invalid` beyond `MAX_FOLLOWS`.
 */
export interface FollowAct extends PersonalAct {
  readonly kind: 'follow' | 'unfollow';
  readonly topic: string;
}

/** Replaces all preferences (`revisePreferences`). Nothing is appended when they are the same. */
export interface PreferencesAct extends PersonalAct {
  readonly kind: 'preferences';
  readonly wanted: WantedPreferences;
}

/** Notes that they were shown; appends nothing. The first time counts. Nothing is noted of somebody who was erased at that time or later. */
export interface AckAct {
  readonly kind: 'ack';
  readonly user: string;
  readonly offsets: readonly number[];
  readonly at: number;
  readonly transport: string;
  readonly device: string | null;
}

/**
 * Notes that one of its actions was chosen, and that it was shown. The first time of each action counts: again, nothing changes and nothing is
 * appended. Refused: `notification.unknown` when the notification is not in this person's inbox, `notification.over` when it has expired or was
 * retracted, `action.unknown` when it has no such action.
 */
export interface ChooseAct extends PersonalAct {
  readonly kind: 'choose';
  readonly notification: string;
  readonly action: string;
  readonly transport: string;
  readonly device: string | null;
}

/**
 * A device of the person: new, or brought again. What is brought again keeps when it came, and where the log was then; and of `device.endpoint`
 * only who brought it last keeps it. Of more than `MAX_DEVICES` that which was verified longest ago goes. Appends nothing when nothing but
 * `verifiedAt`, `issuedAt` and `subscribe` changed, though these are kept.
 */
export interface DeviceAct extends PersonalAct {
  readonly kind: 'device';
  readonly device: Omit<StoredDevice, keyof DeviceHealth | 'user' | 'since' | 'createdAt' | 'verifiedAt'>;
}

/**
 * The device has another subscription by now; it is verified with it, and otherwise as it was. Appends nothing when it is the one that it had.
 * Refused: `ticket.unknown` when the device is not there, is not the one that came at `since`, or when the endpoint is another device's.
 */
export interface RenewDeviceAct extends PersonalAct {
  readonly kind: 'renewDevice';
  readonly device: string;
  /** As {@link StoredDevice} has it. */
  readonly since: number;
  readonly subscription: Pick<StoredDevice, 'endpoint' | 'p256dh' | 'auth'>;
}

/**
 * The device is gone, and what waits for it. Nothing changes when it is not there, or (`endpoint`) is somewhere else by now.
 */
export interface RemoveDeviceAct extends PersonalAct {
  readonly kind: 'removeDevice';
  readonly device: string;
  readonly endpoint: string | null;
}

/**
 * Removes all that is kept of a person: marks, follows, preferences, receipts, devices, pushes, idempotency keys, when they were last seen; notifications to them
 * alone; of others their name. Appends an entry `erased` without topics, whose body is the person's topic: nodes forget what they hold in memory.
 */
export interface EraseAct {
  readonly kind: 'erase';
  readonly user: string;
  readonly at: number;
}

/** What came of an act. */
export type ActResult =
  | {
      readonly outcome: 'acted';
      /** What was appended; null: nothing. */
      readonly entry: LogEntry | null;
      /** Of acknowledgements: the offsets that were not acknowledged before. */
      readonly offsets?: readonly number[];
    }
  | { readonly outcome: 'refused'; readonly code: ErrorCode; readonly detail?: string };
