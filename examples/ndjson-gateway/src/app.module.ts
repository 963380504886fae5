import { Module, type DynamicModule } from '@nestjs/common';
import { ClarionModule } from 'clarion';
import { accessConfigSchema } from '#clarion/access';
import { InProcessEventBusModule } from '#clarion/event-bus';
import { notificationsConfigSchema } from '#clarion/notifications';
import { realtimeConfigSchema } from '#clarion/realtime';
import { sqliteStoreOptions, storeSqliteConfigSchema, StoreSqliteModule } from '#clarion/store-sqlite';
import { NdjsonGatewayModule } from './ndjson.gateway.js';
import { Orders } from './orders.js';
import { OrdersController } from './orders.controller.js';

/** What this application must be told; everything else of Clarion keeps its default. */
export interface ShopOptions {
  readonly dataDir: string;
  readonly apiKey: string;
  readonly tokenSecret: string;
}

/** Somebody's own application, with Clarion as a part of it and a gateway that Clarion knows nothing of. */
@Module({})
export class AppModule {
  static forRoot({ dataDir, apiKey, tokenSecret }: ShopOptions): DynamicModule {
    const realtime = realtimeConfigSchema.parse({});
    return {
      module: AppModule,
      imports: [
        ClarionModule.forRoot({
          store: StoreSqliteModule.forRoot(sqliteStoreOptions(storeSqliteConfigSchema.parse({ dataDir }))),
          bus: InProcessEventBusModule.forRoot(),
          gateways: [{ module: NdjsonGatewayModule.forRoot(realtime) }],
          access: accessConfigSchema.parse({ apiKey, tokenSecret, anonymousTopics: 'orders/*' }),
          notifications: notificationsConfigSchema.parse({}),
          realtime,
        }),
      ],
      controllers: [OrdersController],
      providers: [Orders],
    };
  }
}
