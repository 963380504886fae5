import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';
import { CategoriesController } from './categories.controller.js';
import { ConnectionsController } from './connections.controller.js';
import { DevicesController } from './devices.controller.js';
import { HistoryController } from './history.controller.js';
import { KeysController } from './keys.controller.js';
import { MeController } from './me.controller.js';
import { NotificationController } from './notification.controller.js';
import { PreferencesController } from './preferences.controller.js';
import { PresenceController } from './presence.controller.js';
import { PublishController } from './publish.controller.js';
import { PushController } from './push.controller.js';
import { TokensController } from './tokens.controller.js';
import { TopicsController } from './topics.controller.js';
import { UserFollowsController } from './user-follows.controller.js';
import { UsersController } from './users.controller.js';

/** The REST resources. Expects `Access`, `Realtime` and all that `NotificationsModule` exports from global modules, and `configureHttp(app)`. */
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
    UserFollowsController,
    MeController,
    NotificationController,
    CategoriesController,
    PreferencesController,
    PresenceController,
    DevicesController,
    PushController,
  ],
})
export class RestApiModule {}
