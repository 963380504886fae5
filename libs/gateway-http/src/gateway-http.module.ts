import { Inject, Module, type DynamicModule } from '@nestjs/common';
import { Gateways, Realtime } from '#clarion/realtime';
import { EventsController } from './events.controller.js';
import type { PollingConfig, SseConfig } from './gateway-http.config.js';
import { Manners } from './manners.js';
import { PollingGateway } from './polling.gateway.js';
import { SseGateway } from './sse.gateway.js';

/** The one resource, `/v1/events`, whose manners the modules below switch on. */
@Module({ controllers: [EventsController], providers: [Manners], exports: [Manners] })
class EventsModule {}

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
