export { gatewayHttpConfigSchema, type GatewayHttpConfig } from './gateway-http.config.js';
export { GatewayHttpModule } from './gateway-http.module.js';
