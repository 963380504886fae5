import { Module } from '@nestjs/common';
import { HistoryController } from './history.controller.js';
import { PublishController } from './publish.controller.js';
import { TokensController } from './tokens.controller.js';

/** The REST resources. Expects `Access`, `Publisher` and `TopicHistories` from global modules, and `configureHttp(app)`. */
@Module({ controllers: [PublishController, HistoryController, TokensController] })
export class RestApiModule {}
