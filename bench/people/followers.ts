import type { AppendRequest } from '#clarion/notifications';
import { SqliteStore, sqliteStoreOptions, storeSqliteConfigSchema } from '#clarion/store-sqlite';

const AT_ONCE = 1_000;

/** People who follow the topic and are never connected, written through the store. Precondition: nobody else has the data open. */
export async function seedFollowers(dataDir: string, topic: string, count: number): Promise<void> {
  const store = new SqliteStore(sqliteStoreOptions(storeSqliteConfigSchema.parse({ dataDir })));
  await store.open();
  try {
    for (let from = 0; from < count; from += AT_ONCE)
      await store.append(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, i) => following(from + i, topic)));
  } finally {
    await store.close();
  }
}

function following(number: number, topic: string): AppendRequest {
  const body = `"change":"followed","followed":"${topic}","at":"2026-01-01T00:00:00.000Z"`;
  return { id: `away-${number}`, entry: null, act: { kind: 'follow', user: `away-${number}`, at: 0, body, topic } };
}
