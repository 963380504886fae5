import { Global, Module, type DynamicModule, type LoggerService } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  ACCESS_STORE,
  Access,
  accessConfigSchema,
  AccessModule,
  limitsConfigSchema,
  LimitsModule,
  type Principal,
} from '#clarion/access';
import {
  Acknowledgements,
  Actions,
  Amendments,
  CategoryBook,
  Devices,
  DryRuns,
  Erasure,
  Explanations,
  Inbox,
  InboxActs,
  LastSeen,
  NotificationLog,
  Preferences,
  Publisher,
  PushReports,
  Receipts,
  Renewals,
  TopicHistories,
  type HistoryPage,
  type Published,
} from '#clarion/notifications';
import { isCursor, type Cursor, type DomainError, type HistoryQuery, type PublishRequest } from '#clarion/protocol';
import { Realtime, type PresenceBoard } from '#clarion/realtime';
import { MemoryAccessStore } from '../../../test/support/memory-access-store.js';
import { configureHttp } from '../src/configure-http.js';
import { RestApiModule } from '../src/rest-api.module.js';
import { httpServerOptions } from '../src/server-options.js';
import { setupDocs } from '../src/setup-docs.js';

export const API_KEY = 'an-api-key-for-tests';
export const WITH_KEY = { authorization: `Bearer ${API_KEY}` };
export const PAGE_ORIGIN = 'http://localhost:5173';

/** The domain's side of the controllers, as far as they see it. */
export interface Domain {
  publish(who: Principal, draft: PublishRequest, key?: string): Promise<Published>;
  turnAway(): DomainError | undefined;
  readonly turnedAway: number;
  page(who: Principal, query: HistoryQuery): Promise<HistoryPage>;
  categories: Partial<CategoryBook>;
  preferences: Partial<Preferences>;
  realtime: Partial<Omit<Realtime, 'presence'>> & { presence?: Pick<PresenceBoard, 'ask' | 'isHidden'> };
  lastSeen: Pick<LastSeen, 'of'>;
}

export function cursor(text: string): Cursor {
  if (!isCursor(text)) throw new Error(`no cursor: ${text}`);
  return text;
}

/** What these controllers are not asked about: whole servers are. */
const REST_OF_DOMAIN = [
  Acknowledgements,
  Actions,
  Amendments,
  Devices,
  DryRuns,
  Erasure,
  Explanations,
  Inbox,
  InboxActs,
  NotificationLog,
  PushReports,
  Receipts,
  Renewals,
];

@Global()
@Module({})
class DomainModule {
  static forRoot(domain: Domain): DynamicModule {
    return {
      module: DomainModule,
      providers: [
        { provide: Publisher, useValue: domain },
        { provide: TopicHistories, useValue: domain },
        { provide: Realtime, useValue: domain.realtime },
        { provide: CategoryBook, useValue: domain.categories },
        { provide: Preferences, useValue: domain.preferences },
        { provide: LastSeen, useValue: domain.lastSeen },
        { provide: ACCESS_STORE, useClass: MemoryAccessStore },
        ...REST_OF_DOMAIN.map((provide) => ({ provide, useValue: {} })),
      ],
      exports: [
        Publisher,
        TopicHistories,
        Realtime,
        CategoryBook,
        Preferences,
        LastSeen,
        ACCESS_STORE,
        ...REST_OF_DOMAIN,
      ],
    };
  }
}

export interface RestApp {
  readonly app: NestFastifyApplication;
  readonly access: Access;
  /** What was logged as an error. */
  readonly errors: string[];
  /** `METHOD /url` of every route. */
  readonly routes: string[];
}

/** The REST API on real Nest and Fastify, over a given domain; not listening yet. Close `app` at the end. */
export async function restApp(domain: Partial<Domain> = {}): Promise<RestApp> {
  const config = accessConfigSchema.parse({
    apiKey: API_KEY,
    tokenSecret: 'a-secret-of-at-least-32-bytes-here',
    anonymousTopics: 'demo/**',
    allowedOrigins: 'http://localhost:*',
  });
  const full: Domain = {
    publish: async () => ({ id: 'n-1', cursor: cursor('c-1'), replayed: false }),
    turnAway: () => undefined,
    turnedAway: 0,
    page: async () => ({ notifications: [] }),
    realtime: {},
    categories: {},
    preferences: {},
    lastSeen: { of: async () => undefined },
    ...domain,
  };
  const errors: string[] = [];
  const testing = await Test.createTestingModule({
    imports: [
      AccessModule.forRoot(config),
      LimitsModule.forRoot(limitsConfigSchema.parse({})),
      DomainModule.forRoot(full),
      RestApiModule,
    ],
  })
    .setLogger(recordingLogger(errors))
    .compile();
  const app = testing.createNestApplication<NestFastifyApplication>(new FastifyAdapter(httpServerOptions), {
    forceCloseConnections: true,
  });
  const routes: string[] = [];
  const server = app.getHttpAdapter().getInstance();
  server.addHook('onRoute', ({ method, url }) => {
    routes.push(...[method].flat().map((name) => `${name} ${url}`));
  });
  configureHttp(app);
  setupDocs(app);
  await app.init();
  await server.ready();
  return { app, access: app.get(Access), errors, routes };
}

function recordingLogger(errors: string[]): LoggerService {
  const ignore = (): void => undefined;
  return {
    log: ignore,
    warn: ignore,
    debug: ignore,
    verbose: ignore,
    error: (...said: unknown[]) => errors.push(said.map(String).join(' ')),
  };
}
