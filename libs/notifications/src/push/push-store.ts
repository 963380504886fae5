import type { ReadGrant } from '#clarion/access';
import type { LogEntry } from '#clarion/event-bus';
import type { StoredPreferences } from '../people/preferences.js';
import type { Standing } from '../people/people-store.js';

/** The token by which the chosen store's module provides the {@link PushStore}, to the whole application. */
export const PUSH_STORE = Symbol('PushStore');

/** Milliseconds after a mark or a retraction until what it takes back is planned: many marks are one push for each device. */
export const TAKE_BACK_AFTER_MS = 2_000;

/**
 * What is kept of devices, and of what is to be pushed to them, in the same place as the log: one transaction and one backup have all. A due push
 * is written with its notification (`AppendRequest.pushAt`), devices come and go by acts (`DeviceAct`), and reading marks take back what was
 * pushed, in the transaction in which they are made. Opened and closed with the log. All work runs off the event loop. Times are milliseconds
 * since 1970.
 */
export interface PushStore {
  /** Keeps this key pair if none is kept yet; resolves with the one that is. */
  keepVapidKeys(made: VapidKeys): Promise<VapidKeys>;

  /** By id. */
  devices(user: string): Promise<StoredDevice[]>;

  /** Notifications to be pushed at or before `now`, that due longest ago first. At most `limit` (1–1,000). */
  due(now: number, limit: number): Promise<DuePush[]>;
  /**
   * The first moment later than `after` at which there is something to do, by {@link due}, {@link claim} or {@link planTakeBacks}; undefined:
   * nothing waits for so long. What waited until then may still wait: for a host, say, that is slow.
   */
  nextAt(after: number): Promise<number | undefined>;
  /**
   * The people whom a due notification concerns and who have devices, from `mark` on, each once: by the first of its topics that has them.
   * Looks at a bounded number of followers: a page may be short, or empty, though `next` says that more follow.
   * @param limit 1–1,000 people.
   */
  candidates(offset: number, mark: PushMark, limit: number): Promise<CandidatePage>;
  /**
   * Writes what was decided about one page, and where to go on, in one transaction: all of it, or, when the due push is not at `from` any more
   * (somebody else was faster), nothing. `next` null: all is decided, and the due push is removed. Of pushes to devices that are gone meanwhile
   * nothing is kept; of one notification and device the first is. @returns whether it was written.
   */
  plan(decided: DecidedPage): Promise<boolean>;

  /**
   * Takes pushes whose time has come, of the devices that waited longest, at most one for each device, none for devices or hosts in `except`, and keeps
   * these devices from others until `now + leaseMs`; of one device in the order in which they were planned. What is wanted no longer is settled as
   * `cancelled` instead: the notification is read, archived or snoozed by now (or seen in none of its topics), retracted, expired or no longer
   * kept, or `until` is over. Looks at a bounded number: it may take few, or none, though more are due; {@link nextAt} says so.
   * @param limit 1–1,000.
   */
  claim(request: ClaimRequest): Promise<Claim>;
  /**
   * Notes what came of claimed pushes, and with each what it says of the device. One that was sent is noted in the receipts (`sent`, transport
   * `push`); when its notification has been read meanwhile it is taken back. Of rows that are gone nothing is noted.
   */
  settle(settlements: readonly PushSettlement[]): Promise<void>;
  /** At the start of the only process: what an earlier one had claimed may be claimed at once. What came of it is unknown. */
  releaseAll(): Promise<void>;

  /**
   * Of people who have read something since, and whose time has come: one push for each device that shows it, to close it. At most `limit`
   * people. @returns how many people.
   */
  planTakeBacks(now: number, limit: number): Promise<number>;

  /** Whose push it was; undefined: there is no such ticket, or its notification is no longer kept. */
  ticket(ticket: string): Promise<TicketHolder | undefined>;
  /** What became of the pushes of one notification to these people (at most 1,000), by person and device. */
  pushes(offset: number, users: readonly string[]): Promise<PushRecord[]>;
  /** Which actions of one notification these people (at most 1,000) have chosen, by person and time. */
  choices(offset: number, users: readonly string[]): Promise<Choice[]>;
  /** Which actions of these notifications (at most 1,000) one person has chosen, by notification, in the order of `offsets`, and time. */
  choicesOf(user: string, offsets: readonly number[]): Promise<Choice[]>;
  /** All that is kept of one person's devices, as of one moment: for exports. */
  export(user: string): Promise<StoredDevices>;
  /** When a due push that is not yet decided will be, or was to be; undefined: there is none. */
  dueAt(offset: number): Promise<number | undefined>;
  /** How much waits now: due and not decided; decided and not yet sent. */
  waiting(): Promise<{ readonly due: number; readonly pushes: number }>;
}

