import type { AccessStore, AuditEntry, StoredKey } from '#clarion/access';

/**
 * What a store brings so that the suite can examine how it keeps keys, revocations and the audit log:
 * `libs/<store>/test/access-store.harness.ts` exports one as `harness`. It imports the build, and needs nothing but a place to write.
 */
export interface AccessStoreHarness {
  readonly name: string;
  /** A place without data. */
  create(): Promise<AccessStorePlace>;
}

/** Where the data of one store lives. */
export interface AccessStorePlace {
  /** A store for the data of this place, nothing of it opened yet. */
  store(): ClosableAccessStore;
  /** Removes the data. */
  dispose(): Promise<void>;
}

/** With what closes it: its owner's business, not the port's. */
export interface ClosableAccessStore {
  readonly access: AccessStore;
  close(): Promise<void>;
}

/** One sentence of the contract: `run` throws when the store breaks it. */
export interface AccessStoreCheck {
  readonly name: string;
  run(harness: AccessStoreHarness): Promise<void>;
}

/** Lends a fresh place, and removes it whatever happens. */
export function onFreshPlace(name: string, use: (place: AccessStorePlace) => Promise<void>): AccessStoreCheck {
  return {
    name,
    run: async (harness) => {
      const place = await harness.create();
      try {
        await use(place);
      } finally {
        await place.dispose();
      }
    },
  };
}

/** Opens the place for as long as `use` takes. */
export async function withAccess<T>(place: AccessStorePlace, use: (access: AccessStore) => Promise<T>): Promise<T> {
  const store = place.store();
  try {
    await store.access.load();
    return await use(store.access);
  } finally {
    await store.close();
  }
}

/** A check on one freshly opened store. */
export function onFreshStore(name: string, use: (access: AccessStore) => Promise<void>): AccessStoreCheck {
  return onFreshPlace(name, (place) => withAccess(place, use));
}

/** The time at which everything here happens, in milliseconds since 1970. */
export const NOW = 1_700_000_000_000;

let drafted = 0;

/** A key that no other check has; the bytes of its digest are all different. */
export function draftKey(more: Partial<StoredKey> = {}): StoredKey {
  const number = ++drafted;
  return {
    id: `key-${String(number).padStart(8, '0')}`,
    name: `number ${number}`,
    rights: { publish: [], read: [], admin: false },
    secrets: [{ sha256: digest(number) }],
    createdAt: NOW + number,
    ...more,
  };
}

export function digest(seed: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => (seed * 7 + i) % 256);
}

export function entry(more: Partial<AuditEntry> = {}): AuditEntry {
  return { at: NOW, who: 'key:root', act: 'key.created', target: 'something', ...more };
}
