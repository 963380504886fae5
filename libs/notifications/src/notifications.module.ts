import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { Access, Limits } from '#clarion/access';
import { EVENT_BUS, type EventBus } from '#clarion/event-bus';
import { NotificationLog } from './notification-log.js';
import type { NotificationsConfig } from './notifications.config.js';
import { peopleExports, peopleProviders } from './people/people.providers.js';
import { CategoryBook } from './people/category-book.js';
import { HIDDEN_PEOPLE } from './people/hidden-people.js';
import { LIVE_RULES } from './people/live-rules.js';
import { PEOPLE_STORE, type PeopleStore } from './people/people-store.js';
import { PreferenceBook } from './people/preference-book.js';
import { Preferences } from './people/preferences-service.js';
import { ReceiptNotes } from './people/receipt-notes.js';
import { LastSeen, type SeenStore } from './people/last-seen.js';
import { Publisher } from './publisher.js';
import { PushLoop } from './push/push-loop.js';
import { PushSchedule } from './push/push-schedule.js';
import { pushExports, pushProviders } from './push/push.providers.js';
import { Retention } from './retention.js';
import { NOTIFICATION_STORE, type NotificationStore } from './store.js';
import { TopicHistories } from './topic-histories.js';

/** Those that read when they open do so once the log is open: they lie in the same place. */
const PREFERENCES: Provider[] = [
  {
    provide: CategoryBook,
    inject: [PEOPLE_STORE, NotificationLog],
    useFactory: openCategories,
  },
  {
    provide: PreferenceBook,
    inject: [PEOPLE_STORE, CategoryBook],
    useFactory: openPreferences,
  },
  { provide: LIVE_RULES, useExisting: PreferenceBook },
  { provide: HIDDEN_PEOPLE, useExisting: PreferenceBook },
  {
    provide: Preferences,
    inject: [NotificationLog, PreferenceBook, CategoryBook],
    useFactory: (log: NotificationLog, book: PreferenceBook, categories: CategoryBook) =>
      new Preferences(log, book, categories),
  },
];

/** The domain: publishing, the log, history and retention, over whichever store and bus the application provides. */
@Module({})
export class NotificationsModule implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #log: NotificationLog;
  readonly #retention: Retention;
  readonly #preferences: PreferenceBook;
  readonly #lastSeen: LastSeen;
  readonly #receiptNotes: ReceiptNotes;
  readonly #push: PushLoop | null;

  constructor(
    @Inject(NotificationLog) log: NotificationLog,
    @Inject(Retention) retention: Retention,
    @Inject(PreferenceBook) preferences: PreferenceBook,
    @Inject(LastSeen) lastSeen: LastSeen,
    @Inject(ReceiptNotes) receiptNotes: ReceiptNotes,
    @Inject(PushLoop) push: PushLoop | null,
  ) {
    this.#log = log;
    this.#retention = retention;
    this.#preferences = preferences;
    this.#lastSeen = lastSeen;
    this.#receiptNotes = receiptNotes;
    this.#push = push;
  }

  /** Expects `NOTIFICATION_STORE`, `PEOPLE_STORE`, `PUSH_STORE`, `EVENT_BUS`, `Access` and `Limits` from global modules; of `PUSH_CHANNEL` and `REACH` it makes use. */
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
          inject: [NotificationLog, EVENT_BUS, Access, Limits, CategoryBook, PushSchedule],
          useFactory: (
            log: NotificationLog,
            bus: EventBus,
            access: Access,
            limits: Limits,
            categories: CategoryBook,
            push: PushSchedule,
          ) => new Publisher(log, bus, access, limits, categories, push, config.idempotencyS * 1_000),
        },
        {
          provide: TopicHistories,
          inject: [NotificationLog, Access],
          useFactory: (log: NotificationLog, access: Access) => new TopicHistories(log, access),
        },
        ...PREFERENCES,
        ...peopleProviders,
        ...pushProviders(config),
        {
          provide: LastSeen,
          inject: [PEOPLE_STORE],
          useFactory: (store: SeenStore) => {
            const logger = new Logger(LastSeen.name);
            return new LastSeen(store, (error) => logger.error(error));
          },
        },
      ],
      exports: [
        NotificationLog,
        Publisher,
        TopicHistories,
        CategoryBook,
        PreferenceBook,
        LIVE_RULES,
        HIDDEN_PEOPLE,
        Preferences,
        LastSeen,
        ...peopleExports,
        ...pushExports,
      ],
    };
  }

  /** Everything is there by now, whoever reaches devices too. */
  async onApplicationBootstrap(): Promise<void> {
    await this.#push?.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#push?.stop();
    this.#preferences.close();
    await this.#retention.stop();
    await this.#lastSeen.close();
    await this.#receiptNotes.flush();
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

async function openCategories(store: PeopleStore): Promise<CategoryBook> {
  const book = new CategoryBook(store);
  await book.open();
  return book;
}

async function openPreferences(store: PeopleStore, categories: CategoryBook): Promise<PreferenceBook> {
  const logger = new Logger(PreferenceBook.name);
  const book = new PreferenceBook(store, categories, (error) => logger.error(error));
  await book.open();
  return book;
}
