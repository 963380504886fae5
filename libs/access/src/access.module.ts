import { Module, type DynamicModule } from '@nestjs/common';
import type { AccessConfig } from './access-config.js';
import { Access } from './access.js';

/** Offers {@link Access} to the whole application. */
@Module({})
export class AccessModule {
  /** @param config as `accessConfigSchema` parsed it. */
  static forRoot(config: AccessConfig): DynamicModule {
    return {
      module: AccessModule,
      global: true,
      providers: [{ provide: Access, useFactory: () => new Access(config) }],
      exports: [Access],
    };
  }
}
