import { Inject, Module, type DynamicModule } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Gateways, Realtime, UpgradeRouter } from '#clarion/realtime';
import { EVENTS_PATH } from './event-stream-request.js';
import { EventsController } from './events.controller.js';
import type { PollingConfig, SseConfig } from './gateway-http.config.js';
import { Manners } from './manners.js';
import { PollingGateway } from './polling.gateway.js';
import { singleAnswer } from './single-answer.js';
import { SseGateway } from './sse.gateway.js';

/** The one resource, `/v1/events`, whose manners the modules below switch on. */
@Module({ controllers: [EventsController], providers: [Manners], exports: [Manners] })
class EventsModule {
  /** Streams whose connection Node has handed over go the way of all requests. */
  constructor(@Inject(UpgradeRouter) router: UpgradeRouter, @Inject(HttpAdapterHost) host: HttpAdapterHost) {
    router.mount(EVENTS_PATH, (request) => {
      const response = singleAnswer(request);
      if (response !== undefined) host.httpAdapter.getHttpServer().emit('request', request, response);
    });
  }
}

/** Server-Sent Events on `/v1/events`. */
@Module({})
export class SseModule {
  constructor(
    @Inject(Gateways) gateways: Gateways,
    @Inject(Manners) manners: Manners,
    @Inject(SseGateway) sse: SseGateway,
  ) {
    manners.sse = sse;
    gateways.register(sse);
  }

  static forRoot(config: SseConfig): DynamicModule {
    return {
      module: SseModule,
      imports: [EventsModule],
      providers: [
        {
          provide: SseGateway,
          inject: [Realtime],
          useFactory: (realtime: Realtime) => new SseGateway(realtime, config),
        },
      ],
    };
  }
}

/** Polls and long polls on `/v1/events`. */
@Module({})
export class PollingModule {
  constructor(
    @Inject(Gateways) gateways: Gateways,
    @Inject(Manners) manners: Manners,
    @Inject(PollingGateway) polling: PollingGateway,
  ) {
    manners.polling = polling;
    gateways.register(polling);
  }

  static forRoot({ pollMaxWaitS }: PollingConfig): DynamicModule {
    return {
      module: PollingModule,
      imports: [EventsModule],
      providers: [
        {
          provide: PollingGateway,
          inject: [Realtime],
          useFactory: (realtime: Realtime) => new PollingGateway(realtime, pollMaxWaitS),
        },
      ],
    };
  }
}
