import { selectorSchema } from '#clarion/protocol';
import type { AccessStore, AuditEntry, NumberedAuditEntry, StoredKey } from '#clarion/access';
import { emptyMemory, MemoryAccessStore, type MemoryOfAccess } from '../support/memory-access-store.js';
import type { AccessStoreHarness } from './access-store-harness.js';

/** A store that breaks the contract in one way, and the beginning of the sentence that says so. */
export interface BrokenAccessStore {
  readonly name: string;
  readonly caughtBy: string;
  breakIt(real: AccessStore, memory: MemoryOfAccess): Partial<AccessStore>;
}

/** Broken stores in memory: what a disk would do is not what they get wrong. */
export function brokenAccessHarness({ name, breakIt }: BrokenAccessStore): AccessStoreHarness {
  return {
    name,
    create: async () => {
      const memory = emptyMemory();
      return {
        store: () => {
          const real = new MemoryAccessStore(memory);
          return { access: { ...delegate(real), ...breakIt(real, memory) }, close: async () => undefined };
        },
        dispose: async () => undefined,
      };
    },
  };
}

function delegate(real: AccessStore): AccessStore {
  return {
    load: () => real.load(),
    putKey: (key, audit) => real.putKey(key, audit),
    deleteKey: (id, audit) => real.deleteKey(id, audit),
    touchKeys: (uses) => real.touchKeys(uses),
    revoke: (revocation, audit) => real.revoke(revocation, audit),
    audit: (entry) => real.audit(entry),
    auditLog: (request) => real.auditLog(request),
  };
}

/** A store that spoils keys on their way in. */
function changingKeys(change: (key: StoredKey) => Partial<StoredKey>): BrokenAccessStore['breakIt'] {
  return (real) => ({ putKey: (key, audit) => real.putKey({ ...key, ...change(key) }, audit) });
}

/** A store that spoils entries of the audit log on their way out. */
function changingEntries(
  change: (entries: NumberedAuditEntry[]) => NumberedAuditEntry[],
): BrokenAccessStore['breakIt'] {
  return (real) => ({
    auditLog: async (request) => {
      const page = await real.auditLog(request);
      return { ...page, entries: change(page.entries) };
    },
  });
}

const everything = selectorSchema.array().parse(['**']);

