import { Controller, Get, Header, Inject, Query, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#clarion/access';
import { TopicHistories, type HistoryPage } from '#clarion/notifications';
import { historyQuerySchema, historySchema } from '#clarion/protocol';
import { JsonAnswer, Problems, QueryOf } from './api-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';

/** `GET /v1/notifications`: what was published to one topic. */
@ApiTags('notifications')
@Controller('v1/notifications')
@UseGuards(AuthenticationGuard)
export class HistoryController {
  readonly #histories: TopicHistories;

  constructor(@Inject(TopicHistories) histories: TopicHistories) {
    this.#histories = histories;
  }

  @Get()
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({ summary: 'Read the history of one topic', description: 'In pages, newest first. Moves no cursor.' })
  @QueryOf(historyQuerySchema)
  @JsonAnswer(200, historySchema, 'One page.')
  @Problems('credentials.missing', 'topic.forbidden', 'query.invalid')
  async page(@Caller() who: Principal, @Query() query: Record<string, unknown>): Promise<string> {
    return toJson(await this.#histories.page(who, parseInput('query.invalid', historyQuerySchema, readable(query))));
  }
}

/** The token is the guard's; and parsers turn `+`, which topics may have, into spaces, which they may not. */
function readable(query: Record<string, unknown>): Record<string, unknown> {
  const own = Object.fromEntries(Object.entries(query).filter(([name]) => name !== 'access_token'));
  return typeof own['topic'] === 'string' ? { ...own, topic: own['topic'].replaceAll(' ', '+') } : own;
}

/** The notifications are JSON already. */
function toJson({ notifications, nextPage }: HistoryPage): string {
  const next = nextPage === undefined ? '' : `,"nextPage":${JSON.stringify(nextPage)}`;
  return `{"notifications":[${notifications.join(',')}]${next}}`;
}
