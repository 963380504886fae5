import { Module, type DynamicModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import { AccessModule, limitsConfigSchema, LimitsModule, type AccessConfig, type LimitsConfig } from '#clarion/access';
import { AckWaits, NotificationsModule, PushLoop, type NotificationsConfig } from '#clarion/notifications';
import { Gateways, Realtime, RealtimeModule, UpgradeRouter, type RealtimeConfig } from '#clarion/realtime';
import { configureHttp, protectAnswers, RestApiModule, setupDocs } from '#clarion/rest-api';
import { Drain } from './drain.js';
import { HealthModule } from './health/health.module.js';
import { leadIntoBasePath } from './http/base-path.js';
import { ignoreExpectations } from './http/expectations.js';
import { HttpModule } from './http/http.module.js';
import { Requests } from './http/requests.js';
import { cutStalledReaders } from './http/stalled-readers.js';
import { MetricsModule, type MetricsAddress } from './metrics/metrics.module.js';

export { clarionHttpOptions, type ClarionHttpOptions } from './http/http-options.js';

/** One way for clients to connect, as its library offers it. */
export interface GatewayChoice {
  readonly module: DynamicModule;
  /** What the library must do to the application itself; a Nest application has one WebSocket adapter. */
  readonly attach?: (app: NestFastifyApplication) => void;
}

/** What Clarion is made of. Each library's schema (`accessConfigSchema` …) parses its part and fills in the defaults. */
export interface ClarionOptions {
  /** Provides `NOTIFICATION_STORE`, `ACCESS_STORE`, `PEOPLE_STORE` and `PUSH_STORE` globally: `StoreSqliteModule.forRoot(…)`. */
  readonly store: DynamicModule;
  /** Provides `EVENT_BUS` globally: `InProcessEventBusModule.forRoot()`. */
  readonly bus: DynamicModule;
  readonly gateways: readonly GatewayChoice[];
  /** What reaches people who are not connected: `WebPushModule.forRoot(…)`, which provides `PUSH_CHANNEL` globally. Absent: nothing is pushed. */
  readonly channels?: readonly DynamicModule[];
  readonly access: AccessConfig;
  /** How much anybody may take, and which proxies are believed; absent: the defaults. */
  readonly limits?: LimitsConfig;
  readonly notifications: NotificationsConfig;
  readonly realtime: RealtimeConfig;
  /** Modules with pages of their own, such as the console. */
  readonly pages?: readonly DynamicModule[];
  /** Whether `/docs` is served; false when absent. */
  readonly docs?: boolean;
  /** As `clarionHttpOptions` was given it: for links and documents. Empty when absent. */
  readonly basePath?: string;
  /** An address of its own for `/metrics`; absent: on the main port, for API keys that may administer. */
  readonly metrics?: MetricsAddress;
}

const CLARION_OPTIONS = Symbol('ClarionOptions');

/**
 * Clarion as a part of a Nest application on Fastify:
 *
 * ```ts
 * const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(clarionHttpOptions()));
 * attachClarion(app);
 * app.enableShutdownHooks();
 * await app.listen(3000);
 * ```
 *
 * where `AppModule` imports `ClarionModule.forRoot({ … })`. `app.close()` drains: see {@link Drain}.
 */
@Module({})
export class ClarionModule {
  static forRoot(options: ClarionOptions): DynamicModule {
    return {
      module: ClarionModule,
      imports: [
        options.bus,
        options.store,
        AccessModule.forRoot(options.access),
        LimitsModule.forRoot(options.limits ?? limitsConfigSchema.parse({})),
        NotificationsModule.forRoot(options.notifications),
        RealtimeModule.forRoot(options.realtime),
        HttpModule,
        RestApiModule,
        HealthModule,
        MetricsModule.forRoot(options.metrics),
        ...options.gateways.map(({ module }) => module),
        ...(options.channels ?? []),
        ...(options.pages ?? []),
      ],
      providers: [
        { provide: CLARION_OPTIONS, useValue: options },
        {
          provide: Drain,
          inject: [Requests, Realtime, Gateways, AckWaits, PushLoop, HttpAdapterHost],
          useFactory: (
            requests: Requests,
            realtime: Realtime,
            gateways: Gateways,
            ackWaits: AckWaits,
            push: PushLoop | null,
            host: HttpAdapterHost<FastifyAdapter>,
          ) => new Drain(requests, realtime, gateways, ackWaits, push, () => host.httpAdapter.getHttpServer()),
        },
      ],
    };
  }
}

/** Does to the application what a module cannot. Call it once, after it was created and before it listens. */
export function attachClarion(app: NestFastifyApplication): void {
  const options = app.get<ClarionOptions>(CLARION_OPTIONS);
  const fastify = app.getHttpAdapter().getInstance();
  protectAnswers(fastify);
  app.get(Requests).install(fastify);
  configureHttp(app);
  for (const { attach } of options.gateways) attach?.(app);
  app.get(UpgradeRouter).attach(app.getHttpServer());
  cutStalledReaders(app.getHttpServer());
  ignoreExpectations(app.getHttpServer());
  if (options.basePath) leadIntoBasePath(fastify, options.basePath);
  if (options.docs === true) setupDocs(app, options.basePath);
}