/** Raw P-256 keys in base64url (RFC 8292): 65 and 32 bytes. */
export interface VapidKeys {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Where a device can be reached, as its person's page has brought it. */
export interface StoredDevice extends DeviceHealth {
  readonly user: string;
  readonly id: string;
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
  readonly name: string | null;
  readonly locale: string | null;
  readonly timeZone: string | null;
  /** What the token could read with which it was last verified, beside the person's own topic. */
  readonly subscribe: readonly ReadGrant[];
  /** When that token was issued; null: it did not say. */
  readonly issuedAt: number | null;
  /** What was published after this offset may be pushed to it: where the log was when the device came. */
  readonly since: number;
  readonly createdAt: number;
  readonly verifiedAt: number;
}

export interface DeviceHealth {
  readonly lastSuccessAt: number | null;
  /** Since the last success, or since it was last verified. */
  readonly failures: number;
  readonly lastFailureAt: number | null;
  /** As {@link PushSettlement} has it. */
  readonly lastFailureReason: string | null;
}

export interface DuePush {
  readonly offset: number;
  readonly dueAt: number;
  readonly mark: PushMark;
}

/** How far a due push is decided: opaque to all but the store. */
export type PushMark = string & { readonly __mark: unique symbol };

export interface CandidatePage {
  /** The newest form; undefined: it is no longer kept. */
  readonly entry: LogEntry | undefined;
  readonly candidates: readonly PushCandidate[];
  /** Null: these were the last. */
  readonly next: PushMark | null;
}

export interface PushCandidate {
  readonly user: string;
  /**
   * Its topics by which this person has it, in the publisher's order: their own, and what they followed when it was published and still follow;
   * without those in which it was collapsed before the person had read it.
   */
  readonly topics: readonly string[];
  readonly preferences: StoredPreferences | undefined;
  readonly acked: boolean;
  readonly standing: Standing;
  /** Those that came before it was published. Never empty. */
  readonly devices: readonly StoredDevice[];
}

export interface DecidedPage {
  readonly offset: number;
  readonly from: PushMark;
  readonly next: PushMark | null;
  readonly at: number;
  readonly pushes: readonly NewPush[];
}

export interface NewPush {
  readonly user: string;
  readonly device: string;
  /** By which the person sees it. */
  readonly topic: string;
  /** 128 random bits in base64url: whoever brings it back is the device. */
  readonly ticket: string;
  /** After that it is not tried any more. */
  readonly until: number;
}

export interface ClaimRequest {
  readonly now: number;
  readonly limit: number;
  readonly leaseMs: number;
  readonly exceptDevices: readonly { readonly user: string; readonly device: string }[];
  /** Of endpoints, with the port when it is not the scheme's. */
  readonly exceptHosts: readonly string[];
  /** At most so many for one host; absent: `limit`. */
  readonly perHost?: number;
  /** Where less is left of it: how much, by host. */
  readonly room?: Readonly<Record<string, number>>;
}

export interface Claim {
  readonly pushes: readonly ClaimedPush[];
  /** How many were found not to be wanted any more, by reason. */
  readonly cancelled: Readonly<Record<string, number>>;
}

interface Claimed {
  /** Of the row. */
  readonly id: number;
  readonly device: StoredDevice;
  /** 1 for the first. */
  readonly attempt: number;
  /** How often it was made shorter. */
  readonly shortened: number;
  readonly until: number;
}

/** `show`: a notification; `close`: those that the person has read elsewhere, or that were retracted. */
export type ClaimedPush =
  | (Claimed & {
      readonly kind: 'show';
      readonly entry: LogEntry;
      readonly topic: string;
      readonly ticket: string;
    })
  | (Claimed & { readonly kind: 'close'; readonly closed: readonly ClosedPush[] });

/** What the device knows a notification by. */
export interface ClosedPush {
  readonly id: string;
  readonly collapseKey?: string;
}

export type PushSettlement = { readonly id: number; readonly at: number } & (
  | { readonly state: 'sent' }
  /** Another attempt at `nextAt`; all that waits for the device waits so long. `failed`: false when it was only made shorter. */
  | {
      readonly state: 'waiting';
      readonly nextAt: number;
      readonly reason: string;
      readonly shortened: number;
      readonly failed: boolean;
    }
  | { readonly state: 'parked'; readonly reason: string }
);

/** `cancelled`: not wanted any more; `gone`: the device was removed. */
export type PushState = 'waiting' | 'sent' | 'parked' | 'cancelled' | 'gone';

export interface PushRecord {
  readonly user: string;
  readonly device: string;
  readonly state: PushState;
  readonly plannedAt: number;
  /** When it came to this state, or was last tried. */
  readonly at: number;
  readonly attempts: number;
  readonly reason: string | null;
  /** When a push was sent to close it. */
  readonly takenBackAt: number | null;
}

/** An action that was chosen: the first time. */
export interface Choice {
  readonly user: string;
  readonly offset: number;
  readonly action: string;
  readonly at: number;
  readonly transport: string;
  readonly device: string | null;
}

export interface StoredDevices {
  readonly devices: readonly StoredDevice[];
  readonly choices: readonly Choice[];
}

export interface TicketHolder {
  readonly user: string;
  readonly device: string;
  readonly entry: LogEntry;
}
