import { Module, type DynamicModule } from '@nestjs/common';
import { ACCESS_STORE } from '#clarion/access';
import { NOTIFICATION_STORE } from '#clarion/notifications';
import { SqliteStore, type SqliteStoreOptions } from './sqlite-store.js';

/**
 * Provides the log on SQLite as `NOTIFICATION_STORE`, and the keys beside it as `ACCESS_STORE`, to the whole application. The domain opens
 * and closes them.
 */
@Module({})
export class StoreSqliteModule {
  static forRoot(options: SqliteStoreOptions): DynamicModule {
    return {
      module: StoreSqliteModule,
      global: true,
      providers: [
        { provide: SqliteStore, useFactory: () => new SqliteStore(options) },
        { provide: NOTIFICATION_STORE, useExisting: SqliteStore },
        { provide: ACCESS_STORE, inject: [SqliteStore], useFactory: ({ access }: SqliteStore) => access },
      ],
      exports: [NOTIFICATION_STORE, ACCESS_STORE],
    };
  }
}
