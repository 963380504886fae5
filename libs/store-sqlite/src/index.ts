export { SqliteStore, type SqliteStoreOptions } from './sqlite-store.js';
export { StoreError, type StoreFault } from './store-error.js';
export { sqliteStoreOptions, storeSqliteConfigSchema, type StoreSqliteConfig } from './store-sqlite.config.js';
export { StoreSqliteModule } from './store-sqlite.module.js';
