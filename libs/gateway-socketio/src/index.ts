export { ClarionIoAdapter } from './clarion-io.adapter.js';
export { gatewaySocketIoConfigSchema, type GatewaySocketIoConfig } from './gateway-socketio.config.js';
export { GatewaySocketIoModule } from './gateway-socketio.module.js';
