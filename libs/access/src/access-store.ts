import type { AdministrativeAct } from '#clarion/protocol';
import type { KeyRights } from './principal.js';

/** The token by which the chosen store's module provides the {@link AccessStore}, to the whole application. */
export const ACCESS_STORE = Symbol('AccessStore');

/**
 * Where keys, revocations and the audit log are kept. Beside the log of notifications rather than in it: none of this is heard by clients.
 * Whoever closes the store of notifications closes this one, and in a store that keeps both in one place a backup of that place is whole.
 *
 * Every promise resolves after what it says is on disk, unless it says otherwise. Writes are carried out in the order of the calls. A
 * rejection means that nothing was changed.
 */
export interface AccessStore {
  /** Opens the store if need be, and reads all that `Access` keeps in memory. May be called before, after and beside the opening of the log. */
  load(): Promise<{ keys: StoredKey[]; revocations: TokenRevocation[] }>;
  /** Adds the key, or replaces the one with its id; the act and its audit entry are one transaction. */
  putKey(key: StoredKey, audit: AuditEntry): Promise<void>;
  /** Forgets the key, its digests too; the act and its audit entry are one transaction. One that is not there is no error. */
  deleteKey(id: string, audit: AuditEntry): Promise<void>;
  /** Notes when keys were last used; unknown ids are passed over, and a time never goes back. May be lost in a crash. */
  touchKeys(uses: readonly KeyUse[]): Promise<void>;
  /** One for each subject: the latest `before` stays. The act and its audit entry are one transaction. */
  revoke(revocation: TokenRevocation, audit: AuditEntry): Promise<void>;
  /** Notes an act that changes nothing in the store. */
  audit(entry: AuditEntry): Promise<void>;
  /** The newest entries with a `seq` below `before` (absent: from the newest), newest first, at most `limit`; `more`: there are older ones. */
  auditLog(request: AuditLogRequest): Promise<AuditLogPage>;
}

/** Times are milliseconds since 1970, here and below. */
export interface KeyUse {
  readonly id: string;
  readonly lastUsedAt: number;
}

/** One of the secrets with which a key may be used. */
export interface StoredSecret {
  /** SHA-256 of the whole key as its holder sends it: 32 bytes. The secret itself is kept nowhere. */
  readonly sha256: Uint8Array;
  /** Absent: as long as the key. */
  readonly expiresAt?: number;
}

/** An API key as it lies on disk. */
export interface StoredKey {
  /** Public: the part of the key by which it is found. */
  readonly id: string;
  /** What its owner calls it. */
  readonly name: string;
  readonly rights: KeyRights;
  /** One or, while a rotation lasts, two; the newest first. */
  readonly secrets: readonly StoredSecret[];
  readonly createdAt: number;
  readonly expiresAt?: number;
  /** Absent: never, as far as was written. */
  readonly lastUsedAt?: number;
}

/** Voids the tokens of one person. */
export interface TokenRevocation {
  readonly sub: string;
  /** Tokens issued at or before it are void, and so are those that do not say when they were issued. */
  readonly before: number;
}

/** One administrative act. Holds no secret and no contents. */
export interface AuditEntry {
  readonly at: number;
  /** The `principalId` of whoever did it. */
  readonly who: string;
  readonly act: AdministrativeAct;
  /** The id of the key or connection, the user id, or the topic. */
  readonly target: string;
  /** Where the request came from. */
  readonly address?: string;
  /** The `x-request-id` of its answer. */
  readonly requestId?: string;
  readonly detail?: string;
}

export interface AuditLogRequest {
  readonly before?: number;
  /** 1–1,000. */
  readonly limit: number;
}

/** An entry with its number: ascending, in the order of the acts, never given twice. */
export type NumberedAuditEntry = AuditEntry & { readonly seq: number };

export interface AuditLogPage {
  readonly entries: NumberedAuditEntry[];
  readonly more: boolean;
}
