import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Inject,
  Post,
  Put,
  Query,
  Req,
  UseGuards,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access, Limits, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import {
  Acknowledgements,
  Actions,
  followList,
  Inbox,
  InboxActs,
  personOf,
  type Changed,
  type Person,
} from '#clarion/notifications';
import {
  ackedSchema,
  ackSchema,
  choiceSchema,
  followListSchema,
  followSchema,
  inboxPageSchema,
  inboxQuerySchema,
  inboxSummarySchema,
  markedSchema,
  markSchema,
  noQuerySchema,
  type InboxSummary,
} from '#clarion/protocol';
import { JsonAnswer, JsonBody, Problems, QueryOf } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';
import { readableQuery } from './readable-query.js';

/** `/v1/me`: what a person asks of their own inbox, with a subscriber token. */
@ApiTags('inbox')
@Controller('v1/me')
@UseGuards(AuthenticationGuard)
export class MeController {
  readonly #access: Access;
  readonly #limits: Limits;
  readonly #inbox: Inbox;
  readonly #acts: InboxActs;
  readonly #acknowledgements: Acknowledgements;
  readonly #actions: Actions;

  constructor(
    @Inject(Access) access: Access,
    @Inject(Limits) limits: Limits,
    @Inject(Inbox) inbox: Inbox,
    @Inject(InboxActs) acts: InboxActs,
    @Inject(Acknowledgements) acknowledgements: Acknowledgements,
    @Inject(Actions) actions: Actions,
  ) {
    this.#access = access;
    this.#limits = limits;
    this.#inbox = inbox;
    this.#acts = acts;
    this.#acknowledgements = acknowledgements;
    this.#actions = actions;
  }

  @Get('inbox')
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({
    summary: 'List the inbox',
    description: 'What was published to this person and to the topics that they follow, newest first, in pages.',
  })
  @QueryOf(inboxQuerySchema)
  @JsonAnswer(200, inboxPageSchema, 'One page.')
  @Problems('credentials.missing', 'right.missing', 'query.invalid', 'rate.limited')
  async page(
    @Caller() who: Principal,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const person = this.#person(who, request);
    const { items, nextPage } = await this.#inbox.page(
      person,
      parseInput('query.invalid', inboxQuerySchema, readableQuery(query)),
    );
    const next = nextPage === undefined ? '' : `,"nextPage":${JSON.stringify(nextPage)}`;
    return `{"items":[${items.join(',')}]${next}}`;
  }

  @Get('inbox/summary')
  @ApiOperation({ summary: 'Count what is new', description: 'Unseen and unread, exactly up to 1,000.' })
  @JsonAnswer(200, inboxSummarySchema, 'The counts.')
  @Problems('credentials.missing', 'right.missing', 'query.invalid', 'rate.limited')
  async summary(
    @Caller() who: Principal,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<InboxSummary> {
    const person = this.#person(who, request);
    parseInput('query.invalid', noQuerySchema, readableQuery(query));
    return this.#inbox.summary(person);
  }

  @Post('marks')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Mark notifications',
    description:
      'Seen, read, archived or snoozed, or back, by ids or up to a cursor. All devices hear the event `inbox`. Marks commute: of all that is said of a notification the latest `at` counts.',
  })
  @JsonBody(markSchema)
  @JsonAnswer(200, markedSchema, 'It is on disk.')
  @Problems(
    'json.invalid',
    'credentials.missing',
    'right.missing',
    'topic.forbidden',
    'notification.unknown',
    'body.invalid',
    'cursor.unknown',
    'rate.limited',
  )
  async mark(@Caller() who: Principal, @Body() body: unknown, @Req() request: FastifyRequest): Promise<Changed> {
    const person = this.#person(who, request);
    return this.#acts.mark(person, parseInput('body.invalid', markSchema, body));
  }

  @Post('acks')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Acknowledge notifications',
    description: 'They were shown to the person: whoever published them may read it in the receipts.',
  })
  @JsonBody(ackSchema)
  @JsonAnswer(200, ackedSchema, 'It is on disk.')
  @Problems(
    'json.invalid',
    'credentials.missing',
    'right.missing',
    'notification.unknown',
    'body.invalid',
    'rate.limited',
  )
  async ack(
    @Caller() who: Principal,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
  ): Promise<{ acked: number }> {
    const person = this.#person(who, request);
    const { ids } = parseInput('body.invalid', ackSchema, body);
    return { acked: await this.#acknowledgements.ack(person, ids, { transport: 'rest', device: null }) };
  }

  @Post('choices')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Choose one of a notification’s actions',
    description:
      'Whoever published it may read in the receipts who has chosen what; it is acknowledged, too. All devices hear the event `inbox`. Of each action the first time counts.',
  })
  @JsonBody(choiceSchema)
  @JsonAnswer(200, markedSchema, 'It is on disk.')
  @Problems(
    'json.invalid',
    'credentials.missing',
    'right.missing',
    'notification.unknown',
    'notification.over',
    'body.invalid',
    'action.unknown',
    'rate.limited',
  )
  async choose(@Caller() who: Principal, @Body() body: unknown, @Req() request: FastifyRequest): Promise<Changed> {
    const person = this.#person(who, request);
    const choice = parseInput('body.invalid', choiceSchema, body);
    return this.#actions.choose(person, choice, { transport: 'rest', device: null });
  }

  @Get('follows')
  @ApiOperation({ summary: 'List what is followed' })
  @JsonAnswer(200, followListSchema, 'All of it.')
  @Problems('credentials.missing', 'right.missing', 'query.invalid', 'rate.limited')
  async follows(
    @Caller() who: Principal,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<ReturnType<typeof followList>> {
    const person = this.#person(who, request);
    parseInput('query.invalid', noQuerySchema, readableQuery(query));
    return followList(await this.#acts.follows(person));
  }

  @Put('follows')
  @ApiOperation({
    summary: 'Follow a topic',
    description: 'What is published to it from now on is in the inbox. The token must grant it.',
  })
  @QueryOf(followSchema)
  @JsonAnswer(200, markedSchema, 'It is followed.')
  @Problems('credentials.missing', 'right.missing', 'topic.forbidden', 'query.invalid', 'body.invalid', 'rate.limited')
  async follow(
    @Caller() who: Principal,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<Changed> {
    const person = this.#person(who, request);
    const { topic } = parseInput('query.invalid', followSchema, readableQuery(query));
    return this.#acts.follow(person, topic);
  }

  @Delete('follows')
  @ApiOperation({ summary: 'Cease to follow a topic', description: 'What was published until now stays in the inbox.' })
  @QueryOf(followSchema)
  @JsonAnswer(200, markedSchema, 'It is not followed any more.')
  @Problems('credentials.missing', 'right.missing', 'query.invalid', 'rate.limited')
  async unfollow(
    @Caller() who: Principal,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
  ): Promise<Changed> {
    const person = this.#person(who, request);
    const { topic } = parseInput('query.invalid', followSchema, readableQuery(query));
    return this.#acts.unfollow(person, topic);
  }

  #person(who: Principal, { raw }: FastifyRequest): Person {
    const person = personOf(who, this.#access);
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
    return person;
  }
}
