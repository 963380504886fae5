export { gatewayWebSocketConfigSchema, type GatewayWebSocketConfig } from './gateway-websocket.config.js';
export { GatewayWebSocketModule } from './gateway-websocket.module.js';
