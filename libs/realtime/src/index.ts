export {
  byeOf,
  isDismissal,
  type Batch,
  type CloseReason,
  type Codec,
  type Gateway,
  type Link,
  type Peer,
  type PollWant,
  type Session,
  type Visitor,
  type Want,
} from './gateway.js';
export type { ConnectionsPage, ConnectionsRequest } from './connections.js';
export { Deadlines } from './deadlines.js';
export { Gateways } from './gateways.js';
export { LogEvent } from './log-event.js';
export type { People } from './people.js';
export { realtimeConfigSchema, type RealtimeConfig } from './realtime.config.js';
export { RealtimeModule } from './realtime.module.js';
export type { ConnectionView } from './open-connection.js';
export type { PollPage } from './poll.js';
export { PresenceBoard } from './presence/presence-board.js';
export { Realtime } from './realtime.js';
export type { RealtimeSnapshot } from './realtime-snapshot.js';
export { problemOf } from './problem-of.js';
export { refuseUpgrade } from './upgrade-refusal.js';
export type { TopicsPage, TopicsRequest, TopicView } from './topic-list.js';
export { UpgradeRouter, type UpgradeHandler } from './upgrade-router.js';
export { textFrame, textInFrame } from './web-socket-frame.js';
export { Wheel } from './wheel.js';
