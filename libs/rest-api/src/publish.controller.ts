import { setImmediate as endOfTurn } from 'node:timers/promises';
import { Controller, HttpCode, Inject, Logger, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { Access, Limits, type Principal } from '#clarion/access';
import { ApiHeader, ApiOperation, ApiTags } from '#clarion/api-docs';
import { DryRuns, Publisher, Receipts, type Published } from '#clarion/notifications';
import {
  audienceOf,
  batchResultSchema,
  batchSchema,
  DomainError,
  dryRunSchema,
  idempotencyKeySchema,
  MAX_BATCH_BYTES,
  MAX_PUBLISH_BYTES,
  parsePublish,
  publishedSchema,
  noQuerySchema,
  publishQuerySchema,
  publishSchema,
  toInputErrors,
  userOfTopic,
  waitedPublishedSchema,
  type Problem,
  type PublishRequest,
} from '#clarion/protocol';
import { JsonAnswer, JsonBody, Problems, QueryOf } from './route-docs.js';
import { callerOf } from './authentication.guard.js';
import { Direct } from './direct-route.js';
import { expectedError } from './expected-error.js';
import { fitsAsJson } from './json-size.js';
import { parseInput } from './parse-input.js';
import { readableQuery } from './readable-query.js';

type BatchItemResult = { status: 201 | 202; id: string; cursor?: string } | { status: number; error: Problem };

/** `POST /v1/notifications` and its batch: called by Fastify itself, since most requests come here. */
@ApiTags('notifications')
@Controller('v1/notifications')
export class PublishController {
  readonly #publisher: Publisher;
  readonly #access: Access;
  readonly #limits: Limits;
  readonly #receipts: Receipts;
  readonly #dryRuns: DryRuns;
  readonly #logger = new Logger(PublishController.name);

  constructor(
    @Inject(Publisher) publisher: Publisher,
    @Inject(Access) access: Access,
    @Inject(Limits) limits: Limits,
    @Inject(Receipts) receipts: Receipts,
    @Inject(DryRuns) dryRuns: DryRuns,
  ) {
    this.#publisher = publisher;
    this.#access = access;
    this.#limits = limits;
    this.#receipts = receipts;
    this.#dryRuns = dryRuns;
  }

  @Post()
  @ApiOperation({
    summary: 'Publish a notification',
    description:
      'Answers 201 when it is on disk, 202 when an ephemeral one was handed on. With `wait=acked` it answers when everybody named has acknowledged it, or after `timeout`, with `recipients` and `topics` as the receipts have them. With `dryRun=true` nothing is published.',
  })
  @QueryOf(publishQuerySchema)
  @JsonAnswer(200, dryRunSchema, 'A dry run: who would get it, and by what way.')
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'Like `idempotencyKey` in the body; both must agree.',
  })
  @JsonBody(publishSchema)
  @JsonAnswer(201, waitedPublishedSchema, 'On disk.', {
    'Idempotency-Replayed': '`true` when this is the first answer to the same key.',
  })
  @JsonAnswer(202, publishedSchema, 'Handed to those connected; ephemeral.')
  @Problems(
    'json.invalid',
    'key.invalid',
    'topic.forbidden',
    'category.unknown',
    'query.invalid',
    'body.too_large',
    'media_type.unsupported',
    'body.invalid',
    'rate.limited',
    'overloaded',
  )
  @Direct({ publishes: true })
  async publish(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const who = await this.#identified(request);
    const manner = queryOf(request, publishQuerySchema);
    const draft = parsePublish(request.body);
    const key = keyOf(draft, request.headers['idempotency-key']);
    if (manner?.dryRun === 'true') return void reply.code(200).send(await this.#dryRuns.run(who, draft));
    if (manner?.wait !== undefined) return this.#publishAndWait(who, draft, key, manner.timeout * 1_000, reply);
    // What one turn of the event loop brings is answered together, as commits do it for durable ones: a publisher that falls
    // asleep between two answers has to be woken for each of them, which costs more than all else here.
    const turn = draft.ephemeral === true ? endOfTurn() : undefined;
    const { replayed, ...answer } = await this.#publisher.publish(who, draft, key);
    await turn;
    if (replayed) reply.header('idempotency-replayed', 'true');
    reply.code(statusOf(answer)).send(answer);
  }

  /** The answer of a publish, and the receipts as they are when everybody named has acknowledged or the time is over. */
  async #publishAndWait(
    who: Principal,
    draft: PublishRequest,
    key: string | undefined,
    timeoutMs: number,
    reply: FastifyReply,
  ): Promise<void> {
    assertNamed(draft);
    const giveBack = this.#receipts.takePlace(who);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    // While the credentials were looked at, perhaps.
    if (reply.raw.destroyed) gone.abort();
    try {
      const { replayed, ...answer } = await this.#publisher.publish(who, draft, key);
      const patience = AbortSignal.any([gone.signal, AbortSignal.timeout(timeoutMs)]);
      const receipts = await this.#receipts.whenAcked(who, answer.id, patience, gone.signal);
      if (receipts === undefined) return;
      const { recipients, topics } = receipts;
      if (replayed) reply.header('idempotency-replayed', 'true');
      reply.code(statusOf(answer)).send({ ...answer, recipients, topics });
    } finally {
      giveBack();
    }
  }

  /**
   * Judges each item alone. All are handed on in one synchronous turn, so that their order in the log is that of the array, and
   * they share commits.
   */
  @Post('batch')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Publish many',
    description: '1–1,000 notifications; each item is judged alone, the results come in order.',
  })
  @JsonBody(batchSchema)
  @JsonAnswer(200, batchResultSchema, 'One result per item, in order.')
  @Problems(
    'json.invalid',
    'key.invalid',
    'query.invalid',
    'body.too_large',
    'media_type.unsupported',
    'body.invalid',
    'overloaded',
  )
  @Direct({ publishes: true, maxBodyBytes: MAX_BATCH_BYTES })
  async batch(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const who = await this.#identified(request);
    // Else whoever tries a dry run would publish.
    queryOf(request, noQuerySchema);
    const { notifications } = parseInput('body.invalid', batchSchema, request.body);
    const bugs: unknown[] = [];
    const results = await Promise.all(notifications.map((item) => this.#publishItem(who, item, bugs)));
    if (bugs.length > 0) this.#logger.error(bugs[0]);
    reply.code(200).send({ results });
  }

  /** Nobody may publish; those without credentials hear that before anything about their body. */
  async #identified(request: FastifyRequest): Promise<Principal> {
    const who = await callerOf(request, this.#access, this.#limits);
    if (who.kind === 'anonymous') throw new DomainError('credentials.missing');
    return who;
  }

  async #publishItem(who: Principal, item: unknown, bugs: unknown[]): Promise<BatchItemResult> {
    try {
      if (!fitsAsJson(item, MAX_PUBLISH_BYTES)) throw new DomainError('body.too_large');
      const { replayed: _, ...answer } = await this.#publisher.publish(who, parsePublish(item));
      return { status: statusOf(answer), ...answer };
    } catch (failure) {
      const expected = expectedError(failure);
      if (expected === undefined) bugs.push(failure);
      const error = (expected ?? new DomainError('internal')).toProblem();
      return { status: error.status, error };
    }
  }
}

