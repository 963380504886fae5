export { editBody, renderNotification, tombstoneBody } from './notification-body.js';
export { NotificationLog, type Acted, type Located } from './notification-log.js';
export { notificationsConfigSchema, type NotificationsConfig } from './notifications.config.js';
export { NotificationsModule } from './notifications.module.js';
export { Publisher, type Published } from './publisher.js';
export {
  NOTIFICATION_STORE,
  type AppendRequest,
  type AppendResult,
  type Epoch,
  type IdempotencyClaim,
  type LogBounds,
  type NewEntry,
  type NotificationStore,
  type OpenedStore,
  type ReadRequest,
  type ReadResult,
  type RetentionPolicy,
  type TopicHistory,
  type TopicHistoryRequest,
} from './store.js';
export { TopicHistories, type HistoryPage } from './topic-histories.js';
export type {
  AckAct,
  ActResult,
  ChooseAct,
  DeviceAct,
  EditAct,
  EraseAct,
  FollowAct,
  LogAct,
  MarkAct,
  PreferencesAct,
  RemoveDeviceAct,
  RenewDeviceAct,
  RetractAct,
} from './people/acts.js';
export { beats, latest, reaches, type MarkValue, type RangeMark } from './people/marks.js';
export {
  PEOPLE_STORE,
  type FollowInterval,
  type InboxCounts,
  type InboxRequest,
  type InboxRow,
  type InboxScope,
  type InboxSlice,
  type InboxSource,
  type PeopleStore,
  type ReceiptNote,
  type Standing,
  type StoredNotification,
  type StoredPerson,
} from './people/people-store.js';
export {
  NO_PREFERENCES,
  revisePreferences,
  type CategoryChoice,
  type StoredPreferences,
} from './people/preferences.js';
export { Acknowledgements } from './people/acknowledgements.js';
export { AckWaits } from './people/ack-waits.js';
export { Amendments, type Amended } from './people/amendments.js';
export {
  DELIVERY_WITNESS,
  type DeliveryWitness,
  type PersonalNotification,
  type Via,
} from './people/delivery-witness.js';
export { DryRuns } from './people/dry-run.js';
export { Erasure, type ExportedPerson } from './people/erasure.js';
export { Explanations } from './people/explanations.js';
export { Inbox, type InboxPage } from './people/inbox.js';
export { InboxActs, type Changed } from './people/inbox-acts.js';
export { PEOPLE_COMMANDS, type PeopleCommands, type PersonalCommand } from './people/people-commands.js';
export { followList } from './people/personal-commands.js';
export { REACH, type LastReach, type OpenReach, type Reach } from './people/reach.js';
export { ReceiptNotes } from './people/receipt-notes.js';
export { Receipts } from './people/receipts.js';
export { LastSeen, type SeenStore } from './people/last-seen.js';
export { HIDDEN_PEOPLE, NOBODY_HIDES, type HiddenPeople } from './people/hidden-people.js';
export { LIVE_RULES, NO_RULES, type LiveRules } from './people/live-rules.js';
export { SUMMARIES, type Summaries } from './people/summaries.js';
export { personFor, personOf, type Person } from './people/person.js';
export { CategoryBook } from './people/category-book.js';
export { decide, evidenceOf, type Question, type Withheld } from './people/decisions.js';
export { PreferenceBook, type PersonalQuestion } from './people/preference-book.js';
export { Preferences } from './people/preferences-service.js';
export {
  PUSH_CHANNEL,
  type PushAction,
  type PushChannel,
  type PushMessage,
  type PushOutcome,
  type Urgency,
} from './push/push-channel.js';
export { Actions, type ChosenAction } from './push/actions.js';
export { Devices } from './push/devices.js';
export { PushExplanations } from './push/push-explanations.js';
export { PushReports } from './push/push-reports.js';
export { PushLoop } from './push/push-loop.js';
export { PushStats } from './push/push-stats.js';
export { Renewals } from './push/renewals.js';
export {
  PUSH_STORE,
  TAKE_BACK_AFTER_MS,
  type CandidatePage,
  type Choice,
  type Claim,
  type ClaimedPush,
  type ClaimRequest,
  type ClosedPush,
  type DecidedPage,
  type DeviceHealth,
  type DuePush,
  type NewPush,
  type PushCandidate,
  type PushMark,
  type PushRecord,
  type PushSettlement,
  type PushState,
  type PushStore,
  type StoredDevice,
  type StoredDevices,
  type TicketHolder,
  type VapidKeys,
} from './push/push-store.js';
