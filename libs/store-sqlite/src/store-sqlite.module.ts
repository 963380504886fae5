import { Module, type DynamicModule } from '@nestjs/common';
import { NOTIFICATION_STORE } from '#clarion/notifications';
import { SqliteStore, type SqliteStoreOptions } from './sqlite-store.js';

/** Provides the log on SQLite as `NOTIFICATION_STORE`, to the whole application. The domain opens and closes it. */
@Module({})
export class StoreSqliteModule {
  static forRoot(options: SqliteStoreOptions): DynamicModule {
    return {
      module: StoreSqliteModule,
      global: true,
      providers: [{ provide: NOTIFICATION_STORE, useFactory: () => new SqliteStore(options) }],
      exports: [NOTIFICATION_STORE],
    };
  }
}
