export { EventStreamRequest } from './event-stream-request.js';
export { pollingConfigSchema, sseConfigSchema, type PollingConfig, type SseConfig } from './gateway-http.config.js';
export { PollingModule, SseModule } from './gateway-http.module.js';
