import { Module, type DynamicModule } from '@nestjs/common';
import { z } from 'zod';
import { InProcessEventBusModule } from '#clarion/event-bus';
import { ClarionModule } from './clarion.module.js';
import type { Config } from './config/config.js';
import { driver, type DriverTable } from './config/driver.js';

/**
 * Every store, bus, gateway and channel that can be chosen, by the name that the configuration uses. This is the only file that knows
 * them: a new one is its folder and its line here.
 */
export const DRIVERS = {
  stores: {
    sqlite: async () => {
      const { StoreSqliteModule, sqliteStoreOptions, storeSqliteConfigSchema } = await import('#clarion/store-sqlite');
      return driver(storeSqliteConfigSchema, (config) => StoreSqliteModule.forRoot(sqliteStoreOptions(config)));
    },
  },
  buses: {
    'in-process': async () => driver(z.object({}), () => InProcessEventBusModule.forRoot()),
  },
  gateways: {
    socketio: async () => {
      const { ClarionIoAdapter, GatewaySocketIoModule, gatewaySocketIoConfigSchema } =
        await import('#clarion/gateway-socketio');
      return driver(gatewaySocketIoConfigSchema, (config) => ({
        module: GatewaySocketIoModule.forRoot(config),
        attach: (app) => app.useWebSocketAdapter(new ClarionIoAdapter(app)),
      }));
    },
    sse: async () => {
      const { SseModule, sseConfigSchema } = await import('#clarion/gateway-http');
      return driver(sseConfigSchema, (config) => ({ module: SseModule.forRoot(config) }));
    },
    websocket: async () => {
      const { GatewayWebSocketModule, gatewayWebSocketConfigSchema } = await import('#clarion/gateway-websocket');
      return driver(gatewayWebSocketConfigSchema, (config) => ({ module: GatewayWebSocketModule.forRoot(config) }));
    },
    polling: async () => {
      const { PollingModule, pollingConfigSchema } = await import('#clarion/gateway-http');
      return driver(pollingConfigSchema, (config) => ({ module: PollingModule.forRoot(config) }));
    },
  },
  channels: {
    'web-push': async () => {
      const { WebPushModule, webPushConfigSchema } = await import('#clarion/web-push');
      return driver(webPushConfigSchema, (config) => WebPushModule.forRoot(config));
    },
  },
} as const satisfies DriverTable;

/** The application that the configuration asks for. */
@Module({})
export class AppModule {
  static async forRoot({
    server,
    access,
    limits,
    notifications,
    realtime,
    store,
    bus,
    gateways,
    channels,
  }: Config): Promise<DynamicModule> {
    return {
      module: AppModule,
      imports: [
        ClarionModule.forRoot({
          store,
          bus,
          gateways,
          channels,
          access,
          limits,
          notifications,
          realtime,
          pages: server.page ? [await consoleModule()] : [],
          docs: server.docs,
          basePath: server.basePath,
          ...(server.metricsPort !== undefined && { metrics: { host: server.host, port: server.metricsPort } }),
        }),
      ],
    };
  }
}

async function consoleModule(): Promise<DynamicModule> {
  const { ConsoleModule } = await import('#clarion/console');
  return { module: ConsoleModule };
}
