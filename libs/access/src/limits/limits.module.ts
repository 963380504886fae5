import { Module, type DynamicModule } from '@nestjs/common';
import type { LimitsConfig } from './limits.config.js';
import { Limits } from './limits.js';

/** Offers {@link Limits} to the whole application. */
@Module({})
export class LimitsModule {
  /** @param config as `limitsConfigSchema` parsed it. */
  static forRoot(config: LimitsConfig): DynamicModule {
    return {
      module: LimitsModule,
      global: true,
      providers: [{ provide: Limits, useFactory: () => new Limits(config) }],
      exports: [Limits],
    };
  }
}
