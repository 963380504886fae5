import { Inject, Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Access } from '#clarion/access';
import { EVENT_BUS, type EventBus } from '#clarion/event-bus';
import { HIDDEN_PEOPLE, LastSeen, NotificationLog, TopicHistories, type HiddenPeople } from '#clarion/notifications';
import { Gateways } from './gateways.js';
import { Realtime, type PeopleSeams } from './realtime.js';
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
          inject: [
            NotificationLog,
            EVENT_BUS,
            Access,
            TopicHistories,
            LastSeen,
            { token: HIDDEN_PEOPLE, optional: true },
          ],
          useFactory: (
            log: NotificationLog,
            bus: EventBus,
            access: Access,
            histories: TopicHistories,
            lastSeen: LastSeen,
            hidden?: HiddenPeople,
          ) => startRealtime(log, bus, access, histories, config, { lastSeen, hidden }),
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
  people: PeopleSeams,
): Promise<Realtime> {
  const logger = new Logger(Realtime.name);
  const onError = (error: unknown, about: string): void => logger.error({ error, about });
  const realtime = new Realtime(log, bus, access, histories, config, onError, people);
  await realtime.start();
  return realtime;
}
