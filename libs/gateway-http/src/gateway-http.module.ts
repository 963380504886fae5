import { Inject, Module, type DynamicModule } from '@nestjs/common';
import { Gateways, Realtime } from '#clarion/realtime';
import { EventsController } from './events.controller.js';
import type { GatewayHttpConfig } from './gateway-http.config.js';
import { SseGateway } from './sse.gateway.js';

/** Reading over plain HTTP: `GET /v1/events`. */
@Module({})
export class GatewayHttpModule {
  constructor(@Inject(Gateways) gateways: Gateways, @Inject(SseGateway) sse: SseGateway) {
    gateways.register(sse);
  }

  static forRoot(config: GatewayHttpConfig): DynamicModule {
    return {
      module: GatewayHttpModule,
      controllers: [EventsController],
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
