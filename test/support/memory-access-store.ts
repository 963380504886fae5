import type {
  AccessStore,
  AuditEntry,
  AuditLogPage,
  AuditLogRequest,
  KeyUse,
  NumberedAuditEntry,
  StoredKey,
  TokenRevocation,
} from '#clarion/access';

/** What outlives one {@link MemoryAccessStore}, as a disk does. */
export interface MemoryOfAccess {
  readonly keys: Map<string, StoredKey>;
  readonly revocations: Map<string, number>;
  readonly entries: NumberedAuditEntry[];
}

export function emptyMemory(): MemoryOfAccess {
  return { keys: new Map(), revocations: new Map(), entries: [] };
}

/** The contract of `AccessStore` without a disk, for tests of what stands on it. */
export class MemoryAccessStore implements AccessStore {
  readonly memory: MemoryOfAccess;

  constructor(memory = emptyMemory()) {
    this.memory = memory;
  }

  async load(): Promise<{ keys: StoredKey[]; revocations: TokenRevocation[] }> {
    const { keys, revocations } = this.memory;
    return {
      keys: structuredClone([...keys.values()]),
      revocations: [...revocations].map(([sub, before]) => ({ sub, before })),
    };
  }

  async putKey(key: StoredKey, audit: AuditEntry): Promise<void> {
    this.memory.keys.set(key.id, structuredClone(key));
    await this.audit(audit);
  }

  async deleteKey(id: string, audit: AuditEntry): Promise<void> {
    this.memory.keys.delete(id);
    await this.audit(audit);
  }

  async touchKeys(uses: readonly KeyUse[]): Promise<void> {
    for (const { id, lastUsedAt } of uses) {
      const key = this.memory.keys.get(id);
      if (key !== undefined && (key.lastUsedAt ?? 0) < lastUsedAt) this.memory.keys.set(id, { ...key, lastUsedAt });
    }
  }

  async revoke({ sub, before }: TokenRevocation, audit: AuditEntry): Promise<void> {
    this.memory.revocations.set(sub, Math.max(before, this.memory.revocations.get(sub) ?? 0));
    await this.audit(audit);
  }

  async audit(entry: AuditEntry): Promise<void> {
    this.memory.entries.push({ ...entry, seq: this.memory.entries.length + 1 });
  }

  async auditLog({ before = Infinity, limit }: AuditLogRequest): Promise<AuditLogPage> {
    const older = this.memory.entries.filter(({ seq }) => seq < before).toReversed();
    return { entries: older.slice(0, limit), more: older.length > limit };
  }
}
