import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test, type TestingModule } from '@nestjs/testing';
import { AccessModule, accessConfigSchema, limitsConfigSchema, LimitsModule } from '#clarion/access';
import { InProcessEventBusModule } from '#clarion/event-bus';
import {
  Amendments,
  CategoryBook,
  Inbox,
  InboxActs,
  NOTIFICATION_STORE,
  NotificationLog,
  notificationsConfigSchema,
  NotificationsModule,
  PEOPLE_STORE,
  Preferences,
  Publisher,
  type NotificationStore,
  type PeopleStore,
} from '#clarion/notifications';
import { categorySchema } from '#clarion/protocol';
import { SqliteStore, StoreSqliteModule } from '#clarion/store-sqlite';
import type { ModelCategory } from './inbox-model.js';

/** How a store is spoilt: what it does in place of what it should. */
export interface Breakage {
  readonly log?: (real: NotificationStore) => Partial<NotificationStore>;
  readonly people?: (real: PeopleStore, log: NotificationStore) => Partial<PeopleStore>;
}

/** One that nobody can choose, one that one must choose to get, one that one can refuse. */
export const CATEGORIES: readonly ModelCategory[] = [
  { id: 'alarms', inbox: true, isLocked: true },
  { id: 'offers', inbox: false, isLocked: false },
  { id: 'news', inbox: true, isLocked: false },
];

const FOR_EVER_S = 1e9;

/** The domain over a log of its own on disk, without anything that listens. */
export class InboxWorld {
  readonly #directory: string;
  readonly #breakage: Breakage;
  #module: TestingModule | undefined;

  private constructor(directory: string, breakage: Breakage) {
    this.#directory = directory;
    this.#breakage = breakage;
  }

  static async open(breakage: Breakage = {}): Promise<InboxWorld> {
    const world = new InboxWorld(await mkdtemp(join(tmpdir(), 'clarion-people-')), breakage);
    await world.#start();
    for (const { id, inbox, isLocked } of CATEGORIES)
      await world.#running
        .get(CategoryBook)
        .put(categorySchema.parse({ id, title: id, defaults: { inbox }, locked: isLocked ? ['inbox'] : [] }));
    return world;
  }

  get publisher(): Publisher {
    return this.#running.get(Publisher);
  }

  get inbox(): Inbox {
    return this.#running.get(Inbox);
  }

  get acts(): InboxActs {
    return this.#running.get(InboxActs);
  }

  get amendments(): Amendments {
    return this.#running.get(Amendments);
  }

  get preferences(): Preferences {
    return this.#running.get(Preferences);
  }

  get log(): NotificationLog {
    return this.#running.get(NotificationLog);
  }

  get store(): PeopleStore {
    return this.#running.get<PeopleStore>(PEOPLE_STORE);
  }

  /** Has retention drop all of the resume log; histories, and with them inboxes, keep everything. */
  async forgetResumeLog(): Promise<void> {
    const all = { resumeMaxAgeMs: 1e15, resumeMaxBytes: 0, historyMaxAgeMs: 1e15, historyMaxPerTopic: 1e9 };
    await this.log.prune(all, Date.now());
  }

  /** Ends, and starts again on the same data. */
  async restart(): Promise<void> {
    await this.#running.close();
    await this.#start();
  }

  /** Ends, and removes the data. */
  async dispose(): Promise<void> {
    try {
      await this.#module?.close();
    } finally {
      await rm(this.#directory, { recursive: true, force: true });
    }
  }

  get #running(): TestingModule {
    if (this.#module === undefined) throw new Error('nothing runs');
    return this.#module;
  }

  async #start(): Promise<void> {
    const { log = () => ({}), people = () => ({}) } = this.#breakage;
    this.#module = await Test.createTestingModule({
      imports: [
        InProcessEventBusModule.forRoot(),
        StoreSqliteModule.forRoot({ file: join(this.#directory, 'log.db'), readers: 1, worthRemembering: 0 }),
        AccessModule.forRoot(
          accessConfigSchema.parse({
            apiKey: 'model-api-key-0123456789',
            tokenSecret: 'model-token-secret-0123456789abcdef',
          }),
        ),
        LimitsModule.forRoot(limitsConfigSchema.parse({ userPublishes: '0', userCommands: '0' })),
        NotificationsModule.forRoot(
          notificationsConfigSchema.parse({ retentionIntervalMs: 3_600_000, resumeMaxAgeS: FOR_EVER_S }),
        ),
      ],
    })
      .overrideProvider(NOTIFICATION_STORE)
      .useFactory({ inject: [SqliteStore], factory: (store: SqliteStore) => spoilt(store, log(store)) })
      .overrideProvider(PEOPLE_STORE)
      .useFactory({
        inject: [SqliteStore],
        factory: (store: SqliteStore) => spoilt(store.people, people(store.people, store)),
      })
      .compile();
    await this.#module.init();
  }
}

/** The same object, but for what is done otherwise. */
function spoilt<T extends object>(real: T, changes: Partial<T>): T {
  return new Proxy(real, {
    get: (target, name) => {
      if (Object.hasOwn(changes, name)) return Reflect.get(changes, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
