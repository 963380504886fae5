export { renderNotification } from './notification-body.js';
export { NotificationLog, type Located } from './notification-log.js';
export { notificationsConfigSchema, type NotificationsConfig } from './notifications.config.js';
export { NotificationsModule } from './notifications.module.js';
export { Publisher, type Published } from './publisher.js';
export {
  NOTIFICATION_STORE,
  type AppendRequest,
  type AppendResult,
  type Epoch,
  type IdempotencyClaim,
  type LogBounds,
  type NotificationStore,
  type OpenedStore,
  type ReadRequest,
  type ReadResult,
  type RetentionPolicy,
  type TopicHistory,
  type TopicHistoryRequest,
} from './store.js';
export { TopicHistories, type HistoryPage } from './topic-histories.js';
