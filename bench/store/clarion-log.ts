import { InProcessEventBus } from '#clarion/event-bus';
import { NotificationLog, notificationsConfigSchema } from '#clarion/notifications';
import { SqliteStore, sqliteStoreOptions, storeSqliteConfigSchema } from '#clarion/store-sqlite';
import type { AppendOnly } from './append-load.js';
import { entryBody, entryId, TOPICS } from './entries.js';

/** The log as the server composes it by default, without the server: group commit, the SQLite store with its threads, the bus of one process. */
export async function openClarionLog(dataDir: string): Promise<AppendOnly> {
  const config = notificationsConfigSchema.parse({});
  const store = new SqliteStore(sqliteStoreOptions(storeSqliteConfigSchema.parse({ dataDir })));
  const limits = {
    maxBatch: config.commitMaxBatch,
    maxWaiting: config.publishMaxWaiting,
    maxWaitingBytes: config.publishMaxWaitingBytes,
    maxWaitMs: config.publishMaxWaitMs,
  };
  const log = new NotificationLog(store, new InProcessEventBus(), limits, (error) => {
    throw error;
  });
  await log.open();
  let count = 0;
  return {
    append: () =>
      log.append({ id: entryId(++count), entry: { topics: TOPICS, publishedAt: Date.now(), body: entryBody } }),
    close: () => log.close(),
  };
}
