import { Controller, Delete, Get, Inject, Param, Put, Query, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access, Limits, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { followList, InboxActs, personFor, type Changed, type Person } from '#clarion/notifications';
import { followListSchema, followSchema, markedSchema, noQuerySchema } from '#clarion/protocol';
import { JsonAnswer, Problems, QueryOf } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';
import { readableQuery } from './readable-query.js';

/** `/v1/users/{id}/follows`: a service follows for a person whom it may give tokens. */
@ApiTags('inbox')
@Controller('v1/users/:id/follows')
@UseGuards(AuthenticationGuard)
export class UserFollowsController {
  readonly #access: Access;
  readonly #limits: Limits;
  readonly #acts: InboxActs;

  constructor(@Inject(Access) access: Access, @Inject(Limits) limits: Limits, @Inject(InboxActs) acts: InboxActs) {
    this.#access = access;
    this.#limits = limits;
    this.#acts = acts;
  }

  @Get()
  @ApiOperation({ summary: 'List what a person follows', description: 'Needs an API key that may mint their tokens.' })
  @JsonAnswer(200, followListSchema, 'All of it.')
  @Problems('credentials.missing', 'right.missing', 'token.subject_invalid', 'query.invalid', 'rate.limited')
  async list(
    @Caller() who: Principal,
    @Param('id') user: string,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<ReturnType<typeof followList>> {
    const person = this.#person(who, user, request);
    parseInput('query.invalid', noQuerySchema, readableQuery(query));
    return followList(await this.#acts.follows(person));
  }

  @Put()
  @ApiOperation({
    summary: 'Follow a topic for a person',
    description:
      'Needs an API key that may mint their tokens. Their inbox lists it as far as their own tokens grant the topic.',
  })
  @QueryOf(followSchema)
  @JsonAnswer(200, markedSchema, 'It is followed.')
  @Problems(
    'credentials.missing',
    'right.missing',
    'topic.forbidden',
    'token.subject_invalid',
    'query.invalid',
    'body.invalid',
    'rate.limited',
  )
  async follow(
    @Caller() who: Principal,
    @Param('id') user: string,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<Changed> {
    const person = this.#person(who, user, request);
    const { topic } = parseInput('query.invalid', followSchema, readableQuery(query));
    return this.#acts.follow(person, topic);
  }

  @Delete()
  @ApiOperation({
    summary: 'Cease to follow a topic for a person',
    description: 'Needs an API key that may mint their tokens.',
  })
  @QueryOf(followSchema)
  @JsonAnswer(200, markedSchema, 'It is not followed any more.')
  @Problems('credentials.missing', 'right.missing', 'token.subject_invalid', 'query.invalid', 'rate.limited')
  async unfollow(
    @Caller() who: Principal,
    @Param('id') user: string,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<Changed> {
    const person = this.#person(who, user, request);
    const { topic } = parseInput('query.invalid', followSchema, readableQuery(query));
    return this.#acts.unfollow(person, topic);
  }

  #person(who: Principal, user: string, { raw }: FastifyRequest): Person {
    const person = personFor(who, user, this.#access);
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
    return person;
  }
}
