export { backUp, type BackupRequest, type DatabaseSummary } from './backup.js';
export { restore, type RestoreRequest, type RestoreSummary } from './restore.js';
export { SqliteStore, type SqliteStoreOptions } from './sqlite-store.js';
export { StoreError, type StoreFault } from './store-error.js';
export { sqliteStoreOptions, storeSqliteConfigSchema, type StoreSqliteConfig } from './store-sqlite.config.js';
export { StoreSqliteModule } from './store-sqlite.module.js';
