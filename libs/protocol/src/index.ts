export { mayComeBack } from './close-codes.js';
export {
  closedTopicSchema,
  closeTopicQuerySchema,
  connectionListSchema,
  connectionSchema,
  connectionsQuerySchema,
  disconnectedUserSchema,
  topicListSchema,
  topicsQuerySchema,
} from './connections.js';
export { cursorSchema, EARLIEST, isCursor, type Cursor } from './cursor.js';
export {
  commandSchemas,
  MAX_SELECTORS,
  parseCommand,
  sinceSchema,
  subscriptionSchema,
  topicsSchema,
  type ClientCommand,
  type CommandName,
  type Subscription,
} from './commands.js';
export {
  DomainError,
  ERRORS,
  problemSchema,
  toInputErrors,
  type Again,
  type ErrorCode,
  type InputError,
  type Problem,
  type ReachedLimit,
} from './errors.js';
export {
  byeSchema,
  CLOSE_REASONS,
  cursorEventSchema,
  EVENTS,
  gapSchema,
  notificationSchema,
  readySchema,
  type Bye,
  type CloseReasonName,
  type ControlEvent,
  type CursorMoved,
  type EventName,
  type Gap,
  type GapReason,
  type Notification,
  type Ready,
} from './events.js';
export {
  ADMINISTRATIVE_ACTS,
  apiKeySchema,
  auditLogSchema,
  auditQuerySchema,
  createdKeySchema,
  keyListSchema,
  keyRightsSchema,
  keysQuerySchema,
  newKeySchema,
  rotateKeySchema,
  type AdministrativeAct,
} from './keys.js';
export { assertPlainJson, MAX_JSON_DEPTH } from './plain-json.js';
export { publishReplySchema, type PublishReply } from './publish-command.js';
export {
  audienceOf,
  batchResultSchema,
  batchSchema,
  idempotencyKeySchema,
  MAX_ADDRESSEES,
  MAX_BATCH_BYTES,
  MAX_BATCH_ITEMS,
  MAX_PUBLISH_BYTES,
  parsePublish,
  publishedSchema,
  publishSchema,
  type PublishRequest,
} from './publish.js';
export {
  eventsQuerySchema,
  grantSchema,
  historyQuerySchema,
  historySchema,
  pollAnswerSchema,
  MAX_GRANTS,
  mintedTokenSchema,
  mintTokenSchema,
  type Grant,
  type HistoryQuery,
  type MintToken,
} from './rest.js';
export { retryHeaders } from './retry-headers.js';
export {
  covers,
  hasWildcard,
  isOpenToWildcards,
  isReserved,
  isSelector,
  isTopic,
  isUserId,
  matches,
  OWN_TOPIC,
  selectorSchema,
  topicSchema,
  userIdSchema,
  userTopic,
  type Selector,
  type Topic,
} from './topics.js';
export { parseWanted, parseWantedQuery, type Priority, type Wanted } from './wanted.js';
export {
  messageIdSchema,
  openingSchema,
  pingSchema,
  replySchema,
  requestSchema,
  WEB_SOCKET_PROTOCOL,
  type MessageId,
  type Reply,
} from './web-socket.js';
