import { join } from 'node:path';
import { z } from 'zod';
import type { SqliteStoreOptions } from './sqlite-store.js';

/** What this library must be told. */
export const storeSqliteConfigSchema = z.object({
  dataDir: z.string().min(1).default('./data').meta({
    env: 'CLARION_DATA_DIR',
    description: 'The directory of the log; made for its owner alone if it is missing. One process at a time.',
  }),
  sqliteReaders: z.coerce.number().int().min(1).max(16).default(2).meta({
    env: 'CLARION_SQLITE_READERS',
    description: 'Threads that read the log (1–16). A long read holds up those behind it in the same thread.',
  }),
  sqliteCacheKib: z.coerce.number().int().min(256).max(4_194_304).default(16_384).meta({
    env: 'CLARION_SQLITE_CACHE_KIB',
    description: 'KiB of the database that each of its threads keeps in memory.',
  }),
  sqliteCheckpointPages: z.coerce.number().int().min(100).max(1_000_000).default(4_000).meta({
    env: 'CLARION_SQLITE_CHECKPOINT_PAGES',
    description: 'Pages of 4 KiB in the write-ahead log after which they are copied into the database.',
  }),
});

export type StoreSqliteConfig = z.output<typeof storeSqliteConfigSchema>;

/** The name of the database in the data directory. */
const FILE_NAME = 'clarion.db';

/** The options of the store that this configuration means. */
export function sqliteStoreOptions(config: StoreSqliteConfig): SqliteStoreOptions {
  return {
    file: join(config.dataDir, FILE_NAME),
    readers: config.sqliteReaders,
    cacheKib: config.sqliteCacheKib,
    checkpointPages: config.sqliteCheckpointPages,
  };
}
