export { PUSH_HOSTS, webPushConfigSchema, type WebPushConfig } from './web-push.config.js';
export { WebPushChannel, type WebPushOptions } from './web-push.channel.js';
export { WebPushModule } from './web-push.module.js';
export { makeVapidKeys } from './vapid-keys.js';
