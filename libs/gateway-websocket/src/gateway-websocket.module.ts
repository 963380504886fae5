import { Inject, Module, type DynamicModule } from '@nestjs/common';
import { Access, Limits } from '#clarion/access';
import { Publisher } from '#clarion/notifications';
import { Gateways, Realtime, UpgradeRouter } from '#clarion/realtime';
import type { GatewayWebSocketConfig } from './gateway-websocket.config.js';
import { WebSocketGateway } from './websocket.gateway.js';

const PATH = '/v1/ws';

/** Plain WebSockets on `/v1/ws`. */
@Module({})
export class GatewayWebSocketModule {
  constructor(
    @Inject(Gateways) gateways: Gateways,
    @Inject(UpgradeRouter) router: UpgradeRouter,
    @Inject(WebSocketGateway) gateway: WebSocketGateway,
  ) {
    gateways.register(gateway);
    router.mount(PATH, (request, socket, head) => gateway.upgrade(request, socket, head));
  }

  static forRoot(config: GatewayWebSocketConfig): DynamicModule {
    return {
      module: GatewayWebSocketModule,
      providers: [
        {
          provide: WebSocketGateway,
          inject: [Realtime, Access, Limits, Publisher],
          useFactory: (realtime: Realtime, access: Access, limits: Limits, publisher: Publisher) =>
            new WebSocketGateway(realtime, access, limits, publisher, config),
        },
      ],
    };
  }
}
