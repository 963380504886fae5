import { Inject, Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Access } from '#clarion/access';
import { EVENT_BUS, type EventBus } from '#clarion/event-bus';
import { NotificationLog, TopicHistories } from '#clarion/notifications';
import { Gateways } from './gateways.js';
import { Realtime } from './realtime.js';
import type { RealtimeConfig } from './realtime.config.js';
import { UpgradeRouter } from './upgrade-router.js';

/** Sessions, fan-out and the gateway seam, over whichever gateways the application brings. */
@Module({})
export class RealtimeModule implements OnApplicationShutdown {
  readonly #realtime: Realtime;

  constructor(@Inject(Realtime) realtime: Realtime) {
    this.#realtime = realtime;
  }

  static forRoot(config: RealtimeConfig): DynamicModule {
    return {
      module: RealtimeModule,
      global: true,
      providers: [
        Gateways,
        UpgradeRouter,
        {
          provide: Realtime,
          inject: [NotificationLog, EVENT_BUS, Access, TopicHistories],
          useFactory: (log: NotificationLog, bus: EventBus, access: Access, histories: TopicHistories) =>
            startRealtime(log, bus, access, histories, config),
        },
      ],
      exports: [Gateways, Realtime, UpgradeRouter],
    };
  }

  onApplicationShutdown(): void {
    this.#realtime.stop();
  }
}

async function startRealtime(
  log: NotificationLog,
  bus: EventBus,
  access: Access,
  histories: TopicHistories,
  config: RealtimeConfig,
): Promise<Realtime> {
  const logger = new Logger(Realtime.name);
  const realtime = new Realtime(log, bus, access, histories, config, (error, about) => logger.error({ error, about }));
  await realtime.start();
  return realtime;
}
