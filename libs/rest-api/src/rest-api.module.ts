import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { ConnectionsController } from './connections.controller.js';
import { HistoryController } from './history.controller.js';
import { KeysController } from './keys.controller.js';
import { PresenceController } from './presence.controller.js';
import { PublishController } from './publish.controller.js';
import { TokensController } from './tokens.controller.js';
import { TopicsController } from './topics.controller.js';
import { UsersController } from './users.controller.js';

/** The REST resources. Expects `Access`, `LastSeen`, `Publisher`, `TopicHistories` and `Realtime` from global modules, and `configureHttp(app)`. */
@Module({
  controllers: [
    PublishController,
    HistoryController,
    TokensController,
    KeysController,
    AuditController,
    ConnectionsController,
    TopicsController,
    UsersController,
    PresenceController,
  ],
})
export class RestApiModule {}
