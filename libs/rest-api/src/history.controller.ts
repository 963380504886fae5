import { Controller, Get, Header, Inject, Query, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Limits, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { TopicHistories, type HistoryPage } from '#clarion/notifications';
import { historyQuerySchema, historySchema } from '#clarion/protocol';
import { JsonAnswer, Problems, QueryOf } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';
import { readableQuery } from './readable-query.js';

/** `GET /v1/notifications`: what was published to one topic. */
@ApiTags('notifications')
@Controller('v1/notifications')
@UseGuards(AuthenticationGuard)
export class HistoryController {
  readonly #histories: TopicHistories;
  readonly #limits: Limits;

  constructor(@Inject(TopicHistories) histories: TopicHistories, @Inject(Limits) limits: Limits) {
    this.#histories = histories;
    this.#limits = limits;
  }

  @Get()
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({ summary: 'Read the history of one topic', description: 'In pages, newest first. Moves no cursor.' })
  @QueryOf(historyQuerySchema)
  @JsonAnswer(200, historySchema, 'One page.')
  @Problems('credentials.missing', 'topic.forbidden', 'query.invalid', 'rate.limited')
  async page(
    @Caller() who: Principal,
    @Query() query: Record<string, unknown>,
    @Req() { raw }: FastifyRequest,
  ): Promise<string> {
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
    return toJson(
      await this.#histories.page(who, parseInput('query.invalid', historyQuerySchema, readableQuery(query))),
    );
  }
}

/** The notifications are JSON already. */
function toJson({ notifications, nextPage }: HistoryPage): string {
  const next = nextPage === undefined ? '' : `,"nextPage":${JSON.stringify(nextPage)}`;
  return `{"notifications":[${notifications.join(',')}]${next}}`;
}