/** Undefined for nearly all, who have no query. @throws {DomainError} `query.invalid`. */
function queryOf<S extends z.ZodType>({ raw, query }: FastifyRequest, schema: S): z.output<S> | undefined {
  if (raw.url?.includes('?') !== true || !isObject(query)) return undefined;
  return parseInput('query.invalid', schema, readableQuery(query));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** @throws {DomainError} `query.invalid` when nobody could ever acknowledge. */
function assertNamed(draft: PublishRequest): void {
  if (draft.ephemeral === true || audienceOf(draft).every((topic) => userOfTopic(topic) === undefined))
    throw new DomainError('query.invalid', undefined, [
      { pointer: '/wait', detail: 'only what is stored, and names people, can be waited for' },
    ]);
}

function statusOf({ cursor }: Omit<Published, 'replayed'>): 201 | 202 {
  return cursor === undefined ? 202 : 201;
}

/** @throws {DomainError} `body.invalid` for a malformed header, or one that differs from the body's key. */
function keyOf({ idempotencyKey }: PublishRequest, header: string | string[] | undefined): string | undefined {
  if (header === undefined) return idempotencyKey;
  const parsed = idempotencyKeySchema.safeParse(header);
  if (!parsed.success)
    throw new DomainError(
      'body.invalid',
      'header Idempotency-Key',
      toInputErrors(parsed.error).map(({ detail }) => ({ pointer: '/idempotencyKey', detail })),
    );
  if (idempotencyKey !== undefined && idempotencyKey !== header)
    throw new DomainError('body.invalid', undefined, [
      { pointer: '/idempotencyKey', detail: 'differs from the header Idempotency-Key' },
    ]);
  return parsed.data;
}
