import type {
  AccessStore,
  AuditEntry,
  AuditLogPage,
  AuditLogRequest,
  KeyUse,
  StoredKey,
  TokenRevocation,
} from '#clarion/access';
import type { StoreThreads } from './store-threads.js';
import { storedKey } from './stored-key.js';

/**
 * Keys, revocations and the audit log in the file of the log, written by the thread that writes it: a backup has both as of one moment.
 * Every rejection is a `StoreError`.
 */
export class SqliteAccessStore implements AccessStore {
  readonly #threads: StoreThreads;

  constructor(threads: StoreThreads) {
    this.#threads = threads;
  }

  async load(): Promise<{ keys: StoredKey[]; revocations: TokenRevocation[] }> {
    await this.#threads.open();
    const { keys, revocations } = await this.#threads.withReader((reader) => reader.call('loadAccess', null));
    return { keys: keys.map(storedKey), revocations };
  }

  putKey(key: StoredKey, audit: AuditEntry): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('putKey', { key, audit }));
  }

  deleteKey(id: string, audit: AuditEntry): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('deleteKey', { id, audit }));
  }

  touchKeys(uses: readonly KeyUse[]): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('touchKeys', uses));
  }

  revoke(revocation: TokenRevocation, audit: AuditEntry): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('revoke', { revocation, audit }));
  }

  audit(entry: AuditEntry): Promise<void> {
    return this.#threads.withWriter((writer) => writer.call('audit', entry));
  }

  auditLog(request: AuditLogRequest): Promise<AuditLogPage> {
    return this.#threads.withReader((reader) => reader.call('auditLog', request));
  }
}
