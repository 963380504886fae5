import type { AuditEntry, AuditLogPage, AuditLogRequest, KeyUse, StoredKey, TokenRevocation } from '#clarion/access';
import type {
  CandidatePage,
  Choice,
  Claim,
  ClaimRequest,
  DecidedPage,
  DuePush,
  InboxRequest,
  InboxScope,
  InboxSlice,
  LogBounds,
  OpenedStore,
  PeopleStore,
  PushMark,
  PushRecord,
  PushSettlement,
  ReadRequest,
  ReadResult,
  ReceiptNote,
  Standing,
  StoredDevice,
  StoredDevices,
  StoredNotification,
  StoredPerson,
  StoredPreferences,
  TicketHolder,
  TopicHistory,
  TopicHistoryRequest,
  VapidKeys,
} from '#clarion/notifications';
import type { Category } from '#clarion/protocol';
import type { LoadedAccess } from './access-reader.js';
import type { FollowList } from './follow-list.js';
import type { RememberedRow } from './inbox-memory.js';
import type { PackedBatch, PackedResult } from './packed-batch.js';
import type { Packed } from './packed-sources.js';
import type { CountsAndMemory } from './remembered-inboxes.js';
import type {
  ExpiredPlan,
  ExpiredRequest,
  FloorPlan,
  FloorRequest,
  OverfullPlan,
  OverfullRequest,
  OverfullTopic,
  UnlistedRequest,
} from './retention-planner.js';

/** What a connection needs to know. */
export interface ConnectionOptions {
  readonly file: string;
  /** KiB of the database that this connection keeps in memory. */
  readonly cacheKib: number;
}

export interface ReaderOptions extends ConnectionOptions {
  /** An inbox for which so many rows are looked at when it is counted is handed out to be remembered. */
  readonly worthRemembering: number;
}

export interface WriterOptions extends ConnectionOptions {
  /** Pages of 4 KiB in the WAL after which they are copied into the database. */
  readonly checkpointPages: number;
}

/** What the writer thread does. All writing is there, so calls are carried out one after another. */
export type WriterCalls = {
  open: { argument: WriterOptions; result: OpenedStore };
  append: { argument: PackedBatch; result: PackedResult[] };
  raiseFloor: { argument: number; result: void };
  dropEpochs: { argument: null; result: void };
  dropEntries: { argument: readonly number[]; result: void };
  trimTopic: { argument: OverfullTopic; result: boolean };
  dropClaims: { argument: number; result: boolean };
  dropOrphans: { argument: null; result: boolean };
  dropEmptyIntervals: { argument: null; result: boolean };
  dropRemembered: { argument: null; result: boolean };
  /** Only where somebody was erased. */
  emptyWal: { argument: null; result: void };
  putKey: { argument: { readonly key: StoredKey; readonly audit: AuditEntry }; result: void };
  deleteKey: { argument: { readonly id: string; readonly audit: AuditEntry }; result: void };
  touchKeys: { argument: readonly KeyUse[]; result: void };
  revoke: { argument: { readonly revocation: TokenRevocation; readonly audit: AuditEntry }; result: void };
  audit: { argument: AuditEntry; result: void };
  putCategory: { argument: Category; result: void };
  deleteCategory: { argument: string; result: void };
  takeOut: { argument: string; result: boolean };
  touch: { argument: Parameters<PeopleStore['touch']>[0]; result: void };
  noteReceipts: { argument: readonly ReceiptNote[]; result: void };
  noteOffered: { argument: Parameters<PeopleStore['noteOffered']>[0]; result: void };
  remember: { argument: readonly RememberedRow[]; result: void };
  keepVapidKeys: { argument: VapidKeys; result: VapidKeys };
  planPushes: { argument: DecidedPage; result: boolean };
  claimPushes: { argument: ClaimRequest; result: Claim };
  settlePushes: { argument: readonly PushSettlement[]; result: void };
  releasePushes: { argument: null; result: void };
  planTakeBacks: { argument: { readonly now: number; readonly limit: number }; result: number };
  close: { argument: null; result: void };
};

/** What a reader thread does. */
export type ReaderCalls = {
  open: { argument: ReaderOptions; result: void };
  read: { argument: ReadRequest; result: ReadResult };
  history: { argument: { readonly request: TopicHistoryRequest; readonly now: number }; result: TopicHistory };
  bounds: { argument: null; result: LogBounds };
  planFloor: { argument: FloorRequest; result: FloorPlan };
  planUnlisted: { argument: UnlistedRequest; result: readonly number[] };
  planExpired: { argument: ExpiredRequest; result: ExpiredPlan };
  planOverfull: { argument: OverfullRequest; result: OverfullPlan };
  loadAccess: { argument: null; result: LoadedAccess };
  auditLog: { argument: AuditLogRequest; result: AuditLogPage };
  findAll: { argument: readonly string[]; result: (StoredNotification | undefined)[] };
  follows: { argument: string; result: FollowList };
  followers: { argument: string; result: number };
  inbox: { argument: Packed<InboxRequest>; result: InboxSlice };
  inboxCounts: { argument: Packed<InboxScope>; result: CountsAndMemory };
  standing: { argument: { readonly user: string; readonly offset: number }; result: Standing };
  preferencesOf: { argument: readonly string[]; result: (StoredPreferences | undefined)[] };
  havePreferences: { argument: null; result: boolean };
  categories: { argument: null; result: string[] };
  receipts: { argument: { readonly offset: number; readonly users: readonly string[] }; result: ReceiptNote[] };
  topicReceipts: {
    argument: { readonly offset: number; readonly except: readonly string[] };
    result: { offered: number; acked: number };
  };
  lastSeen: { argument: string; result: number | undefined };
  exportPerson: { argument: string; result: StoredPerson };
  devices: { argument: string; result: StoredDevice[] };
  duePushes: { argument: { readonly now: number; readonly limit: number }; result: DuePush[] };
  nextPushAt: { argument: number; result: number | undefined };
  pushCandidates: {
    argument: { readonly offset: number; readonly mark: PushMark; readonly limit: number };
    result: CandidatePage;
  };
  pushTicket: { argument: string; result: TicketHolder | undefined };
  pushes: { argument: { readonly offset: number; readonly users: readonly string[] }; result: PushRecord[] };
  choices: { argument: { readonly offset: number; readonly users: readonly string[] }; result: Choice[] };
  choicesOf: { argument: { readonly user: string; readonly offsets: readonly number[] }; result: Choice[] };
  exportDevices: { argument: string; result: StoredDevices };
  pushDueAt: { argument: number; result: number | undefined };
  waitingPushes: { argument: null; result: { due: number; pushes: number } };
  close: { argument: null; result: void };
};
