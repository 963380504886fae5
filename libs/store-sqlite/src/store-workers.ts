import type { AuditEntry, AuditLogPage, AuditLogRequest, KeyUse, StoredKey, TokenRevocation } from '#clarion/access';
import type {
  LogBounds,
  OpenedStore,
  ReadRequest,
  ReadResult,
  TopicHistory,
  TopicHistoryRequest,
} from '#clarion/notifications';
import type { PackedBatch, PackedResult } from './packed-batch.js';
import type {
  ExpiredPlan,
  ExpiredRequest,
  FloorPlan,
  FloorRequest,
  OverfullPlan,
  OverfullRequest,
  OverfullTopic,
} from './retention-planner.js';

/** What a connection needs to know. */
export interface ConnectionOptions {
  readonly file: string;
  /** KiB of the database that this connection keeps in memory. */
  readonly cacheKib: number;
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
  putKey: { argument: { readonly key: StoredKey; readonly audit: AuditEntry }; result: void };
  deleteKey: { argument: { readonly id: string; readonly audit: AuditEntry }; result: void };
  touchKeys: { argument: readonly KeyUse[]; result: void };
  revoke: { argument: { readonly revocation: TokenRevocation; readonly audit: AuditEntry }; result: void };
  audit: { argument: AuditEntry; result: void };
  close: { argument: null; result: void };
};

/** What a reader thread does. */
export type ReaderCalls = {
  open: { argument: ConnectionOptions; result: void };
  read: { argument: ReadRequest; result: ReadResult };
  history: { argument: TopicHistoryRequest; result: TopicHistory };
  bounds: { argument: null; result: LogBounds };
  planFloor: { argument: FloorRequest; result: FloorPlan };
  planExpired: { argument: ExpiredRequest; result: ExpiredPlan };
  planOverfull: { argument: OverfullRequest; result: OverfullPlan };
  loadAccess: { argument: null; result: { keys: StoredKey[]; revocations: TokenRevocation[] } };
  auditLog: { argument: AuditLogRequest; result: AuditLogPage };
  close: { argument: null; result: void };
};
