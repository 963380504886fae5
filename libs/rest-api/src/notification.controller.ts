import { Body, Controller, Delete, Get, Inject, Param, Patch, Query, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Limits, type Principal } from '#clarion/access';
import { ApiOperation, ApiTags } from '#clarion/api-docs';
import { Amendments, Explanations, NotificationLog, Receipts, type Amended } from '#clarion/notifications';
import {
  DomainError,
  editSchema,
  explainQuerySchema,
  explanationSchema,
  publishedSchema,
  receiptListSchema,
  receiptsQuerySchema,
  type Explanation,
  type ReceiptList,
} from '#clarion/protocol';
import { JsonAnswer, JsonBody, Problems, QueryOf } from './route-docs.js';
import { AuthenticationGuard, Caller } from './authentication.guard.js';
import { parseInput } from './parse-input.js';
import { readableQuery } from './readable-query.js';

const FOR_WHOM = 'For API keys that may publish to all of its topics, and for the person who published it.';

/** `/v1/notifications/{id}`: what can still be done to a notification, and what became of it. */
@ApiTags('notifications')
@Controller('v1/notifications/:id')
@UseGuards(AuthenticationGuard)
export class NotificationController {
  readonly #amendments: Amendments;
  readonly #receipts: Receipts;
  readonly #explanations: Explanations;
  readonly #log: NotificationLog;
  readonly #limits: Limits;

  constructor(
    @Inject(Amendments) amendments: Amendments,
    @Inject(Receipts) receipts: Receipts,
    @Inject(Explanations) explanations: Explanations,
    @Inject(NotificationLog) log: NotificationLog,
    @Inject(Limits) limits: Limits,
  ) {
    this.#amendments = amendments;
    this.#receipts = receipts;
    this.#explanations = explanations;
    this.#log = log;
    this.#limits = limits;
  }

  @Patch()
  @ApiOperation({
    summary: 'Edit a notification',
    description: `Live clients hear \`updated\`; who resumes gets the newest form and never an older one. ${FOR_WHOM}`,
  })
  @JsonBody(editSchema)
  @JsonAnswer(200, publishedSchema, 'On disk; `cursor` is the place of the edit.')
  @Problems(
    'json.invalid',
    'credentials.missing',
    'notification.unknown',
    'notification.over',
    'body.invalid',
    'rate.limited',
    'overloaded',
  )
  async edit(@Caller() who: Principal, @Param('id') id: string, @Body() body: unknown): Promise<Amended> {
    if (who.kind === 'anonymous') throw new DomainError('credentials.missing');
    return this.#amendments.edit(who, id, parseInput('body.invalid', editSchema, body));
  }

  @Delete()
  @ApiOperation({
    summary: 'Take a notification back',
    description: `Live clients hear \`retracted\`; who resumes finds a tombstone in its place. ${FOR_WHOM}`,
  })
  @JsonAnswer(200, publishedSchema, 'On disk; without `cursor` it had been taken back already.')
  @Problems('credentials.missing', 'notification.unknown', 'notification.over', 'rate.limited', 'overloaded')
  async retract(@Caller() who: Principal, @Param('id') id: string): Promise<Amended> {
    return this.#amendments.retract(who, id);
  }

  @Get('receipts')
  @ApiOperation({
    summary: 'See how far it came',
    description: `Of each person whom it names, in pages; readers of its topics are counted. \`sent\` and \`received\` may be lost in a crash. \`acted\`: which of its actions they have chosen. Persons are told when, and neither by what device nor why not. ${FOR_WHOM}`,
  })
  @QueryOf(receiptsQuerySchema)
  @JsonAnswer(200, receiptListSchema, 'One page.')
  @Problems('credentials.missing', 'notification.unknown', 'query.invalid')
  async receipts(
    @Caller() who: Principal,
    @Param('id') id: string,
    @Query() query: Record<string, unknown>,
    @Req() { raw }: FastifyRequest,
  ): Promise<ReceiptList> {
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
    const { limit, page } = parseInput('query.invalid', receiptsQuerySchema, readableQuery(query));
    const { next, ...list } = await this.#receipts.list(
      who,
      id,
      limit,
      page === undefined ? undefined : this.#placeOf(page),
    );
    return { ...list, ...(next !== undefined && { nextPage: this.#log.pageTokenAt(next) }) };
  }

  @Get('explain')
  @ApiOperation({
    summary: 'Ask why a person did, or did not, get it',
    description:
      'One cause, a sentence, and what it rests on; by the decisions that delivery makes. `push` has what became of it on each of their devices, when it is decided, or why it was pushed to none. For API keys that may publish to all of its topics.',
  })
  @QueryOf(explainQuerySchema)
  @JsonAnswer(200, explanationSchema, 'The cause.')
  @Problems('credentials.missing', 'right.missing', 'notification.unknown', 'query.invalid')
  async explain(
    @Caller() who: Principal,
    @Param('id') id: string,
    @Query() query: Record<string, unknown>,
    @Req() { raw }: FastifyRequest,
  ): Promise<Explanation> {
    this.#limits.takeCommand(who, this.#limits.clientAddress(raw));
    const { user } = parseInput('query.invalid', explainQuerySchema, readableQuery(query));
    return this.#explanations.explain(who, id, user);
  }

  #placeOf(page: string): number {
    const place = this.#log.locatePage(page);
    if (place === undefined)
      throw new DomainError('query.invalid', undefined, [{ pointer: '/page', detail: 'not a page token of this log' }]);
    return place;
  }
}
