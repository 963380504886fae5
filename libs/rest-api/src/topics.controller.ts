import { Controller, Delete, Get, Inject, Query, UseGuards } from '@nestjs/common';
import { Access, type ActContext, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { closedTopicSchema, closeTopicQuerySchema, topicListSchema, topicsQuerySchema } from '#clarion/protocol';
import { Realtime, type TopicsPage } from '#clarion/realtime';
import type { z } from 'zod';
import { AdministratorGuard, Context } from './administration.js';
import { JsonAnswer, Problems, QueryOf } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';
import { readableQuery } from './readable-query.js';

/** `/v1/topics`: what is read on this node. */
@ApiTags('administration')
@Controller('v1/topics')
@UseGuards(AuthenticationGuard, AdministratorGuard)
export class TopicsController {
  readonly #access: Access;
  readonly #realtime: Realtime;

  constructor(@Inject(Access) access: Access, @Inject(Realtime) realtime: Realtime) {
    this.#access = access;
    this.#realtime = realtime;
  }

  @Get()
  @ApiOperation({
    summary: 'List what is read now',
    description: 'On this node, in pages, by name: wildcards as they are. Needs an API key that may administer.',
  })
  @QueryOf(topicsQuerySchema)
  @JsonAnswer(200, topicListSchema, 'One page.')
  @Problems('credentials.missing', 'right.missing', 'query.invalid')
  async list(@Caller() who: Principal, @Query() query: Record<string, unknown>): Promise<TopicsPage> {
    return this.#realtime.topics(parseInput('query.invalid', topicsQuerySchema, readableQuery(query)));
  }

  @Delete()
  @ApiOperation({
    summary: 'Close the connections that read a topic',
    description:
      'Those that read exactly it, on this node; each is told `closed.by_operator`, and may come back. Needs an API key that may administer.',
  })
  @QueryOf(closeTopicQuerySchema)
  @JsonAnswer(200, closedTopicSchema, 'They are closed.')
  @Problems('credentials.missing', 'right.missing', 'query.invalid')
  async close(
    @Caller() who: Principal,
    @Query() query: Record<string, unknown>,
    @Context() context: ActContext,
  ): Promise<z.input<typeof closedTopicSchema>> {
    const { topic } = parseInput('query.invalid', closeTopicQuerySchema, readableQuery(query));
    await this.#access.audit(who, { act: 'topic.closed', target: topic }, context);
    return { closed: await this.#realtime.closeReaders(topic) };
  }
}
