import { Module, type DynamicModule } from '@nestjs/common';
import { ACCESS_STORE } from '#clarion/access';
import { NOTIFICATION_STORE, PEOPLE_STORE, PUSH_STORE } from '#clarion/notifications';
import { SqliteStore, type SqliteStoreOptions } from './sqlite-store.js';

/**
 * Provides the log on SQLite as `NOTIFICATION_STORE`, and beside it the keys as `ACCESS_STORE`, what is kept of people as `PEOPLE_STORE` and
 * of devices as `PUSH_STORE`, to the whole application. The domain opens and closes them.
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
        { provide: PEOPLE_STORE, inject: [SqliteStore], useFactory: ({ people }: SqliteStore) => people },
        { provide: PUSH_STORE, inject: [SqliteStore], useFactory: ({ push }: SqliteStore) => push },
      ],
      exports: [NOTIFICATION_STORE, ACCESS_STORE, PEOPLE_STORE, PUSH_STORE],
    };
  }
}
