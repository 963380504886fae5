import { Module, type DynamicModule } from '@nestjs/common';
import { ClarionGateway } from './clarion.gateway.js';
import { SOCKETIO_CONFIG, type GatewaySocketIoConfig } from './gateway-socketio.config.js';

/** Socket.IO; the application must use `ClarionIoAdapter` as its WebSocket adapter. */
@Module({})
export class GatewaySocketIoModule {
  static forRoot(config: GatewaySocketIoConfig): DynamicModule {
    return {
      module: GatewaySocketIoModule,
      providers: [{ provide: SOCKETIO_CONFIG, useValue: config }, ClarionGateway],
    };
  }
}
