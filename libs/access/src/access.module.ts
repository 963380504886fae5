import { Inject, Logger, Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import type { AccessConfig } from './access-config.js';
import { ACCESS_STORE, type AccessStore } from './access-store.js';
import { Access } from './access.js';

/** Offers {@link Access} to the whole application, ready: nothing listens before keys and revocations were read. */
@Module({})
export class AccessModule implements BeforeApplicationShutdown {
  readonly #access: Access;

  constructor(@Inject(Access) access: Access) {
    this.#access = access;
  }

  /**
   * Expects {@link ACCESS_STORE} from a global module: the store's.
   * @param config as `accessConfigSchema` parsed it.
   */
  static forRoot(config: AccessConfig): DynamicModule {
    return {
      module: AccessModule,
      global: true,
      providers: [
        { provide: Access, inject: [ACCESS_STORE], useFactory: (store: AccessStore) => openAccess(config, store) },
      ],
      exports: [Access],
    };
  }

  /** While the store is still open: its owner closes it `onApplicationShutdown`. */
  beforeApplicationShutdown(): Promise<void> {
    return this.#access.close();
  }
}

async function openAccess(config: AccessConfig, store: AccessStore): Promise<Access> {
  const logger = new Logger(Access.name);
  const access = new Access(config, store, (error) => logger.error(error));
  await access.open();
  return access;
}