export const brokenAccessStores: readonly BrokenAccessStore[] = [
  {
    name: 'keeps the newest secret alone',
    caughtBy: 'putKey: what was put comes back',
    breakIt: changingKeys(({ secrets }) => ({ secrets: secrets.slice(0, 1) })),
  },
  {
    name: 'mixes up the order of the secrets',
    caughtBy: 'putKey: what was put comes back',
    breakIt: changingKeys(({ secrets }) => ({ secrets: secrets.toReversed() })),
  },
  {
    name: 'forgets when a secret ends',
    caughtBy: 'putKey: what was put comes back',
    breakIt: changingKeys(({ secrets }) => ({ secrets: secrets.map(({ sha256 }) => ({ sha256 })) })),
  },
  {
    name: 'forgets when a key ends',
    caughtBy: 'putKey: what was put comes back',
    breakIt: changingKeys(() => ({ expiresAt: undefined })),
  },
  {
    name: 'gives every key every right to read',
    caughtBy: 'putKey: what was put comes back',
    breakIt: changingKeys(({ rights }) => ({ rights: { ...rights, read: everything } })),
  },
  {
    name: 'leaves of a replaced key what the new one does not have',
    caughtBy: 'putKey: replaces all',
    breakIt: (real, { keys }) => ({
      putKey: (key, audit) => {
        const old = keys.get(key.id);
        return real.putKey({ ...key, expiresAt: key.expiresAt ?? old?.expiresAt }, audit);
      },
    }),
  },
  {
    name: 'carries out calls in another order',
    caughtBy: 'putKey: of calls that do not wait',
    breakIt: (real) => {
      let before: Promise<unknown> = Promise.resolve();
      return {
        putKey: (key, audit) => {
          const held = before;
          before = new Promise((resolve) => setImmediate(resolve));
          return key.name.endsWith('9')
            ? real.putKey(key, audit)
            : held.then(() => before).then(() => real.putKey(key, audit));
        },
      };
    },
  },
  {
    name: 'acknowledges a key before it stores it',
    caughtBy: 'putKey: what was put comes back',
    breakIt: (real) => ({
      putKey: async (key, audit) => {
        setImmediate(() => void real.putKey(key, audit));
      },
    }),
  },
  {
    name: 'marks deleted keys and keeps them',
    caughtBy: 'deleteKey: forgets this key alone',
    breakIt: (real) => ({ deleteKey: (_id, audit) => real.audit(audit) }),
  },
  {
    name: 'takes any time of use for the last one',
    caughtBy: 'touchKeys: times go forward',
    breakIt: (_real, { keys }) => ({
      touchKeys: async (uses) => {
        for (const { id, lastUsedAt } of uses) {
          const key = keys.get(id);
          if (key !== undefined) keys.set(id, { ...key, lastUsedAt });
        }
      },
    }),
  },
  {
    name: 'never notes that a key was used',
    caughtBy: 'touchKeys: times go forward',
    breakIt: () => ({ touchKeys: async () => undefined }),
  },
  {
    name: 'lets an earlier revocation undo a later one',
    caughtBy: 'revoke: one for each subject',
    breakIt: (real, { revocations }) => ({
      revoke: async ({ sub, before }, audit) => {
        revocations.set(sub, before);
        await real.audit(audit);
      },
    }),
  },
  {
    name: 'keeps the first revocation of a person',
    caughtBy: 'revoke: one for each subject',
    breakIt: (real, { revocations }) => ({
      revoke: (revocation, audit) =>
        revocations.has(revocation.sub) ? real.audit(audit) : real.revoke(revocation, audit),
    }),
  },
  {
    name: 'deletes keys without a word',
    caughtBy: 'audit: every act has its entry',
    breakIt: (_real, { keys }) => ({
      deleteKey: async (id) => {
        keys.delete(id);
      },
    }),
  },
  {
    name: 'forgets where requests came from',
    caughtBy: 'audit: every act has its entry',
    breakIt: changingEntries((entries) => entries.map((entry) => ({ ...entry, address: undefined }))),
  },
  {
    name: 'sorts the audit log by time',
    caughtBy: 'audit: every act has its entry',
    breakIt: changingEntries((entries) => entries.toSorted((a, b) => b.at - a.at)),
  },
  {
    name: 'stores what it cannot note',
    caughtBy: 'audit: an act and its entry',
    breakIt: (real) => ({
      putKey: async (key, audit) => {
        await real.putKey(key, { ...audit, detail: undefined });
        refuseNul(audit);
      },
    }),
  },
  {
    name: 'notes what it did not do',
    caughtBy: 'audit: an act and its entry',
    breakIt: (real) => ({
      deleteKey: async (id, audit) => {
        if (audit.detail?.includes('\0') === true) await real.audit(audit);
        refuseNul(audit);
        await real.deleteKey(id, audit);
      },
    }),
  },
  {
    name: 'gives the audit log from its beginning',
    caughtBy: 'auditLog: newest first',
    breakIt: changingEntries((entries) => entries.toReversed()),
  },
  {
    name: 'says that there is more where there is none',
    caughtBy: 'auditLog: newest first',
    breakIt: (real) => ({
      auditLog: async (request) => {
        const page = await real.auditLog(request);
        return { ...page, more: page.entries.length === request.limit };
      },
    }),
  },
  {
    name: 'never says that there is more',
    caughtBy: 'auditLog: newest first',
    breakIt: (real) => ({ auditLog: async (request) => ({ ...(await real.auditLog(request)), more: false }) }),
  },
  {
    name: 'counts from one after every start',
    caughtBy: 'auditLog: newest first',
    breakIt: (_real, { entries }) => {
      let seq = 0;
      return {
        audit: async (entry) => {
          entries.push({ ...entry, seq: ++seq });
        },
      };
    },
  },
];

function refuseNul({ detail }: AuditEntry): void {
  if (detail?.includes('\0') === true) throw new Error('text with NUL');
}
