import { Inject, Logger, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { Access, Limits } from '#clarion/access';
import { EVENT_BUS, type EventBus } from '#clarion/event-bus';
import { NotificationLog } from './notification-log.js';
import type { NotificationsConfig } from './notifications.config.js';
import { LastSeen, type SeenStore } from './people/last-seen.js';
import { PEOPLE_STORE } from './people/people-store.js';
import { Publisher } from './publisher.js';
import { Retention } from './retention.js';
import { NOTIFICATION_STORE, type NotificationStore } from './store.js';
import { TopicHistories } from './topic-histories.js';

/** The domain: publishing, the log, history and retention, over whichever store and bus the application provides. */
@Module({})
export class NotificationsModule implements OnApplicationShutdown {
  readonly #log: NotificationLog;
  readonly #retention: Retention;
  readonly #lastSeen: LastSeen;

  constructor(
    @Inject(NotificationLog) log: NotificationLog,
    @Inject(Retention) retention: Retention,
    @Inject(LastSeen) lastSeen: LastSeen,
  ) {
    this.#log = log;
    this.#retention = retention;
    this.#lastSeen = lastSeen;
  }

  /** Expects `NOTIFICATION_STORE`, `EVENT_BUS`, `Access` and `Limits` from global modules. */
  static forRoot(config: NotificationsConfig): DynamicModule {
    return {
      module: NotificationsModule,
      global: true,
      providers: [
        {
          provide: NotificationLog,
          inject: [NOTIFICATION_STORE, EVENT_BUS],
          useFactory: (store: NotificationStore, bus: EventBus) => openLog(store, bus, config),
        },
        {
          provide: Retention,
          inject: [NotificationLog],
          useFactory: (log: NotificationLog) => startRetention(log, config),
        },
        {
          provide: Publisher,
          inject: [NotificationLog, EVENT_BUS, Access, Limits],
          useFactory: (log: NotificationLog, bus: EventBus, access: Access, limits: Limits) =>
            new Publisher(log, bus, access, limits, config.idempotencyS * 1_000),
        },
        {
          provide: TopicHistories,
          inject: [NotificationLog, Access],
          useFactory: (log: NotificationLog, access: Access) => new TopicHistories(log, access),
        },
        {
          provide: LastSeen,
          inject: [{ token: PEOPLE_STORE, optional: true }],
          useFactory: (store?: SeenStore) => {
            const logger = new Logger(LastSeen.name);
            return new LastSeen(store, (error) => logger.error(error));
          },
        },
      ],
      exports: [LastSeen, NotificationLog, Publisher, TopicHistories],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#retention.stop();
    await this.#lastSeen.close();
    await this.#log.close();
  }
}

async function openLog(store: NotificationStore, bus: EventBus, config: NotificationsConfig): Promise<NotificationLog> {
  const logger = new Logger(NotificationLog.name);
  const log = new NotificationLog(
    store,
    bus,
    {
      maxBatch: config.commitMaxBatch,
      maxWaiting: config.publishMaxWaiting,
      maxWaitingBytes: config.publishMaxWaitingBytes,
      maxWaitMs: config.publishMaxWaitMs,
    },
    (error) => logger.error(error),
  );
  await log.open();
  return log;
}

function startRetention(log: NotificationLog, config: NotificationsConfig): Retention {
  const policy = {
    resumeMaxAgeMs: config.resumeMaxAgeS * 1_000,
    resumeMaxBytes: config.resumeMaxBytes,
    historyMaxAgeMs: config.historyMaxAgeS * 1_000,
    historyMaxPerTopic: config.historyMaxPerTopic,
  };
  const logger = new Logger(Retention.name);
  const retention = new Retention(log, policy, config.retentionIntervalMs, (error) => logger.error(error));
  retention.start();
  return retention;
}
